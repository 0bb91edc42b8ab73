// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit.h"

#include <gtest/gtest.h>

namespace deja::pipeline {
namespace {

using action::Claim;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    result_.made_in = roots_;
    result_.err.bytes = "warning in /ws/a.c\n";
    result_.artifacts.resize(1);
    result_.artifacts[0].path = "\1/a.o";
    result_.artifacts[0].mode = 0644;
    fresh_.result = std::make_shared<action::ActionResult>(result_);
  }
  std::string audit_with(const action::ActionResult& stored) {
    const Target target{request_, invocation_, tool::cc_adapter(), roots_};
    const StoredResult looked_up{ActionKey{}, std::make_shared<action::ActionResult>(stored)};
    return audit(looked_up, fresh_, old_trace_, target);
  }
  Request request_;
  tool::Invocation invocation_;
  action::Roots roots_{"/ws", ""};
  action::ActionResult result_;
  action::Trace old_trace_;
  Published fresh_;
};

TEST_F(AuditTest, EqualResultsHaveNoDifference) { EXPECT_EQ(audit_with(result_), ""); }

TEST_F(AuditTest, NamesWhatDiffersAndWhatWasMissed) {
  action::ActionResult stored = result_;
  stored.artifacts[0].mode = 0755;
  stored.exit_code = 1;
  fresh_.trace.observations = {{Claim::unset, "CPATH", ""}};
  const std::string wrong = audit_with(stored);
  EXPECT_NE(wrong.find("exit code, /ws/a.o; not in the old trace: "), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("CPATH"), std::string::npos) << wrong;
  old_trace_ = fresh_.trace;
  EXPECT_NE(audit_with(stored).find("no input was missed"), std::string::npos);
}

TEST_F(AuditTest, AMissingAndANewOutputDiffer) {
  action::ActionResult stored = result_;
  stored.artifacts[0].path = "\1/b.o";
  EXPECT_EQ(audit_with(stored).substr(0, 17), "/ws/a.o, /ws/b.o;");
}

TEST_F(AuditTest, AResultOfAnotherDirectoryIsComparedAsItWouldBeServed) {
  action::ActionResult stored = result_;
  stored.made_in = action::Roots("/other", "");
  stored.err.bytes = "warning in /other/a.c\n";
  EXPECT_EQ(audit_with(stored), "");
  stored.err.bytes = "warning in /other/b.c\n";
  EXPECT_EQ(audit_with(stored).substr(0, 15), "standard error;");
}

TEST(IsAudited, FollowsTheRate) {
  int audited = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(is_audited(0));
    EXPECT_TRUE(is_audited(1));
    audited += is_audited(0.5) ? 1 : 0;
  }
  EXPECT_GT(audited, 300);
  EXPECT_LT(audited, 700);
}

}  // namespace
}  // namespace deja::pipeline
