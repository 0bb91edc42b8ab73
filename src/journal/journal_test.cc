// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <thread>

#include "journal/reader.h"
#include "journal/test_processes.h"
#include "journal/troubles.h"
#include "os/directory_test.h"
#include "os/failpoint.h"

namespace deja::journal {
namespace {

class JournalTest : public os::DirectoryTest {
 protected:
  std::string directory() { return journal_dir(dir_); }
  std::vector<std::string> whats(std::size_t limit = 100'000) {
    std::vector<std::string> out;
    const auto events = read_events(directory(), limit);
    EXPECT_TRUE(events);
    for (const Event& e : *events) out.push_back(e.what);
    return out;
  }
};

Event event(std::string what, Outcome outcome = Outcome::miss) {
  Event e;
  e.outcome = outcome;
  e.what = std::move(what);
  return e;
}

TEST_F(JournalTest, RecordsAndCounts) {
  auto journal = Journal::open(dir_);
  Event hit = event("a.c", Outcome::hit);
  hit.remote = true;
  hit.cost_us = 5;
  hit.bytes = 100;
  journal->record(hit);
  Event dup = event("b.c");
  dup.dup = true;
  dup.tool_runs = 1;
  journal->record(dup);
  Event bypass = event("c.c", Outcome::bypass);
  bypass.reason = "link";
  journal->record(bypass);
  journal->record(event("d.c", Outcome::failure));
  journal->count(Counter::errors, 2);

  EXPECT_THAT(whats(), ::testing::ElementsAre("a.c", "b.c", "c.c", "d.c"));
  EXPECT_THAT(whats(2), ::testing::ElementsAre("c.c", "d.c"));
  const auto hits =
      read_events(directory(), 9, [](const Event& e) { return e.outcome == Outcome::hit; });
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_GT(hits->at(0).time_ns, 0);
  const Counts counts = journal->counts();
  EXPECT_EQ(counts[Counter::hits], 1u);
  EXPECT_EQ(counts[Counter::remote_hits], 1u);
  EXPECT_EQ(counts[Counter::time_saved_ns], 5000u);
  EXPECT_EQ(counts[Counter::bytes_served], 100u);
  EXPECT_EQ(counts[Counter::misses], 1u);
  EXPECT_EQ(counts[Counter::dups], 1u);
  EXPECT_EQ(counts[Counter::bypasses], 1u);
  EXPECT_EQ(counts[Counter::failures], 1u);
  EXPECT_EQ(counts[Counter::errors], 2u);
  EXPECT_EQ(counts[Counter::tool_runs], 1u);
  EXPECT_EQ(counts.bypass_reasons.at(0).name, "link");
  EXPECT_EQ(journal->lost(), 0u);
  EXPECT_EQ(os::stat_file(directory() + "/events.jsonl").operator*()->mode & 0777, 0600u);
}

TEST_F(JournalTest, AHeartbeatIsNoRequest) {
  auto journal = Journal::open(dir_);
  Event beat = event("a.c", Outcome::running);
  beat.tool_runs = 1;
  beat.cost_us = 60'000'000;
  journal->record(beat);
  journal->record(event("a.c", Outcome::miss));
  EXPECT_THAT(whats(), ::testing::ElementsAre("a.c"));
  const auto all = read_events(directory(), 9, {}, Which::all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->front().outcome, Outcome::running);
  std::size_t visited = 0;
  ASSERT_TRUE(visit_events(directory(), [&](const Event&) { return ++visited > 0; }));
  EXPECT_EQ(visited, 1u);
  const Counts counts = journal->counts();
  EXPECT_EQ(counts[Counter::misses], 1u);
  EXPECT_EQ(counts[Counter::tool_runs], 0u);
}

TEST_F(JournalTest, NothingThereIsNoEvents) { EXPECT_TRUE(whats().empty()); }

TEST_F(JournalTest, EightProcessesTimesThousand) {
  ASSERT_TRUE(in_processes(8, [&](int i) {
    auto journal = Journal::open(dir_);
    for (int n = 0; n < 1000; ++n) journal->record(event(std::to_string(i * 1000 + n)));
    return journal->lost() == 0;
  }));
  const auto all = whats();
  EXPECT_EQ(all.size(), 8000u);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 8000u);
  EXPECT_EQ(Journal::open(dir_)->counts()[Counter::misses], 8000u);
}

TEST_F(JournalTest, RotationBoundsTheFilesAndLosesNothingNew) {
  constexpr std::uint64_t kSmall = 20'000;
  ASSERT_TRUE(in_processes(4, [&](int i) {
    auto journal = Journal::open(dir_, kSmall);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t)
      threads.emplace_back([&, t] {
        for (int n = 0; n < 500; ++n)
          journal->record(event(std::to_string(i * 2 + t) + "-" + std::to_string(n)));
      });
    threads.clear();
    return journal->lost() == 0;
  }));
  EXPECT_LT(os::stat_file(directory() + "/events.jsonl").operator*()->size, 10 * kSmall);
  EXPECT_LT(os::stat_file(directory() + "/events.1.jsonl").operator*()->size, 10 * kSmall);
  EXPECT_GT(whats().size(), 50u);
  EXPECT_EQ(Journal::open(dir_)->counts()[Counter::misses], 4000u);
  const std::string lines = *os::read_file(directory() + "/events.1.jsonl");
  std::size_t start = 0;
  for (std::size_t end; (end = lines.find('\n', start)) != std::string::npos; start = end + 1)
    ASSERT_TRUE(parse_line(std::string_view(lines).substr(start, end - start)));
}

TEST_F(JournalTest, FollowerSeesEachEventOnceAcrossRotation) {
  auto journal = Journal::open(dir_, 4000);
  journal->record(event("before"));
  Follower follower(directory());
  EXPECT_TRUE(follower.poll().empty());
  int seen = 0;
  for (int n = 0; n < 300; ++n) {
    journal->record(event(std::to_string(n)));
    if (n % 3 != 0) continue;
    for (const Event& e : follower.poll()) EXPECT_EQ(e.what, std::to_string(seen++));
  }
  for (const Event& e : follower.poll()) EXPECT_EQ(e.what, std::to_string(seen++));
  EXPECT_EQ(seen, 300);
}

TEST_F(JournalTest, FollowerWaitsForTheFirstFile) {
  Follower follower(directory());
  EXPECT_TRUE(follower.poll().empty());
  Journal::open(dir_)->record(event("first"));
  EXPECT_EQ(follower.poll().size(), 1u);
}

TEST_F(JournalTest, DirectoryRemovedWhileInUse) {
  auto journal = Journal::open(dir_);
  journal->record(event("a"));
  ASSERT_TRUE(os::remove_tree(directory()));
  journal->record(event("b"));
  EXPECT_THAT(whats(), ::testing::ElementsAre("b"));
  EXPECT_EQ(Journal::open(dir_)->counts()[Counter::misses], 1u);
}

TEST_F(JournalTest, UnwritableIsCountedNotFatal) {
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/journal", "a file of that name"));
  auto journal = Journal::open(dir_);
  journal->record(event("a"));
  journal->trouble("store: gone");
  EXPECT_EQ(journal->lost(), 1u);
  EXPECT_EQ(journal->counts()[Counter::misses], 1u);
  EXPECT_EQ(journal->counts()[Counter::errors], 2u);
}

TEST_F(JournalTest, FifoInTheWayDoesNotHang) {
  ASSERT_TRUE(os::make_directory(directory()));
  ASSERT_EQ(::mkfifo((directory() + "/events.jsonl").c_str(), 0600), 0);
  auto journal = Journal::open(dir_);
  journal->record(event("a"));
  EXPECT_EQ(journal->lost(), 1u);
}

TEST_F(JournalTest, FullDiskIsNotedAsTrouble) {
  auto journal = Journal::open(dir_);
  journal->record(event("a"));
  ASSERT_TRUE(os::arm_failpoint("ENOSPC@1"));  // the append is the only failpoint of record()
  journal->record(event("b"));
  os::disarm_failpoint();
  journal->record(event("c"));
  EXPECT_EQ(journal->lost(), 1u);
  EXPECT_THAT(whats(), ::testing::ElementsAre("a", "c"));
  const auto troubles = *read_troubles(directory());
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].text, "journal: an event could not be written");
}

}  // namespace
}  // namespace deja::journal
