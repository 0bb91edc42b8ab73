// SPDX-License-Identifier: Apache-2.0
// Which project a directory belongs to, and on which branch it is: what the session records are named by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deja::exchange {

struct Project {
  std::string name;    // empty: not known
  std::string branch;  // empty: none (a detached HEAD)
  std::string default_branch;
  bool operator==(const Project&) const = default;

  // Where to look for a record: this branch, the default branch, then any.
  std::vector<std::string> branches() const;
};

// Reads .git/HEAD and .git/config of the checkout around a directory (gitrepository-layout(5), git-config(5)); starts
// no program. The name is the address of the remote "origin" without user, password, scheme and ".git", so
// that clones by ssh and by https are one project and no secret is in it. A checkout without an origin, or a directory
// that is in none, has no name.
Project find_project(std::string_view directory);

// "git@host:team/x.git", "https://user:token@host/team/x" -> "host/team/x". Empty: it names no other machine.
std::string project_name(std::string_view url);

}  // namespace deja::exchange
