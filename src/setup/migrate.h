// SPDX-License-Identifier: Apache-2.0
// Takes the settings of another cache over: reads its variables and files, and writes what has a counterpart into
// the user's configuration file. What has none is listed with the reason.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "setup/plan.h"

namespace deja::setup {

// A setting of the other cache as it was found.
struct Foreign {
  std::string name;   // as its file or its variable spells it
  std::string value;  // lists: joined by commas
  std::string where;  // "environment", or the file
};

// What the rows of a table fill in.
struct Draft {
  std::map<std::string, std::string> settings;  // deja's key -> TOML value
  std::map<std::string, std::string> from;      // deja's key -> the other's name
  std::map<std::string, std::string> parts;     // of a remote: "bucket", "region", …
  std::vector<std::string> left;                // "sloppiness: deja has one mode …"
  std::string current;                          // the name of the setting that is being read

  void set(const std::string& key, std::string toml);
  void leave(std::string_view why);
};

struct ForeignRow {
  const char* name;      // in its file; "" when it is only a variable
  const char* variable;  // "" when it is only in the file
  // Takes the value over. Null: there is no counterpart, and `why` says so.
  void (*take)(const Foreign& found, Draft& draft);
  const char* why;
};

// Reads variables and files of one cache; the settings that win come last.
std::vector<Foreign> read_ccache(const Surroundings& surroundings);
std::vector<Foreign> read_sccache(const Surroundings& surroundings);
std::vector<Foreign> read_kache(const Surroundings& surroundings);
std::span<const ForeignRow> ccache_rows();
std::span<const ForeignRow> sccache_rows();
std::span<const ForeignRow> kache_rows();

// The variables of the rows that are set.
std::vector<Foreign> read_variables(const Surroundings& surroundings,
                                    std::span<const ForeignRow> rows);
// The settings of a TOML file; an unreadable or invalid file gives none, and one entry named "" that says so.
std::vector<Foreign> read_toml(const std::string& path);

// The settings that follow; a pure function.
Draft draft_from(std::span<const Foreign> found, std::span<const ForeignRow> rows);

// Reasons that the tables share.
inline constexpr const char* kOneMode = "deja has one mode, which looks at the inputs themselves";
inline constexpr const char* kObserved = "deja sees by itself what a run reads";
inline constexpr const char* kNotNeeded = "deja decides this by itself";
inline constexpr const char* kOwnPlace = "deja has a directory of its own; set DEJA_DIR to move it";

// Conversions that the tables share.
void take_limit_1000(const Foreign& found, Draft& draft);  // "20G" is 20 * 1000^3
void take_limit_1024(const Foreign& found, Draft& draft);  // "20G" is 20 * 1024^3
void take_base_dirs(const Foreign& found, Draft& draft);   // joined by ':' or commas
void take_disable(const Foreign& found, Draft& draft);
void take_salt(const Foreign& found, Draft& draft);
void take_idle_exit(const Foreign& found, Draft& draft);  // seconds; 0: never
void take_log(const Foreign& found, Draft& draft);
void take_read_only_remote(const Foreign& found, Draft& draft);
bool is_true(std::string_view value);
inline constexpr char kBucket[] = "bucket", kPrefix[] = "prefix", kRegion[] = "region",
                      kEndpoint[] = "endpoint";
template <const char* kName>
void take_part(const Foreign& found, Draft& draft) {
  draft.parts[kName] = found.value;
}

// cache: "ccache", "sccache" or "kache". remove: takes out what an earlier call has added.
Result<Plan> plan_migration(const Surroundings& surroundings, const std::string& cache,
                            bool remove);

}  // namespace deja::setup
