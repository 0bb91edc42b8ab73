// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/render.h"
#include "report/sessions.h"
#include "report/summary.h"
#include "report/trace_file.h"

namespace deja::report {
namespace {

using journal::Event;
using journal::Outcome;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kStart = 1'790'000'000 * kNsPerSecond;  // 2026-09-21 13:33:20 UTC

Event event(Outcome outcome, std::int64_t at_s, const std::string& what, std::uint64_t cost_ms,
            const std::string& reason = "") {
  Event e;
  e.time_ns = kStart + at_s * kNsPerSecond;
  e.outcome = outcome;
  e.what = what;
  e.tool = "/usr/bin/g++";
  e.cwd = "/src/app";
  e.reason = reason;
  e.cost_us = cost_ms * 1000;
  e.elapsed_us = outcome == Outcome::hit ? 500 : cost_ms * 1000;
  e.bytes = 1000;
  return e;
}

std::vector<Event> build() {
  std::vector<Event> events;
  events.push_back(event(Outcome::miss, 1, "a.cc", 900, "new"));
  events.push_back(event(Outcome::hit, 2, "b.cc", 1500));
  events.push_back(event(Outcome::hit, 3, "c.cc", 500));
  events.back().remote = true;
  events.back().cloned_bytes = 800;
  events.push_back(event(Outcome::miss, 4, "d.cc", 2000, "changed: file <cwd>/inc/x.h"));
  events.push_back(event(Outcome::miss, 5, "e.cc", 1000, "changed: file <cwd>/inc/x.h"));
  events.back().not_stored = "volatile_input";
  events.push_back(event(Outcome::miss, 6, "f.cc", 100, "changed: /opt/y.h, which was not there"));
  events.push_back(event(Outcome::bypass, 7, "g.cc", 0, "unsupported_option"));
  events.push_back(event(Outcome::failure, 8, "h.cc", 10, "exit code 1"));
  return events;
}

Summary summary_of(const std::vector<Event>& events, std::size_t top = 10) {
  Collector collector(top);
  for (std::size_t i = events.size(); i-- > 0;) collector.add(events[i]);
  return collector.finish();
}

State state() {
  return {.has_store = true,
          .store_bytes = 2'000'000,
          .store_limit_bytes = 10'000'000'000,
          .results = 3,
          .remotes = {"redis://host"}};
}

class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("TZ", "UTC", 1); }
};

TEST_F(ReportTest, AsText) {
  EXPECT_EQ(as_text(summary_of(build()), state(), "last build"), R"(last build
  from        2026-09-21 14:13:20  for 7.9 s
  in          /src/app
  commands    8
  hits        2                    33.3 % of the commands that were looked up, 1 from a remote
  misses      4
  bypasses    1
  failures    1
  time saved  2.0 s                the tools of the misses took 4.0 s
  served      2.0 kB               1.0 kB from a remote, 800 B by reflink
  stored      4.0 kB
  store now   2.0 MB               of 10.0 GB, 3 results
  remote      redis://host

hit rate over time (a column is 1.0 s)
  ▁██▁▁▁

why commands missed
  2  3.0 s     a file changed
  1  900.0 ms  new
  1  100.0 ms  a file appeared

changes that cost the most
  2  3.0 s     /src/app/inc/x.h
  1  100.0 ms  /opt/y.h

slowest misses
  2.0 s     d.cc  g++  changed: file <cwd>/inc/x.h
  1.0 s     e.cc  g++  changed: file <cwd>/inc/x.h; not stored: volatile_input
  900.0 ms  a.cc  g++  new
  100.0 ms  f.cc  g++  changed: /opt/y.h, which was not there

tools that ran
  4  4.0 s  g++

not looked up (docs/bypass.md)
  1  unsupported_option

not stored (docs/not-stored.md)
  1  volatile_input
)");
  EXPECT_EQ(as_text(Summary(), State(), "last build"), "last build\nno commands\n");
}

// Sources and crates are added up over several builds.
TEST_F(ReportTest, RanksWhatMissedMoreThanOnce) {
  auto events = build();
  EXPECT_THAT(as_text(summary_of(events), state(), ""), Not(HasSubstr("sources and crates")));
  events.push_back(event(Outcome::miss, 9, "a.cc", 1300, "new"));
  EXPECT_THAT(as_text(summary_of(events), state(), ""),
              HasSubstr("sources and crates that ran the longest\n"
                        "  2  2.2 s     a.cc\n  1  2.0 s     d.cc\n"));
}

TEST_F(ReportTest, TheOrderOfEventsDoesNotMatter) {
  Collector forwards(3), mixed(3);
  const auto events = build();
  for (const Event& e : events) forwards.add(e);
  for (const std::size_t i : {4, 0, 7, 2, 6, 1, 5, 3}) mixed.add(events[i]);
  const std::string expected = as_json(summary_of(events, 3), state(), "");
  EXPECT_EQ(as_json(forwards.finish(), state(), ""), expected);
  EXPECT_EQ(as_json(mixed.finish(), state(), ""), expected);
}

TEST_F(ReportTest, ListsAreAsLongAsWanted) {
  const Summary summary = summary_of(build(), 1);
  ASSERT_EQ(summary.slowest.size(), 1U);
  EXPECT_EQ(summary.slowest[0].what, "d.cc");
  ASSERT_EQ(summary.miss_reasons.size(), 1U);
  EXPECT_EQ(summary.miss_reasons[0].name, "a file changed");
  EXPECT_TRUE(summary_of(build(), 0).slowest.empty());
}

TEST_F(ReportTest, ReasonsHaveKinds) {
  const auto kind = [](const char* reason) {
    const ReasonParts parts = parts_of(event(Outcome::miss, 0, "a", 0, reason));
    return std::string(parts.kind) + "|" + parts.subject;
  };
  EXPECT_EQ(kind(""), "new|");
  EXPECT_EQ(kind("evicted"), "evicted|");
  EXPECT_EQ(kind("audit: equal"), "audit|");
  EXPECT_EQ(kind("changed: variable CPATH, which was not set"), "a variable changed|CPATH");
  EXPECT_EQ(kind("changed: names in directory <cwd>"), "the names in a directory changed|/src/app");
  EXPECT_EQ(kind("changed: directory /x, which an output names and which was at /y"),
            "made in another directory|/x");
  EXPECT_EQ(kind("changed: machine"), "another change|machine");
  EXPECT_EQ(kind("store: full"), "another reason|store: full");
}

TEST_F(ReportTest, AsJson) {
  const auto json = nlohmann::json::parse(as_json(summary_of(build()), state(), "x \"y\" \xff"));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["totals"]["misses"], 4);
  EXPECT_EQ(json["totals"]["saved_us"], 2'000'000);
  EXPECT_NEAR(json["hit_rate"].get<double>(), 1.0 / 3, 1e-9);
  EXPECT_EQ(json["changes"][0]["name"], "/src/app/inc/x.h");
  EXPECT_EQ(json["slices"].size(), 8U);
  EXPECT_TRUE(nlohmann::json::parse(as_json(Summary(), State(), ""))["hit_rate"].is_null());
}

TEST_F(ReportTest, AsMarkdown) {
  auto events = build();
  events[0].what = "a|b<script>.cc";
  const std::string text = as_markdown(summary_of(events), state(), "last build");
  EXPECT_THAT(text, AllOf(HasSubstr("### deja: last build\n\n|  |  |  |\n|---|---|---|\n"),
                          HasSubstr("| hits | 2 | 33.3 % of"),
                          HasSubstr("<details><summary>Slowest misses</summary>\n\n| time |"),
                          HasSubstr("| a\\|b\\<script>.cc |")));
}

TEST_F(ReportTest, AsPage) {
  auto events = build();
  events[0].what = "<script>alert('1')</script>.cc";
  const std::string page = as_html(summary_of(events), state(), "last build");
  EXPECT_THAT(page, AllOf(HasSubstr("<meta name=\"viewport\""), HasSubstr("prefers-color-scheme"),
                          HasSubstr("<svg class=\"chart\""),
                          HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/<wbr>script&gt;.cc")));
  // Nothing is fetched, and nothing runs.
  for (const char* part : {"<script", "http:", "https:", "src=", "<link", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(part)));
}

TEST_F(ReportTest, ThePagesSizeIsBounded) {
  Collector collector(10);
  for (int i = 0; i < 100'000; ++i)
    collector.add(event(i % 3 == 0 ? Outcome::hit : Outcome::miss, i / 10,
                        "dir/" + std::to_string(i) + ".cc", 10,
                        "changed: file /inc/" + std::to_string(i) + ".h"));
  const Summary summary = collector.finish();
  EXPECT_LE(summary.slices.size(), kSlicesMax);
  EXPECT_LT(as_html(summary, state(), "all").size(), 60'000U);
  EXPECT_LT(as_markdown(summary, state(), "all").size(), 20'000U);
}

TEST_F(ReportTest, TracesCommandsInLanes) {
  TraceFile trace;
  auto events = build();
  events[1].elapsed_us = 1'500'000;  // runs while the first one does
  for (std::size_t i = events.size(); i-- > 0;) trace.add(events[i]);
  const auto json = nlohmann::json::parse(trace.text());
  const auto& list = json["traceEvents"];
  ASSERT_EQ(list.size(), events.size() + 1);
  EXPECT_EQ(list[1]["name"], "a.cc");
  EXPECT_EQ(list[1]["ts"], 0);
  EXPECT_EQ(list[1]["dur"], 900'000);
  EXPECT_EQ(list[2]["name"], "b.cc");
  EXPECT_NE(list[1]["tid"], list[2]["tid"]);
  EXPECT_EQ(list[3]["tid"], list[1]["tid"]);
  EXPECT_EQ(list[3]["args"]["reason"], "changed: file <cwd>/inc/x.h");
}

TEST_F(ReportTest, SessionsEndWithAPause) {
  SessionSplitter splitter;
  EXPECT_FALSE(splitter.add(event(Outcome::miss, 200, "d.cc", 60'000)));  // since 140
  EXPECT_FALSE(splitter.add(event(Outcome::hit, 111, "c.cc", 1)));
  EXPECT_TRUE(splitter.add(event(Outcome::hit, 79, "b.cc", 1)));
  Event other = event(Outcome::hit, 78, "a.cc", 1);
  other.cwd = "/src/lib";
  EXPECT_FALSE(splitter.add(other));
  const auto& sessions = splitter.sessions();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].commands, 2U);
  EXPECT_EQ(sessions[0].misses, 1U);
  EXPECT_EQ(sessions[1].id(), "20260921-141437");
  EXPECT_EQ(sessions[1].directory, "/src");
}

}  // namespace
}  // namespace deja::report
