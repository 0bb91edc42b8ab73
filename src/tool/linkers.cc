#include "tool/linkers.h"

#include <algorithm>
#include <iterator>

#include "tool/program_name.h"

namespace deja::tool {

bool is_linker(std::string_view program) {
  static constexpr std::string_view kNames[] = {"ld", "ld.bfd", "ld.gold", "collect2",
                                                "lto-wrapper"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view name) { return is_called(program, name); });
}

}  // namespace deja::tool
