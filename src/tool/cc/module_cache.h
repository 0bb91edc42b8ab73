// The directory that clang keeps modules in which it makes on demand (-fmodules). All its runs share
// it: files come by a rename, locks and an index beside them.
#pragma once

#include <string>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool::cc {

// Where clang keeps them unless an option says so (clang::driver's getDefaultModuleCachePath); empty:
// it cannot be told.
std::string default_module_cache(const Command& command);

}  // namespace deja::tool::cc

namespace deja::tool {

enum class ModuleCacheFile : std::uint8_t {
  none,    // nothing of the cache's
  upkeep,  // the directories, locks, new files, the index, stamps: clang's own affair
  module,  // a finished module
};
// By its name alone. Both paths are absolute and tidy.
ModuleCacheFile module_cache_file(std::string_view path, std::string_view directory);

}  // namespace deja::tool
