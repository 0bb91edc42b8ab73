// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <vector>

namespace deja {

std::string join_path(std::string_view base, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  if (path.empty()) return std::string(base);
  std::string out(base);
  if (!out.empty() && out.back() != '/') out.push_back('/');
  out.append(path);
  return out;
}

namespace {
// Takes the first part and its slash off path.
std::string_view take_part(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return part;
}

std::string rebuild(std::string_view path, bool resolve_dotdot) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> kept;
  while (!path.empty()) {
    const std::string_view part = take_part(path);
    if (part.empty() || part == ".") continue;
    if (resolve_dotdot && part == "..") {
      if (!kept.empty() && kept.back() != "..") {
        kept.pop_back();
        continue;
      }
      if (absolute) continue;
    }
    kept.push_back(part);
  }
  std::string out(absolute ? "/" : "");
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i != 0) out.push_back('/');
    out.append(kept[i]);
  }
  if (out.empty()) out = ".";
  return out;
}
}  // namespace

std::string tidy_path(std::string_view path) { return rebuild(path, false); }
std::string clean_path(std::string_view path) { return rebuild(path, true); }

std::string_view parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string take_component(std::string& path) {
  const std::size_t slash = path.find('/');
  std::string part = path.substr(0, slash);
  path.erase(0, slash == std::string::npos ? path.size() : slash + 1);
  return part;
}

bool is_within(std::string_view path, std::string_view root) {
  if (!path.starts_with(root)) return false;
  return path.size() == root.size() || root.ends_with('/') || path[root.size()] == '/';
}

std::string common_ancestor(std::string_view a, std::string_view b) {
  std::size_t end = 0;
  const std::size_t n = a.size() < b.size() ? a.size() : b.size();
  std::size_t i = 0;
  while (i < n && a[i] == b[i]) {
    if (a[i] == '/') end = i;
    ++i;
  }
  const bool a_ends = i == a.size() && (i == b.size() || b[i] == '/');
  const bool b_ends = i == b.size() && (i == a.size() || a[i] == '/');
  if (a_ends || b_ends) end = i;
  return end == 0 ? "/" : std::string(a.substr(0, end));
}

}  // namespace deja
