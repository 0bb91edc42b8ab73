// SPDX-License-Identifier: Apache-2.0
#include "tool/cargo.h"

#include <gtest/gtest.h>

namespace deja::tool {
namespace {

TEST(Cargo, TargetDirectory) {
  constexpr std::string_view kTriple = "aarch64-unknown-linux-gnu";
  EXPECT_EQ(target_directory_of("/ws/target/debug/deps", ""), "/ws/target");
  EXPECT_EQ(target_directory_of("/ws/t1/debug/examples", ""), "/ws/t1");
  EXPECT_EQ(target_directory_of("/ws/t1/release/build/serde-0123", ""), "/ws/t1");
  EXPECT_EQ(target_directory_of("/ws/t1/aarch64-unknown-linux-gnu/debug/deps", kTriple), "/ws/t1");
  EXPECT_EQ(target_directory_of("/ws/t1/mine/debug/deps", "/x/mine.json"), "/ws/t1");
  EXPECT_EQ(target_directory_of("/ws/t1/debug/deps", kTriple), "/ws/t1");
  EXPECT_EQ(target_directory_of("/ws/out", ""), "");
  EXPECT_EQ(target_directory_of("/deps", ""), "");
  EXPECT_EQ(target_directory_of("/debug/deps", ""), "");
  EXPECT_EQ(target_directory_of("", ""), "");
}

TEST(Cargo, TargetDirectoryOfABuildScript) {
  Command command;
  command.environment = {{"OUT_DIR", "/ws/t/x86/debug/build/onig_sys-0123/out"},
                         {"CARGO_MANIFEST_DIR", "/reg/onig_sys"}};
  EXPECT_EQ(target_directory_of_build_script(command), "/ws/t/x86");
  command.environment.push_back({"TARGET", "x86"});
  EXPECT_EQ(target_directory_of_build_script(command), "/ws/t");
  for (const char* out :
       {"", "out", "/ws/out", "/ws/t/debug/build/a-1/out/", "/ws/t/debug/build/a-1"}) {
    command.environment[0].value = out;
    EXPECT_EQ(target_directory_of_build_script(command), "") << out;
  }
  EXPECT_EQ(target_directory_of_build_script(Command()), "");
  command.environment = {{"OUT_DIR", "/ws/t/debug/build/a-1/out"}};
  EXPECT_EQ(target_directory_of_build_script(command), "") << "someone else's variable";
}

}  // namespace
}  // namespace deja::tool
