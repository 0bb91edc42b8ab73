// SPDX-License-Identifier: Apache-2.0
// Finds files by a pattern (`deja exec --input-glob`).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace deja::evidence {

// The regular files, and symlinks to such, that match an absolute pattern, sorted. In each
// component * ? and [a-z] are those of fnmatch(3), and a dot at the beginning only matches itself;
// a component ** stands for any number of directories, not through symlinks. A directory that does
// not exist holds nothing; one that cannot be listed is an error.
Result<std::vector<std::string>> expand_glob(const std::string& pattern);

}  // namespace deja::evidence
