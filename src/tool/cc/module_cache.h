// SPDX-License-Identifier: Apache-2.0
// The directory in which clang keeps the modules that it makes on demand (-fmodules). All runs of
// clang share it: files arrive by rename, with locks and an index next to them.
#pragma once

#include <string>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool::cc {

// Where clang keeps the modules when no option says so (clang::driver's getDefaultModuleCachePath);
// empty: unknown.
std::string default_module_cache(const Command& command);

}  // namespace deja::tool::cc

namespace deja::tool {

enum class ModuleCacheFile : std::uint8_t {
  none,    // no file of the cache
  upkeep,  // the directories, locks, new files, the index, stamps: only clang uses them
  module,  // a finished module
};
// Decided by the name alone. Both paths are absolute and normalized.
ModuleCacheFile module_cache_file(std::string_view path, std::string_view directory);

}  // namespace deja::tool
