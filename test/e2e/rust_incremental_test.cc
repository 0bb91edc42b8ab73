// SPDX-License-Identifier: Apache-2.0
// A crate that is edited repeatedly is left to rustc's incremental cache.
#include "e2e/cargo.h"

namespace deja::test {
namespace {

class RustIncremental : public CargoTest {
 protected:
  void SetUp() override {
    CargoTest::SetUp();
    if (IsSkipped()) return;
    ws.write("ws/Cargo.toml", "[package]\nname=\"app\"\nversion=\"0.1.0\"\nedition=\"2021\"\n");
    edit("0");
  }
  void edit(const std::string& number) {
    ws.write("ws/src/main.rs", "fn main() { println!(\"" + number + "\"); }\n");
  }
  // Builds, and returns the outcome of the crate; the program always prints its newest text.
  std::string build(const std::string& number) {
    edit(number);
    outcomes();
    EXPECT_TRUE(cargo("ws", {"build"}).ok());
    EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, number + "\n");
    return outcomes("app");
  }
  bool has_incremental_cache() const {
    for (const auto& [path, node] : ws.tree())
      if (path.find("/incremental/app-") != std::string::npos) return true;
    return false;
  }
};

TEST_P(RustIncremental, BeginsAtTheThirdEdit) {
  EXPECT_EQ(build("0"), "app miss");
  EXPECT_EQ(build("1"), "app miss");
  EXPECT_EQ(build("2"), "app miss");
  EXPECT_FALSE(has_incremental_cache());
  EXPECT_EQ(build("3"), "app bypass");
  EXPECT_EQ(ws.last_event().reason, "incremental");
  EXPECT_NE(ws.last_event().detail.find("main.rs"), std::string::npos) << ws.last_event();
  EXPECT_TRUE(has_incremental_cache());
  EXPECT_EQ(build("4"), "app bypass");
  // An older result is served, and ends the incremental policy.
  EXPECT_EQ(build("1"), "app hit");
  EXPECT_EQ(build("5"), "app miss");
}

TEST_P(RustIncremental, IsOnlyForCratesThatWereBuiltHere) {
  for (const char* number : {"0", "1", "2", "3", "4"}) {
    ws.remove("ws/target");
    EXPECT_EQ(build(number), "app miss");
  }
}

TEST_P(RustIncremental, MayBeClosed) {
  ws.write("ws/.deja.toml", "[rust]\nincremental = false\n");
  for (const char* number : {"0", "1", "2", "3", "4"}) EXPECT_EQ(build(number), "app miss");
}

TEST_P(RustIncremental, IsRustcsOwn) {
  ws.set("CARGO_INCREMENTAL=0");
  for (const char* number : {"0", "1", "2", "3", "4"}) EXPECT_EQ(build(number), "app miss");
}

// A one-shot engine has no memory of earlier commands.
INSTANTIATE_TEST_SUITE_P(, RustIncremental, ::testing::Values(Mode::daemon), mode_label);

}  // namespace
}  // namespace deja::test
