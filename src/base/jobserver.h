// SPDX-License-Identifier: Apache-2.0
// How make and cargo tell their children of the jobserver (GNU make manual, "POSIX Jobserver"). For the client, too,
// which has no library of its own.
#pragma once

#include <string_view>

namespace deja {

// The variables that hold make's flags.
inline constexpr std::string_view kMakeFlags[] = {"CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"};

// Do the flags name this descriptor, a decimal number ("--jobserver-auth=6,7")?
inline bool names_jobserver_descriptor(std::string_view flags, std::string_view number) {
  for (const std::string_view option :
       {std::string_view("--jobserver-auth="), std::string_view("--jobserver-fds=")}) {
    const std::size_t at = flags.find(option);
    if (at == std::string_view::npos) continue;
    std::string_view pair = flags.substr(at + option.size());
    pair = pair.substr(0, pair.find(' '));
    const std::size_t comma = pair.find(',');
    if (pair.substr(0, comma) == number) return true;
    if (comma != std::string_view::npos && pair.substr(comma + 1) == number) return true;
  }
  return false;
}

// Do they name this FIFO ("--jobserver-auth=fifo:/tmp/GMfifo12", since make 4.4)?
inline bool names_jobserver_fifo(std::string_view flags, std::string_view path) {
  constexpr std::string_view kOption = "--jobserver-auth=fifo:";
  const std::size_t at = flags.find(kOption);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = flags.substr(at + kOption.size());
  return rest.substr(0, rest.find(' ')) == path;
}

}  // namespace deja
