// SPDX-License-Identifier: Apache-2.0
#include "report/live.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>

#include "report/format.h"

namespace deja::report {
namespace {

using journal::Event;
using journal::Outcome;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t kNow = 1'790'000'000 * kNsPerSecond;

Event event(Outcome outcome, std::int64_t age_s, const std::string& what) {
  Event e;
  e.time_ns = kNow - age_s * kNsPerSecond;
  e.outcome = outcome;
  e.what = what;
  e.tool = "/usr/bin/g++";
  e.cwd = "/src/app";
  e.cost_us = 1'000'000;
  e.elapsed_us = 500;
  if (outcome == Outcome::miss) e.reason = "changed: file /src/x.h";
  return e;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines = {""};
  for (const char c : text)
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  return lines;
}

std::size_t width(const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    for (int i = 0; i < 300; ++i)
      live_.add(event(i % 3 == 0 ? Outcome::miss : Outcome::hit, 40 - i / 10,
                      std::string(i % 50, 'd') + "/file" + std::to_string(i) + ".cc"),
                false);
    live_.advance(kNow);
  }
  std::string frame(int columns, int rows, bool colour = false) const {
    const State state{.has_store = true,
                      .store_bytes = 1000,
                      .store_limit_bytes = 10'000,
                      .results = 1,
                      .remotes = {"redis://host"}};
    return live_.frame({.is_running = true, .commands = 2}, state,
                       {.columns = columns, .rows = rows, .colour = colour}, kNow);
  }
  Live live_;
};

TEST_F(LiveTest, SaysWhatHappens) {
  live_.add(event(Outcome::hit, 0, "last.cc"), false);
  const std::string text = frame(80, 24);
  EXPECT_THAT(text, StartsWith("deja  14:13:20  engine running, 2 commands now"));
  EXPECT_THAT(text, AllOf(HasSubstr("last minute  301 commands, 201 hits (66.8 %), 100 misses"),
                          HasSubstr("since start  301 commands"), HasSubstr("store        1.0 kB"),
                          HasSubstr("remote       redis://host"),
                          HasSubstr("building     1 command in the last 10 s, in /src/app"),
                          HasSubstr("missed       100 × a file changed: /src/x.h, 1 min 40 s")));
  EXPECT_THAT(lines_of(text).back(), StartsWith("14:13:20  hit           500 µs     g++"));
}

TEST_F(LiveTest, ShowsToolsThatRunForLong) {
  Event running = event(Outcome::running, 5, "slow.cc");
  running.elapsed_us = 60'000'000;
  live_.add(running, false);
  EXPECT_THAT(frame(80, 24), AllOf(HasSubstr("running      1 min 5 s  g++ slow.cc"),
                                   HasSubstr("since start  300 commands")));
  live_.add(event(Outcome::miss, 0, "slow.cc"), false);
  EXPECT_THAT(frame(80, 24), Not(HasSubstr("running   ")));
}

// Its client or the engine was killed.
TEST_F(LiveTest, ForgetsAToolOfWhichNothingIsHeard) {
  Event running = event(Outcome::running, 200, "slow.cc");
  running.elapsed_us = 60'000'000;
  live_.add(running, false);
  live_.advance(kNow);
  EXPECT_THAT(frame(80, 24), Not(HasSubstr("running   ")));
}

TEST_F(LiveTest, FitsEveryScreen) {
  for (const int columns : {1, 20, 39, 40, 80, 200})
    for (const int rows : {1, 2, 5, 10, 24, 60}) {
      const auto lines = lines_of(frame(columns, rows));
      EXPECT_LE(lines.size(), static_cast<std::size_t>(rows)) << columns << "x" << rows;
      for (const std::string& line : lines)
        EXPECT_LE(width(line), static_cast<std::size_t>(columns)) << columns << "x" << rows << line;
    }
  EXPECT_EQ(lines_of(frame(80, 24)).size(), 24U);
}

TEST_F(LiveTest, CutsNamesAndReasonsFirst) {
  Event long_name = event(Outcome::miss, 0, std::string(100, 'n') + ".cc");
  long_name.elapsed_us = 12'345;
  live_.add(long_name, false);
  const std::string last = lines_of(frame(80, 24)).back();
  EXPECT_THAT(last, AllOf(StartsWith("14:13:20  miss          12.3 ms    g++       nnn"),
                          HasSubstr("…"), ::testing::EndsWith("file /src/x.h")));
  EXPECT_EQ(width(last), 80U);
}

TEST_F(LiveTest, ColoursOnlyWhenAsked) {
  EXPECT_THAT(frame(80, 24), Not(HasSubstr("\x1b")));
  EXPECT_THAT(frame(80, 24, true), HasSubstr("\x1b[32mhit  "));
  live_.add(event(Outcome::hit, 0, "evil\x1b[2J.cc"), false);
  EXPECT_THAT(frame(80, 24), Not(HasSubstr("\x1b")));
}

TEST_F(LiveTest, OldEventsAreShownButNotCounted) {
  Live live;
  live.add(event(Outcome::miss, 300, "old.cc"), true);
  live.advance(kNow);
  const std::string text = live.frame({}, {}, {}, kNow);
  EXPECT_THAT(text, AllOf(HasSubstr("no engine running"), HasSubstr("since start  0 commands"),
                          HasSubstr("last minute  0 commands"), HasSubstr("old.cc")));
  EXPECT_THAT(Live().frame({}, {}, {}, kNow), HasSubstr("no events yet"));
}

}  // namespace
}  // namespace deja::report
