// Searches along a variable that lists directories (PATH): what counts is what a search meets, not the
// variable's text. An empty directory in front of PATH changes nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "action/roots.h"
#include "base/result.h"

namespace deja::pipeline {

// The paths that a search for a program's name along `list` may look at, in order; "" in the list is
// the working directory. Absolute.
std::vector<std::string> search_candidates(std::string_view list, std::string_view name,
                                           std::string_view cwd);

// The value of Claim::search: each candidate that is there, tagged and followed by a NUL, up to the
// first that is a file which may be executed. What lies before it and is none counts too: some
// programs stop at it, others go on. A directory that may not be searched holds nothing.
std::string search_value(std::string_view list, std::string_view name, std::string_view cwd,
                         const action::Roots& roots);

// The subject of Claim::search, and what it says.
std::string search_subject(std::string_view variable, std::string_view name);
struct SearchFor {
  std::string_view variable, name;
};
SearchFor search_of(std::string_view subject);

}  // namespace deja::pipeline
