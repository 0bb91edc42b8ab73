// SPDX-License-Identifier: Apache-2.0
#include "sharing/result_difference.h"

#include <gtest/gtest.h>

namespace deja::sharing {
namespace {

using action::Claim;

class ResultDifferenceTest : public ::testing::Test {
 protected:
  ResultDifferenceTest() {
    result_.made_in = roots_;
    result_.err.bytes = "warning in /ws/a.c\n";
    result_.artifacts.resize(1);
    result_.artifacts[0].path = "\1/a.o";
    result_.artifacts[0].mode = 0644;
  }
  std::string audit_with(const action::ActionResult& stored) {
    return difference({stored, old_trace_}, {result_, trace_}, roots_);
  }
  action::Roots roots_{"/ws", ""};
  action::ActionResult result_;
  action::Trace old_trace_, trace_;
};

TEST_F(ResultDifferenceTest, EqualResultsHaveNoDifference) { EXPECT_EQ(audit_with(result_), ""); }

TEST_F(ResultDifferenceTest, NamesWhatDiffersAndWhatWasMissed) {
  action::ActionResult stored = result_;
  stored.artifacts[0].mode = 0755;
  stored.exit_code = 1;
  trace_.observations = {{Claim::unset, "CPATH", ""}};
  const std::string wrong = audit_with(stored);
  EXPECT_NE(wrong.find("exit code, /ws/a.o; not in the old trace: "), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("CPATH"), std::string::npos) << wrong;
  old_trace_ = trace_;
  EXPECT_NE(audit_with(stored).find("no input was missed"), std::string::npos);
}

TEST_F(ResultDifferenceTest, AMissingAndANewOutputDiffer) {
  action::ActionResult stored = result_;
  stored.artifacts[0].path = "\1/b.o";
  EXPECT_EQ(audit_with(stored).substr(0, 17), "/ws/a.o, /ws/b.o;");
}

TEST_F(ResultDifferenceTest, AResultOfAnotherDirectoryIsComparedAsItWouldBeServed) {
  action::ActionResult stored = result_;
  stored.made_in = action::Roots("/other", "");
  stored.err.bytes = "warning in /other/a.c\n";
  EXPECT_EQ(audit_with(stored), "");
  stored.err.bytes = "warning in /other/b.c\n";
  EXPECT_EQ(audit_with(stored).substr(0, 15), "standard error;");
}

}  // namespace
}  // namespace deja::sharing
