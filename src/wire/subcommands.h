// SPDX-License-Identifier: Apache-2.0
// The words that are subcommands of `deja`; any other first argument is a tool.
#pragma once

#include <string_view>

namespace deja::wire {

inline constexpr std::string_view kSubcommands[] = {
    "audit",  "completions", "config", "daemon", "doctor", "events",  "exec",
    "gc",     "help",        "init",   "key",    "list",   "monitor", "purge",
    "remote", "report",      "run",    "stats",  "verify", "version", "why",
};

constexpr bool is_subcommand(std::string_view word) {
  for (const std::string_view s : kSubcommands)
    if (s == word) return true;
  return word == "--help" || word == "-h" || word == "--version" || word == "-V";
}

}  // namespace deja::wire
