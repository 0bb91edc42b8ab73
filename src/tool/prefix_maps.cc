// SPDX-License-Identifier: Apache-2.0
// Tested by cc/classify_test.cc and test/e2e/rust_test.cc.
#include "tool/prefix_maps.h"

#include <algorithm>

#include "base/path.h"

namespace deja::tool {
namespace {

bool is_below_another(const std::string& root, const std::vector<std::string>& roots) {
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& other) {
    return other != root && is_within(root, other);
  });
}

}  // namespace

void add_prefix_maps(const std::vector<std::string>& roots, std::string_view flag, Invocation& out,
                     const std::vector<std::pair<std::string, std::string>>& aliases) {
  int number = 0;
  const auto add = [&](const std::string& path) {
    if (path.find('=') != std::string::npos) return;
    const std::string text = std::string(flag).append(path).append(
        number == 1 ? "=." : "=./root-" + std::to_string(number));
    out.run.argv.push_back(text);
    out.key.arguments.push_back({text, flag.size(), flag.size() + path.size()});
    out.outputs.mapped_prefixes.push_back(path);
  };
  for (const std::string& root : roots) {
    if (root.size() < 2 || root.find('=') != std::string::npos || is_below_another(root, roots))
      continue;
    ++number;
    add(root);
    for (const auto& [of, alias] : aliases)
      if (of == root) add(alias);
  }
}

}  // namespace deja::tool
