// SPDX-License-Identifier: Apache-2.0
// Searches along a variable that lists directories (PATH). What a search meets counts, not the text
// of the variable: an empty directory in front of PATH changes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/roots.h"
#include "base/result.h"

namespace deja::evidence {

// The absolute paths that a search for a program's name along `list` may look at, in order; "" in
// the list is the working directory.
std::vector<std::string> search_candidates(std::string_view list, std::string_view name,
                                           std::string_view cwd);

// The value of Claim::search: each candidate that exists, tagged and followed by a NUL, up to the
// first file that may be executed. A candidate before that counts, too: some programs stop at it,
// others go on. A directory that may not be searched holds nothing.
std::string search_value(std::string_view list, std::string_view name, std::string_view cwd,
                         const action::Roots& roots);

// False if a directory of the list is reached through /proc: that is another one in the tool's process.
bool searches_alike_everywhere(std::string_view list);

// The value of Claim::directories, for a variable that lists directories and of which more counts
// than one search: each directory, tagged, with a letter before it and a NUL after it. An unset
// variable lists none. 'd': it counts. '-': it is hollow, so whether it is listed does not count.
//
// A hollow directory is an absolute path at which nothing exists. An empty directory is not hollow:
// gcc also looks in its "../lib", a source may name a file there, and ld may need a library by such a
// name. A path below a file is not hollow, because gcc reports it, and neither is one through /proc.
std::string directories_value(std::string_view variable, std::optional<std::string_view> list,
                              const action::Roots& roots);
// Does `list` name the same directories, apart from those that are or were hollow?
bool directories_hold(std::string_view variable, std::string_view value,
                      std::optional<std::string_view> list, const action::Roots& roots);
// The tagged directories of such a value; "": the working directory.
std::vector<std::string_view> directories_in(std::string_view value);
// Does it list a hollow one? Such a directory cannot be watched for what appears in it.
bool lists_hollow(std::string_view variable, std::optional<std::string_view> list);

// The subject of Claim::search, and its two parts.
std::string search_subject(std::string_view variable, std::string_view name);
struct SearchFor {
  std::string_view variable, name;
};
SearchFor search_of(std::string_view subject);

}  // namespace deja::evidence
