// SPDX-License-Identifier: Apache-2.0
// Which files a command line seems to be about, for people who ask about them. A guess: nothing is decided by it.
#pragma once

#include <string>
#include <vector>

namespace deja::tool {

struct NamedFiles {
  std::string source;  // as spelled; empty: none is seen
  std::string output;
};

// argv[0] is the program. The source is the first argument that looks like a file's name with an ending and is not
// the value of -o; the output is what follows -o or --output.
NamedFiles named_files(const std::vector<std::string_view>& argv);

}  // namespace deja::tool
