// SPDX-License-Identifier: Apache-2.0
// What `deja run` makes of programs by their names, before it has seen them run (observe/preload/route.h).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace deja::tool {

enum class ProgramRole : std::uint8_t {
  left_alone,   // neither it nor what it starts is looked at
  short_lived,  // takes less time than a look-up
  driver,       // starts other programs, which are looked at
  tool,         // an adapter knows it
  shell,        // its script decides
  interpreter,  // the same, for other languages
};

struct RouteRow {
  ProgramRole role;
  enum class Match : std::uint8_t { name, decorated, pattern } match;
  std::string_view name;
};

// The first row that matches counts. with_tests: test programs are commands like others.
std::vector<RouteRow> route_rows(bool with_tests);

}  // namespace deja::tool
