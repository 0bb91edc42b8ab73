// SPDX-License-Identifier: Apache-2.0
// The table of `deja run`, and what the interposer decides by it (observe/preload/route.h).
#include "cli/run_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "observe/preload/route.h"

namespace deja::cli {
namespace {

// The files that a decision reads.
std::map<std::string, std::string>& files() {
  static std::map<std::string, std::string> all;
  return all;
}

std::size_t read_text(const char* path, char* out, std::size_t room) {
  const auto file = files().find(path);
  if (file == files().end()) return 0;
  return file->second.copy(out, room);
}

class RunTable : public ::testing::Test {
 protected:
  void SetUp() override {
    files() = {{"./gen", "\177ELF…"},
               {"gen.py", "import sys\nprint(sys.argv)\n"},
               {"build.py", "import subprocess\n"},
               {"./configure", "#!/bin/sh\n"},
               {"small.sh", "sed s/a/b/ in > out\n"},
               {"./small.sh", "#!/bin/sh\nsed s/a/b/ in > out\n"},
               {"./all.sh", "#!/bin/bash\n$CC -c a.c\n"},
               {"./wrapper.sh", "#!/bin/sh\nexec \"$@\"\n"},
               {"./gen2", "#!/usr/bin/env python3\nprint(1)\n"},
               {"./strange", "#!/opt/strange\n"},
               {"./none", "text"}};
  }
  const deja_route_table* table() {
    bytes = encode_run_table(rules);
    const auto* found = reinterpret_cast<const deja_route_table*>(bytes.data());
    EXPECT_TRUE(deja_is_route_table(found, bytes.size()));
    return found;
  }
  // "driver", "action", "command", "alone"
  std::string route(const std::string& path, std::vector<std::string> argv) {
    std::vector<char*> words;
    for (std::string& word : argv) words.push_back(word.data());
    words.push_back(nullptr);
    std::string room(DEJA_SCRIPT_MAX, '\0');
    const deja_start start = {path.c_str(), words.data(), read_text, room.data()};
    const deja_decision decision = deja_decide(table(), &start);
    switch (decision.route) {
      case DEJA_ROUTE_ALONE:
        return "alone";
      case DEJA_ROUTE_DRIVER:
        return "driver";
      case DEJA_ROUTE_ACTION:
        return decision.is_command ? "command" : "action";
      default:
        return "?";
    }
  }
  std::string route(const std::vector<std::string>& argv) { return route(argv.front(), argv); }

  RunRules rules;
  std::string bytes;
};

TEST_F(RunTable, KnowsTools) {
  for (const char* name : {"gcc", "/usr/bin/g++-12", "x86_64-linux-gnu-gcc-12", "clang++-19", "ar",
                           "llvm-ar", "ld.lld", "rustc", "protoc"})
    EXPECT_EQ(route({name, "x"}), "action") << name;
  EXPECT_EQ(route({"./gcc-like"}), "driver");  // it cannot be read
}

TEST_F(RunTable, KnowsDriversAndWhatIsLeftAlone) {
  for (const char* name :
       {"make", "/usr/bin/ninja", "cargo", "cmake", "env", "xargs", "./configure"})
    EXPECT_EQ(route({name, "x"}), "driver") << name;
  for (const char* name : {"ccache", "sudo", "sleep", "rm", "mkdir", "ctest", "git"})
    EXPECT_EQ(route({name, "x"}), "alone") << name;
}

TEST_F(RunTable, GoesByBothNames) {
  EXPECT_EQ(route("/usr/bin/gcc", {"gcc", "-c"}), "action");
  EXPECT_EQ(route("/usr/bin/gcc", {"cc", "-c"}), "alone");
  EXPECT_EQ(route("/opt/tool", {"gcc", "-c"}), "alone");
  EXPECT_EQ(route("/opt/tool", {"other"}), "driver");
  EXPECT_EQ(route("/bin/sh", {"-sh"}), "driver");
  EXPECT_EQ(route("/bin/sh", {}), "driver");
}

TEST_F(RunTable, ReadsTheTextOfAShell) {
  const std::pair<const char*, const char*> texts[] = {
      {"sed s/a/b/ in > out", "command"},
      {"mkdir -p x && ./gen > x/y 2>&1", "command"},
      {"./gen >&2", "command"},
      {"./gen &> log", "command"},
      {"gcc -c a.c && mv a.o b.o", "driver"},
      {"cd sub && /usr/bin/make all", "driver"},
      {"x86_64-linux-gnu-gcc-12 -c a.c", "driver"},
      {"${CC} -c a.c", "driver"},
      {"$CC -c a.c", "driver"},
      {"echo $CCX", "command"},
      {"exec \"$@\"", "driver"},
      {"./server & ./gen", "driver"},
      {"kill $(cat pid)", "driver"},
      {"sleep 1; touch x", "driver"},
      {"sudo install x", "driver"},
  };
  for (const auto& [text, expected] : texts) {
    EXPECT_EQ(route({"/bin/sh", "-c", text}), expected) << text;
    EXPECT_EQ(route({"bash", "-ec", text}), expected) << text;
    EXPECT_EQ(route({"sh", "-c", "--", text}), expected) << text;
  }
  EXPECT_EQ(route({"sh", "-c", "./wrap \"$1\"", "sh", "gcc"}), "driver");
  EXPECT_EQ(route({"sh"}), "driver");
  EXPECT_EQ(route({"sh", "-c"}), "driver");
  EXPECT_EQ(route({"sh", "-i"}), "driver");
  EXPECT_EQ(route({"bash", "--rcfile", "x"}), "driver");
}

TEST_F(RunTable, ReadsScripts) {
  EXPECT_EQ(route({"sh", "small.sh"}), "command");
  EXPECT_EQ(route({"./small.sh"}), "command");
  EXPECT_EQ(route({"./small.sh", "gcc"}), "driver");
  EXPECT_EQ(route({"sh", "./configure"}), "driver");
  EXPECT_EQ(route({"sh", "missing.sh"}), "driver");
  EXPECT_EQ(route({"./all.sh"}), "driver");
  EXPECT_EQ(route({"./wrapper.sh", "x"}), "driver");
  EXPECT_EQ(route({"python3", "gen.py", "a.in"}), "command");
  EXPECT_EQ(route({"python3.11", "-B", "gen.py"}), "command");
  EXPECT_EQ(route({"python3", "build.py"}), "driver");
  EXPECT_EQ(route({"python3", "gen.py", "/usr/bin/gcc"}), "driver");
  EXPECT_EQ(route({"python3", "-m", "x"}), "driver");
  EXPECT_EQ(route({"python3"}), "driver");
  EXPECT_EQ(route({"./gen2"}), "command");
  EXPECT_EQ(route({"./strange"}), "driver");
  EXPECT_EQ(route({"./none"}), "driver");
  EXPECT_EQ(route({"./gen", "a"}), "command");
}

TEST_F(RunTable, LeavesALargeScriptAlone) {
  files()["large.sh"] = std::string(DEJA_SCRIPT_MAX, ' ');
  EXPECT_EQ(route({"sh", "large.sh"}), "driver");
}

TEST_F(RunTable, PutsTheUsersRulesFirst) {
  rules.never = {"gcc*", "*/third_party/*", "python3 *slow.py*"};
  rules.driver = {"ld"};
  rules.always = {"make", "ld"};
  EXPECT_EQ(route({"/usr/bin/gcc-12", "x"}), "alone");
  EXPECT_EQ(route({"../third_party/gen", "x"}), "alone");
  EXPECT_EQ(route({"python3", "tools/slow.py", "x"}), "alone");
  EXPECT_EQ(route({"python3", "gen.py"}), "command");
  EXPECT_EQ(route({"ld", "x"}), "driver");
  EXPECT_EQ(route({"make", "x"}), "command");
  rules.always = {"gcc", "ar"};
  rules.never = {};
  EXPECT_EQ(route({"gcc", "x"}), "action");  // an adapter knows it
}

TEST_F(RunTable, LooksTestsUpWhenAsked) {
  files()["./test_gen"] = files()["./gen"];
  EXPECT_EQ(route({"./test_gen"}), "driver");
  EXPECT_EQ(route({"./gen", "tests/a"}), "command");
  rules.with_tests = true;
  EXPECT_EQ(route({"./test_gen"}), "command");
  EXPECT_EQ(route({"ctest"}), "driver");
}

TEST_F(RunTable, CanDoWithoutCommands) {
  rules.with_commands = false;
  EXPECT_EQ(route({"./gen"}), "driver");
  EXPECT_EQ(route({"gcc", "-c"}), "action");
}

TEST_F(RunTable, HoldsItsTexts) {
  rules.client = "/usr/bin/deja";
  rules.shapes = "/c/run/shapes";
  const deja_route_table* found = table();
  EXPECT_STREQ(deja_route_text(found, found->client), "/usr/bin/deja");
  EXPECT_STREQ(deja_route_text(found, found->shapes), "/c/run/shapes");
  EXPECT_EQ(deja_route_text(found, found->report), nullptr);
}

// A table that another version wrote, or that is cut, is no table: then every program runs as it is.
TEST_F(RunTable, IsRefusedUnlessItIsWhole) {
  const std::string whole = (table(), bytes);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(
        deja_is_route_table(reinterpret_cast<const deja_route_table*>(whole.data()), size));
  std::string other = whole;
  other[4] ^= 1;  // its version
  EXPECT_FALSE(
      deja_is_route_table(reinterpret_cast<const deja_route_table*>(other.data()), other.size()));
}

TEST(Shapes, StartEmpty) {
  EXPECT_EQ(empty_shapes().size(), DEJA_SHAPES_SIZE);
  EXPECT_EQ(empty_shapes().find_first_not_of('\0', sizeof(deja_shapes_head)), std::string::npos);
}

}  // namespace
}  // namespace deja::cli
