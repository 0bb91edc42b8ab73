#include "action/roots.h"

#include <utility>

#include "base/path.h"

namespace deja::action {

const char* root_name(Root root) { return root == Root::cwd ? "cwd" : "workspace"; }

Roots::Roots(std::string cwd, std::string workspace)
    : paths_{std::move(cwd), std::move(workspace)} {
  for (std::string& path : paths_) {
    if (path == "/") path.clear();
  }
}

std::string Roots::tag(std::string_view path) const {
  const Root* best = nullptr;
  for (const Root& root : kRoots) {
    const std::string& folder = this->path(root);
    if (folder.empty() || !is_within(path, folder)) continue;
    if (best == nullptr || folder.size() > this->path(*best).size()) best = &root;
  }
  if (best == nullptr) return std::string(path);
  std::string out(1, static_cast<char>(*best));
  out.append(path.substr(this->path(*best).size()));
  return out;
}

std::string Roots::expand(std::string_view tagged) const {
  if (tagged.empty()) return {};
  for (const Root root : kRoots) {
    if (tagged[0] != static_cast<char>(root)) continue;
    if (!has(root)) return {};
    return path(root) + std::string(tagged.substr(1));
  }
  return std::string(tagged);
}

std::string Roots::describe(std::string_view tagged) {
  if (!tagged.empty()) {
    for (const Root root : kRoots) {
      if (tagged[0] == static_cast<char>(root))
        return "<" + std::string(root_name(root)) + ">" + std::string(tagged.substr(1));
    }
  }
  return std::string(tagged);
}

}  // namespace deja::action
