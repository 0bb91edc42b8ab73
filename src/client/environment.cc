// SPDX-License-Identifier: Apache-2.0
#include "client/environment.h"

#include "base/bool_text.h"
#include "observe/preload/log_layout.h"
#include "observe/preload/route_layout.h"
#include "os/call_chain.h"

namespace deja::client {
namespace {

void take(Environment& env, std::string_view name, std::string_view value) {
  struct Place {
    std::string_view name;
    std::string_view os::PlaceVariables::* field;
  };
  static constexpr Place kPlaces[] = {{"DEJA_DIR", &os::PlaceVariables::deja_dir},
                                      {"XDG_CACHE_HOME", &os::PlaceVariables::xdg_cache_home},
                                      {"HOME", &os::PlaceVariables::home},
                                      {"XDG_RUNTIME_DIR", &os::PlaceVariables::xdg_runtime_dir},
                                      {"TMPDIR", &os::PlaceVariables::tmpdir}};
  for (const Place& place : kPlaces) {
    if (name == place.name) env.places.*place.field = value;
  }
  if (name == "PATH") env.path = value;
  if (name == "LD_PRELOAD") {
    env.preload = value;
    env.has_preload = true;
  }
  if (name == "DEJA_DISABLE") env.disabled = parse_bool(value).value_or(false);
  if (name == "DEJA_DAEMON") env.daemon_off = value == "off";
  if (name == os::kCallsVariable && !env.observed) env.calls = value;
  if (name == DEJA_LOG_VARIABLE) {
    env.observed = true;
    const std::size_t comma = value.find(',');
    env.calls = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
}

}  // namespace

Environment read_environment(char** raw) {
  Environment env;
  env.raw = raw;
  for (char** at = raw; *at != nullptr; ++at) {
    constexpr std::string_view kFirstLetters = "DXHTPL", kRoute = DEJA_ROUTE_VARIABLE "=";
    const std::string_view entry = *at;
    // All names of interest start with one of these; most entries end here.
    const bool may_count = !entry.empty() && kFirstLetters.find(entry[0]) != std::string_view::npos;
    if (may_count && entry.starts_with(kRoute)) {
      env.route = entry.substr(kRoute.size());
      continue;
    }
    raw[env.count++] = *at;
    if (!may_count) continue;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    take(env, entry.substr(0, equals), entry.substr(equals + 1));
  }
  if (raw[env.count] != nullptr) raw[env.count] = nullptr;
  return env;
}

}  // namespace deja::client
