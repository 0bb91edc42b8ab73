// SPDX-License-Identifier: Apache-2.0
// Names: clang/lib/Lex/HeaderSearch.cpp (getCachedModuleFileName), Serialization/GlobalModuleIndex.cpp,
// llvm/lib/Support/LockFileManager.cpp; seen with clang 14 and 19. Tested by module_cache_test.cc.
#include "tool/cc/module_cache.h"

#include <algorithm>

#include "base/path.h"

namespace deja::tool {
namespace cc {

std::string default_module_cache(const Command& command) {
  if (const auto set = command.variable("CLANG_MODULE_CACHE_PATH"))
    return tidy_path(join_path(command.cwd, *set));
  const std::string_view user = command.variable("XDG_CACHE_HOME").value_or("");
  if (user.starts_with('/')) return join_path(user, "clang/ModuleCache");
  const std::string_view home = command.variable("HOME").value_or("");
  return user.empty() && home.starts_with('/') ? join_path(home, ".cache/clang/ModuleCache")
                                               : std::string();
}

}  // namespace cc

namespace {

// A hash of the options that a module depends on, in base 36.
bool is_hash(std::string_view name) {
  constexpr std::size_t kMax = 32;
  return !name.empty() && name.size() <= kMax && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

ModuleCacheFile module_cache_file(std::string_view path, std::string_view directory) {
  if (directory.empty() || !is_within(path, directory)) return ModuleCacheFile::none;
  if (path == directory) return ModuleCacheFile::upkeep;
  const std::string_view rest = path.substr(directory.size() + 1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos)
    return is_hash(rest) || rest == "modules.timestamp" ? ModuleCacheFile::upkeep
                                                        : ModuleCacheFile::none;
  const std::string_view name = rest.substr(slash + 1);
  if (!is_hash(rest.substr(0, slash)) || name.find('/') != std::string_view::npos)
    return ModuleCacheFile::none;
  if (name.ends_with(".pcm")) return ModuleCacheFile::module;
  const bool is_upkeep = name == "modules.idx" || name.starts_with("modules.idx-") ||
                         name.starts_with("modules.idx.lock") ||
                         name.starts_with("modules.idx.temp-stream-") ||
                         name.find(".pcm.lock") != std::string_view::npos ||
                         name.ends_with(".pcm.tmp") || name.ends_with(".pcm.timestamp");
  return is_upkeep ? ModuleCacheFile::upkeep : ModuleCacheFile::none;
}

}  // namespace deja::tool
