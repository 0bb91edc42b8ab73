// Roots: folders whose place may differ between two runs of "the same" action. In keys, traces and
// results a path below a root is written with the root's tag, so that another checkout or another
// build folder can find it. Whether a result may really be shared is decided by evidence after the
// run, see pipeline/publish.cc; tags only make it possible.
//
// A tagged path is a byte string: a tag byte (1 = cwd, 2 = workspace) followed by "" or "/rest", or
// an absolute path as it is. The two cannot be confused: an absolute path starts with '/'.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace deja::action {

enum class Root : unsigned char { cwd = 1, workspace = 2 };
inline constexpr std::array kRoots = {Root::cwd, Root::workspace};
const char* root_name(Root root);  // "cwd", "workspace"

class Roots {
 public:
  Roots() = default;
  // Absolute paths without a trailing slash; "" or "/" is no root.
  Roots(std::string cwd, std::string workspace);

  const std::string& path(Root root) const { return paths_[static_cast<std::size_t>(root) - 1]; }
  bool has(Root root) const { return !path(root).empty(); }

  // The deepest root that holds path wins; where two are equal, cwd. Other paths stay.
  std::string tag(std::string_view path) const;
  std::string expand(std::string_view tagged) const;  // "" when it names a root we do not have
  // For people: "<cwd>/a.c".
  static std::string describe(std::string_view tagged);

  bool operator==(const Roots&) const = default;

 private:
  std::array<std::string, 2> paths_;
};

}  // namespace deja::action
