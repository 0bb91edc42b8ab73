// SPDX-License-Identifier: Apache-2.0
// A build whose hits also run the tool.
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Audit : public ModeTest {
 protected:
  Result audit(const Argv& rest) {
    Argv argv = {Workspace::program(), "audit"};
    argv.insert(argv.end(), rest.begin(), rest.end());
    return ws.run(argv);
  }
  Argv compile() const { return Workspace::with_deja({"gcc", "-c", "a.c"}); }
  Argv all(const Argv& command) const {
    Argv out = {"--all"};
    out.insert(out.end(), command.begin(), command.end());
    return out;
  }
};

TEST_P(Audit, EqualResultsStayHits) {
  ws.write("a.c", "int a;\n");
  ws.expect_miss({"gcc", "-c", "a.c"});
  const Result result = audit(all(compile()));
  EXPECT_TRUE(result.ok()) << result;
  EXPECT_NE(result.err.find("1 hit compared, 0 wrong"), std::string::npos) << result;
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_EQ(ws.last_event().tool_runs, 1);
  ws.expect_hit({"gcc", "-c", "a.c"});
}

// The trace lacks a header (DEJA_TEST_LEAVE_OUT), so an edit of that header is not noticed.
TEST_P(Audit, AWrongResultIsDroppedAndItsMissingInputNamed) {
  ws.write("a.h", "#define V 1\n");
  ws.write("a.c", "#include \"a.h\"\nint a = V;\n");
  ws.set("DEJA_TEST_LEAVE_OUT=/a.h");
  ws.expect_miss({"gcc", "-c", "a.c"});
  ws.end_engines();
  ws.set("DEJA_TEST_LEAVE_OUT=nothing");
  ws.write("a.h", "#define V 2\n");
  const Result result = audit(all(compile()));
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_NE(result.err.find("a.o; not in the old trace: "), std::string::npos) << result;
  EXPECT_NE(result.err.find("a.h"), std::string::npos) << result;
  EXPECT_NE(result.err.find("1 hit compared, 1 wrong"), std::string::npos) << result;
  ws.expect_unchanged({"gcc", "-c", "a.c"});
}

// Also one that another engine has in its memory, and that has no file whose absence would be noticed.
TEST_P(Audit, AWrongResultIsDroppedForEveryEngine) {
  const Argv echo = {"exec", "--", "/bin/sh", "-c", "read line < in; echo $line"};
  ws.write("in", "old\n");
  ws.set("DEJA_TEST_LEAVE_OUT=/in");
  ws.expect_miss(echo);
  ws.write("in", "new\n");
  EXPECT_EQ(ws.expect_hit(echo).out, "old\n");
  Argv argv = {Workspace::program(), "audit", "--all"};
  for (const std::string& word : Workspace::with_deja(echo)) argv.push_back(word);
  const Options another = {.env = {"DEJA_DAEMON=off", "DEJA_TEST_LEAVE_OUT=nothing"}};
  const Result result = ws.run(argv, another);
  EXPECT_NE(result.err.find("1 hit compared, 1 wrong"), std::string::npos) << result;
  EXPECT_EQ(ws.deja(echo).out, "new\n");
}

TEST_P(Audit, TheCommandsExitCodeIsKept) {
  EXPECT_EQ(audit({"--all", "sh", "-c", "exit 7"}).exit_code, 7);
  EXPECT_EQ(audit({"no-such-program"}).exit_code, 127);
  EXPECT_EQ(audit({}).exit_code, 2);
  EXPECT_EQ(audit({"--rate", "2", "true"}).exit_code, 2);
  EXPECT_EQ(audit({"--", "sh", "-c", "exit 3"}).exit_code, 3);
}

EVERY_MODE(Audit);

}  // namespace
}  // namespace deja::test
