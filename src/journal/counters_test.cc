// SPDX-License-Identifier: Apache-2.0
#include "journal/counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "journal/test_processes.h"
#include "os/directory_test.h"

namespace deja::journal {
namespace {

using CountersTest = os::DirectoryTest;

TEST_F(CountersTest, SharedAndKept) {
  auto a = Counters::open(dir_);
  auto b = Counters::open(dir_);
  ASSERT_TRUE(a && b);
  a->add(Counter::hits);
  b->add(Counter::hits, 2);
  a->add_bypass_reason("link");
  b->add_bypass_reason("link");
  b->add_bypass_reason("no_input");
  EXPECT_EQ(a->read()[Counter::hits], 3u);
  const Counts counts = Counters::open(dir_)->read();
  EXPECT_EQ(counts[Counter::hits], 3u);
  EXPECT_EQ(counts[Counter::misses], 0u);
  ASSERT_EQ(counts.bypass_reasons.size(), 2u);
  EXPECT_EQ(counts.bypass_reasons[0].name, "link");
  EXPECT_EQ(counts.bypass_reasons[0].count, 2u);
  EXPECT_EQ(counts.since_ns, 0);
  EXPECT_TRUE(counts.not_stored.empty());
  a->add_not_stored("clock_read");
  b->add_not_stored("clock_read");
  ASSERT_EQ(a->read().not_stored.size(), 1u);
  EXPECT_EQ(a->read().not_stored[0].name, "clock_read");
  EXPECT_EQ(a->read().not_stored[0].count, 2u);
  EXPECT_EQ(a->read().bypass_reasons.size(), 2u);
}

TEST_F(CountersTest, EightProcessesLoseNothing) {
  constexpr int kProcesses = 8;
  constexpr int kRounds = 1000;
  ASSERT_TRUE(in_processes(kProcesses, [&](int i) {
    auto counters = Counters::open(dir_);
    if (!counters) return false;
    for (int n = 0; n < kRounds; ++n) {
      counters->add(Counter::misses);
      counters->add(Counter::time_saved_ns, 10);
      counters->add_bypass_reason("reason " + std::to_string((n + i) % 10));
    }
    return true;
  }));
  const Counts counts = Counters::open(dir_)->read();
  EXPECT_EQ(counts[Counter::misses], 8000u);
  EXPECT_EQ(counts[Counter::time_saved_ns], 80000u);
  ASSERT_EQ(counts.bypass_reasons.size(), 10u);
  for (const NamedCount& reason : counts.bypass_reasons) EXPECT_EQ(reason.count, 800u);
}

TEST_F(CountersTest, ZeroStartsAgainForEveryone) {
  auto a = Counters::open(dir_);
  a->add(Counter::hits, 7);
  a->add_bypass_reason("link");
  a->add_not_stored("clock_read");
  Counters::open(dir_)->zero();
  const Counts counts = a->read();
  EXPECT_EQ(counts[Counter::hits], 0u);
  EXPECT_TRUE(counts.bypass_reasons.empty());
  EXPECT_TRUE(counts.not_stored.empty());
  EXPECT_GT(counts.since_ns, 0);
  a->add_bypass_reason("link");
  EXPECT_EQ(a->read().bypass_reasons.at(0).count, 1u);
}

TEST_F(CountersTest, DamagedFileIsMadeAnew) {
  const std::string path = dir_ + "/counters";
  Counters::open(dir_)->add(Counter::hits);
  const std::string sound = *os::read_file(path);
  for (const std::string& bytes : {std::string(), std::string("junk"), std::string(10000, 'x'),
                                   sound.substr(0, sound.size() - 1)}) {
    ASSERT_TRUE(os::write_file_atomic(path, bytes));
    auto counters = Counters::open(dir_);
    ASSERT_TRUE(counters) << bytes.size();
    EXPECT_EQ(counters->read()[Counter::hits], 0u);
    counters->add(Counter::hits, 5);
    EXPECT_EQ(Counters::open(dir_)->read()[Counter::hits], 5u);
  }
}

TEST_F(CountersTest, AnyBytesBehindTheHeaderAreOnlyWrongNumbers) {
  const std::string path = dir_ + "/counters";
  (void)Counters::open(dir_);
  std::string bytes = *os::read_file(path);
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = static_cast<char>(0xff);
  ASSERT_TRUE(os::write_file_atomic(path, bytes));
  auto counters = Counters::open(dir_);
  ASSERT_TRUE(counters);
  counters->add_bypass_reason("link");
  (void)counters->read();
  counters->zero();
  EXPECT_EQ(counters->read()[Counter::hits], 0u);
}

TEST_F(CountersTest, MoreNamesThanSlots) {
  auto counters = Counters::open(dir_);
  for (int i = 0; i < 200; ++i)
    counters->add_bypass_reason(std::string(60, 'n') + std::to_string(i));
  for (int i = 0; i < 200; ++i) counters->add_bypass_reason(std::to_string(i));
  EXPECT_EQ(counters->read().bypass_reasons.size(), 64u);
}

TEST_F(CountersTest, InMemoryNeedsNoFile) {
  Counters counters = Counters::in_memory();
  counters.add(Counter::errors);
  EXPECT_EQ(counters.read()[Counter::errors], 1u);
  EXPECT_FALSE(Counters::open(dir_ + "/absent"));
}

}  // namespace
}  // namespace deja::journal
