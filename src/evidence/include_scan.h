// SPDX-License-Identifier: Apache-2.0
// The include scan of `deja exec --include-scan`: the files that some C or C++ files include, found
// on the search path as compilers search it. Conditions (#if) are not evaluated: all branches
// count.
#pragma once

#include <string>
#include <vector>

namespace deja::evidence {

// Absolute paths in the order of the search. A name in quotes is looked for in the directory of the
// including file first, then in all of these; other names are not looked for in `quote`.
struct IncludeDirectories {
  std::vector<std::string> quote, angle, system;
};

struct ScannedIncludes {
  std::vector<std::string> files;   // with the seeds; sorted, no path twice
  std::vector<std::string> absent;  // paths that were looked for and not found; sorted
  std::string unreadable;           // a seed that cannot be read; empty: none
  std::string guess;                // why there may be more files; empty: these are all
};

ScannedIncludes scan_includes_of(const std::vector<std::string>& seeds,
                                 const IncludeDirectories& directories);

}  // namespace deja::evidence
