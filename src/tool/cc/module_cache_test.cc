// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/module_cache.h"

#include <gtest/gtest.h>

namespace deja::tool {
namespace {

TEST(ModuleCache, KnowsItsFilesByName) {
  const auto of = [](std::string_view path) { return module_cache_file(path, "/w/cache"); };
  for (const char* path : {"/w/cache/2XVY0GVD2YVZJ/A-RCAQA90M5YD8.pcm", "/w/cache/2X/B.C-1.pcm"})
    EXPECT_EQ(of(path), ModuleCacheFile::module) << path;
  for (const char* path :
       {"/w/cache", "/w/cache/2XVY0GVD2YVZJ", "/w/cache/modules.timestamp",
        "/w/cache/2X/A-1.pcm.lock", "/w/cache/2X/A-1.pcm.lock-303dc68f",
        "/w/cache/2X/A-1-9ad41c98.pcm.tmp", "/w/cache/2X/A-1.pcm.timestamp",
        "/w/cache/2X/modules.idx", "/w/cache/2X/modules.idx-96a38ec9",
        "/w/cache/2X/modules.idx.temp-stream-1b5f09", "/w/cache/2X/modules.idx.lock"})
    EXPECT_EQ(of(path), ModuleCacheFile::upkeep) << path;
  // Files that a user may have put there are ordinary inputs.
  for (const char* path : {"/w/cache2/2X/A.pcm", "/w/cachex", "/w", "/w/cache/a.h",
                           "/w/cache/A.pcm", "/w/cache/src/A.pcm", "/w/cache/2X/a.h",
                           "/w/cache/2X/3X/A.pcm", "/w/cache/2X/module.modulemap"})
    EXPECT_EQ(of(path), ModuleCacheFile::none) << path;
  EXPECT_EQ(module_cache_file("/w/2X/A.pcm", ""), ModuleCacheFile::none);
}

TEST(ModuleCache, LiesWhereTheEnvironmentSays) {
  Command command;
  command.cwd = "/w";
  EXPECT_EQ(cc::default_module_cache(command), "");
  command.environment = {{"HOME", "/h"}};
  EXPECT_EQ(cc::default_module_cache(command), "/h/.cache/clang/ModuleCache");
  command.environment.push_back({"XDG_CACHE_HOME", "/x"});
  EXPECT_EQ(cc::default_module_cache(command), "/x/clang/ModuleCache");
  command.environment.push_back({"CLANG_MODULE_CACHE_PATH", "c"});
  EXPECT_EQ(cc::default_module_cache(command), "/w/c");
}

}  // namespace
}  // namespace deja::tool
