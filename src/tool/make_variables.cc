// SPDX-License-Identifier: Apache-2.0
// Tested by make_variables_test.cc.
#include "tool/make_variables.h"

#include <algorithm>
#include <iterator>

namespace deja::tool {
namespace {

constexpr std::string_view kVariables[] = {"CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"};

bool is_about_jobs(std::string_view word) {
  return word.starts_with("--jobserver-") || word == "-j" ||
         (word.starts_with("-j") && word.find_first_not_of("0123456789", 2) == word.npos);
}

}  // namespace

bool holds_make_flags(std::string_view variable) {
  return std::find(std::begin(kVariables), std::end(kVariables), variable) != std::end(kVariables);
}

std::string without_jobserver(std::string_view flags) {
  std::string out;
  while (!flags.empty()) {
    const std::string_view word = flags.substr(0, flags.find(' '));
    flags.remove_prefix(std::min(word.size() + 1, flags.size()));
    // Quoted variables follow: " -- CC='a b'".
    if (word == "--") return out + " -- " + std::string(flags);
    if (!word.empty() && !is_about_jobs(word)) out.append(" ").append(word);
  }
  return out;
}

bool is_jobserver_descriptor(const Command& command, std::string_view number) {
  for (const std::string_view name : kVariables) {
    const std::string_view flags = command.variable(name).value_or("");
    for (const std::string_view option : {"--jobserver-auth=", "--jobserver-fds="}) {
      const std::size_t at = flags.find(option);
      if (at == std::string_view::npos) continue;
      std::string_view pair = flags.substr(at + option.size());
      pair = pair.substr(0, pair.find(' '));
      const std::size_t comma = std::min(pair.find(','), pair.size());
      if (pair.substr(0, comma) == number ||
          pair.substr(std::min(comma + 1, pair.size())) == number)
        return true;
    }
  }
  return false;
}

bool is_jobserver_fifo(const Command& command, std::string_view path) {
  return std::any_of(std::begin(kVariables), std::end(kVariables), [&](std::string_view name) {
    const std::string_view flags = command.variable(name).value_or("");
    constexpr std::string_view kOption = "--jobserver-auth=fifo:";
    const std::size_t at = flags.find(kOption);
    if (at == std::string_view::npos) return false;
    const std::string_view rest = flags.substr(at + kOption.size());
    return rest.substr(0, rest.find(' ')) == path;
  });
}

bool has_eval_in_make_flags(const Command& command) {
  for (const char* name : {"MAKEFLAGS", "GNUMAKEFLAGS"}) {
    std::string_view flags = command.variable(name).value_or("");
    flags = flags.substr(0, flags.find(" -- "));
    if (flags.find("eval") != std::string_view::npos || flags.find('E') != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace deja::tool
