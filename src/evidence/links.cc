// SPDX-License-Identifier: Apache-2.0
// Where names lead: symlinks that were read, real paths, and the symlinks on the way to
// directories.
#include "base/path.h"
#include "evidence/rules.h"

namespace deja::evidence {

using action::Claim;

namespace {

bool leads_to_root(const action::Roots& roots, const std::string& directory) {
  for (const action::Root root : action::kRoots) {
    if (roots.has(root) && is_within(roots.path(root), directory)) return true;
  }
  return false;
}

// One step of a way; each is looked at once, though many ways share it. False: a problem.
bool claim_step(Conclusion& c, const std::string& step) {
  auto text = os::read_symlink(step);
  if (!text) {
    c.fail(NotStored::path_unreadable, step);
    return false;
  }
  if (!leads_to_root(c.run.roots, step)) c.claim_path(Claim::link, step, text->value_or(""));
  c.known.steps[step] = *std::move(text);
  return true;
}

}  // namespace

// Claims every symlink on the way to a directory, and that the other steps are none: two
// directories that were apart must not become one, which compilers leave out the second time, nor
// the other way round. Nothing is claimed of what leads to a root: that is the root's place.
void claim_way(Conclusion& c, const std::string& path) {
  constexpr int kSymlinksMax = 40;
  std::string directory = "/";
  std::string rest = path;
  for (int symlinks = 0; !rest.empty();) {
    const std::string part = take_component(rest);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      directory = std::string(parent_path(directory));
      continue;
    }
    const std::string step = join_path(directory, part);
    if (!c.known.steps.contains(step) && !claim_step(c, step)) return;
    const std::optional<std::string>& text = c.known.steps[step];
    if (!text) {
      directory = step;
      continue;
    }
    if (++symlinks > kSymlinksMax) return c.fail(NotStored::too_many_symlinks, path);
    rest.insert(0, *text + "/");
    if (rest.starts_with('/')) directory = "/";
  }
}

void conclude_way(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.is_named_by_pwd && facts.change == nullptr) claim_way(c, path);
}

void conclude_link(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.change != nullptr) return;
  if (facts.lstat) {
    const auto now = os::stat_file(path, os::Links::keep);
    const auto text = os::read_symlink(path);
    if (!now || !*now || !(**now == *facts.lstat) || !text || !*text)
      return c.fail(NotStored::input_changed, path);
    if (!facts.link) c.claim_path(Claim::link, path, **text);
  }
  if (facts.link) c.claim_path(Claim::link, path, *facts.link);
}

void conclude_real_path(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (!facts.real || facts.change != nullptr) return;
  const std::string& result = facts.real->result;
  c.claim_path(Claim::real, path, c.run.roots.tag(result));
  if (facts.real->may_be_written && path != result) c.out.real_paths.push_back({path, result});
}

}  // namespace deja::evidence
