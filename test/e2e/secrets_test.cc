// SPDX-License-Identifier: Apache-2.0
// Variables may hold passwords and tokens. A variable that a tool reads counts by its value, but no
// value is stored or printed as clear text.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "e2e/cargo.h"
#include "e2e/exec.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Secrets : public ExecTest {
 protected:
  void SetUp() override { NEEDS_TOOL("gcc"); }

  // The shell reads variables by name, so each counts by name.
  Argv compile_behind_script() {
    ws.script("gcc", "#!/bin/sh\nexec " + find_program("gcc") + " ${TOKEN:+-DHAS_TOKEN} \"$@\"\n");
    ws.write("a.c", "#ifdef HAS_TOKEN\nint a;\n#endif\nint b;\n");
    return {"gcc", "-c", "a.c"};
  }
  // The engine's log is checked as well.
  Options with(const std::string& value) const {
    return {.env = {"TOKEN=" + value, "DEJA_LOG=" + ws.cache() + "/log"}};
  }
  // The cache's files that contain one of the values. (The tool's own output may contain a value.)
  std::vector<std::string> holders(bool with_blobs = true) const {
    ws.end_engines();
    std::vector<std::string> out;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(ws.cache())) {
      const std::string path = entry.path().string();
      if (!entry.is_regular_file()) continue;
      if (!with_blobs && path.find("/blobs/") != std::string::npos) continue;
      std::ifstream file(path, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)),
                              std::istreambuf_iterator<char>());
      for (const std::string& value : {kFirst, kSecond})
        if (bytes.find(value) != std::string::npos) out.push_back(path);
    }
    return out;
  }
  // The value counts: another value is a miss, the first value is a hit again.
  void expect_counts(const Argv& argv) {
    ws.expect_miss(argv, with(kFirst));
    ws.expect_hit(argv, with(kFirst));
    ws.expect_miss(argv, with(kSecond));
    ws.expect_hit(argv, with(kFirst));
    ws.expect_hit(argv, with(kSecond));
    // The next engine has no memory.
    ws.end_engines();
    ws.expect_hit(argv, with(kFirst));
    ws.expect_miss(argv, {.env = {"TOKEN", "DEJA_LOG=" + ws.cache() + "/log"}});
    ws.expect_hit(argv, with(kSecond));
  }

  const std::string kFirst = "hunter2-correct-horse";
  const std::string kSecond = "battery-staple-swordfish";
};

TEST_P(Secrets, OfAProgramThatAsksByName) {
  ws.write(
      "ask.c",
      "#include <stdlib.h>\n#include <stdio.h>\n"
      "int main(void) { const char *t = getenv(\"TOKEN\"); puts(t && *t ? \"set\" : \"no\"); }\n");
  ASSERT_TRUE(ws.run({"gcc", "ask.c", "-o", "ask"}).ok());
  expect_counts(exec({"--env", "observed"}, {"./ask"}));
  EXPECT_EQ(holders(), std::vector<std::string>());
}

TEST_P(Secrets, OfAScript) {
  ws.write("run.sh", "test -n \"$TOKEN\" && echo set > out\necho done\n");
  expect_counts(exec({"--env", "observed", "--output-file", "out"}, {"/bin/sh", "run.sh"}));
  EXPECT_EQ(holders(), std::vector<std::string>());
}

TEST_P(Secrets, OfAScriptThatMayReadThemAll) {
  ws.write("run.sh", "env | wc -l > out\n");
  const Argv argv = exec({"--env", "observed", "--output-file", "out"}, {"/bin/sh", "run.sh"});
  ws.expect_miss(argv, with(kFirst));
  ws.expect_miss(argv, with(kSecond));
  EXPECT_EQ(holders(), std::vector<std::string>());
}

TEST_P(Secrets, ThatAreDeclared) {
  for (const char* option : {"--input-env", "--pass-env"}) {
    const Argv argv = sh({option, "TOKEN"}, "test -n \"$TOKEN\"; echo done");
    ws.expect_miss(argv, with(kFirst));
    ws.expect_hit(argv, with(kFirst));
    ws.deja(argv, with(kSecond));
  }
  EXPECT_EQ(holders(), std::vector<std::string>());
}

// The journal tells what ran, and `deja why` compares arguments.
TEST_P(Secrets, InArguments) {
  const std::string address = "redis://user:" + kFirst + "@host";
  const std::string header = "Authorization: Bearer " + kSecond;
  ws.deja(exec({"--input-extra", kFirst},
               {"/bin/true", "--password", kFirst, "--token=" + kFirst, address}));
  ws.deja(exec({}, {"/bin/true", "-H", header}));
  ws.deja(sh({}, "TOKEN=" + kFirst + " true"));
  EXPECT_EQ(ws.events().size(), 3u);
  EXPECT_EQ(holders(), std::vector<std::string>());
}

TEST_P(Secrets, OfACompilerBehindAScript) {
  expect_counts(compile_behind_script());
  EXPECT_EQ(holders(), std::vector<std::string>());
}

TEST_P(Secrets, OfTheCompilersOwnVariables) {
  ws.write("a.c", "int a;\n");
  for (const std::string& value : {kFirst, kSecond})
    ws.deja({"gcc", "-c", "a.c"}, {.env = {"GCC_COLORS=" + value, "SOURCE_DATE_EPOCH=" + value,
                                           "DEJA_LOG=" + ws.cache() + "/log"}});
  EXPECT_EQ(holders(), std::vector<std::string>());
}

TEST_P(Secrets, OfRustsMacros) {
  const std::string bin = toolchain();
  if (bin.empty()) GTEST_SKIP() << "NOT TESTED: rustc is not installed";
  ws.set("PATH=" + ws.bin() + ":" + bin + ":/usr/bin:/bin");
  ws.write(
      "a.rs",
      "pub const N: usize = match option_env!(\"TOKEN\") { Some(t) => t.len(), None => 0 };\n");
  ws.make_directory("out");
  expect_counts({"rustc", "--crate-name", "a", "--edition=2021", "--crate-type=lib",
                 "--emit=dep-info,metadata,link", "-Cembed-bitcode=no", "-Cmetadata=1",
                 "-Cextra-filename=-1", "--out-dir", "out", "a.rs"});
  // rustc writes the value into its dependency file.
  EXPECT_EQ(holders(false), std::vector<std::string>());
}

TEST_P(Secrets, WhyPrintsNamesOnly) {
  const Argv argv = compile_behind_script();
  ws.expect_miss(argv, with(kFirst));
  ws.expect_miss(argv, with(kSecond));
  const Result why = ws.deja({"why", "--trace", "a.o"});
  ASSERT_TRUE(why.ok()) << why;
  EXPECT_NE(why.out.find("variable TOKEN changed"), std::string::npos) << why;
  EXPECT_NE(why.out.find("  variable TOKEN has its value (not shown)\n"), std::string::npos) << why;
  for (const Argv& tell : {Argv{"why", "--trace", "a.o"}, Argv{"events", "--format", "json"},
                           Argv{"doctor"}, Argv{"stats"}}) {
    const Result told = ws.deja(tell);
    for (const std::string& value : {kFirst, kSecond})
      EXPECT_EQ((told.out + told.err).find(value), std::string::npos) << told;
  }
}

EVERY_MODE(Secrets);

}  // namespace
}  // namespace deja::test
