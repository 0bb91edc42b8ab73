// SPDX-License-Identifier: Apache-2.0
// A short hunt with fixed seeds: the hunter works, and the cases that it covers stay right.
#include <gtest/gtest.h>

#include <chrono>

#include "diff/hunter.h"

namespace deja::test {
namespace {

TEST(Hunt, FindsNothingInAShortWhile) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const Tally tally =
      hunt(1, [&](const Tally&) { return std::chrono::steady_clock::now() >= end; });
  std::cout << report(tally);
  EXPECT_EQ(tally.wrong.size(), 0u) << report(tally);
  EXPECT_GT(tally.hits, 0);
}

// They were wrong once: clang's warning about an option of ours, a temporary directory below a mapped prefix, the
// target of a depfile for "-o ./a.o", a digest of preprocessed assembly, temporary
// directories that are named relatively.
TEST(Hunt, SeedsThatWereWrong) {
  Tally tally;
  for (const std::uint64_t seed :
       {256190217U, 256190320U, 256191438U, 3385017281U, 3385017471U, 3385017480U, 1616809861U})
    hunt_once(seed, tally);
  EXPECT_EQ(tally.wrong.size(), 0u) << report(tally);
}

}  // namespace
}  // namespace deja::test
