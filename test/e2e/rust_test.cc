// SPDX-License-Identifier: Apache-2.0
// rustc through deja, directly and from cargo.
#include <filesystem>

#include "e2e/cargo.h"

namespace deja::test {
namespace {

class Rust : public CargoTest {
 protected:
  void SetUp() override {
    CargoTest::SetUp();
    if (IsSkipped()) return;
    for (const char* directory : {"out", "check", "debug"}) ws.make_directory(directory);
  }
  Argv compile(const Argv& more) const {
    Argv argv = {"rustc",
                 "--crate-name",
                 "a",
                 "--edition=2021",
                 "--error-format=json",
                 "--json=diagnostic-rendered-ansi,artifacts,future-incompat"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.emplace_back("a.rs");
    return argv;
  }
  const Argv library = {"--crate-type=lib",
                        "--emit=dep-info,metadata,link",
                        "-Cembed-bitcode=no",
                        "-Cmetadata=1",
                        "-Cextra-filename=-1",
                        "--out-dir",
                        "out"};

  // A workspace: a library, a proc macro that reads a file, and a program that uses both.
  void write_crates(const std::string& directory) {
    const auto package = [&](const std::string& name, const std::string& rest) {
      ws.write(directory + "/" + name + "/Cargo.toml",
               "[package]\nname=\"" + name + "\"\nversion=\"0.1.0\"\nedition=\"2021\"\n" + rest);
    };
    ws.write(directory + "/Cargo.toml",
             "[workspace]\nmembers=[\"app\",\"util\",\"mac\"]\nresolver=\"2\"\n");
    package("util", "");
    package("mac", "[lib]\nproc-macro=true\n");
    package("app", "[dependencies]\nutil={path=\"../util\"}\nmac={path=\"../mac\"}\n");
    ws.write(directory + "/util/src/lib.rs", "pub fn f() -> u32 { 1 }\n");
    ws.write(
        directory + "/mac/src/lib.rs",
        "use proc_macro::TokenStream;\n#[proc_macro]\n"
        "pub fn data(_: TokenStream) -> TokenStream {\n"
        "  format!(\"{:?}\", std::fs::read_to_string(\"data.txt\").unwrap()).parse().unwrap()\n"
        "}\n");
    ws.write(directory + "/app/src/main.rs",
             "fn main() { println!(\"{} {}\", util::f(), mac::data!()); }\n#[test]\nfn t() {}\n");
    ws.write(directory + "/data.txt", "hello");
  }
};

TEST_P(Rust, LeavesWhatItWouldLeaveAlone) {
  ws.write("a.rs", "mod b;\npub fn f() -> u32 { let unused = b::g(); 1 }\n");
  ws.write("b.rs", "pub fn g() -> &'static str { include_str!(\"text\") }\n");
  ws.write("text", "1");
  ws.expect_same(compile(library));
  for (const Argv& more :
       {Argv{"--crate-type=lib", "--emit=metadata,dep-info", "--out-dir", "check"},
        Argv{"--crate-type=rlib", "-g", "--out-dir", "debug"},
        Argv{"--crate-type=cdylib", "-O", "-o", "liba.so"},
        Argv{"--crate-type=staticlib", "-o", "liba.a"},
        Argv{"--emit=asm,llvm-ir,mir,obj", "--crate-type=lib"}}) {
    ws.expect_same(compile(more));
  }
}

TEST_P(Rust, EveryInputCounts) {
  ws.write("a.rs",
           "mod b;\npub const T: &str = include_str!(\"text\");\n"
           "pub const O: Option<&str> = option_env!(\"SOME\");\n");
  ws.write("b.rs", "");
  ws.write("text", "1");
  const Argv argv = compile(library);
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  const auto expect_change = [&](const std::string& name, const std::string& text) {
    const std::string before = ws.read(name);
    ws.write(name, text);
    ws.expect_miss(argv);
    ws.write(name, before);
    ws.expect_hit(argv);
  };
  expect_change("a.rs", ws.read("a.rs") + "// more\n");
  expect_change("b.rs", "pub fn g() {}\n");
  expect_change("text", "2");
  ws.expect_miss(argv, {.env = {"SOME=1"}});
  ws.expect_miss(argv, {.env = {"SOME="}});
  ws.expect_hit(argv, {.env = {"SOME=1"}});
  ws.expect_hit(argv, {.env = {"OTHER=1", "CARGO_MAKEFLAGS=-j --jobserver-auth=8,9"}});
  ws.write("b/mod.rs", "");  // two possible files for one module: an error
  EXPECT_EQ(ws.deja(argv).exit_code, 1);
  ws.remove("b");
  ws.expect_hit(argv);
}

// A check does not serve a build, and modules whose bodies were swapped are not mixed up.
TEST_P(Rust, KindsAndPlacesAreNotMixed) {
  ws.write("a.rs", "pub mod b;\npub mod c;\n");
  ws.write("b.rs", "pub const X: u32 = 1;\n");
  ws.write("c.rs", "pub const X: u32 = 2;\n");
  ws.expect_miss(compile({"--crate-type=lib", "--emit=dep-info,metadata", "--out-dir", "out"}));
  ws.expect_miss(
      compile({"--crate-type=lib", "--emit=dep-info,metadata,link", "--out-dir", "out"}));
  EXPECT_TRUE(ws.exists("out/liba.rlib"));
  ws.write("b.rs", "pub const X: u32 = 2;\n");
  ws.write("c.rs", "pub const X: u32 = 1;\n");
  ws.expect_miss(
      compile({"--crate-type=lib", "--emit=dep-info,metadata,link", "--out-dir", "out"}));
}

TEST_P(Rust, IncrementalIsTakenOut) {
  ws.write("a.rs", "pub fn f() {}\n");
  Argv incremental = library;
  incremental.insert(incremental.end(), {"-C", "incremental=inc"});
  ws.expect_miss(compile(incremental));
  EXPECT_FALSE(ws.exists("inc"));
  ws.expect_hit(compile(library));
}

TEST_P(Rust, FailuresAreCompiledAgain) {
  ws.write("a.rs", "pub fn f() -> u32 { \"\" }\n");
  for (int i = 0; i < 2; ++i) {
    const Result r = ws.expect_failure(compile(library));
    EXPECT_EQ(r.exit_code, 1);
    EXPECT_NE(r.err.find("mismatched types"), std::string::npos) << r;
  }
}

// The questions that cargo asks before it builds.
TEST_P(Rust, QuestionsAreAnsweredFromMemory) {
  const Argv names = {"rustc", "-", "--crate-name", "___", "--print=file-names", "--print=cfg"};
  for (const Argv& argv : {Argv{"rustc", "-vV"}, Argv{"rustc", "--print=sysroot"}}) {
    ws.expect_same(argv);
    ws.expect_hit(argv, {.cwd = "out"});
  }
  ws.expect_miss(names, {.in = ""});
  ws.expect_hit(names, {.cwd = "out", .in = ""});
  EXPECT_EQ(ws.deja(names, {.in = ""}), ws.run(names, {.in = ""}));
  ws.expect_miss(names, {.in = "#![feature(no_core)]\n"});
  ws.expect_bypass("not_a_compile", {"rustc", "--help"});
  ws.expect_bypass("not_a_compile", {"rustc", "--explain", "E0001"});
  ws.expect_bypass("no_input", {"rustc", "--crate-type=lib"});
}

TEST_P(Rust, SourceByStandardInput) {
  const Argv argv = {"rustc", "-", "--crate-type=lib", "--crate-name=a", "-o", "liba.rlib"};
  ws.expect_miss(argv, {.in = "pub fn f() {}\n"});
  ws.expect_hit(argv, {.in = "pub fn f() {}\n"});
  ws.expect_miss(argv, {.in = "pub fn g() {}\n"});
}

TEST_P(Rust, ColoursAreForTerminals) {
  ws.write("a.rs", "pub fn f() { let x = 1; }\n");
  const Argv argv = {"rustc", "--crate-type=lib", "a.rs"};
  ws.expect_same(argv);
  const Options terminal = {.streams = Streams::terminal};
  const Result bare = ws.run(argv, terminal);
  EXPECT_NE(bare.out.find("\x1b["), std::string::npos) << bare;
  EXPECT_EQ(ws.deja(argv, terminal), bare);
  for (const char* format : {"human", "short"}) {
    const Argv with = {"rustc", "--crate-type=lib", std::string("--error-format=") + format,
                       "a.rs"};
    ws.expect_same(with);
    EXPECT_EQ(ws.deja(with, terminal), ws.run(with, terminal)) << format;
  }
}

// rustup's proxy accepts "+toolchain" only as the first word.
TEST_P(Rust, ToolchainsByTheirName) {
  ws.script("rustc", "#!/bin/sh\ncase $1 in +*) shift ;; esac\nexec '" + rustc + "' \"$@\"\n");
  ws.write("a.rs", "pub fn f() { let x = 1; }\n");
  ws.expect_same({"rustc", "+some", "--crate-type=lib", "a.rs"});
  ws.expect_same({"rustc", "+some", "-vV"});
}

// A directory that rustc also searches for crates by name is an input with its whole listing.
TEST_P(Rust, DirectoriesThatAreSearchedInTwoWays) {
  ws.write("b.rs", "pub fn g() {}\n");
  ws.write("a.rs", "extern crate b;\npub fn f() { b::g() }\n");
  const auto make = [&](const std::string& number) {
    ASSERT_TRUE(ws.run({rustc, "--crate-type=lib", "-Cmetadata=" + number,
                        "-Cextra-filename=-" + number, "--out-dir", "out", "b.rs"})
                    .ok());
  };
  make("1");
  for (const char* more : {"out", "crate=out", "all=out"}) {
    const Argv argv = {"rustc", "--crate-type=lib", "-L", "dependency=out", "-L", more, "a.rs"};
    ws.expect_miss(argv);
    ws.expect_hit(argv);
    make("2");
    EXPECT_FALSE(ws.run(argv).ok());
    ws.expect_failure(argv);
    ws.remove("out/libb-2.rlib");
  }
}

// deja adds its option before the end of the user's options.
TEST_P(Rust, SourcesAfterTwoDashes) {
  ws.write("a.rs", "pub fn f() { let x = 1; }\n");
  ws.expect_same({"rustc", "--crate-type=lib", "--", "a.rs"});
}

// Cargo writes a command that is too long to a file with a new name.
TEST_P(Rust, ResponseFiles) {
  ws.write("a.rs", "pub fn f() {}\n");
  ws.write("words1", "--crate-type=lib\n-g\n--cfg\nfeature=\"a b\"\na.rs\n");
  ws.expect_same({"rustc", "@words1"});
  ws.write("words2", ws.read("words1"));
  ws.expect_hit({"rustc", "@words2"});
  ws.expect_hit({"rustc", "--crate-type=lib", "-g", "--cfg", "feature=\"a b\"", "a.rs"});
  ws.write("words2", "--crate-type=lib\n-O\na.rs\n");
  ws.expect_miss({"rustc", "@words2"});
  ws.expect_bypass("response_file", {"rustc", "@missing"});
  ws.write("words2", "--crate-type=lib\n-Cincremental=inc\na.rs\n");
  ws.expect_bypass("response_file", {"rustc", "@words2"});
}

TEST_P(Rust, CargoBuildsWithoutRustcTheSecondTime) {
  write_crates("ws");
  EXPECT_TRUE(cargo("ws", {"build"}).ok());
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1 hello\n");
  outcomes();
  const Tree made = ws.tree();
  ws.remove("ws/target");
  ASSERT_TRUE(cargo("ws", {"build"}).ok());
  EXPECT_EQ(outcomes().find("miss"), std::string::npos) << ws.last_event();
  for (const auto& [path, node] : made) {
    if (path.find("/deps/") == std::string::npos) continue;
    EXPECT_EQ(ws.read(path), node.text) << path;
  }
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1 hello\n");
  // Cargo finds everything fresh.
  outcomes();
  const Result again = cargo("ws", {"build", "-v"});
  EXPECT_EQ(again.err.find("Running"), std::string::npos) << again;
  EXPECT_EQ(outcomes(), "");
}

// A file that a macro reads is an input, although dep-info does not list it.
TEST_P(Rust, WhatMacrosReadCounts) {
  write_crates("ws");
  ASSERT_TRUE(cargo("ws", {"build"}).ok());
  ws.write("ws/data.txt", "bye");
  ws.remove("ws/target");
  ASSERT_TRUE(cargo("ws", {"build"}).ok());
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1 bye\n");
  ws.write("ws/data.txt", "hello");
  ws.remove("ws/target");
  outcomes();
  ASSERT_TRUE(cargo("ws", {"build"}).ok());
  EXPECT_EQ(outcomes().find("miss"), std::string::npos) << ws.last_event();
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1 hello\n");
}

// A macro can compute something from its path without writing the path.
TEST_P(Rust, MacrosThatAskWhereTheyAre) {
  for (const char* clone : {"one", "longer"}) {
    write_crates(clone);
    ws.write(std::string(clone) + "/mac/src/lib.rs",
             "use proc_macro::TokenStream;\n#[proc_macro]\n"
             "pub fn data(_: TokenStream) -> TokenStream {\n"
             "  let here = std::env::current_dir().unwrap();\n"
             "  here.to_str().unwrap().len().to_string().parse().unwrap()\n}\n");
    ASSERT_TRUE(cargo(clone, {"build", "--release"}).ok());
    EXPECT_EQ(ws.run({"target/release/app"}, {.cwd = clone}).out,
              "1 " + std::to_string(ws.path(clone).size()) + "\n");
  }
}

TEST_P(Rust, MacrosThatMeasureTheirPlace) {
  ws.set("DEJA_PORTABLE=1");
  for (const char* clone : {"one", "longer"}) {
    write_crates(clone);
    ws.write(
        std::string(clone) + "/mac/src/lib.rs",
        "use proc_macro::TokenStream;\n#[proc_macro]\n"
        "pub fn data(_: TokenStream) -> TokenStream {\n"
        "  std::env::var(\"CARGO_MANIFEST_DIR\").unwrap().len().to_string().parse().unwrap()\n}\n");
    ASSERT_TRUE(cargo(clone, {"build"}).ok());
    const std::string length = std::to_string(ws.path(std::string(clone) + "/app").size());
    EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = clone}).out, "1 " + length + "\n");
  }
}

// rustc's own use of these variables does not count, but a source can read them.
TEST_P(Rust, VariablesThatSourcesAskFor) {
  ws.write("a.rs", "pub const T: Option<&str> = option_env!(\"TERM\");\n");
  const Argv argv = compile(library);
  ws.expect_miss(argv, {.env = {"TERM=one"}});
  ws.expect_hit(argv, {.env = {"TERM=one"}});
  ws.expect_miss(argv, {.env = {"TERM=two"}});
  ws.expect_miss(argv, {.env = {"TERM"}});
  ws.expect_hit(argv, {.env = {"TERM=one"}});
  ws.write("a.rs", "pub fn f() {}\n");
  ws.expect_miss(argv, {.env = {"TERM=one"}});
  ws.expect_hit(argv, {.env = {"TERM=two"}});
}

// A target directory shared by several checkouts is above or next to them.
TEST_P(Rust, PortableWithATargetDirectoryElsewhere) {
  ws.set("DEJA_PORTABLE=1");
  for (const char* target : {"target", "one/../build-output"}) {
    ws.set("CARGO_TARGET_DIR=" + ws.path(target));
    for (const char* clone : {"one", "two"}) {
      write_crates(clone);
      ws.remove(target);
      ASSERT_TRUE(cargo(clone, {"build"}).ok());
      EXPECT_EQ(ws.read(std::string(target) + "/debug/app").find(ws.path(clone)), std::string::npos)
          << target;
    }
  }
}

// A macro that may read the whole environment.
TEST_P(Rust, MacrosThatListVariables) {
  write_crates("ws");
  ws.write(
      "ws/mac/src/lib.rs",
      "use proc_macro::TokenStream;\n#[proc_macro]\n"
      "pub fn data(_: TokenStream) -> TokenStream {\n"
      "  let found = std::env::vars().find(|(name, _)| name == \"WHAT\");\n"
      "  format!(\"{:?}\", found.map(|(_, value)| value).unwrap_or_default()).parse().unwrap()\n"
      "}\n");
  const auto build = [&](const std::string& variable) {
    ws.remove("ws/target");
    const Result r =
        ws.run({"cargo", "build"},
               {.env = {"RUSTC_WRAPPER=" + Workspace::program(), variable}, .cwd = "ws"});
    EXPECT_TRUE(r.ok()) << r;
    return ws.run({"target/debug/app"}, {.cwd = "ws"}).out;
  };
  EXPECT_EQ(build("WHAT=one"), "1 one\n");
  EXPECT_EQ(build("WHAT=two"), "1 two\n");
  EXPECT_EQ(build("WHAT=one"), "1 one\n");

  // Without cargo, in a directory that no -L names.
  ws.write("m.rs", ws.read("ws/mac/src/lib.rs"));
  ASSERT_TRUE(ws.run({rustc, "--edition=2021", "--crate-type=proc-macro", "--crate-name=mac",
                      "--extern=proc_macro", "--out-dir", "out", "m.rs"})
                  .ok());
  ws.write("a.rs", "pub const T: &str = mac::data!();\n");
  const Argv argv = {"rustc",    "--crate-type=lib",  "--edition=2021",
                     "--extern", "mac=out/libmac.so", "a.rs"};
  ws.expect_miss(argv, {.env = {"WHAT=one"}});
  ws.expect_hit(argv, {.env = {"WHAT=one"}});
  ws.expect_miss(argv, {.env = {"WHAT=two"}});
}

// Its result differs in every run. (With RUSTC_BOOTSTRAP, rustc itself reads the clock before, as
// nightly versions do.)
TEST_P(Rust, MacrosThatAskForTheTime) {
  write_crates("ws");
  ws.write(
      "ws/mac/src/lib.rs",
      "use proc_macro::TokenStream;\n#[proc_macro]\n"
      "pub fn data(_: TokenStream) -> TokenStream {\n"
      "  let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();\n"
      "  now.as_nanos().to_string().parse().unwrap()\n}\n");
  for (const char* unstable : {"OTHER=1", "RUSTC_BOOTSTRAP=1"}) {
    ws.set(unstable);
    std::string before;
    for (int i = 0; i < 2; ++i) {
      ws.remove("ws/target");
      outcomes();
      ASSERT_TRUE(cargo("ws", {"build"}).ok());
      const std::string got = outcomes();
      EXPECT_NE(got.find("app miss"), std::string::npos) << got;
      EXPECT_NE(got.find(i == 0 ? "mac miss" : "mac hit"), std::string::npos) << got;
      const std::string now = ws.run({"target/debug/app"}, {.cwd = "ws"}).out;
      EXPECT_NE(now, before);
      before = now;
    }
  }
}

TEST_P(Rust, CheckTestAndReleaseAreTheirOwn) {
  write_crates("ws");
  for (const Argv& words :
       {Argv{"check"}, Argv{"build"}, Argv{"build", "--release"}, Argv{"test", "--no-run"}})
    ASSERT_TRUE(cargo("ws", words).ok()) << words.front();
  ws.remove("ws/target");
  outcomes();
  for (const Argv& words :
       {Argv{"check"}, Argv{"build"}, Argv{"build", "--release"}, Argv{"test", "--no-run"}})
    ASSERT_TRUE(cargo("ws", words).ok()) << words.front();
  EXPECT_EQ(outcomes().find("miss"), std::string::npos);
  EXPECT_TRUE(cargo("ws", {"test"}).ok());
}

// In another clone, crates that name the directory are compiled again, and contain nothing of the
// first clone.
TEST_P(Rust, ClonesGetTheirOwnNames) {
  write_crates("one");
  ASSERT_TRUE(cargo("one", {"build"}).ok());
  write_crates("two");
  ASSERT_TRUE(cargo("two", {"build"}).ok());
  const std::string other = ws.path("one") + "/";
  for (const auto& [path, node] : ws.tree()) {
    if (!path.starts_with("two/target/")) continue;
    EXPECT_EQ(node.text.find(other), std::string::npos) << path;
  }
  outcomes();
  EXPECT_EQ(cargo("two", {"build", "-v"}).err.find("Running"), std::string::npos);
  ws.remove("one/target");
  ASSERT_TRUE(cargo("one", {"build"}).ok());
  EXPECT_EQ(outcomes().find("miss"), std::string::npos);
}

// Crates outside of the clones, such as a registry's, including macros: the metadata in a macro's
// library was searched.
TEST_P(Rust, ClonesShareCratesOfARegistry) {
  for (const char* clone : {"one", "two"}) {
    write_crates(clone);
    ws.make_directory("registry");
    for (const std::string crate : {"util", "mac"}) {
      ws.remove("registry/" + crate);
      std::filesystem::rename(ws.path(clone + ("/" + crate)), ws.path("registry/" + crate));
    }
    ws.write(std::string(clone) + "/Cargo.toml", "[workspace]\nmembers=[\"app\"]\n");
    ws.write(std::string(clone) + "/app/Cargo.toml",
             "[package]\nname=\"app\"\nversion=\"0.1.0\"\nedition=\"2021\"\n[dependencies]\n"
             "util={path=\"../../registry/util\"}\nmac={path=\"../../registry/mac\"}\n");
    outcomes();
    ASSERT_TRUE(cargo(clone, {"build"}).ok());
  }
  const std::string got = outcomes();
  EXPECT_NE(got.find("util hit"), std::string::npos) << got;
  EXPECT_NE(got.find("mac hit"), std::string::npos) << got;
  EXPECT_NE(got.find("app miss"), std::string::npos) << got;
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "two"}).out, "1 hello\n");
}

// paths.portable, also with debug information: sources are named relative to the workspace.
TEST_P(Rust, PortableClonesShareAll) {
  ws.set("DEJA_PORTABLE=1");
  for (const char* clone : {"one", "two"}) {
    write_crates(clone);
    outcomes();
    ASSERT_TRUE(cargo(clone, {"build"}).ok());
  }
  const std::string got = outcomes();
  EXPECT_EQ(got.find("miss"), std::string::npos) << got;
  EXPECT_EQ(ws.read("two/target/debug/app").find(ws.path("one")), std::string::npos);
}

TEST_P(Rust, WorkspaceWrapperStandsBetween) {
  ws.script("clippy-driver", "#!/bin/sh\nshift\nexec '" + rustc + "' \"$@\"\n");
  write_crates("ws");
  const Options with = {
      .env = {"RUSTC_WORKSPACE_WRAPPER=clippy-driver", "RUSTC_WRAPPER=" + Workspace::program()},
      .cwd = "ws"};
  const Result built = ws.run({"cargo", "build"}, with);
  EXPECT_TRUE(built.ok()) << built;
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "1 hello\n");
  EXPECT_NE(outcomes().find("app"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(, Rust, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
