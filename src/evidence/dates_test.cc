// SPDX-License-Identifier: Apache-2.0
// What a compiler that asks for the date proves.
#include <gtest/gtest.h>

#include "evidence/claim_checker.h"
#include "evidence/local_day.h"
#include "evidence/trace_builder_test.h"

namespace deja::evidence {
namespace {

// A compiler that writes the date, as those of gcc and clang do.
class DateTest : public TraceBuilderTest {
 protected:
  void SetUp() override {
    TraceBuilderTest::SetUp();
    write("a.c", "char d[] = __DATE__;");
    write("zone", "TZif and then T I M E");
    ended_ns_ = os::wall_ns() + 2 * kSecond;
    day_begin_s_ = ended_ns_ / kSecond - 3600;
  }
  void starts(const std::string& program) {
    log_ = {};
    ::unlink(at(program).c_str());
    ASSERT_EQ(::symlink("/bin/true", at(program).c_str()), 0);
    log_.events.push_back(event(DEJA_OP_PROCESS, program));
    log_.events.back().has_identity = false;
  }
  void asks_for_time() {
    Event e = event(DEJA_OP_CLOCK, "");
    e.value = DEJA_CLOCK_TIME;
    log_.events.push_back(e);
  }
  void asks_for_zone() {
    Event e = event(DEJA_OP_STAT, "/etc/localtime");
    if (!e.has_identity) e.error = ENOENT;
    log_.events.push_back(e);
  }
  void is_given_the_day() {
    Event e = event(DEJA_OP_DAY, "");
    e.when_ns = day_begin_s_ * kSecond;
    e.value = static_cast<std::uint32_t>(-3600);
    log_.events.push_back(e);
  }
  RunFacts compile(const std::string& program = "cc1") {
    starts(program);
    reads("a.c");
    asks_for_time();
    asks_for_zone();
    is_given_the_day();
    return build();
  }
  const action::Observation* date_of(const RunFacts& t) {
    for (const action::Observation& o : t.trace.observations)
      if (o.claim == Claim::date) return &o;
    return nullptr;
  }

  static bool has_claim_of(const RunFacts& t, std::string_view begin) {
    return std::any_of(t.trace.observations.begin(), t.trace.observations.end(),
                       [&](const action::Observation& o) { return o.subject.starts_with(begin); });
  }

  static constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t day_begin_s_ = 0;
};

TEST_F(DateTest, HoldsForItsDay) {
  for (const char* program : {"cc1", "cc1plus", "clang", "clang-19"}) {
    const RunFacts t = compile(program);
    EXPECT_EQ(text_of(t.problem), "") << program;
    ASSERT_NE(date_of(t), nullptr);
    EXPECT_EQ(date_of(t)->value, day_text({day_begin_s_, -3600}));
    EXPECT_TRUE(has_claim_of(t, "/etc/localtime"));
    digest::FileDigester digester({});
    ClaimChecker checker(command_, roots_, digester);
    const auto holds = checker.holds(*date_of(t));
    EXPECT_TRUE(holds && *holds);
    for (const std::int64_t days : {-1, 1}) {
      const auto other =
          checker.holds({Claim::date, "", day_text({day_begin_s_ + days * 86400, 0})});
      EXPECT_TRUE(other && !*other);
    }
  }
}

TEST_F(DateTest, OnlyOfCompilersItIsKnownThatTheyWriteNoMore) {
  for (const char* program : {"as", "f951", "collect2", "true"})
    EXPECT_EQ(text_of(compile(program).problem), "clock_read") << program;
}

TEST_F(DateTest, EachPartOfTheEvidenceCounts) {
  starts("cc1"), asks_for_time();
  EXPECT_EQ(text_of(build().problem), "clock_read");
  starts("cc1"), asks_for_zone();
  EXPECT_EQ(text_of(build().problem), "local_time");
  starts("cc1"), asks_for_time(), asks_for_zone();
  EXPECT_EQ(text_of(build().problem), "local_time");
  starts("cc1"), asks_for_time(), asks_for_zone(), is_given_the_day(), asks_for_time();
  EXPECT_EQ(text_of(build().problem), "local_time") << "what for?";
  log_.events.pop_back();
  EXPECT_EQ(text_of(build().problem), "");
}

TEST_F(DateTest, ItIsOneDayFromTheQuestionToTheEnd) {
  day_begin_s_ = ended_ns_ / kSecond + 1;
  EXPECT_EQ(text_of(compile().problem), "day_changed");
  day_begin_s_ = ended_ns_ / kSecond - 86400;
  EXPECT_EQ(text_of(compile().problem), "day_changed");
  day_begin_s_ = ended_ns_ / kSecond - 86000;
  EXPECT_EQ(text_of(compile().problem), "");
  ended_ns_ += 1000 * kSecond;
  EXPECT_EQ(text_of(compile().problem), "day_changed");
}

TEST_F(DateTest, TheTimeOfDayCanBeSpelledNowhere) {
  const std::string why = "time_written: __TIME__";
  for (const char* text : {"char t[] = __TIME__;", "char t[] = __TIMESTAMP__;", "C(__TI, ME__)"}) {
    write("a.c", text);
    EXPECT_EQ(text_of(compile().problem), why) << text;
  }
  write("a.c", "char d[] = __DATE__; /* no __TIME__ */");
  EXPECT_EQ(text_of(compile().problem), "");
  invocation_.run.argv = {"gcc", "@file"};
  EXPECT_EQ(text_of(compile().problem), why) << "a file of arguments has other comments";
  for (const char* argument : {"-DT=__TIME__", "-fplugin=x", "-fdiagnostics-format=sarif-file"}) {
    write("a.c", "char d[] = __DATE__;");
    invocation_.run.argv = {"gcc", argument};
    EXPECT_EQ(text_of(compile().problem), why) << argument;
    invocation_.run.argv = {};
    invocation_.key.arguments = {{argument}};
    EXPECT_EQ(text_of(compile().problem), why) << argument;
    invocation_.key.arguments = {};
  }
  write("a.c", "gpch");
  EXPECT_EQ(text_of(compile().problem), why);
}

TEST_F(DateTest, ZonesAreInputs) {
  const auto with_zone = [&](const std::string& zone) {
    command_.environment = {{"TZ", zone}};
    return compile();
  };
  EXPECT_TRUE(has(with_zone(at("zone")), Claim::file, "\1/zone", digest("TZif and then T I M E")));
  EXPECT_EQ(text_of(with_zone(at("zone")).problem), "") << "no text that a compiler reads";
  const RunFacts t = with_zone(":ABC-1");
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(has(t, Claim::unset, "TZDIR"));
  EXPECT_FALSE(has_claim_of(t, "/etc/localtime"));
  EXPECT_TRUE(has_claim_of(t, "/usr/share/zoneinfo"));
  command_.environment = {{"TZ", "UTC"}, {"TZDIR", dir_}};
  EXPECT_EQ(text_of(compile().problem), "local_time");
}

}  // namespace
}  // namespace deja::evidence
