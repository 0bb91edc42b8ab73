// Searches along a variable that lists directories (PATH): what counts is what a search meets, not the
// variable's text. An empty directory in front of PATH changes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/roots.h"
#include "base/result.h"

namespace deja::evidence {

// The paths that a search for a program's name along `list` may look at, in order; "" in the list is
// the working directory. Absolute.
std::vector<std::string> search_candidates(std::string_view list, std::string_view name,
                                           std::string_view cwd);

// The value of Claim::search: each candidate that is there, tagged and followed by a NUL, up to the
// first that is a file which may be executed. What lies before it and is none counts too: some
// programs stop at it, others go on. A directory that may not be searched holds nothing.
std::string search_value(std::string_view list, std::string_view name, std::string_view cwd,
                         const action::Roots& roots);

// The value of Claim::directories, for a variable that lists directories and of which more counts than
// one search: each directory, tagged, with a letter before and a NUL behind it. An unset variable
// lists none. 'd': it counts. '-': it is hollow, so whether it is listed does not count.
//
// Hollow is an absolute name that leads to nothing. An empty directory is not: "../lib" of it is
// another one, where gcc looks by itself and sources may. The loader does not (ld.so(8)), so in
// LD_LIBRARY_PATH an empty one is hollow, too.
std::string directories_value(std::string_view variable, std::optional<std::string_view> list,
                              const action::Roots& roots);
// Does `list` lead to the same, but for directories that are hollow (then, or now)?
bool directories_hold(std::string_view variable, std::string_view value,
                      std::optional<std::string_view> list, const action::Roots& roots);
// The tagged directories of such a value; "": the working directory.
std::vector<std::string_view> directories_in(std::string_view value);
// Does it list a hollow one? What appears in such a one cannot be watched.
bool lists_hollow(std::string_view variable, std::optional<std::string_view> list);

// The subject of Claim::search, and what it says.
std::string search_subject(std::string_view variable, std::string_view name);
struct SearchFor {
  std::string_view variable, name;
};
SearchFor search_of(std::string_view subject);

}  // namespace deja::evidence
