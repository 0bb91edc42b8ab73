// SPDX-License-Identifier: Apache-2.0
// What `deja init` sets up works with the real program that it is for, and leaves nothing when it is removed.
#include <gmock/gmock.h>
#include "e2e/cargo.h"
#include "support/workspace.h"

namespace deja::test {
namespace {

using ::testing::HasSubstr;

class Init : public ::testing::Test {
 protected:
  Init() {
    ws.write("a.c", "int main(void) { return 0; }\n");
    ws.write("CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.20)\nproject(x C)\nadd_executable(x a.c)\n");
    ws.write("meson.build", "project('x', 'c')\nexecutable('x', 'a.c')\n");
  }
  Result init(const std::string& kind, bool removes = false) {
    Argv argv = {"init", kind, "--yes"};
    if (removes) argv.emplace_back("--remove");
    const Result result = ws.deja(argv);
    EXPECT_EQ(result.exit_code, 0) << result;
    return result;
  }
  // A shell command; the directory of deja is not in its PATH.
  void sh(const std::string& command) {
    const Result result = ws.run({"sh", "-c", command});
    EXPECT_EQ(result.exit_code, 0) << command << "\n" << result;
  }
  int hits_of(const std::string& source) {
    int hits = 0;
    for (const Event& event : ws.events())
      hits += event.outcome == "hit" && event.what.ends_with(source) ? 1 : 0;
    return hits;
  }
  // What is in the home, without the directories in which all programs keep theirs.
  Tree homes() const {
    Tree tree = tree_of(ws.home());
    for (const char* base : {".config", ".local", ".local/share"}) tree.erase(base);
    return tree;
  }

  Workspace ws;
};

TEST_F(Init, CMakesPresetHits) {
  NEEDS_TOOL("cmake");
  const Tree before = ws.tree();
  init("--cmake");
  for (int i = 0; i < 2; ++i) {
    ws.remove("build");
    sh("cmake --preset deja && cmake --build build");
  }
  EXPECT_EQ(hits_of("a.c"), 1);
  ws.remove("build");
  EXPECT_THAT(init("--cmake").out, HasSubstr("there already"));
  init("--cmake", true);
  EXPECT_EQ(difference(before, ws.tree()), "");
}

TEST_F(Init, MesonsNativeFileHits) {
  NEEDS_TOOL("meson");
  const Tree before = homes();
  init("--meson");
  for (int i = 0; i < 2; ++i) {
    ws.remove("build");
    sh("meson setup --native-file deja build && ninja -C build");
  }
  EXPECT_EQ(hits_of("a.c"), 1);
  init("--meson", true);
  EXPECT_EQ(difference(before, homes()), "");
}

TEST_F(Init, CargosConfigurationHits) {
  const std::string bin = toolchain();
  if (bin.empty()) GTEST_SKIP() << "NOT TESTED: rustc is not installed";
  ws.set("PATH=" + ws.bin() + ":" + bin + ":/usr/bin:/bin");
  ws.write("Cargo.toml", "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
  ws.write("src/main.rs", "fn main() {}\n");
  ws.set("CARGO_HOME=" + ws.path("cargo"));
  ws.write("cargo/config.toml", "[net]\noffline = true\n");
  init("--rust");
  for (int i = 0; i < 2; ++i) {
    ws.remove("target");
    sh("cargo build --offline");
  }
  EXPECT_EQ(hits_of("hello"), 1);
  init("--rust", true);
  EXPECT_EQ(ws.read("cargo/config.toml"), "[net]\noffline = true\n");
}

TEST_F(Init, LinksThatMasqueradeHit) {
  const Tree before = homes();
  init("--masquerade");
  const std::string links = ws.home() + "/.local/share/deja/bin";
  for (int i = 0; i < 2; ++i) sh("PATH=\"" + links + ":$PATH\" gcc -c a.c");
  EXPECT_EQ(hits_of("a.c"), 1);
  EXPECT_THAT(init("--masquerade").out, HasSubstr("there already"));
  init("--masquerade", true);
  EXPECT_EQ(difference(before, homes()), "");
  sh("PATH=\"" + links + ":$PATH\" gcc -c a.c");
  EXPECT_EQ(hits_of("a.c"), 1) << "the links are gone";
}

TEST_F(Init, LinesForAShellHit) {
  for (int i = 0; i < 2; ++i)
    sh("eval \"$('" + Workspace::program() + "' init --cc)\" && rm -f a && make a");
  EXPECT_EQ(hits_of("a"), 1);
}

// The unit's own command is run as systemd would: no terminal, little environment.
TEST_F(Init, TheUnitRunsTheEngine) {
  const Tree before = homes();
  init("--systemd");
  const std::string unit = ws.home() + "/.config/systemd/user/deja.service";
  const std::string text = ws.read(unit);
  const std::string key = "\nExecStart=";
  const auto at = text.find(key);
  ASSERT_NE(at, std::string::npos) << text;
  const std::string start = text.substr(at + key.size(), text.find('\n', at + 1) - at - key.size());
  const Process engine = ws.start({"sh", "-c", "exec " + start + " </dev/null"});
  ASSERT_TRUE(wait_until([&] { return ws.deja({"daemon", "status"}).out.starts_with("running"); }));
  ws.expect_miss({"gcc", "-c", "a.c"});
  ws.expect_hit({"gcc", "-c", "a.c"});
  EXPECT_THAT(ws.deja({"daemon", "status", "--format", "json"}).out,
              HasSubstr("\"pid\": " + std::to_string(engine.pid())));
  if (!find_program("systemd-analyze").empty()) {
    ws.set("XDG_RUNTIME_DIR=" + ws.base());
    const Result verified = ws.run({"systemd-analyze", "--user", "verify", unit});
    EXPECT_EQ(verified.exit_code, 0) << verified;
  }
  ws.end_engines();
  init("--systemd", true);
  EXPECT_EQ(difference(before, homes()), "");
}

TEST_F(Init, CcachesSettingsAreUsed) {
  ws.set("CCACHE_DIR=" + ws.path("old"));
  ws.write("old/ccache.conf", "max_size = 3G\ndisable = true\n");
  ws.expect_miss({"gcc", "-c", "a.c"});
  EXPECT_EQ(ws.deja({"init", "--from", "ccache", "--yes"}).exit_code, 0);
  EXPECT_EQ(ws.deja({"config", "get", "store.limit"}).out, "3G\n");
  ws.expect_bypass("disabled", {"gcc", "-c", "a.c"});
  EXPECT_EQ(ws.deja({"init", "--from", "ccache", "--remove", "--yes"}).exit_code, 0);
  ws.expect_hit({"gcc", "-c", "a.c"});
}

}  // namespace
}  // namespace deja::test
