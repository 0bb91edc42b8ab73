// SPDX-License-Identifier: Apache-2.0
// Tested by test/diff/sharing_test.cc and test/e2e/environment_test.cc.
#include "evidence/logical_directory.h"

#include "base/path.h"
#include "os/file.h"

namespace deja::evidence {
namespace {

bool is_same_directory(const std::string& one, const std::string& other) {
  const auto a = os::stat_file(one);
  const auto b = os::stat_file(other);
  return a && *a && b && *b && (*a)->device == (*b)->device && (*a)->inode == (*b)->inode;
}

}  // namespace

LogicalDirectory logical_directory(const tool::Command& command) {
  const std::string_view pwd = command.variable("PWD").value_or("");
  if (!pwd.starts_with('/') || pwd == command.cwd) return LogicalDirectory::none;
  if (os::leads_through_proc(std::string(pwd))) return LogicalDirectory::untidy;
  if (!is_same_directory(std::string(pwd), std::string(command.cwd))) return LogicalDirectory::none;
  return clean_path(pwd) == pwd ? LogicalDirectory::named : LogicalDirectory::untidy;
}

void add_logical_roots(const tool::Command& command, action::Roots& roots) {
  using action::Root;
  if (logical_directory(command) != LogicalDirectory::named) return;
  const std::string pwd(*command.variable("PWD"));
  roots.set(Root::logical_cwd, pwd);
  const std::string& workspace = roots.path(Root::workspace);
  if (!is_within(command.cwd, workspace)) return;
  // Below the workspace both names have the same end.
  const std::string_view rest = command.cwd.substr(workspace.size());
  if (rest.empty() || !pwd.ends_with(rest)) return;
  const std::string logical = pwd.substr(0, pwd.size() - rest.size());
  if (is_same_directory(logical, workspace)) roots.set(Root::logical_workspace, logical);
}

}  // namespace deja::evidence
