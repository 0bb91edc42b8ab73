// The include scan of `deja exec --include-scan`: the files that some C or C++ files include, found
// on the search path as compilers search it, without conditions being decided.
#pragma once

#include <string>
#include <vector>

namespace deja::evidence {

// Absolute, in the order of the search. Names in quotes are looked for in the includer's directory
// first, then in all of these; other names not in `quote`.
struct IncludeDirectories {
  std::vector<std::string> quote, angle, system;
};

struct ScannedIncludes {
  std::vector<std::string> files;   // seeds too; sorted, without doubles
  std::vector<std::string> absent;  // looked for before each of them, or in vain; sorted
  std::string unreadable;           // a seed that cannot be read; empty: none
  std::string guess;                // why there may be more; empty: that is all
};

ScannedIncludes scan_includes_of(const std::vector<std::string>& seeds,
                                 const IncludeDirectories& directories);

}  // namespace deja::evidence
