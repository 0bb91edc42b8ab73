// SPDX-License-Identifier: Apache-2.0
// A test of the tester: it must catch an engine that leaves an input out of its traces.
#include <gtest/gtest.h>

#include "diff/hunter.h"
#include "diff/tester.h"

namespace deja::test {
namespace {

class Canary : public ::testing::Test {
 protected:
  Verdict verdict_after_edit() {
    ws.write("a.h", "#define V 7\n");
    ws.write("a.c", "#include \"a.h\"\nint f(void) { return V; }\n");
    const Command command{{"gcc", "-c", "a.c"}, {}};
    warm_up(ws, command);
    ws.write("a.h", "#define V 8\n");
    return judge(ws, command);
  }
  Workspace ws;
};

TEST_F(Canary, AnInputLeftOutIsFound) {
  ws.set("DEJA_TEST_LEAVE_OUT=/a.h");
  const Verdict verdict = verdict_after_edit();
  EXPECT_TRUE(verdict.is_hit());
  EXPECT_TRUE(verdict.is_wrong());
  EXPECT_NE(verdict.difference.find("a.o differs"), std::string::npos);
}

TEST_F(Canary, NothingIsFoundWhereNothingIsWrong) {
  const Verdict verdict = verdict_after_edit();
  EXPECT_FALSE(verdict.is_hit());
  EXPECT_FALSE(verdict.is_wrong()) << verdict.difference;
}

}  // namespace
}  // namespace deja::test
