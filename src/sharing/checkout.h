// SPDX-License-Identifier: Apache-2.0
// Where a project is: its checkout, found by the version control's directory, and the roots that
// paths.portable (DEJA_PORTABLE) maps.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tool/tool.h"

namespace deja::sharing {

// "/", "/tmp", the home directory: never a project.
bool is_too_general(std::string_view directory, std::string_view home);

// The nearest directory at or above `directory` that holds .git, .hg, .svn or .jj; "" when the
// search reaches a directory that is too general. looked_at, when not null, gets the paths that the
// answer depends on.
std::string find_checkout(std::string_view directory, std::string_view home,
                          std::vector<std::string>* looked_at);

struct PortableRoots {
  std::vector<std::string> roots;  // absolute; the first is called "."
  // Other names of roots (PWD may reach the checkout through a symlink): {root, name}.
  std::vector<std::pair<std::string, std::string>> aliases;
  std::vector<std::string> looked_at;
};
// The roots mapped for this command: the configured base directories that it uses; else the
// checkouts of its source and of its working directory; else a directory that holds both.
PortableRoots portable_roots(const tool::Command& command, const tool::Invocation& invocation,
                             const std::vector<std::string>& base_dirs);

}  // namespace deja::sharing
