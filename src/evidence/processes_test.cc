// SPDX-License-Identifier: Apache-2.0
#include "evidence/processes.h"

#include <gtest/gtest.h>

#include "action/testing/problem_text.h"

namespace deja::evidence {
namespace {

using action::text_of;

using observe::Event;

// Which program asks what. No files: all names here are only names.
class ProcessesTest : public ::testing::Test {
 protected:
  ProcessesTest() { invocation_.identity.dialect = "emcc"; }

  static constexpr std::int32_t kPid = 7;
  const action::Problem asks_{action::NotStored::clock_read};
  static Event event(const std::string& path, unsigned flags = 0) {
    Event e;
    e.pid = kPid;
    e.path = path;
    e.flags = static_cast<std::uint16_t>(flags);
    return e;
  }
  // It reads its whole environment when it starts, as interpreters do.
  std::string starts(const std::string& executable) {
    const std::string problem = text_of(processes_.started(kPid, executable));
    takes_all_ = processes_.takes_environment(event(""));
    return problem;
  }
  std::string asks(unsigned flags = 0) {
    return text_of(processes_.asks(*processes_.unknown(kPid), asks_, flags));
  }
  std::string opens(const std::string& path) {
    return text_of(processes_.opens(event(path), changes_));
  }

  tool::Command command_;
  tool::Invocation invocation_;
  Processes processes_{command_, invocation_, tool::cc_adapter()};
  Changes changes_;
  bool takes_all_ = false;
};

TEST_F(ProcessesTest, AProgramThatTakesTheEnvironmentIsUnknown) {
  processes_.started(kPid, "/usr/bin/cc1");
  EXPECT_EQ(processes_.unknown(kPid), nullptr);
  EXPECT_FALSE(processes_.had_unknown());
  starts("/usr/bin/perl");
  EXPECT_TRUE(takes_all_);
  EXPECT_TRUE(processes_.had_unknown());
  EXPECT_EQ(asks(), "clock_read");
}

TEST_F(ProcessesTest, TheSupervisorReportsTheEnvironmentOfEveryProgram) {
  processes_.started(kPid, "/usr/bin/cc1");
  EXPECT_TRUE(processes_.takes_environment(event("", DEJA_ENVIRON_UNSEEN)));
  EXPECT_EQ(processes_.unknown(kPid), nullptr);
}

TEST_F(ProcessesTest, AnInterpreterIsJudgedByItsScript) {
  starts("/usr/bin/python3.11");
  EXPECT_EQ(asks(), "");
  EXPECT_EQ(text_of(processes_.end()), "clock_read");
  EXPECT_EQ(opens("/em/emcc.py"), "");
  EXPECT_EQ(asks(), "");
  EXPECT_EQ(text_of(processes_.end()), "");
}

TEST_F(ProcessesTest, AnotherProgramInItsPlaceLeavesTheQuestionOpen) {
  starts("/usr/bin/python3");
  EXPECT_EQ(asks(), "");
  EXPECT_EQ(starts("/usr/bin/python3"), "clock_read");
}

TEST_F(ProcessesTest, AScriptThatMayWriteTheTimeMustNotAsk) {
  starts("/usr/bin/node");
  EXPECT_EQ(asks(), "");
  EXPECT_EQ(opens("/em/src/compiler.js"), "");
  EXPECT_EQ(text_of(processes_.end()), "");
  EXPECT_EQ(processes_.directories_of_trusted(), std::vector<std::string>{"/em"});
  EXPECT_EQ(asks(), "clock_read");
}

TEST_F(ProcessesTest, AQuestionThatTheLogMayNotRepeatIsAProblem) {
  starts("/usr/bin/node");
  EXPECT_EQ(asks(DEJA_FLAG_ONLY_ONCE), "");
  EXPECT_EQ(opens("/em/src/compiler.js"), "clock_read");
}

TEST_F(ProcessesTest, AnotherScriptBeforeTheTrustedOneIsAProblem) {
  starts("/usr/bin/node");
  EXPECT_EQ(opens("/usr/share/nodejs/undici/index.js"), "");  // a part of node
  EXPECT_EQ(asks(), "");
  EXPECT_EQ(opens("/other.cjs"), "");
  EXPECT_EQ(asks(), "clock_read");
}

TEST_F(ProcessesTest, AShellCountsByItsTexts) {
  processes_.started(kPid, "/usr/bin/dash");
  Event e = event("");
  e.text = std::string("sh\0a.sh\0", 8);
  EXPECT_FALSE(processes_.takes_environment(e));
  opens("/a.sh");
  processes_.expect(8, kPid);  // vfork: it opens what its parent would
  Event of_child = event("/b.sh");
  of_child.pid = 8;
  processes_.opens(of_child, changes_);
  ASSERT_EQ(processes_.shells().size(), 1u);
  EXPECT_EQ(processes_.shells()[0].texts, (std::set<std::string>{"/a.sh", "/b.sh"}));
  EXPECT_EQ(processes_.program_of(8), "dash");
  EXPECT_EQ(processes_.name_of(8), "");
}

TEST_F(ProcessesTest, SmallToolsCountByWhatTheyAskFor) {
  starts("/usr/bin/rm");
  EXPECT_FALSE(takes_all_);
  EXPECT_TRUE(processes_.one_by_one().contains("/usr/bin/rm"));
  starts("/usr/bin/env");
  EXPECT_FALSE(takes_all_);
  EXPECT_TRUE(processes_.shows_environment());
  processes_.started(kPid, "/usr/bin/cc1");  // env has started it
  EXPECT_FALSE(processes_.shows_environment());
}

TEST_F(ProcessesTest, AForkedChildIsTheSameProgram) {
  starts("/usr/bin/python3");
  opens("/em/emcc.py");
  processes_.forked(8, kPid);
  EXPECT_EQ(processes_.name_of(8), "python3");
  ASSERT_NE(processes_.unknown(8), nullptr);
  EXPECT_FALSE(processes_.asks(*processes_.unknown(8), asks_, 0));
}

TEST_F(ProcessesTest, OfAnyToolEveryProgramIsUnknown) {
  invocation_.policy.is_generic = true;
  processes_.started(kPid, "/usr/bin/cc1");
  EXPECT_NE(processes_.unknown(kPid), nullptr);
  EXPECT_FALSE(processes_.may_write_date(kPid));
  invocation_.policy.is_generic = false;
  EXPECT_TRUE(processes_.may_write_date(kPid));
}

TEST_F(ProcessesTest, TimekeepersAreKnownByTheirName) {
  const tool::Timekeeper shell = {"sh", nullptr}, linker = {"ld", nullptr};
  processes_.started(kPid, "/usr/bin/dash");
  EXPECT_FALSE(processes_.is_timekeeper(kPid));
  invocation_.policy.timekeeper = &shell;
  EXPECT_TRUE(processes_.is_timekeeper(kPid));
  invocation_.policy.timekeeper = &linker;
  EXPECT_FALSE(processes_.is_timekeeper(kPid));
  processes_.started(kPid, "/usr/bin/x86_64-linux-gnu-ld");
  EXPECT_TRUE(processes_.is_timekeeper(kPid));
}

}  // namespace
}  // namespace deja::evidence
