// What a C or C++ text includes, by its directives alone: no macro is expanded and no condition
// decided, so it is more than one run includes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::exec {

struct Include {
  std::string name;
  bool is_quoted = false;  // "name", not <name>
  bool is_next = false;    // #include_next: any file of that name on the way counts
  bool is_text = true;     // false: #embed, whose bytes include nothing
  bool operator==(const Include&) const = default;
};

struct Includes {
  std::vector<Include> includes;  // in order, with doubles
  std::string computed;           // a directive whose name is a macro; empty: none
};

// #include, #include_next, #import, #embed, and the names that __has_include and __has_embed ask for.
// Comments and continued lines are read as a compiler reads them (C23 5.1.1.2, phases 2 to 4).
Includes find_includes(std::string_view text);

}  // namespace deja::tool::exec
