// SPDX-License-Identifier: Apache-2.0
// Tested by make_variables_test.cc.
#include "tool/make_variables.h"

#include <algorithm>
#include <iterator>

#include "base/jobserver.h"

namespace deja::tool {
namespace {

bool is_about_jobs(std::string_view word) {
  return word.starts_with("--jobserver-") || word == "-j" ||
         (word.starts_with("-j") && word.find_first_not_of("0123456789", 2) == word.npos);
}

}  // namespace

bool holds_make_flags(std::string_view variable) {
  return std::find(std::begin(kMakeFlags), std::end(kMakeFlags), variable) != std::end(kMakeFlags);
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
  return std::ranges::any_of(kMakeFlags, [&](std::string_view name) {
    return names_jobserver_descriptor(command.variable(name).value_or(""), number);
  });
}

bool is_jobserver_fifo(const Command& command, std::string_view path) {
  return std::ranges::any_of(kMakeFlags, [&](std::string_view name) {
    return names_jobserver_fifo(command.variable(name).value_or(""), path);
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
