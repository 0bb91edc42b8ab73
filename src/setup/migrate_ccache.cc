// SPDX-License-Identifier: Apache-2.0
// The settings of ccache (4.x), from its variables and its files: a line is "name = value", and $VARIABLE stands
// for a variable's value.

#include <algorithm>
#include <array>
#include <cctype>

#include "base/secrets.h"
#include "config/value.h"
#include "setup/migrate.h"
#include "setup/toml_edit.h"

namespace deja::setup {
namespace {

constexpr const char* kLater = "a choice for one run; not a setting in deja";

// Sizes without a unit are in GB.
void take_size(const Foreign& found, Draft& draft) {
  const bool bare =
      !found.value.empty() && found.value.find_first_not_of("0123456789.") == std::string::npos;
  take_limit_1000(
      {found.name, bare && found.value != "0" ? found.value + "G" : found.value, found.where},
      draft);
}

void take_hash_dir(const Foreign& found, Draft& draft) {
  if (!is_true(found.value)) draft.set("paths.portable", "true");
}

bool is_known_scheme(std::string_view address) {
  return std::ranges::any_of(std::array{"http://", "https://", "redis://", "rediss://",
                                        "redis+unix://", "file:///", "s3://"},
                             [&](const char* scheme) { return address.starts_with(scheme); });
}

// ccache also takes "file:/x".
std::string with_two_slashes(std::string address) {
  for (const std::string_view scheme : {"file:", "redis+unix:"})
    if (address.starts_with(std::string(scheme) + "/") &&
        !address.starts_with(std::string(scheme) + "//"))
      address.insert(scheme.size(), "//");
  return address;
}

// "redis://host|read-only http://host/x|shards=a,b": addresses with properties.
void take_remotes(const Foreign& found, Draft& draft) {
  std::string list;
  for (const std::string& words : config::split_list(found.value, ' ')) {
    const auto parts = config::split_list(words, '|');
    if (parts.empty()) continue;
    const std::string address = with_two_slashes(parts.front());
    if (!is_known_scheme(address)) {
      draft.leave(without_passwords(address) + " is not a remote that deja has (docs/remotes.md)");
      continue;
    }
    list += (list.empty() ? "" : ", ") + toml_quoted(address);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (parts[i] == "read-only" || parts[i] == "read-only=true") {
        draft.set("remote_mode", toml_quoted("ro"));
      } else {
        draft.leave("the property '" + parts[i] + "' of " + without_passwords(address));
      }
    }
  }
  if (!list.empty()) draft.set("remote", "[" + list + "]");
}

constexpr ForeignRow kCcacheRows[] = {
    {"max_size", "CCACHE_MAXSIZE", take_size, ""},
    {"base_dir", "CCACHE_BASEDIR", take_base_dirs, ""},
    {"hash_dir", "CCACHE_HASHDIR", take_hash_dir, ""},
    {"disable", "CCACHE_DISABLE", take_disable, ""},
    {"namespace", "CCACHE_NAMESPACE", take_salt, ""},
    {"log_file", "CCACHE_LOGFILE", take_log, ""},
    {"secondary_storage", "CCACHE_SECONDARY_STORAGE", take_remotes, ""},
    {"remote_storage", "CCACHE_REMOTE_STORAGE", take_remotes, ""},
    {"cache_dir", "CCACHE_DIR", nullptr, kOwnPlace},
    {"temporary_dir", "CCACHE_TEMPDIR", nullptr, kOwnPlace},
    {"sloppiness", "CCACHE_SLOPPINESS", nullptr,
     "deja has no such setting: everything that a run reads counts"},
    {"compiler_check", "CCACHE_COMPILERCHECK", nullptr,
     "the compiler and its helpers are compared by content"},
    {"extra_files_to_hash", "CCACHE_EXTRAFILES", nullptr, kObserved},
    {"direct_mode", "CCACHE_DIRECT", nullptr, kOneMode},
    {"depend_mode", "CCACHE_DEPEND", nullptr, kOneMode},
    {"run_second_cpp", "CCACHE_CPP2", nullptr, kOneMode},
    {"keep_comments_cpp", "CCACHE_COMMENTS", nullptr, kOneMode},
    {"cpp_extension", "CCACHE_EXTENSION", nullptr, kOneMode},
    {"pch_external_checksum", "CCACHE_PCH_EXTSUM", nullptr, kObserved},
    {"ignore_headers_in_manifest", "CCACHE_IGNOREHEADERS", nullptr,
     "no input can be left out of the comparison"},
    {"ignore_options", "CCACHE_IGNOREOPTIONS", nullptr, "no option can be left out of the key"},
    {"compression", "CCACHE_COMPRESS", nullptr, kNotNeeded},
    {"compression_level", "CCACHE_COMPRESSLEVEL", nullptr, kNotNeeded},
    {"file_clone", "CCACHE_FILECLONE", nullptr, "deja clones files where the file system can"},
    {"hard_link", "CCACHE_HARDLINK", nullptr, "an output is never a link to the cache"},
    {"inode_cache", "CCACHE_INODECACHE", nullptr, kNotNeeded},
    {"max_files", "CCACHE_MAXFILES", nullptr, "only the size has a limit: store.limit"},
    {"compiler", "CCACHE_COMPILER", nullptr, "name the compiler in the command"},
    {"compiler_type", "CCACHE_COMPILERTYPE", nullptr,
     "name the program in the setting tools: tools.NAME = \"gcc\""},
    {"path", "CCACHE_PATH", nullptr, "the compiler is looked for in PATH"},
    {"prefix_command", "CCACHE_PREFIX", nullptr,
     "the setting fallback names a program, but only for commands that deja does not look up"},
    {"prefix_command_cpp", "CCACHE_PREFIX_CPP", nullptr, kOneMode},
    {"umask", "CCACHE_UMASK", nullptr, "the cache belongs to one user"},
    {"read_only", "CCACHE_READONLY", nullptr, kLater},
    {"read_only_direct", "CCACHE_READONLY_DIRECT", nullptr, kLater},
    {"recache", "CCACHE_RECACHE", nullptr, kLater},
    {"remote_only", "CCACHE_REMOTE_ONLY", nullptr, "the local store is always used"},
    {"reshare", "CCACHE_RESHARE", nullptr, "'deja remote push' uploads local results"},
    {"stats", "CCACHE_STATS", nullptr, "counts are always kept: 'deja stats'"},
    {"stats_log", "CCACHE_STATSLOG", nullptr, "'deja report' and 'deja events' replace it"},
    {"debug", "CCACHE_DEBUG", nullptr, "'deja why' explains a miss"},
    {"debug_dir", "CCACHE_DEBUGDIR", nullptr, "'deja why' explains a miss"},
    {"absolute_paths_in_stderr", "CCACHE_ABSSTDERR", nullptr,
     "diagnostics are what the tool would have printed here"},
    {"response_file_format", "CCACHE_RESPONSE_FILE_FORMAT", nullptr, kNotNeeded},
    {"msvc_dep_prefix", "CCACHE_MSVC_DEP_PREFIX", nullptr, "MSVC is not supported"},
};

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \t\r").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return std::string(text);
}

// $NAME and ${NAME}.
std::string expanded(const Surroundings& surroundings, const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      out += text[at++];
      continue;
    }
    const bool braces = at + 1 < text.size() && text[at + 1] == '{';
    const std::size_t begin = at + (braces ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
      ++end;
    out += surroundings.variable(text.substr(begin, end - begin));
    at = end + (braces && end < text.size() ? 1 : 0);
  }
  return out;
}

void read_file(const Surroundings& surroundings, const std::string& path,
               std::vector<Foreign>& found) {
  const auto text = text_of(path);
  if (!text) {
    found.push_back({"", text.error().message, path});
    return;
  }
  for (const std::string& line : config::split_list(*text, '\n')) {
    const std::string clean = trimmed(line);
    const std::size_t equals = clean.find('=');
    if (clean.empty() || clean.front() == '#' || equals == std::string::npos) continue;
    found.push_back({trimmed(clean.substr(0, equals)),
                     expanded(surroundings, trimmed(clean.substr(equals + 1))), path});
  }
}

std::string users_file(const Surroundings& surroundings) {
  if (const std::string path = surroundings.variable("CCACHE_CONFIGPATH"); !path.empty())
    return path;
  if (const std::string cache = surroundings.variable("CCACHE_DIR"); !cache.empty())
    return cache + "/ccache.conf";
  const std::string old = surroundings.home + "/.ccache/ccache.conf";
  const auto text = text_of(old);
  return text && !text->empty() ? old : surroundings.config_home + "/ccache/ccache.conf";
}

}  // namespace

std::span<const ForeignRow> ccache_rows() { return kCcacheRows; }

std::vector<Foreign> read_ccache(const Surroundings& surroundings) {
  std::vector<Foreign> found;
  if (surroundings.variable("CCACHE_CONFIGPATH").empty())
    read_file(surroundings, "/etc/ccache.conf", found);
  read_file(surroundings, users_file(surroundings), found);
  auto variables = read_variables(surroundings, kCcacheRows);
  // A variable that switches something on counts with any value; CCACHE_NOX switches X off.
  for (Foreign& foreign : variables)
    if (foreign.name == "CCACHE_DISABLE" || foreign.name == "CCACHE_HASHDIR")
      foreign.value = "true";
  if (surroundings.environment("CCACHE_NOHASHDIR"))
    variables.push_back({"CCACHE_HASHDIR", "false", "environment"});
  found.insert(found.end(), variables.begin(), variables.end());
  return found;
}

}  // namespace deja::setup
