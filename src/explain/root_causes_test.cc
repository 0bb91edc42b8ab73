// SPDX-License-Identifier: Apache-2.0
#include "explain/root_causes.h"

#include <gtest/gtest.h>

namespace deja::explain {
namespace {

using journal::Event;
using journal::Outcome;

constexpr std::int64_t kSecond = 1'000'000'000;

Event miss(const std::string& what, const std::string& reason, std::int64_t at_s = 0) {
  Event out;
  out.outcome = Outcome::miss;
  out.what = what;
  out.reason = reason;
  out.cwd = "/w";
  out.tool = "/usr/bin/gcc";
  out.cost_us = 1000;
  out.elapsed_us = 1000;
  out.time_ns = (1000 + at_s) * kSecond;
  return out;
}

std::vector<std::string> output_of(const Event& event) {
  return {"/w/" + event.what.substr(0, event.what.find('.')) + ".out"};
}
std::string nothing(const Event&) { return {}; }

TEST(ChangedFile, IsFoundInTheReason) {
  EXPECT_EQ(changed_file(miss("a", "changed: file /x/a.h")), "/x/a.h");
  EXPECT_EQ(changed_file(miss("a", "changed: file <cwd>/../a.h")), "/a.h");
  EXPECT_EQ(changed_file(miss("a", "changed: file <workspace>/inc/a.h")), "/inc/a.h");
  EXPECT_EQ(changed_file(miss("a", "changed: /x/b.h, which was not there")), "/x/b.h");
  for (const char* reason :
       {"new", "changed: variable LANG", "changed: environment", "changed: <odd", ""})
    EXPECT_EQ(changed_file(miss("a", reason)), "") << reason;
}

TEST(LastBuild, EndsAtAPause) {
  EXPECT_TRUE(last_build({}).empty());
  std::vector<Event> events = {miss("old", "new", 0), miss("a", "new", 301), miss("b", "new", 320)};
  EXPECT_EQ(last_build(events).size(), 2u);
  // A long command is no pause.
  events[2].time_ns += 600 * kSecond;
  events[2].elapsed_us = 599'000'000;
  EXPECT_EQ(last_build(events).size(), 2u);
}

TEST(RootCauses, AHeaderMakesManyMiss) {
  const auto causes =
      root_causes({miss("a.c", "changed: file <cwd>/h.h"), miss("b.c", "changed: file <cwd>/h.h"),
                   miss("c.c", "changed: file /w/c.c")},
                  output_of, nothing);
  ASSERT_EQ(causes.size(), 2u);
  EXPECT_EQ(causes[0].text, "file /w/h.h changed");
  EXPECT_EQ(causes[0].commands, (std::vector<std::string>{"a.c", "b.c"}));
  EXPECT_EQ(causes[0].cost_us, 2000u);
  EXPECT_EQ(causes[0].indirect, 0u);
}

// gen.c -> gen.out -> table.out -> a.c
TEST(RootCauses, ACascadeHasItsFirstCause) {
  const auto causes = root_causes(
      {miss("gen.c", "changed: file <cwd>/gen.c"), miss("table.x", "changed: file /w/gen.out"),
       miss("a.c", "changed: file <workspace>/table.out"), miss("b.c", "new")},
      output_of, nothing);
  ASSERT_EQ(causes.size(), 2u);
  EXPECT_EQ(causes[0].text, "file /w/gen.c changed");
  EXPECT_EQ(causes[0].commands, (std::vector<std::string>{"gen.c", "table.x", "a.c"}));
  EXPECT_EQ(causes[0].indirect, 2u);
  EXPECT_EQ(causes[1].text, "new: no similar command is known");
}

TEST(RootCauses, AFileThatWasWrittenLaterIsNoCause) {
  const auto causes =
      root_causes({miss("a.c", "changed: file /w/b.out"), miss("b.c", "changed: file /w/a.out")},
                  output_of, nothing);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].text, "file /w/b.out changed");
}

TEST(RootCauses, WhatIsNewNamesWhatItDiffersIn) {
  const auto causes = root_causes({miss("a.c", "new"), miss("b.c", "new")}, output_of,
                                  [](const Event&) { return std::string("-O2 instead of -O1"); });
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].text, "new: -O2 instead of -O1");
}

TEST(RootCauses, ADeclaredInputThatAnotherOneWrote) {
  const auto causes =
      root_causes({miss("gen.c", "changed: file <cwd>/gen.c"), miss("table.x", "new")}, output_of,
                  [](const Event& e) {
                    return std::string(e.what == "table.x" ? "the content of <cwd>/gen.out" : "");
                  });
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].text, "file /w/gen.c changed");
  EXPECT_EQ(causes[0].indirect, 1u);
}

TEST(RootCauses, HitsHaveNone) {
  Event hit = miss("a.c", "");
  hit.outcome = Outcome::hit;
  EXPECT_TRUE(root_causes({hit}, output_of, nothing).empty());
}

}  // namespace
}  // namespace deja::explain
