// SPDX-License-Identifier: Apache-2.0
// Other uses of rustc by cargo: clippy, documentation, tests, coverage, other targets.
#include <map>
#include <vector>

#include "e2e/cargo.h"

namespace deja::test {
namespace {

bool has_crate(const std::string& registry, const std::string& begin) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(registry, none))
    if (entry.path().filename().string().starts_with(begin)) return true;
  return false;
}

class RustTools : public CargoTest {
 protected:
  void SetUp() override {
    CargoTest::SetUp();
    if (IsSkipped()) return;
    ws.write("ws/Cargo.toml", "[workspace]\nmembers=[\"app\",\"util\"]\nresolver=\"2\"\n");
    ws.write("ws/util/Cargo.toml",
             "[package]\nname=\"util\"\nversion=\"0.1.0\"\nedition=\"2021\"\n");
    ws.write("ws/util/src/lib.rs",
             "/// One.\npub fn f() -> u32 {\n    1\n}\n#[test]\nfn one() {\n    assert_eq!(f(), "
             "1);\n}\n");
    ws.write("ws/app/Cargo.toml",
             "[package]\nname=\"app\"\nversion=\"0.1.0\"\nedition=\"2021\"\n"
             "[dependencies]\nutil={path=\"../util\"}\n");
    ws.write("ws/app/src/main.rs", "fn main() {\n    println!(\"{}\", util::f());\n}\n");
  }
  // Builds twice from scratch; the second time rustc does not run. Returns the second build's
  // output.
  Result twice(const Argv& words) {
    Result first, second;
    for (Result* r : {&first, &second}) {
      ws.remove("ws/target");
      outcomes();
      *r = cargo("ws", words);
      EXPECT_TRUE(r->ok()) << *r;
    }
    const std::string got = outcomes();
    EXPECT_EQ(got.find("miss"), std::string::npos) << got;
    EXPECT_NE(got.find("util hit"), std::string::npos) << got;
    return second;
  }
};

TEST_P(RustTools, ClippyThroughTheDoubleWrapper) {
  if (find_program("cargo-clippy").empty() && !std::filesystem::exists(bin + "/cargo-clippy"))
    GTEST_SKIP() << "NOT TESTED: clippy is not installed";
  const std::string bad = "pub fn f() -> u32 {\n    let x = 1;\n    return x;\n}\n";
  ws.write("ws/util/src/lib.rs", bad);
  const Result again = twice({"clippy"});
  EXPECT_NE(again.err.find("needless_return"), std::string::npos) << again;
  const auto warns = [&](const Argv& words) {
    ws.remove("ws/target");
    return cargo("ws", words).err.find("needless_return") != std::string::npos;
  };
  // Options that clippy gets outside of rustc's options count, too.
  EXPECT_FALSE(warns({"clippy", "--", "-A", "clippy::needless_return"}));
  EXPECT_TRUE(warns({"clippy"}));
  ws.write("ws/util/src/lib.rs", "pub fn f(a: u8, b: u8, c: u8) -> u8 {\n    a + b + c\n}\n");
  ws.write("ws/app/src/main.rs", "fn main() {}\n");
  const auto too_many = [&] {
    ws.remove("ws/target");
    return cargo("ws", {"clippy"}).err.find("too_many_arguments") != std::string::npos;
  };
  EXPECT_FALSE(too_many());
  ws.write("ws/clippy.toml", "too-many-arguments-threshold = 2\n");
  EXPECT_TRUE(too_many());
  ws.remove("ws/clippy.toml");
  EXPECT_FALSE(too_many());
}

// A check by clippy does not serve a check by rustc, nor a build.
TEST_P(RustTools, CheckClippyAndBuildAreApart) {
  if (!std::filesystem::exists(bin + "/cargo-clippy"))
    GTEST_SKIP() << "NOT TESTED: clippy is not installed";
  ws.write("ws/util/src/lib.rs", "pub fn f() -> u32 {\n    return 1;\n}\n");
  EXPECT_EQ(cargo("ws", {"check"}).err.find("needless_return"), std::string::npos);
  ws.remove("ws/target");
  EXPECT_NE(cargo("ws", {"clippy"}).err.find("needless_return"), std::string::npos);
  ws.remove("ws/target");
  EXPECT_EQ(cargo("ws", {"check"}).err.find("needless_return"), std::string::npos);
  ws.remove("ws/target");
  EXPECT_TRUE(cargo("ws", {"build"}).ok());
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1\n");
}

// An unknown wrapper between cargo and rustc runs unchanged.
TEST_P(RustTools, UnknownWrappersAreLeftAlone) {
  ws.script("lints", "#!/bin/sh\necho linted >&2\nexec \"$@\"\n");
  const Result r =
      ws.run({"cargo", "build"},
             {.env = {"RUSTC_WORKSPACE_WRAPPER=lints", "RUSTC_WRAPPER=" + Workspace::program()},
              .cwd = "ws"});
  EXPECT_TRUE(r.ok()) << r;
  EXPECT_NE(r.err.find("linted"), std::string::npos) << r;
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1\n");
  EXPECT_EQ(outcomes().find("app"), std::string::npos);
}

TEST_P(RustTools, TestsRun) {
  const Result r = twice({"test"});
  EXPECT_NE(r.out.find("test one ... ok"), std::string::npos) << r;
  ws.write("ws/util/src/lib.rs",
           "pub fn f() -> u32 { 2 }\n#[test]\nfn one() { assert_eq!(f(), 1); }\n");
  EXPECT_NE(cargo("ws", {"test"}).out.find("test one ... FAILED"), std::string::npos);
}

TEST_P(RustTools, Documentation) {
  if (!std::filesystem::exists(bin + "/rustdoc")) GTEST_SKIP() << "NOT TESTED: no rustdoc";
  twice({"doc"});
  EXPECT_NE(ws.read("ws/target/doc/util/fn.f.html").find("One."), std::string::npos);
}

TEST_P(RustTools, ReleaseWithLinkTimeOptimization) {
  ws.set("CARGO_PROFILE_RELEASE_LTO=true");
  twice({"build", "--release"});
  EXPECT_EQ(ws.run({"target/release/app"}, {.cwd = "ws"}).out, "1\n");
}

TEST_P(RustTools, LinksDoNotDependOnTheTextOfPath) {
  ws.write("m.rs", "fn main() {}\n");
  ws.make_directory("empty");
  const Argv argv = {rustc, "--crate-type=bin", "m.rs"};
  const auto path = [&](const std::string& front) {
    return Options{.env = {"PATH=" + front + bin + ":/usr/bin:/bin"}};
  };
  ws.expect_miss(argv, path(""));
  ws.expect_hit(argv, path(ws.path("empty") + ":"));
  ws.expect_hit(argv, path("/nowhere:"));
  // PATH leads to another linker now.
  ws.write("front/cc", "#!/bin/sh\nexec /usr/bin/cc \"$@\"\n", 0755);
  ws.expect_miss(argv, path(ws.path("front") + ":"));
}

TEST_P(RustTools, OtherOptionsOfRustc) {
  ws.write("a.rs", "pub fn f() -> u32 { 1 }\n");
  for (const Argv& more : {Argv{"-Cinstrument-coverage"}, Argv{"-Cprofile-generate=p"},
                           Argv{"-Clto"}, Argv{"--test"}, Argv{"-Csplit-debuginfo=packed", "-g"},
                           Argv{"-Cpanic=abort"}, Argv{"-Ctarget-cpu=native"}}) {
    const bool makes_program = more.front() == "--test" || more.front() == "-Clto";
    Argv argv = {"rustc", makes_program ? "--crate-type=bin" : "--crate-type=lib"};
    if (more.front() == "-Clto") ws.write("a.rs", "fn main() {}\n");
    argv.insert(argv.end(), more.begin(), more.end());
    argv.emplace_back("a.rs");
    const Result bare = ws.run(argv);
    if (!bare.ok()) continue;  // this rustc lacks the option or its runtime
    ws.expect_same(argv);
    ws.write("a.rs", "pub fn f() -> u32 { 1 }\n");
  }
}

// Options that print times or statistics of the run.
TEST_P(RustTools, UnstableOptionsThatTellOfTheRun) {
  ws.set("RUSTC_BOOTSTRAP=1");
  ws.write("a.rs", "pub fn f() -> u32 { 1 }\n");
  ws.expect_bypass("unsupported_option", {"rustc", "-Zself-profile=p", "--crate-type=lib", "a.rs"});
  ws.expect_bypass("unsupported_option", {"rustc", "-Ztime-passes", "--crate-type=lib", "a.rs"});
  ws.expect_same({"rustc", "-Zmir-opt-level=3", "--crate-type=lib", "a.rs"});
}

// A custom target: the content of its description counts.
TEST_P(RustTools, TargetsByTheirDescription) {
  ws.set("RUSTC_BOOTSTRAP=1");
  const Result known = ws.run({rustc, "-Zunstable-options", "--print=target-spec-json"});
  if (!known.ok()) GTEST_SKIP() << "NOT TESTED: this rustc does not describe its target";
  std::string text = known.out;
  const std::string builtin = "\"is-builtin\": true";  // which a file must not say
  if (const std::size_t at = text.find(builtin); at != std::string::npos)
    text.replace(at, builtin.size(), "\"is-builtin\": false");
  ws.write("own.json", text);
  ws.write(
      "a.rs",
      "#![feature(no_core)]\n#![feature(lang_items)]\n#![no_core]\n#![allow(internal_features)]\n");
  const Argv argv = {
      "rustc", "-Zunstable-options", "--crate-type=lib", "--target=own.json", "--emit=metadata",
      "a.rs"};
  const Result bare = ws.run(argv);
  ASSERT_TRUE(bare.ok()) << bare;
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  ws.write("own.json", text + "\n");
  ws.expect_miss(argv);
}

// Native libraries by content, not by name.
TEST_P(RustTools, StaticLibrariesCount) {
  NEEDS_TOOL("gcc");
  ws.make_directory("native");
  const auto make_library = [&](const std::string& number) {
    ws.write("part.c", "int part(void) { return " + number + "; }\n");
    EXPECT_TRUE(ws.run({"gcc", "-c", "part.c", "-o", "part.o"}).ok());
    ws.remove("native/libpart.a");
    EXPECT_TRUE(ws.run({"ar", "crs", "native/libpart.a", "part.o"}).ok());
  };
  ws.write(
      "a.rs",
      "extern \"C\" { fn part() -> i32; }\nfn main() { println!(\"{}\", unsafe { part() }); }\n");
  const Argv argv = {"rustc", "-L", "native=native", "-l", "static=part", "-o", "a", "a.rs"};
  make_library("1");
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  EXPECT_EQ(ws.run({"./a"}).out, "1\n");
  make_library("2");
  ws.expect_miss(argv);
  EXPECT_EQ(ws.run({"./a"}).out, "2\n");
  make_library("1");
  ws.expect_hit(argv);
  EXPECT_EQ(ws.run({"./a"}).out, "1\n");
}

// The crate cc compiles C parts with the compiler in CC.
TEST_P(RustTools, CPartsOfBuildScripts) {
  NEEDS_TOOL("gcc");
  const std::string registry = "/usr/share/cargo/registry";
  if (!has_crate(registry, "cc-"))
    GTEST_SKIP() << "NOT TESTED: the crate cc (librust-cc-dev) is not installed";
  ws.write("ws/.cargo/config.toml",
           "[source.crates-io]\nreplace-with=\"debian\"\n[source.debian]\ndirectory=\"" + registry +
               "\"\n");
  ws.write("ws/app/Cargo.toml", ws.read("ws/app/Cargo.toml") + "[build-dependencies]\ncc=\"1\"\n");
  ws.write("ws/app/build.rs",
           "fn main() { cc::Build::new().file(\"part.c\").compile(\"part\"); }\n");
  ws.write("ws/app/part.c", "int part(void) { return 5; }\n");
  ws.write("ws/app/src/main.rs",
           "extern \"C\" { fn part() -> i32; }\n"
           "fn main() { println!(\"{} {}\", util::f(), unsafe { part() }); }\n");
  ws.set("CC=" + Workspace::program() + " gcc");
  for (const char* expected : {"miss", "hit"}) {
    ws.remove("ws/target");
    outcomes();
    const Result built = cargo("ws", {"build"});
    ASSERT_TRUE(built.ok()) << built;
    EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1 5\n");
    EXPECT_NE(outcomes("part.c").find(expected), std::string::npos) << ws.last_event();
  }
}

// A restored program belongs to the user: changing it changes nothing else.
TEST_P(RustTools, ProgramsAreCopies) {
  ws.write("a.rs", "fn main() { println!(\"1\"); }\n");
  const Argv argv = {"rustc", "-o", "a", "a.rs"};
  ws.expect_miss(argv);
  for (int i = 0; i < 2; ++i) {
    ws.remove("a");
    ws.expect_hit(argv);
    EXPECT_EQ(ws.run({"./a"}).out, "1\n");
    ws.write("a", "spoilt in place");
  }
}

// Two cargo processes at the same time, in different directories: each crate is compiled once.
TEST_P(RustTools, TwoCargosCompileOnce) {
  ws.write("registry/slow/Cargo.toml",
           "[package]\nname=\"slow\"\nversion=\"0.1.0\"\nedition=\"2021\"\n");
  ws.write("registry/slow/src/lib.rs", "pub fn f() -> u32 { 3 }\n");
  std::vector<Process> builds;
  for (const std::string clone : {"one", "two"}) {
    ws.write(clone + "/Cargo.toml",
             "[package]\nname=\"top\"\nversion=\"0.1.0\"\nedition=\"2021\"\n"
             "[dependencies]\nslow={path=\"../registry/slow\"}\n[workspace]\n");
    ws.write(clone + "/src/main.rs", "fn main() { println!(\"{}\", slow::f()); }\n");
  }
  for (const std::string clone : {"one", "two"})
    builds.push_back(ws.start({"cargo", "build"},
                              {.env = {"RUSTC_WRAPPER=" + Workspace::program()}, .cwd = clone}));
  for (Process& build : builds) EXPECT_TRUE(build.wait().ok());
  int runs = 0;
  for (const Event& e : ws.events()) runs += e.what == "slow" ? e.tool_runs : 0;
  EXPECT_GE(runs, 1);
  EXPECT_LE(runs, GetParam() == Mode::daemon ? 1 : 2);  // one-shot engines share no runs
  for (const std::string clone : {"one", "two"})
    EXPECT_EQ(ws.run({"target/debug/top"}, {.cwd = clone}).out, "3\n");
}

// One checkout, two target directories: the crates do not depend on where these are, except those
// that name their OUT_DIR. Cargo's names for the directories (with a profile, with a triple) do not
// matter either.
TEST_P(RustTools, TwoTargetDirectoriesOfOneCheckoutCompileOnce) {
  if (GetParam() != Mode::daemon) return;  // one-shot engines share no runs
  ws.write("ws/Cargo.toml", "[workspace]\nmembers=[\"app\",\"mac\",\"util\"]\nresolver=\"2\"\n");
  ws.write("ws/util/Cargo.toml", "[package]\nname=\"util\"\nversion=\"0.1.0\"\nedition=\"2021\"\n");
  ws.write("ws/util/src/lib.rs", "pub fn f() -> u32 { 3 }\n");
  ws.write("ws/mac/Cargo.toml",
           "[package]\nname=\"mac\"\nversion=\"0.1.0\"\nedition=\"2021\"\n"
           "[lib]\nproc-macro=true\n");
  ws.write("ws/mac/src/lib.rs",
           "#[proc_macro]\npub fn four(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n"
           "  \"4u32\".parse().unwrap()\n}\n");
  ws.write("ws/app/Cargo.toml",
           "[package]\nname=\"app\"\nversion=\"0.1.0\"\nedition=\"2021\"\n"
           "[dependencies]\nutil={path=\"../util\"}\nmac={path=\"../mac\"}\n");
  ws.write("ws/app/build.rs", "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); }\n");
  ws.write("ws/app/src/main.rs", "fn main() { println!(\"{}\", util::f() + mac::four!()); }\n");
  const std::vector<std::string> directories = {ws.path("ws/target"), ws.path("ws/t1"),
                                                ws.path("elsewhere/t2")};
  std::vector<Process> builds;
  for (const std::string& directory : directories)
    builds.push_back(ws.start({"cargo", "build"}, {.env = {"RUSTC_WRAPPER=" + Workspace::program(),
                                                           "CARGO_TARGET_DIR=" + directory},
                                                   .cwd = "ws"}));
  for (Process& build : builds) EXPECT_TRUE(build.wait().ok());
  std::map<std::string, int> runs;
  for (const Event& e : ws.events())
    if (e.outcome == "hit" || e.outcome == "miss") runs[e.what] += e.tool_runs;
  for (const char* crate : {"util", "mac", "build_script_build", "app"})
    EXPECT_EQ(runs[crate], 1) << crate;
  for (const std::string& directory : directories) {
    EXPECT_EQ(ws.run({directory + "/debug/app"}).out, "7\n");
    const Options options = {
        .env = {"RUSTC_WRAPPER=" + Workspace::program(), "CARGO_TARGET_DIR=" + directory},
        .cwd = "ws"};
    EXPECT_EQ(ws.run({"cargo", "build", "-v"}, options).err.find("Running"), std::string::npos);
  }
}

// rustc writes the names of files from OUT_DIR into its output, so each target directory has its
// own result.
TEST_P(RustTools, TargetDirectoriesThatOutputsNameAreKeptApart) {
  ws.write("ws/Cargo.toml", "[package]\nname=\"top\"\nversion=\"0.1.0\"\nedition=\"2021\"\n");
  ws.write("ws/build.rs",
           "fn main() { std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/g.rs\",\n"
           "  \"pub fn g() -> &'static str { file!() }\").unwrap(); }\n");
  ws.write("ws/src/main.rs",
           "include!(concat!(env!(\"OUT_DIR\"), \"/g.rs\"));\n"
           "fn main() { println!(\"{} {}\", g(), env!(\"OUT_DIR\")); }\n");
  for (const std::string name : {"t1", "t2", "t1", "target"}) {
    const std::string directory = ws.path("ws/" + name);
    ws.remove("ws/" + name);
    const Options options = {
        .env = {"RUSTC_WRAPPER=" + Workspace::program(), "CARGO_TARGET_DIR=" + directory},
        .cwd = "ws"};
    ASSERT_TRUE(ws.run({"cargo", "build"}, options).ok());
    const std::string told = ws.run({directory + "/debug/top"}).out;
    EXPECT_TRUE(told.starts_with(directory + "/debug/build/top-")) << told;
    EXPECT_NE(told.find(" " + directory + "/debug/build/top-"), std::string::npos) << told;
  }
  EXPECT_EQ(outcomes("top"), "top miss, top miss, top hit, top miss");
}

INSTANTIATE_TEST_SUITE_P(, RustTools, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
