// SPDX-License-Identifier: Apache-2.0
// The one table of settings. A row holds everything about a setting except its default, which is in
// struct Config. Tested by config_test.cc.

#include "config/settings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/bool_text.h"
#include "base/glob.h"
#include "base/path.h"
#include "base/secrets.h"
#include "base/unit_text.h"
#include "config/value.h"

namespace deja::config {
namespace {

template <bool Config::* kMember>
bool assign_bool(const Given& given, Config& config) {
  std::optional<bool> value;
  if (const bool* flag = std::get_if<bool>(&given.value)) value = *flag;
  if (given.from_environment) value = parse_bool(std::get<std::string>(given.value));
  if (!value) return false;
  config.*kMember = *value;
  return true;
}

template <bool Config::* kMember>
std::string show_bool(const Config& config) {
  return config.*kMember ? "true" : "false";
}

std::string show_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

template <std::string Config::* kMember>
bool assign_text(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return false;
  config.*kMember = *text;
  return true;
}

template <std::string Config::* kMember>
std::string show_text_member(const Config& config) {
  return show_text(config.*kMember);
}

// In a file a name is relative to the file's directory: an engine has no directory of its own.
bool assign_log(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return false;
  const bool is_name = !text->empty() && *text != "stderr" && !given.from_environment;
  config.log = is_name ? join_path(given.directory, *text) : *text;
  return true;
}

// Numbers may be written as a TOML integer or as text with a unit.
using ParseNumber = std::optional<std::uint64_t> (*)(std::string_view text);
std::optional<std::uint64_t> number(const Given& given, ParseNumber parse) {
  if (const auto* text = std::get_if<std::string>(&given.value)) return parse(*text);
  const auto* integer = std::get_if<std::int64_t>(&given.value);
  if (integer == nullptr || *integer < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*integer);
}

bool assign_rate(const Given& given, Config& config) {
  std::optional<double> rate;
  if (const auto* text = std::get_if<std::string>(&given.value)) rate = parse_rate(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&given.value))
    rate = parse_rate(std::to_string(*integer));
  if (!rate) return false;
  config.audit_rate = *rate;
  return true;
}

bool assign_limit(const Given& given, Config& config) {
  const auto bytes = number(given, parse_size);
  // A store without space would only cost time; DEJA_DISABLE turns the cache off.
  if (!bytes || *bytes == 0) return false;
  config.store_limit_bytes = *bytes;
  return true;
}

template <std::uint64_t Config::* kMember>
bool assign_seconds(const Given& given, Config& config) {
  const auto seconds = number(given, parse_duration);
  // Engine timers count nanoseconds in 63 bits.
  constexpr std::uint64_t kMaxSeconds = 100ULL * 365 * 86400;
  if (!seconds || *seconds > kMaxSeconds) return false;
  config.*kMember = *seconds;
  return true;
}

std::optional<std::vector<std::string>> list(const Given& given, char separator) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&given.value)) return *texts;
  if (const auto* text = std::get_if<std::string>(&given.value))
    return split_list(*text, separator);
  return std::nullopt;
}

std::string show_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ", ";
    out += show_text(item);
  }
  return out + "]";
}

bool assign_base_dirs(const Given& given, Config& config) {
  const auto given_dirs = list(given, ':');
  if (!given_dirs) return false;
  std::vector<std::string> dirs;
  for (const std::string& dir : *given_dirs) {
    // A path in a file is relative to the file's directory ("." is the project); a shell's working
    // directory is no such anchor.
    if (dir.empty() || (given.from_environment && dir.front() != '/')) return false;
    std::string tidy = tidy_path(join_path(given.directory, dir));
    // With the base "/" every path would be relative to it, which is no use.
    if (tidy == "/") return false;
    dirs.push_back(std::move(tidy));
  }
  config.base_dirs = std::move(dirs);
  return true;
}

// "mygen" is the name of a program, not a path.
bool is_program_name(std::string_view name) {
  return !name.empty() && name.find('/') == std::string_view::npos;
}

// In the environment "acmecc=gcc,mygen=any".
bool assign_tools(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return false;
  std::map<std::string, std::string> tools = config.tools;
  if (!given.from_environment) {
    tools[given.name] = *text;
  } else {
    for (const std::string& pair : split_list(*text, ',')) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos) return false;
      tools[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
  }
  for (const auto& [name, known_as] : tools)
    if (!is_program_name(name) || !is_program_name(known_as)) return false;
  config.tools = std::move(tools);
  return true;
}

std::string show_tools(const Config& config) {
  std::string out = "{";
  for (const auto& [name, known_as] : config.tools)
    out += (out.size() > 1 ? ", " : "") + show_text(name) + " = " + show_text(known_as);
  return out + "}";
}

// The pattern for absolute paths. Empty: it makes no sense here.
//
// A name alone counts in any directory, and "third_party/" means all that is below it. A pattern with a
// directory is relative to the file's directory, as other paths in a file are. The user's own file belongs to
// no project, so there it counts below any directory.
std::string exclude_pattern(const Given& given, std::string pattern) {
  if (pattern.ends_with('/')) pattern += "**";
  const bool is_name = pattern.find('/') == std::string::npos;
  if (pattern.empty() || pattern.starts_with('/') || pattern.starts_with("**/")) return pattern;
  if (is_name || given.is_users) return "**/" + tidy_path(pattern);
  if (given.from_environment) return {};
  return tidy_path(join_path(glob_of_text(given.directory), pattern));
}

// In the environment the patterns are separated by colons.
bool assign_exclude(const Given& given, Config& config) {
  const auto patterns = list(given, ':');
  if (!patterns) return false;
  std::vector<std::string> exclude;
  for (const std::string& pattern : *patterns) {
    exclude.push_back(exclude_pattern(given, pattern));
    if (exclude.back().empty()) return false;
  }
  config.exclude = std::move(exclude);
  return true;
}

// A text alone is one pattern: an argument or a value may hold any separator.
template <std::vector<std::string> Config::* kMember>
bool assign_patterns(const Given& given, Config& config) {
  std::vector<std::string> patterns;
  if (const auto* one = std::get_if<std::string>(&given.value))
    patterns = {*one};
  else if (const auto* several = std::get_if<std::vector<std::string>>(&given.value))
    patterns = *several;
  else
    return false;
  if (std::ranges::find(patterns, "") != patterns.end()) return false;
  config.*kMember = std::move(patterns);
  return true;
}

template <std::vector<std::string> Config::* kMember>
std::string show_patterns(const Config& config) {
  return show_list(config.*kMember);
}

bool assign_min_cost(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  const auto ns = text == nullptr ? std::nullopt : parse_duration_ns(*text);
  if (!ns || (*ns != 0 && *ns < 1'000'000)) return false;
  config.min_cost_ms = *ns / 1'000'000;
  return true;
}

bool assign_fallback(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return false;
  // A relative path would be another program in each directory.
  if (text->find('/') != std::string::npos && !text->starts_with('/')) return false;
  config.fallback = *text == "off" ? "" : *text;
  return true;
}

std::string show_fallback(const Config& config) {
  return show_text(config.fallback.empty() ? "off" : config.fallback);
}

bool assign_remote(const Given& given, Config& config) {
  auto urls = list(given, ',');
  if (!urls) return false;
  config.remote = *std::move(urls);
  return true;
}

// A name in a file is relative to the file's directory, as for `log`; one in the environment is absolute.
template <std::string Config::* kMember>
bool assign_path(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return false;
  if (given.from_environment && !text->empty() && text->front() != '/') return false;
  config.*kMember = text->empty() ? *text : tidy_path(join_path(given.directory, *text));
  return true;
}

template <std::uint64_t Config::* kMember>
bool assign_bytes(const Given& given, Config& config) {
  const auto bytes = number(given, parse_size);
  if (!bytes) return false;
  config.*kMember = *bytes;
  return true;
}

bool assign_remote_timeout(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  const auto ns = text == nullptr ? std::nullopt : parse_duration_ns(*text);
  if (!ns || *ns < 1'000'000 || *ns > 60'000'000'000) return false;
  config.remote_timeout_ms = *ns / 1'000'000;
  return true;
}

std::string show_remotes(const Config& config) {
  std::vector<std::string> shown;
  shown.reserve(config.remote.size());
  for (const std::string& url : config.remote) shown.push_back(without_passwords(url));
  return show_list(shown);
}

template <typename Enum>
struct Name {
  Enum value;
  const char* name;
};
constexpr std::array<Name<DaemonMode>, 2> kDaemonModes = {
    {{DaemonMode::automatic, "auto"}, {DaemonMode::off, "off"}}};
constexpr std::array<Name<Progress>, 3> kProgresses = {
    {{Progress::off, "off"}, {Progress::hits, "hits"}, {Progress::all, "all"}}};
constexpr std::array<Name<RemoteMode>, 4> kRemoteModes = {{{RemoteMode::read_write, "rw"},
                                                           {RemoteMode::read_only, "ro"},
                                                           {RemoteMode::write_only, "wo"},
                                                           {RemoteMode::off, "off"}}};

template <auto kMember, const auto& kNames>
bool assign_name(const Given& given, Config& config) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return false;
  for (const auto& row : kNames) {
    if (*text != row.name) continue;
    config.*kMember = row.value;
    return true;
  }
  return false;
}

template <auto kMember, const auto& kNames>
std::string show_name(const Config& config) {
  for (const auto& row : kNames)
    if (config.*kMember == row.value) return show_text(row.name);
  return "";
}

std::vector<Setting> rows_of_this_machine() {
  return {
      {"disable", "DEJA_DISABLE", "true or false", "run every tool as if deja were not there",
       assign_bool<&Config::disable>, show_bool<&Config::disable>, Answers::change},
      {"store.limit", "", "size above 0, such as \"10G\" or \"500Mi\"",
       "how many bytes the store may hold before the least useful results are evicted",
       assign_limit, [](const Config& c) { return show_text(format_size(c.store_limit_bytes)); },
       Answers::unchanged, Scope::user},
      {"store.spares", "", "size, such as \"1G\"; 0 for none",
       "how many bytes copies of results may hold that are made in idle time, so that a hit "
       "renames one instead of "
       "copying; part of store.limit, and at most a tenth of it",
       assign_bytes<&Config::store_spares_bytes>,
       [](const Config& c) { return show_text(format_size(c.store_spares_bytes)); },
       Answers::unchanged, Scope::user},
      {"paths.portable", "DEJA_PORTABLE", "true or false",
       "map source paths in compiler output, so that results serve every checkout",
       assign_bool<&Config::portable>, show_bool<&Config::portable>, Answers::change},
      {"paths.base_dirs", "DEJA_BASE_DIR",
       "list of directories other than / (absolute and colon-separated in the environment)",
       "directories whose location does not count: in keys, paths below one are relative to it",
       assign_base_dirs, [](const Config& c) { return show_list(c.base_dirs); }, Answers::change},
      {"key.salt", "DEJA_KEY_SALT", "text",
       "part of every key: results with another salt are not found", assign_text<&Config::key_salt>,
       show_text_member<&Config::key_salt>, Answers::change},
      {"tools.*", "DEJA_TOOLS",
       "name of a tool that deja knows, or \"any\" (acmecc=gcc,mygen=any in the environment)",
       "programs that deja does not know by name, each with the known tool whose options it reads",
       assign_tools, show_tools, Answers::change},
      {"audit.rate", "DEJA_AUDIT", "number from 0 to 1, as text",
       "the share of hits for which deja runs the tool anyway and compares", assign_rate,
       [](const Config& c) { return show_text(format_rate(c.audit_rate)); }, Answers::change},
      {"daemon.mode", "DEJA_DAEMON", "\"auto\" or \"off\"",
       "auto keeps an engine running between commands; off starts one for each command",
       assign_name<&Config::daemon_mode, kDaemonModes>,
       show_name<&Config::daemon_mode, kDaemonModes>, Answers::unchanged},
      {"daemon.idle_exit", "", "time such as \"3h\", \"90s\" or 5400 (seconds); 0 for never",
       "how long the daemon waits for work before it ends",
       assign_seconds<&Config::daemon_idle_exit_s>,
       [](const Config& c) { return show_text(format_duration(c.daemon_idle_exit_s)); },
       Answers::unchanged, Scope::user},
      {"rust.incremental", "", "true or false",
       "leave a crate that is edited again and again to rustc's incremental cache",
       assign_bool<&Config::rust_incremental>, show_bool<&Config::rust_incremental>,
       Answers::change},
      {"rust.build_scripts", "", "true or false",
       "cache the runs of cargo's build scripts by starting them through 'deja exec'",
       assign_bool<&Config::rust_build_scripts>, show_bool<&Config::rust_build_scripts>,
       Answers::change},
      {"log", "DEJA_LOG", "file name, or \"stderr\"",
       "where the engine writes its log; the engine reads the setting once, when it starts",
       assign_log, show_text_member<&Config::log>, Answers::unchanged, Scope::user},
      {"heartbeat", "DEJA_HEARTBEAT", "time such as \"1m\" or 60 (seconds); 0 for never",
       "a tool that runs longer leaves an event \"running\" each time this has passed",
       assign_seconds<&Config::heartbeat_s>,
       [](const Config& c) { return show_text(format_duration(c.heartbeat_s)); },
       Answers::unchanged},
      {"progress", "DEJA_PROGRESS", "\"off\", \"hits\" or \"all\"",
       "print one line on stderr for each hit, or for each command",
       assign_name<&Config::progress, kProgresses>, show_name<&Config::progress, kProgresses>,
       Answers::change},
  };
}

// What is left alone, and what then runs it.
std::vector<Setting> rows_of_rules() {
  return {
      {"exclude", "DEJA_EXCLUDE",
       "list of patterns of paths (separated by colons in the environment)",
       "sources that are not looked up", assign_exclude, show_patterns<&Config::exclude>,
       Answers::change},
      {"bypass.tools", "", "list of patterns of names, or of paths if they have a /",
       "tools whose commands are not looked up", assign_patterns<&Config::bypass_tools>,
       show_patterns<&Config::bypass_tools>, Answers::change},
      {"bypass.arguments", "", "list of patterns of arguments, such as \"-fplugin=*\"",
       "a command with such an argument is not looked up",
       assign_patterns<&Config::bypass_arguments>, show_patterns<&Config::bypass_arguments>,
       Answers::change},
      {"bypass.variables", "", "list of patterns of NAME or NAME=VALUE",
       "a command with such an environment variable is not looked up",
       assign_patterns<&Config::bypass_variables>, show_patterns<&Config::bypass_variables>,
       Answers::change},
      {"min_cost", "DEJA_MIN_COST", "time such as \"5ms\" or \"1s\"; \"0ms\" for none",
       "a run that took less time is not stored", assign_min_cost,
       [](const Config& c) { return show_text(std::to_string(c.min_cost_ms) + "ms"); },
       Answers::unchanged},
      {"fallback", "DEJA_FALLBACK",
       "name or absolute path of a program, such as \"ccache\"; \"off\" for none",
       "the program in front of compilers whose commands are not looked up "
       "(docs/decisions/0014-fallback.md)",
       assign_fallback, show_fallback, Answers::change},
  };
}

// What `deja run` makes of programs.
std::vector<Setting> rows_of_run() {
  return {
      {"run.never", "", "list of patterns of names, paths or command lines",
       "programs that 'deja run' leaves alone, with all that they start",
       assign_patterns<&Config::run_never>, show_patterns<&Config::run_never>, Answers::unchanged},
      {"run.driver", "", "list of patterns of names, paths or command lines",
       "programs that run as they are under 'deja run', and whose children are looked at",
       assign_patterns<&Config::run_driver>, show_patterns<&Config::run_driver>,
       Answers::unchanged},
      {"run.always", "", "list of patterns of names, paths or command lines",
       "programs that 'deja run' looks up, whatever else it knows of them",
       assign_patterns<&Config::run_always>, show_patterns<&Config::run_always>,
       Answers::unchanged},
      {"run.commands", "", "true or false",
       "whether 'deja run' also looks up programs that deja does not know",
       assign_bool<&Config::run_commands>, show_bool<&Config::run_commands>, Answers::unchanged},
  };
}

std::vector<Setting> rows_of_remotes() {
  return {
      {"remote", "DEJA_REMOTE", "list of URLs (comma-separated in the environment)",
       "URLs of remote caches, nearest first (docs/remotes.md)", assign_remote, show_remotes,
       Answers::unchanged},
      {"remote_mode", "DEJA_REMOTE_MODE", "\"rw\", \"ro\", \"wo\" or \"off\"",
       "whether remotes are read and written, only read, only written or not used",
       assign_name<&Config::remote_mode, kRemoteModes>,
       show_name<&Config::remote_mode, kRemoteModes>, Answers::unchanged},
      {"remotes.namespace", "DEJA_REMOTE_NAMESPACE", "text",
       "machines with the same text share results; others on the same remote do not see them",
       assign_text<&Config::remote_namespace>, show_text_member<&Config::remote_namespace>,
       Answers::unchanged},
      {"remotes.timeout", "", "time from \"1ms\" to \"60s\"",
       "how long a command waits for a remote's answer before it runs the tool",
       assign_remote_timeout,
       [](const Config& c) { return show_text(std::to_string(c.remote_timeout_ms) + "ms"); },
       Answers::unchanged},
      {"remotes.signing_key", "DEJA_REMOTE_SIGNING_KEY", "file name",
       "the private key that signs what this machine writes",
       assign_path<&Config::remote_signing_key>, show_text_member<&Config::remote_signing_key>,
       Answers::unchanged},
      {"remotes.trusted_writers", "DEJA_REMOTE_TRUSTED_WRITERS", "file name",
       "a list of public keys: only results that one of them has signed are used",
       assign_path<&Config::remote_trusted_writers>,
       show_text_member<&Config::remote_trusted_writers>, Answers::unchanged},
      {"remotes.prefetch", "", "true or false",
       "import what earlier builds of the project used, before this build asks for it",
       assign_bool<&Config::remote_prefetch>, show_bool<&Config::remote_prefetch>,
       Answers::unchanged},
      {"remotes.project", "DEJA_REMOTE_PROJECT", "text",
       "the project's name on remotes; without it, the address of its git remote \"origin\"",
       assign_text<&Config::remote_project>, show_text_member<&Config::remote_project>,
       Answers::unchanged},
      {"remotes.upload_limit", "", "bytes per second, such as \"5M\"; 0 for no limit",
       "the highest rate of uploads", assign_bytes<&Config::remote_upload_limit>,
       [](const Config& c) { return show_text(format_size(c.remote_upload_limit)); },
       Answers::unchanged},
      {"remotes.download_limit", "", "bytes per second, such as \"5M\"; 0 for no limit",
       "the highest rate of downloads", assign_bytes<&Config::remote_download_limit>,
       [](const Config& c) { return show_text(format_size(c.remote_download_limit)); },
       Answers::unchanged},
  };
}

}  // namespace

const std::vector<Setting>& setting_table() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> rows = rows_of_this_machine();
    for (auto&& more : {rows_of_rules(), rows_of_run(), rows_of_remotes()})
      rows.insert(rows.end(), more.begin(), more.end());
    return rows;
  }();
  return table;
}

const std::vector<SettingInfo>& settings() {
  static const std::vector<SettingInfo> infos = [] {
    std::vector<SettingInfo> out;
    for (const Setting& row : setting_table())
      out.push_back({row.key, row.environment, row.type, row.doc, row.show(Config{}),
                     row.scope == Scope::user});
    return out;
  }();
  return infos;
}

}  // namespace deja::config
