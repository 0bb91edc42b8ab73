// SPDX-License-Identifier: Apache-2.0
// Programs of one name that call each other: two installations of deja, a site's own wrapper, a
// static wrapper that calls deja. The calls must end.
#include <unistd.h>

#include <filesystem>

#include "fault/fault.h"
#include "fault/installation.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class LoopFault : public Fault {
 protected:
  void SetUp() override {
    Fault::SetUp();
    for (const char* name : {"own", "deja", "other", "copy"}) fs::create_directory(at(name));
    fs::create_symlink(Workspace::program(), at("deja/gcc"));
    fs::create_symlink(installed_.program(), at("other/gcc"));
    fs::copy_file(Workspace::program(), at("copy/gcc"));
  }
  void TearDown() override { ws.end_engines(); }
  std::string at(const std::string& name) const { return ws.base() + "/" + name; }
  // PATH with these directories before the system's.
  Options with(const std::vector<std::string>& directories) const {
    std::string path;
    for (const std::string& name : directories) path += at(name) + ":";
    Options options;
    options.env = {"PATH=" + path + "/usr/bin:/bin"};
    options.deadline = kDeadline;
    return options;
  }
  void expect_like_gcc(const std::vector<std::string>& directories) {
    for (int i = 0; i < 2; ++i) {
      expect_like_bare(ws.run(argv(), with(directories)));
      expect_like_bare(ws.deja(argv(), with(directories)));
    }
  }
  // A wrapper that searches for the next program of its name, as colorgcc and distcc do.
  void write_wrapper(const std::string& more = "") {
    ws.write(at("own/gcc"),
             "#!/bin/sh\nme=$(dirname \"$0\"); IFS=:\nfor d in $PATH; do [ \"$d\" = \"$me\" ] && "
             "continue\n[ -x \"$d/gcc\" ] && exec \"$d/gcc\" \"$@\"" +
                 more + "\ndone\nexit 9\n",
             0755);
  }

  Installation installed_;
};

TEST_P(LoopFault, TwoInstallationsInPath) {
  expect_like_gcc({"deja", "other"});
  expect_like_gcc({"other", "deja"});
  expect_like_gcc({"deja", "copy"});
  expect_like_gcc({"copy", "other", "deja"});
}

TEST_P(LoopFault, TwoInstallationsThatAreSwitchedOff) {
  ws.set("DEJA_DISABLE=1");
  expect_like_gcc({"deja", "other"});
  expect_like_gcc({"copy", "other", "deja"});
}

TEST_P(LoopFault, AWrapperThatLooksForTheNextOne) {
  write_wrapper();
  expect_like_gcc({"own", "deja"});
  expect_like_gcc({"deja", "own"});
  expect_like_gcc({"deja", "own", "other"});
  ws.set("DEJA_DISABLE=1");
  expect_like_gcc({"deja", "own"});
}

TEST_P(LoopFault, AWrapperThatAddsAnOption) {
  write_wrapper(" -DMORE");
  const Result bare = ws.run(argv(), with({"own"}));
  ASSERT_TRUE(bare.ok());
  reset();
  for (const char* first : {"own", "deja"}) {
    const Result got = ws.run(argv(), with({first, first == std::string("own") ? "deja" : "own"}));
    EXPECT_EQ(got, bare);
    reset();
  }
}

TEST_P(LoopFault, AStaticWrapperThatRunsDeja) {
  NEEDS_TOOL("musl-gcc");
  ws.write(at("w.c"),
           "#include <unistd.h>\nint main(int c, char** v) { char* n[99] = {\"deja\", NAME};"
           "for (int i = 1; i <= c; ++i) n[i + 1] = v[i]; execv(DEJA, n); return 9; }\n");
  const auto build = [&](const std::string& name) {
    ASSERT_TRUE(ws.run({"musl-gcc", "-static", "-DNAME=\"" + name + "\"",
                        "-DDEJA=\"" + Workspace::program() + "\"", at("w.c"), "-o", at("own/gcc")})
                    .ok());
  };
  build("/usr/bin/gcc");
  expect_like_gcc({"own"});
  build("gcc");
  expect_like_gcc({"own"});
}

// There is no compiler after them in PATH: expects one line and the end.
TEST_P(LoopFault, NoCompilerBehindTheWrappers) {
  write_wrapper();
  Options options = with({"own", "deja"});
  options.env = {"PATH=" + at("own") + ":" + at("deja") + ":" + at("tools")};
  fs::create_directory(at("tools"));
  for (const char* tool : {"sh", "dirname"})
    fs::create_symlink(std::string("/usr/bin/") + tool, at("tools/") + tool);
  const Result got = ws.run(argv(), options);
  EXPECT_FALSE(got.hung);
  EXPECT_NE(got.exit_code, 0);
}

// Each wrapper adds arguments, so that no call repeats another.
TEST_P(LoopFault, ALoopThatGrowsEnds) {
  NEEDS_TOOL("musl-gcc");
  ws.write(at("w.c"),
           "#include <unistd.h>\nint main(int c, char** v) { char* n[999] = {\"deja\", \"gcc\", "
           "\"-DX\"}; for (int i = 1; i <= c; ++i) n[i + 2] = v[i]; execv(DEJA, n); "
           "return 9; }\n");
  ASSERT_TRUE(ws.run({"musl-gcc", "-static", "-DDEJA=\"" + Workspace::program() + "\"", at("w.c"),
                      "-o", at("own/gcc")})
                  .ok());
  Options options;
  options.env = {"PATH=" + at("own")};
  options.deadline = kDeadline;
  ws.set("DEJA_DISABLE=1");
  const Result got = ws.deja(argv(), options);
  EXPECT_EQ(got.exit_code, 126) << got;
  EXPECT_NE(got.err.find("start each other in a loop"), std::string::npos) << got;
  EXPECT_NE(got.err.find(at("own/gcc")), std::string::npos) << got;
}

// The record for other clients must not be visible to the tool.
TEST_P(LoopFault, ToolsSeeTheirOwnEnvironment) {
  ws.write("own", "#!/bin/sh\nenv\n", 0755);
  for (const Argv& argv : {Argv{"env"}, Argv{"./own"}, Argv{"sh", "-c", "env"}})
    EXPECT_EQ(ws.deja(argv).out.find("DEJA_CALLS"), std::string::npos) << argv.front();
  for (const char* which : {"observed", "all"})
    EXPECT_EQ(ws.deja({"exec", "--env", which, "--", "./own"}).out.find("DEJA_CALLS"),
              std::string::npos);
}

TEST_P(LoopFault, DejaInFrontOfDeja) {
  expect_like_bare(ws.deja({Workspace::program(), "gcc", "-Wall", "-MD", "-c", "a.c"}));
  expect_like_bare(ws.deja({"deja", "gcc", "-Wall", "-MD", "-c", "a.c"}));
  Argv nested = {"exec", "--env", "observed", "--", Workspace::program(),
                 "exec", "--env", "observed", "--"};
  nested.insert(nested.end(), argv().begin(), argv().end());
  for (int i = 0; i < 2; ++i) expect_like_bare(ws.deja(nested));
}

TEST_P(LoopFault, CcacheAndDejaInFrontOfEachOther) {
  NEEDS_TOOL("ccache");
  ws.set("CCACHE_DIR=" + at("ccache"));
  fs::create_directory(at("links"));
  fs::create_symlink("/usr/bin/ccache", at("links/gcc"));
  expect_like_gcc({"deja", "links"});
  expect_like_gcc({"links", "deja"});
}

EVERY_MODE(LoopFault);

}  // namespace
}  // namespace deja::test
