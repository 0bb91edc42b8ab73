// SPDX-License-Identifier: Apache-2.0
// paths.portable (DEJA_PORTABLE=1): debug information names the checkout ".", so that all checkouts
// share results.
#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Portable : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    for (const char* checkout : {"one", "another/two"}) {
      ws.write(std::string(checkout) + "/.git/HEAD", "ref: refs/heads/main\n");
      ws.write(std::string(checkout) + "/src/a.c",
               "#include <assert.h>\n#include \"h.h\"\nint f(int x) { assert(x); return x + H; }\n"
               "const char *name = __FILE__;\n");
      ws.write(std::string(checkout) + "/inc/h.h", "#define H 1\n");
      ws.make_directory(std::string(checkout) + "/build/sub");
    }
    ws.set("DEJA_PORTABLE=1");
  }
  // A command like CMake's: absolute names, in a build directory.
  Argv compile(const std::string& checkout, const Argv& more = {}) const {
    Argv argv = {
        cc(), "-g", "-I" + ws.path(checkout + "/inc"), "-c", ws.path(checkout + "/src/a.c"),
        "-o", "a.o"};
    argv.insert(argv.begin() + 1, more.begin(), more.end());
    return argv;
  }
  static Options in(const std::string& directory, const Workspace& ws) {
    return {.env = {"PWD=" + ws.path(directory)}, .cwd = directory};
  }
  bool holds(const std::string& file, const std::string& text) const {
    return ws.read(file).find(text) != std::string::npos;
  }
};

TEST_P(Portable, ASecondCheckoutWithDebugInformationHits) {
  for (const Argv& more : {Argv{}, Argv{"-O2"}, Argv{"-MD"}, Argv{"-g3"}}) {
    ws.expect_miss(compile("one", more), in("one/build/sub", ws));
    ws.expect_hit(compile("another/two", more), in("another/two/build/sub", ws));
    EXPECT_EQ(ws.read("one/build/sub/a.o"), ws.read("another/two/build/sub/a.o"));
    EXPECT_FALSE(holds("one/build/sub/a.o", ws.path("one")));
    EXPECT_TRUE(holds("one/build/sub/a.o", "./src/a.c"));
  }
}

// A crate's C code lies in the registry, and what its build script has made lies below the target directory.
class CrateInC : public SetupTest {
 protected:
  static constexpr const char* kOut = "/target/debug/build/onig-0123/out";
  Options in(const std::string& clone) const {
    return {
        .env = {"OUT_DIR=" + ws.path(clone + kOut), "CARGO_MANIFEST_DIR=" + ws.path("registry")},
        .cwd = "registry"};
  }
  Argv compile(const std::string& clone, const std::string& debug = "-O1") const {
    const std::string out = ws.path(clone + kOut);
    return {cc(), debug, "-I" + out, "-c", "a.c", "-o", out + "/a.o"};
  }
  void write(const std::string& header) {
    ws.write("registry/a.c", "#include \"config.h\"\nint a = CONFIG;\n");
    for (const char* clone : {"one", "another/two"})
      ws.write(std::string(clone) + kOut + "/config.h", header);
  }
  // The second clone gets what the compiler alone leaves there.
  std::string outcome_in_second(const std::string& debug = "-O1") {
    const std::string second = "another/two";
    ws.expect_miss(compile("one", debug), in("one"));
    EXPECT_TRUE(ws.run(compile(second, debug), in(second)).ok());
    const std::string plain = ws.read(second + kOut + "/a.o");
    ws.remove(second + kOut + "/a.o");
    EXPECT_TRUE(ws.deja(compile(second, debug), in(second)).ok());
    EXPECT_TRUE(ws.read(second + kOut + "/a.o") == plain) << debug;
    return ws.last_event().outcome;
  }
};

TEST_P(CrateInC, TwoClonesShare) {
  write("#define CONFIG 7\n");
  EXPECT_EQ(outcome_in_second(), "hit");
  ws.write(std::string("another/two") + kOut + "/config.h", "#define CONFIG 8\n");
  ws.expect_miss(compile("another/two"), in("another/two"));
}

TEST_P(CrateInC, DebugInformationSharesWhenPortable) {
  ws.set("DEJA_PORTABLE=1");
  write("#define CONFIG 7\nint f(void) { return 1; }\n");
  ws.expect_miss(compile("one", "-g"), in("one"));
  ws.expect_hit(compile("another/two", "-g"), in("another/two"));
  const std::string object = ws.read(std::string("another/two") + kOut + "/a.o");
  EXPECT_EQ(object.find(ws.path("one")), std::string::npos);
  EXPECT_NE(object.find("./root-2"), std::string::npos);
}

TEST_P(CrateInC, TheTargetDirectorysNameCounts) {
  write("#define CONFIG sizeof __FILE__\nstatic const char *name = __FILE__;\n");
  EXPECT_EQ(outcome_in_second(), "miss");
  write("#define CONFIG 7\nint f(void) { return 1; }\n");
  EXPECT_EQ(outcome_in_second("-g"), "miss");
}

INSTANTIATE_TEST_SUITE_P(, CrateInC,
                         ::testing::Values(Setup{"gcc"}, Setup{newest_clang(), Mode::one_shot}),
                         setup_label);

TEST_P(Portable, RelativeNamesBelowTheCheckout) {
  const Argv argv = {cc(), "-g", "-I../inc", "-c", "a.c"};
  ws.expect_miss(argv, in("one/src", ws));
  ws.expect_hit(argv, in("another/two/src", ws));
}

TEST_P(Portable, WithoutVersionControl) {
  for (const char* checkout : {"one", "another/two"}) ws.remove(std::string(checkout) + "/.git");
  ws.expect_miss(compile("one"), in("one/build/sub", ws));
  ws.expect_hit(compile("another/two"), in("another/two/build/sub", ws));
}

TEST_P(Portable, ABuildDirectoryOutsideOfTheCheckout) {
  for (const char* out : {"out/1", "out/2"}) ws.make_directory(out);
  ws.expect_miss(compile("one"), in("out/1", ws));
  ws.expect_hit(compile("another/two"), in("out/2", ws));
  EXPECT_TRUE(holds("out/1/a.o", "./root-2"));
}

TEST_P(Portable, ACheckoutBehindASymlink) {
  std::filesystem::create_directory_symlink("one", ws.path("link"));
  ws.expect_miss(compile("one"),
                 {.env = {"PWD=" + ws.path("link/build/sub")}, .cwd = "one/build/sub"});
  EXPECT_FALSE(holds("one/build/sub/a.o", ws.path("link")));
  EXPECT_FALSE(holds("one/build/sub/a.o", ws.path("one")));
}

TEST_P(Portable, SeveralBaseDirectoriesAreOneRoot) {
  const std::string both = "DEJA_BASE_DIR=" + ws.path("one") + ":" + ws.path("another/two");
  ws.set(both);
  ws.expect_miss(compile("one"), in("one/build/sub", ws));
  ws.expect_hit(compile("another/two"), in("another/two/build/sub", ws));
  EXPECT_FALSE(holds("one/build/sub/a.o", "root-2"));
}

// The user's own map comes later on the command line and takes precedence.
TEST_P(Portable, TheUsersOwnMapWins) {
  const Argv argv = compile("one", {"-ffile-prefix-map=" + ws.path("one") + "=/own"});
  ws.expect_miss(argv, in("one/build/sub", ws));
  EXPECT_TRUE(holds("one/build/sub/a.o", "/own/src/a.c"));
}

TEST_P(Portable, SplitDebugInformation) {
  if (!is_gcc()) return;  // clang's .dwo holds the output's name
  const Argv more = {"-gsplit-dwarf"};
  ws.expect_miss(compile("one", more), in("one/build/sub", ws));
  ws.expect_hit(compile("another/two", more), in("another/two/build/sub", ws));
  EXPECT_EQ(ws.read("one/build/sub/a.dwo"), ws.read("another/two/build/sub/a.dwo"));
}

// A checkout inside the checkout: the root changes.
TEST_P(Portable, VersionControlThatAppears) {
  const Argv argv = {cc(), "-g", "-c", "a.c", "-I../inc"};
  ws.expect_miss(argv, in("one/src", ws));
  ws.let_engine_set_watches();
  ws.expect_hit(argv, in("one/src", ws));
  ws.make_directory("one/src/.git");
  ws.expect_miss(argv, in("one/src", ws));
}

EVERY_SETUP(Portable);

}  // namespace
}  // namespace deja::test
