// SPDX-License-Identifier: Apache-2.0
#include "explain/sums.h"

#include <gtest/gtest.h>

namespace deja::explain {
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

TEST(Sums, CountEachOutcome) {
  Sums sums;
  Event remote = event(Outcome::hit, "gcc", 1);
  remote.remote = true;
  Event unstored = event(Outcome::miss, "gcc", 1);
  unstored.not_stored = "random";
  for (const Event& e : {remote, event(Outcome::hit, "gcc", 1), unstored,
                         event(Outcome::bypass, "gcc", 1), event(Outcome::failure, "gcc", 1)})
    sums.add(e);
  EXPECT_EQ(sums.hits, 2u);
  EXPECT_EQ(sums.remote_hits, 1u);
  EXPECT_EQ(sums.misses, 1u);
  EXPECT_EQ(sums.not_stored, 1u);
  EXPECT_EQ(sums.bypasses, 1u);
  EXPECT_EQ(sums.failures, 1u);
  EXPECT_EQ(sums.commands(), 5u);
  EXPECT_EQ(sums.saved_us, 2000u);
  EXPECT_EQ(sums.cost_us, 3000u);
}

TEST(Sums, GroupsOfNames) {
  const auto groups = group_by({event(Outcome::hit, "ld", 1), event(Outcome::hit, "gcc", 2),
                                event(Outcome::miss, "gcc", 4), event(Outcome::miss, "", 9)},
                               [](const Event& e) { return e.tool; });
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].name, "gcc");
  EXPECT_EQ(groups[0].sums.commands(), 2u);
  EXPECT_EQ(groups[0].first_ns, 1'500'000'000);
  EXPECT_EQ(groups[0].last_ns, 4'000'000'000);
  EXPECT_EQ(groups[1].name, "ld");
}

TEST(Sums, SessionsEndAtPauses) {
  const auto groups =
      group_by_session({event(Outcome::miss, "a", 1000), event(Outcome::hit, "a", 1010),
                        event(Outcome::hit, "a", 2000)});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].sums.commands(), 1u);
  EXPECT_EQ(groups[1].sums.commands(), 2u);
  EXPECT_TRUE(group_by_session({}).empty());
}

}  // namespace
}  // namespace deja::explain
