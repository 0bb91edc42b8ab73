// SPDX-License-Identifier: Apache-2.0
// L1 for plain compiles: a miss and then a hit leave what the compiler leaves.
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Hit : public SetupTest {};

TEST_P(Hit, LeavesWhatTheCompilerLeaves) {
  ws.write("a.h", "#define VALUE 7\n");
  ws.write("a.c", "#include \"a.h\"\nint f(void) { return VALUE; }\n");
  const Trial bare = ws.expect_same({cc(), "-O1", "-c", "a.c", "-o", "a.o"});
  EXPECT_TRUE(bare.result.ok());
  EXPECT_EQ(bare.tree.size(), 3u);
}

// `deja why --trace` prints the claims by which a result is checked.
TEST_P(Hit, WhyTraceListsTheClaims) {
  ws.write("a.h", "");
  ws.write("a.c", "#include \"a.h\"\n#if __has_include(\"none.h\")\n#endif\nint a;\n");
  ws.expect_miss({cc(), "-c", "a.c"});
  const std::string told = ws.deja({"why", "--trace", "a.c"}).out;
  EXPECT_NE(told.find("/a.h has the content "), std::string::npos) << told;
  EXPECT_NE(told.find("/none.h"), std::string::npos) << told;
  EXPECT_NE(ws.deja({"why", "--trace", "--format", "json", "a.c"}).out.find("/none.h"),
            std::string::npos);
  EXPECT_EQ(ws.deja({"why", "a.c"}).out.find("none.h"), std::string::npos);
}

TEST_P(Hit, CompilesCxxWithLibraryHeaders) {
  ws.write("a.cc", "#include <cstddef>\nstd::size_t f() { return sizeof(int); }\n");
  ws.expect_same({cxx(), "-c", "a.cc"});
}

TEST_P(Hit, StartsNoTool) {
  ws.count_runs_of(cc());
  ws.write("a.c", "int a;\n");
  ws.expect_miss({cc(), "-c", "a.c"});
  EXPECT_EQ(ws.tool_runs(), 1);
  ws.remove("a.o");
  ws.expect_hit({cc(), "-c", "a.c"});
  EXPECT_EQ(ws.tool_runs(), 1);
  EXPECT_EQ(ws.last_event().tool_runs, 0);
  EXPECT_TRUE(ws.exists("a.o"));
}

TEST_P(Hit, ReplaysWarningsByteForByte) {
  ws.write("a.c", "int f(int x) { int unused; return x; }\n");
  const Trial bare = ws.expect_same({cc(), "-Wall", "-c", "a.c"});
  EXPECT_NE(bare.result.err.find("unused"), std::string::npos);
}

// Another source, but the same object: nothing more is stored.
TEST_P(Hit, AMissThatMakesKnownBytesIsADup) {
  ws.write("a.c", "int a;\n");
  ws.expect_miss({cc(), "-c", "a.c"});
  EXPECT_FALSE(ws.last_event().dup);
  ws.write("a.c", "int a;\n\n// more\n");
  ws.expect_miss({cc(), "-c", "a.c"});
  EXPECT_TRUE(ws.last_event().dup);
}

EVERY_SETUP(Hit);

}  // namespace
}  // namespace deja::test
