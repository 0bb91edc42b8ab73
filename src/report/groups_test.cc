// SPDX-License-Identifier: Apache-2.0
#include "report/groups.h"

#include <gtest/gtest.h>

namespace deja::report {
namespace {

using journal::Event;
using journal::Outcome;

Event event(Outcome outcome, const std::string& tool, std::int64_t end_s) {
  Event out;
  out.outcome = outcome;
  out.tool = tool;
  out.time_ns = end_s * 1'000'000'000;
  out.elapsed_us = 500'000;
  out.cost_us = 1000;
  return out;
}

TEST(Groups, CountEachOutcome) {
  Totals totals;
  Event remote = event(Outcome::hit, "gcc", 1);
  remote.remote = true;
  Event unstored = event(Outcome::miss, "gcc", 1);
  unstored.not_stored = "random";
  for (const Event& e : {remote, event(Outcome::hit, "gcc", 1), unstored,
                         event(Outcome::bypass, "gcc", 1), event(Outcome::failure, "gcc", 1)})
    totals.add(e);
  EXPECT_EQ(totals.hits, 2u);
  EXPECT_EQ(totals.remote_hits, 1u);
  EXPECT_EQ(totals.misses, 1u);
  EXPECT_EQ(totals.not_stored, 1u);
  EXPECT_EQ(totals.bypasses, 1u);
  EXPECT_EQ(totals.failures, 1u);
  EXPECT_EQ(totals.commands(), 5u);
  EXPECT_EQ(totals.saved_us, 2000u);
  EXPECT_EQ(totals.spent_us, 1000u);
}

TEST(Groups, GroupsOfNames) {
  const auto groups = group_by({event(Outcome::hit, "ld", 1), event(Outcome::hit, "gcc", 2),
                                event(Outcome::miss, "gcc", 4), event(Outcome::miss, "", 9)},
                               [](const Event& e) { return e.tool; });
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].name, "gcc");
  EXPECT_EQ(groups[0].totals.commands(), 2u);
  EXPECT_EQ(groups[0].begin_ns, 1'500'000'000);
  EXPECT_EQ(groups[0].end_ns, 4'000'000'000);
  EXPECT_EQ(groups[1].name, "ld");
}

TEST(Groups, SessionsEndAtPauses) {
  const auto groups =
      group_by_session({event(Outcome::miss, "a", 1000), event(Outcome::hit, "a", 1010),
                        event(Outcome::hit, "a", 2000)});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].totals.commands(), 1u);
  EXPECT_EQ(groups[1].totals.commands(), 2u);
  EXPECT_TRUE(group_by_session({}).empty());
}

}  // namespace
}  // namespace deja::report
