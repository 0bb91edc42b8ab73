// SPDX-License-Identifier: Apache-2.0
// hunt [--minutes N] [--seed S] [--about searches]: looks for wrong hits. Exit code 1 when one was found; its
// reproducer is printed at once. DEJA_HUNT_SECONDS stands for --minutes. "searches": only what happens to
// variables that list directories.
#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

#include "diff/hunter.h"

namespace {

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    std::cerr << "hunt: no number: " << text << "\n";
    std::exit(2);
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  std::uint64_t seconds = 60;
  std::uint64_t seed = std::random_device()();
  if (const char* given = std::getenv("DEJA_HUNT_SECONDS"); given != nullptr)
    seconds = number(given);
  const auto* from = &deja::test::mutations();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--minutes") seconds = 60 * number(argv[i + 1]);
    if (option == "--seed") seed = number(argv[i + 1]);
    if (option == "--about" && std::string_view(argv[i + 1]) == "searches")
      from = &deja::test::search_mutations();
  }
  std::cout << "hunt: " << seconds << " s from seed " << seed
            << std::endl;  // tidy-allow: endl must be visible at once
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::size_t told = 0;
  const auto stop = [&](const deja::test::Tally& so_far) {
    for (; told < so_far.wrong.size(); ++told)
      std::cout << "WRONG, " << so_far.wrong[told].reproducer << "\n" << std::flush;
    return std::chrono::steady_clock::now() >= end || so_far.wrong.size() >= 10;
  };
  const auto tally = deja::test::hunt(seed, stop, *from);
  deja::test::Tally totals = tally;
  totals.wrong.clear();
  std::cout << deja::test::report(totals) << tally.wrong.size() << " wrong hits\n";
  return tally.wrong.empty() ? 0 : 1;
}
