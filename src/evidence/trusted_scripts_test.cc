// SPDX-License-Identifier: Apache-2.0
// What an interpreter proves that runs a script which an adapter knows.
#include <gtest/gtest.h>

#include "evidence/trace_builder_test.h"

namespace deja::evidence {
namespace {

// An interpreter that an adapter knows when it has opened one of its scripts.
class TrustedScriptTest : public TraceBuilderTest {
 protected:
  void SetUp() override {
    TraceBuilderTest::SetUp();
    invocation_.identity.dialect = "emcc";
    for (const char* name :
         {"em/emcc.py", "em/src/compiler.js", "em/src/lib.js", "em/tools/x.py"}) {
      ASSERT_TRUE(os::make_directories(std::string(parent_path(at(name)))));
      write(name, "script");
    }
    write("a.o", "object");
  }
  void starts(const std::string& program) {
    write(program, "program");
    log_.events.push_back(event(DEJA_OP_PROCESS, program));
    log_.events.push_back(event(DEJA_OP_ENVIRON, "/"));
  }
  void asks(deja_clock clock = DEJA_CLOCK_REALTIME, unsigned flags = 0) {
    Event e = event(DEJA_OP_CLOCK, "/", 0, flags);
    e.value = clock;
    log_.events.push_back(e);
  }
  void asks_host(const char* what) {
    Event e = event(DEJA_OP_HOST, "/");
    e.path = what;
    log_.events.push_back(e);
  }
  void looks(const std::string& name) { log_.events.push_back(event(DEJA_OP_STAT, name)); }
  static bool counts_stamps(const RunFacts& t, const std::string& name) {
    return std::any_of(
        t.trace.observations.begin(), t.trace.observations.end(),
        [&](const auto& o) { return o.claim == Claim::stamps && o.subject == "\1/" + name; });
  }
};

TEST_F(TrustedScriptTest, AScriptThatWritesNoTimeMayAskForIt) {
  starts("python3.11");
  asks(DEJA_CLOCK_TIME);
  reads("em/emcc.py");
  asks();
  asks(DEJA_CLOCK_TIME);
  asks_host("hostname");
  EXPECT_EQ(text_of(build().problem), "");
}

TEST_F(TrustedScriptTest, WithoutItsScriptAnInterpreterIsUnknown) {
  starts("python3.11");
  asks();
  reads("em/tools/x.py");
  EXPECT_EQ(text_of(build().problem), "clock_read");
  log_.events.clear();
  starts("python3.11");
  asks();
  starts("python3.11");
  reads("em/emcc.py");
  EXPECT_EQ(text_of(build().problem), "clock_read") << "another program of the same process";
  log_.events.clear();
  invocation_.identity.dialect = "clang";
  starts("python3.11");
  asks();
  reads("em/emcc.py");
  EXPECT_EQ(text_of(build().problem), "clock_read") << "of a tool that has no such script";
}

TEST_F(TrustedScriptTest, ProgramsAreKnownByTheirWholeName) {
  for (const char* program : {"pythonista", "mynode", "perl"}) {
    log_.events.clear();
    starts(program);
    asks();
    reads("em/emcc.py");
    reads("em/src/compiler.js");
    EXPECT_EQ(text_of(build().problem), "clock_read") << program;
  }
}

TEST_F(TrustedScriptTest, AScriptThatMayWriteTheTimeMustNotAsk) {
  starts("node");
  asks();
  asks_host("uname");
  reads("em/src/compiler.js");
  EXPECT_EQ(text_of(build().problem), "");
  asks();
  EXPECT_EQ(text_of(build().problem), "clock_read");
  log_.events.pop_back();
  asks_host("hostname");
  EXPECT_EQ(text_of(build().problem), "machine_asked: hostname");
}

TEST_F(TrustedScriptTest, AnUnknownToolMayAskForTheMachinesName) {
  invocation_.policy.is_unknown = true;
  starts("anything");
  asks_host("hostname");
  const auto built = build();
  EXPECT_EQ(text_of(built.problem), "");
  EXPECT_TRUE(std::any_of(built.trace.observations.begin(), built.trace.observations.end(),
                          [](const auto& o) { return o.claim == Claim::machine; }));
  asks_host("load");
  EXPECT_EQ(text_of(build().problem), "machine_asked: load");
}

// lto-wrapper writes a makefile and removes it at its end.
TEST_F(TrustedScriptTest, MakeIsTrustedWithAMakefileOfThisRun) {
  invocation_.identity.dialect = "gcc";
  const auto make = [&](const std::string& second, bool removes_it) {
    log_.events.clear();
    starts("make");
    creates("cc1.mk");
    log_.events.back().flags |= DEJA_OPEN_TEMPORARY;
    reads("cc1.mk");
    if (!second.empty()) reads(second);
    if (removes_it) removes("cc1.mk");
    return text_of(build().problem);
  };
  write("own.mk", "all:");
  EXPECT_EQ(make("", true), "");
  EXPECT_EQ(make("", false), "random_name: " + at("cc1.mk"));
  ASSERT_TRUE(os::remove_tree(at("cc1.mk")));
  EXPECT_EQ(make("own.mk", true), "foreign_commands: " + at("own.mk"));
}

TEST_F(TrustedScriptTest, AQuestionThatIsLoggedOnlyOnceIsAProblem) {
  starts("node");
  asks(DEJA_CLOCK_REALTIME, DEJA_FLAG_ONLY_ONCE);
  reads("em/src/compiler.js");
  EXPECT_EQ(text_of(build().problem), "clock_read");
}

TEST_F(TrustedScriptTest, AScriptBeforeTheScriptHasAsked) {
  starts("node");
  reads("em/src/lib.js");
  asks();
  reads("em/src/compiler.js");
  EXPECT_EQ(text_of(build().problem), "clock_read");
}

TEST_F(TrustedScriptTest, AnInputThatNamesTheStartMayWriteIt) {
  starts("node");
  asks();
  reads("em/src/compiler.js");
  write("em/src/lib.js", "performance.timeOrigin");
  reads("em/src/lib.js");
  EXPECT_EQ(text_of(build().problem), "") << "for the program that is made";
  write("user.js", "{{{ performance.timeOrigin }}}");
  reads("user.js");
  EXPECT_EQ(text_of(build().problem), "time_written: " + at("user.js"));
}

TEST_F(TrustedScriptTest, TimesCountWhereTheyAreCompared) {
  starts("python3");
  reads("em/emcc.py");
  looks("em/tools/x.py");
  looks("a.o");
  RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(counts_stamps(t, "em/tools/x.py"));
  EXPECT_FALSE(counts_stamps(t, "a.o"));
  EXPECT_TRUE(has(t, Claim::exists, "\1/a.o", "f"));
  log_.events.clear();
  starts("node");
  reads("em/src/compiler.js");
  looks("a.o");
  EXPECT_TRUE(counts_stamps(build(), "a.o"));
}

}  // namespace
}  // namespace deja::evidence
