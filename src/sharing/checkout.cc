// SPDX-License-Identifier: Apache-2.0
// Searches upwards for version control and stops at directories that are too general to be a
// project. Tested by test/e2e/portable_test.cc.
#include "sharing/checkout.h"

#include <algorithm>
#include <iterator>

#include "base/path.h"
#include "evidence/logical_directory.h"
#include "os/file.h"

namespace deja::sharing {
namespace {

bool is_below_any(std::string_view path, const std::vector<std::string>& roots) {
  return std::any_of(roots.begin(), roots.end(),
                     [&](const std::string& root) { return is_within(path, root); });
}

void add(std::vector<std::string>& roots, std::string root) {
  if (!root.empty() && std::find(roots.begin(), roots.end(), root) == roots.end())
    roots.push_back(std::move(root));
}

// The base directories that this command uses. A command may use several, and each is a root;
// directories of other checkouts are not.
std::vector<std::string> base_directories(const tool::Command& command,
                                          const tool::Invocation& invocation,
                                          const std::vector<std::string>& base_dirs) {
  // Which directories are meant is a choice, not evidence, so ".." may be removed from the text.
  std::vector<std::string> paths = {clean_path(invocation.identity.source),
                                    std::string(command.cwd)};
  for (const tool::KeyArgument& argument : invocation.key.arguments)
    if (argument.has_path()) paths.push_back(clean_path(join_path(command.cwd, argument.path())));
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    const std::string* deepest = nullptr;
    for (const std::string& base : base_dirs)
      if (is_within(path, base) && (deepest == nullptr || base.size() > deepest->size()))
        deepest = &base;
    if (deepest != nullptr) add(out, *deepest);
  }
  return out;
}

// The name that PWD has for a root that holds the working directory, when it is another name.
void add_alias(const tool::Command& command, const std::string& root, PortableRoots& out) {
  if (evidence::logical_directory(command) != evidence::LogicalDirectory::named ||
      !is_within(command.cwd, root))
    return;
  const std::string_view pwd = *command.variable("PWD");
  const std::string_view rest = command.cwd.substr(root.size());
  if (!pwd.ends_with(rest)) return;
  const std::string name(pwd.substr(0, pwd.size() - rest.size()));
  const auto one = os::stat_file(name);
  const auto other = os::stat_file(root);
  const bool is_same = one && *one && other && *other && (*one)->device == (*other)->device &&
                       (*one)->inode == (*other)->inode;
  if (is_same && name != root) out.aliases.emplace_back(root, name);
}

}  // namespace

bool is_too_general(std::string_view directory, std::string_view home) {
  static constexpr std::string_view kNobodysProject[] = {
      "/", "/tmp", "/var/tmp", "/home", "/root", "/usr", "/usr/src", "/opt", "/srv", "/mnt"};
  if (directory == home) return true;
  return std::find(std::begin(kNobodysProject), std::end(kNobodysProject), directory) !=
         std::end(kNobodysProject);
}

std::string find_checkout(std::string_view directory, std::string_view home,
                          std::vector<std::string>* looked_at) {
  static constexpr std::string_view kMarks[] = {".git", ".hg", ".svn", ".jj"};
  for (; directory.size() > 1 && !is_too_general(directory, home);
       directory = parent_path(directory)) {
    for (const std::string_view mark : kMarks) {
      const std::string path = join_path(directory, mark);
      const auto there = os::stat_file(path);
      if (looked_at != nullptr) looked_at->push_back(path);
      if (there && *there) return std::string(directory);
    }
  }
  return {};
}

PortableRoots portable_roots(const tool::Command& command, const tool::Invocation& invocation,
                             const std::vector<std::string>& base_dirs) {
  PortableRoots out;
  out.roots = base_directories(command, invocation, base_dirs);
  if (!invocation.places.workspace.empty()) return out;  // the adapter found it (cargo's workspace)
  const std::string home(command.variable("HOME").value_or(""));
  const std::string source(parent_path(
      clean_path(invocation.identity.source.empty() ? command.cwd : invocation.identity.source)));
  if (out.roots.empty()) {
    add(out.roots, find_checkout(invocation.identity.source.empty() ? command.cwd : source, home,
                                 &out.looked_at));
    if (!is_below_any(command.cwd, out.roots))
      add(out.roots, find_checkout(command.cwd, home, &out.looked_at));
  }
  // Without version control: the directory that holds both the source and the working directory.
  if (out.roots.empty() && !invocation.identity.source.empty()) {
    const std::string both = common_ancestor(command.cwd, source);
    if (!is_too_general(both, home)) add(out.roots, both);
  }
  // When base directories are configured, only these are mapped.
  if (base_dirs.empty() && !is_below_any(command.cwd, out.roots))
    add(out.roots, std::string(command.cwd));
  if (base_dirs.empty()) add(out.roots, invocation.places.target_directory);
  const auto roots = out.roots;
  for (const std::string& root : roots) add_alias(command, root, out);
  return out;
}

}  // namespace deja::sharing
