// SPDX-License-Identifier: Apache-2.0
// Configuration: one table of settings (settings.cc) and three layers of values for it.
//
//   environment   wins; seen through a look-up, because the engine serves other processes
//   project file  the nearest .deja.toml at or above the working directory
//   user file     $XDG_CONFIG_HOME/deja/config.toml, else $HOME/.config/deja/config.toml
//   DEJA_CONFIG   names one file that replaces both files (/dev/null: no file at all)
//
// An empty environment variable counts as unset. Nothing here is an error: what cannot be
// understood (unknown setting, wrong type, broken or unreadable file) becomes a Problem, and the
// value of the next layer, at last the default, is used. A file found by looking around (not one
// that DEJA_CONFIG names) is only trusted when it belongs to the user or root and not everybody may
// write to it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace deja::config {

enum class DaemonMode { automatic, off };
enum class Progress { off, hits, all };
enum class RemoteMode { read_write, read_only, write_only, off };

// Defaults are written here and nowhere else. What each setting means: settings.cc.
struct Config {
  bool disable = false;
  std::uint64_t store_limit_bytes = 10'000'000'000;
  std::uint64_t store_spares_bytes = 1'000'000'000;
  bool portable = false;
  double audit_rate = 0;               // from 0 to 1
  std::vector<std::string> base_dirs;  // absolute, tidy
  std::string key_salt;
  std::map<std::string, std::string> tools;  // names of programs, and what they are taken for
  // Rules for what is not looked up or not stored.
  std::vector<std::string> exclude;  // patterns (base/glob.h) of absolute paths
  std::vector<std::string> bypass_tools, bypass_arguments, bypass_variables;  // patterns
  std::vector<std::string> run_never, run_always, run_driver;                 // patterns
  bool run_commands = false;
  std::uint64_t min_cost_ms = 0;  // 0: any cost
  std::string fallback;           // a program's name or absolute path; empty: none
  DaemonMode daemon_mode = DaemonMode::automatic;
  std::uint64_t heartbeat_s = 60;               // 0: off
  std::uint64_t daemon_idle_exit_s = 3 * 3600;  // 0: never
  bool rust_incremental = true;
  bool rust_build_scripts = false;
  std::string log;  // empty: off
  Progress progress = Progress::off;
  std::vector<std::string> remote;  // URLs, nearest first
  RemoteMode remote_mode = RemoteMode::read_write;
  std::string remote_namespace;
  std::uint64_t remote_timeout_ms = 500;
  std::string remote_signing_key, remote_trusted_writers;  // absolute paths; empty: none
  bool remote_prefetch = true;
  std::string remote_project;                                        // empty: from the checkout
  std::uint64_t remote_upload_limit = 0, remote_download_limit = 0;  // bytes per second; 0: none
};

struct Problem {
  std::string where;         // "/x/.deja.toml:3" or "environment DEJA_PORTABLE"
  std::string key;           // the setting; empty when the whole file is meant
  std::string what;          // what is wrong and what to do
  std::string text() const;  // one line
};

// One per setting, in the order of the table.
struct Origin {
  std::string key;
  std::string value;   // as it could be written in a file
  std::string origin;  // "default", "environment DEJA_X" or "/x/.deja.toml:3"
};

struct Loaded {
  Config config;
  // Every setting that can change an answer, with its value: "key=value", each followed by a NUL.
  std::string answer_text;
  std::vector<Problem> problems;
  std::vector<Origin> origins;
  std::vector<std::string> files;  // those that were read, highest precedence first
};

// Empty when the variable is not set.
using Environment = std::function<std::optional<std::string_view>(std::string_view name)>;

struct Sources {
  Environment environment;
  std::string_view cwd;  // absolute
};

Loaded load(const Sources& sources);

// All paths at which load() looks for files, whether they are there or not.
std::vector<std::string> looked_for(const Sources& sources);

// load() for many requests: reuses a result while the variables and the identities of the files are
// the same. When there are no files, a request costs only the stats of the search. Thread-safe.
class Loader {
 public:
  std::shared_ptr<const Loaded> load(const Sources& sources);

 private:
  Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Loaded>> known_ GUARDED_BY(mutex_);
};

// The paths of the cache (os/places.h decides). Empty when no variable gives one.
struct Places {
  std::string dir;     // the cache directory
  std::string socket;  // the daemon's; empty: none is short enough
};
std::optional<Places> places(const Sources& sources);

// The table of settings, for help texts and documents.
struct SettingInfo {
  const char* key;          // "store.limit"
  const char* environment;  // "DEJA_PORTABLE"; empty when there is none
  const char* type;         // "size such as 10G", for people
  const char* doc;          // one line
  std::string preset;       // the default, as it could be written in a file
  bool is_users_only;       // counts in the user's file only, not in a project's
};
const std::vector<SettingInfo>& settings();

}  // namespace deja::config
