// SPDX-License-Identifier: Apache-2.0
// Runs of cargo's build scripts (rust.build_scripts).
#include "e2e/cargo.h"

namespace deja::test {
namespace {

class RustScript : public CargoTest {
 protected:
  void SetUp() override {
    CargoTest::SetUp();
    if (IsSkipped()) return;
    ws.write("ws/.deja.toml", "[rust]\nbuild_scripts = true\n");
    ws.write("ws/Cargo.toml", "[package]\nname=\"app\"\nversion=\"0.1.0\"\nedition=\"2021\"\n");
    ws.write("ws/data.txt", "1");
    ws.write("ws/src/main.rs",
             "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n"
             "fn main() { println!(\"{} {}\", MADE, env!(\"TOLD\")); }\n");
    write_script("");
  }
  // The script counts its runs in a file outside the workspace.
  void write_script(const std::string& more) {
    ws.write("ws/build.rs",
             "fn main() {\n"
             "  let data = std::fs::read_to_string(\"data.txt\").unwrap();\n" +
                 more +
                 "  let out = std::env::var(\"OUT_DIR\").unwrap();\n"
                 "  std::fs::write(out + \"/made.rs\", format!(\"const MADE: u32 = {};\", "
                 "data)).unwrap();\n"
                 "  println!(\"cargo:rustc-env=TOLD={}\", data);\n}\n");
  }
  std::string build(const std::string& directory = "ws") {
    outcomes();
    const Result r = cargo(directory, {"build"});
    EXPECT_TRUE(r.ok()) << r;
    return ws.run({"target/debug/app"}, {.cwd = directory}).out;
  }
  // The outcome of the script's run.
  std::string run_of_script() { return outcomes("build_script_build-"); }
};

TEST_P(RustScript, IsPutBack) {
  EXPECT_EQ(build(), "1 1\n");
  EXPECT_NE(run_of_script().find("miss"), std::string::npos);
  ws.remove("ws/target");
  EXPECT_EQ(build(), "1 1\n");
  EXPECT_NE(run_of_script().find("hit"), std::string::npos) << ws.last_event();
  outcomes();
  EXPECT_EQ(cargo("ws", {"build", "-v"}).err.find("Running"), std::string::npos);
}

TEST_P(RustScript, WhatItReadsCounts) {
  EXPECT_EQ(build(), "1 1\n");
  ws.write("ws/data.txt", "2");
  EXPECT_EQ(build(), "2 2\n");
  ws.remove("ws/target");
  ws.write("ws/data.txt", "1");
  EXPECT_EQ(build(), "1 1\n");
}

TEST_P(RustScript, OneThatAsksForTheTimeRunsAlways) {
  write_script("  assert!(std::time::SystemTime::now() > std::time::UNIX_EPOCH);\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(build(), "1 1\n");
    const std::string run = run_of_script();
    EXPECT_NE(run.find("miss"), std::string::npos) << run;
    ws.remove("ws/target");
  }
}

TEST_P(RustScript, AFailureIsTheScripts) {
  write_script("  assert_eq!(data, \"2\", \"data must be two\");\n");
  const Result failed = cargo("ws", {"build"});
  EXPECT_FALSE(failed.ok());
  EXPECT_NE(failed.err.find("data must be two"), std::string::npos) << failed;
  ws.write("ws/data.txt", "2");
  EXPECT_EQ(build(), "2 2\n");
}

// It compiles C parts, and what they include counts.
TEST_P(RustScript, ThatCompilesC) {
  NEEDS_TOOL("gcc");
  ws.write("ws/part.c", "#include \"part.h\"\nint part(void) { return PART; }\n");
  ws.write("ws/part.h", "#define PART 7\n");
  write_script(
      "  let out_dir = std::env::var(\"OUT_DIR\").unwrap();\n"
      "  for argv in [vec![\"gcc\", \"-c\", \"part.c\", \"-o\", &format!(\"{out_dir}/part.o\")],\n"
      "               vec![\"ar\", \"crs\", &format!(\"{out_dir}/libpart.a\"), "
      "&format!(\"{out_dir}/part.o\")]] {\n"
      "    "
      "assert!(std::process::Command::new(argv[0]).args(&argv[1..]).status().unwrap().success());\n"
      "  }\n"
      "  println!(\"cargo:rustc-link-search=native={out_dir}\");\n"
      "  println!(\"cargo:rustc-link-lib=static=part\");\n");
  ws.write("ws/src/main.rs",
           "extern \"C\" { fn part() -> i32; }\n"
           "fn main() { println!(\"{}\", unsafe { part() }); }\n");
  EXPECT_EQ(build(), "7\n");
  ws.remove("ws/target");
  EXPECT_EQ(build(), "7\n");
  EXPECT_NE(run_of_script().find("hit"), std::string::npos) << ws.last_event();
  ws.write("ws/part.h", "#define PART 8\n");
  ws.remove("ws/target");
  EXPECT_EQ(build(), "8\n");
}

TEST_P(RustScript, WithoutDejaItRunsAlone) {
  EXPECT_EQ(build(), "1 1\n");
  ws.write("ws/data.txt", "3");
  EXPECT_TRUE(ws.run({"cargo", "build"}, {.cwd = "ws"}).ok());
  ws.remove("ws/target/debug/app");
  EXPECT_TRUE(ws.run({"cargo", "build"}, {.env = {"DEJA_DISABLE=1"}, .cwd = "ws"}).ok());
  EXPECT_EQ(ws.run({"target/debug/app"}, {.cwd = "ws"}).out, "3 3\n");
}

// A program or a test with such a name is not a build script.
TEST_P(RustScript, IsToldByWhereCargoPutsIt) {
  ws.write("ws/src/bin/build_script_runner.rs",
           "fn main() { println!(\"runs\"); }\n#[test] fn t() {}\n");
  build();
  EXPECT_NE(run_of_script(), "");
  EXPECT_EQ(ws.run({"target/debug/build_script_runner"}, {.cwd = "ws"}).out, "runs\n");
  outcomes();
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(cargo("ws", {"test", "--bin", "build_script_runner"}).ok());
  EXPECT_EQ(outcomes("build_script_runner-"), "");
}

TEST_P(RustScript, OnlyWhenAskedFor) {
  ws.remove("ws/.deja.toml");
  EXPECT_EQ(build(), "1 1\n");
  EXPECT_EQ(run_of_script(), "");
}

INSTANTIATE_TEST_SUITE_P(, RustScript, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
