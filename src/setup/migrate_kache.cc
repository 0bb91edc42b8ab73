// SPDX-License-Identifier: Apache-2.0
// The settings of kache, from its variables and its file (TOML).

#include "base/path.h"
#include "config/value.h"
#include "setup/migrate.h"
#include "setup/toml_edit.h"

namespace deja::setup {
namespace {

constexpr const char* kAlways = "deja always does this";
constexpr const char* kNoPlanner =
    "deja has no planner; remotes.prefetch imports what earlier builds used";

constexpr char kDirectory[] = "directory";

void take_progress(const Foreign& found, Draft& draft) {
  if (found.value == "off") return;
  if (found.value == "hits" || found.value == "all")
    return draft.set("progress", toml_quoted(found.value));
  draft.leave("deja has off, hits and all");
}

void take_local_only(const Foreign& found, Draft& draft) {
  if (is_true(found.value)) draft.set("remote_mode", toml_quoted("off"));
}

void take_prefetch(const Foreign& found, Draft& draft) {
  if (!is_true(found.value)) draft.set("remotes.prefetch", "false");
}

void take_incremental(const Foreign& found, Draft& draft) {
  if (!is_true(found.value)) draft.set("rust.incremental", "false");
}

void take_fallback(const Foreign& found, Draft& draft) {
  if (found.value == "off" || found.value == "none" || found.value.empty()) return;
  draft.set("fallback", toml_quoted(found.value));
}

void take_min_cost(const Foreign& found, Draft& draft) {
  if (found.value.find_first_not_of("0123456789") != std::string::npos)
    return draft.leave("'" + found.value + "' is not a number of milliseconds");
  draft.set("min_cost", toml_quoted(found.value + "ms"));
}

// kache's patterns are relative to a workspace; in the user's own file deja's count in any directory.
void take_exclude(const Foreign& found, Draft& draft) {
  if (found.value.find_first_of("~${") != std::string::npos)
    return draft.leave("a pattern has ~, $ or {}, which deja's patterns do not allow");
  std::string list;
  for (const std::string& pattern : config::split_list(found.value, ','))
    list += (list.empty() ? "" : ", ") + toml_quoted(pattern);
  if (!list.empty()) draft.set("exclude", "[" + list + "]");
}

constexpr ForeignRow kKacheRows[] = {
    {"cache.local_max_size", "KACHE_MAX_SIZE", take_limit_1000, ""},
    {"cache.local_store", "KACHE_CACHE_DIR", nullptr, kOwnPlace},
    {"paths.base_dirs", "KACHE_BASE_DIR", take_base_dirs, ""},
    {"cache.key_salt", "KACHE_KEY_SALT", take_salt, ""},
    {"", "KACHE_DISABLED", take_disable, ""},
    {"cache.adaptive_incremental", "KACHE_ADAPTIVE_INCREMENTAL", take_incremental, ""},
    {"cache.daemon_idle_timeout_secs", "KACHE_DAEMON_IDLE_TIMEOUT", take_idle_exit, ""},
    {"cache.progress", "KACHE_PROGRESS", take_progress, ""},
    {"", "KACHE_LOG_FILE_PATH", take_log, ""},
    {"cache.remote.bucket", "KACHE_S3_BUCKET", take_part<kBucket>, ""},
    {"cache.remote.endpoint", "KACHE_S3_ENDPOINT", take_part<kEndpoint>, ""},
    {"cache.remote.region", "KACHE_S3_REGION", take_part<kRegion>, ""},
    {"cache.remote.prefix", "KACHE_S3_PREFIX", take_part<kPrefix>, ""},
    {"cache.remote.path", "", take_part<kDirectory>, ""},
    {"cache.remote.type", "", [](const Foreign&, Draft&) {}, ""},
    {"cache.remote.profile", "KACHE_S3_PROFILE", nullptr, "set AWS_PROFILE"},
    {"", "KACHE_S3_ACCESS_KEY", nullptr, "a secret is not copied: set AWS_ACCESS_KEY_ID"},
    {"", "KACHE_S3_SECRET_KEY", nullptr, "a secret is not copied: set AWS_SECRET_ACCESS_KEY"},
    {"cache.remote_readonly", "KACHE_REMOTE_READONLY", take_read_only_remote, ""},
    {"cache.local_only", "KACHE_LOCAL_ONLY", take_local_only, ""},
    {"cache.prefetch_enabled", "KACHE_PREFETCH_ENABLED", take_prefetch, ""},
    {"cache.namespace", "KACHE_NAMESPACE", nullptr,
     "deja finds results by their inputs; a name of a target or profile is not needed"},
    {"cache.cache_executables", "KACHE_CACHE_EXECUTABLES", nullptr, "programs are always cached"},
    {"cache.clean_incremental", "KACHE_CLEAN_INCREMENTAL", nullptr, kNotNeeded},
    {"cache.preserve_incremental", "KACHE_PRESERVE_INCREMENTAL", nullptr, kNotNeeded},
    {"cache.incremental_crates", "KACHE_INCREMENTAL_CRATES", nullptr,
     "deja finds the crates that are edited again and again by itself"},
    {"cache.fallback", "KACHE_FALLBACK", take_fallback, ""},
    {"cache.exclude", "", take_exclude, ""},
    {"cache.bypass_crates", "", nullptr, "set exclude to the first source file of each crate"},
    {"cache.bypass_argv", "", nullptr,
     "set bypass.arguments: each of its patterns is one argument"},
    {"cache.bypass_env", "", nullptr, "set bypass.variables: NAME or NAME=VALUE"},
    {"cache.key_env_vars", "KACHE_KEY_ENV_VARS", nullptr, kObserved},
    {"cache.path_only_env_vars", "KACHE_PATH_ONLY_ENV_VARS", nullptr, kObserved},
    {"cc.extra_allowlist_flags", "KACHE_CC_EXTRA_ALLOWLIST_FLAGS", nullptr,
     "options need no list: deja looks at what a run reads and writes"},
    {"cache.min_store_compile_ms", "KACHE_MIN_STORE_COMPILE_MS", take_min_cost, ""},
    {"cache.modified_input_guard", "KACHE_MODIFIED_INPUT_GUARD", nullptr, kAlways},
    {"cache.auto_gc", "KACHE_AUTO_GC", nullptr, kAlways},
    {"cache.gc_max_age_hours", "KACHE_GC_MAX_AGE_HOURS", nullptr,
     "only the size has a limit: store.limit"},
    {"cache.compression_level", "KACHE_COMPRESSION_LEVEL", nullptr, kNotNeeded},
    {"cache.s3_concurrency", "KACHE_S3_CONCURRENCY", nullptr, kNotNeeded},
    {"cache.s3_pool_idle_secs", "KACHE_S3_POOL_IDLE_SECS", nullptr, kNotNeeded},
    {"cache.ignore_env", "", nullptr, "the environment always wins over files"},
    {"cache.planner.endpoint", "KACHE_PLANNER_ENDPOINT", nullptr, kNoPlanner},
    {"cache.planner.timeout_ms", "KACHE_PLANNER_TIMEOUT_MS", nullptr, kNoPlanner},
    {"cache.planner.token", "KACHE_PLANNER_TOKEN", nullptr, kNoPlanner},
    {"", "KACHE_SOCKET_PATH", nullptr, "the engine has a socket in the cache directory"},
    {"", "KACHE_LOG", nullptr, "set DEJA_LOG to a file"},
};

// The nearest .kache.toml at or above the directory, else the user's file.
std::string file_of(const Surroundings& surroundings) {
  if (const std::string named = surroundings.variable("KACHE_CONFIG"); !named.empty()) return named;
  for (std::string_view directory = surroundings.cwd; !directory.empty();
       directory = parent_path(directory)) {
    const std::string path = join_path(directory, ".kache.toml");
    if (const auto text = text_of(path); text && !text->empty()) return path;
    if (directory == "/") break;
  }
  return surroundings.config_home + "/kache/config.toml";
}

}  // namespace

std::span<const ForeignRow> kache_rows() { return kKacheRows; }

std::vector<Foreign> read_kache(const Surroundings& surroundings) {
  auto found = read_toml(file_of(surroundings));
  const auto variables = read_variables(surroundings, kKacheRows);
  found.insert(found.end(), variables.begin(), variables.end());
  return found;
}

}  // namespace deja::setup
