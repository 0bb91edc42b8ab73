// SPDX-License-Identifier: Apache-2.0
#include "exchange/prefetch.h"

#include <gtest/gtest.h>

#include "exchange/pair_support.h"
#include "exchange/record_name.h"

namespace deja::exchange {
namespace {

using remote::Call;

class PrefetchTest : public PairTest {
 protected:
  // Exports results and records that they were used.
  void build(int count, std::size_t bytes = 100) {
    for (int i = 0; i < count; ++i) {
      const PastRun run("probe" + std::to_string(i), "source",
                        {noise(bytes, static_cast<unsigned>(i))});
      exported(run);
      runs_.push_back(run);
      record_.uses.push_back({run.probe, run.key(), 1, bytes, 0});
    }
  }
  PrefetchStats prefetched() {
    Prefetch prefetch(importer_, *b_.store, record_, limits_);
    prefetch.run();
    EXPECT_TRUE(prefetch.stats().has_ended);
    return prefetch.stats();
  }
  std::size_t here() {
    std::size_t count = 0;
    for (const PastRun& run : runs_) count += served_for(run) == truth(run) ? 1 : 0;
    return count;
  }

  Importer importer_ = importer();
  SessionRecord record_{"project", "main", 1, {}};
  PrefetchLimits limits_;
  std::vector<PastRun> runs_;
};

TEST_F(PrefetchTest, BringsAllThatWasUsedInFewRequests) {
  build(40);
  const int before = transport_.calls();
  const PrefetchStats stats = prefetched();
  EXPECT_EQ(stats.imported, 40U);
  EXPECT_EQ(stats.ended_because, "done");
  EXPECT_GT(stats.bytes, 0U);
  EXPECT_EQ(here(), 40U);
  EXPECT_LE(transport_.calls() - before, 4 + 3);  // batches of 16, taken by four threads
}

TEST_F(PrefetchTest, BringsLargeBlobsToo) {
  build(3, 500'000);
  EXPECT_EQ(prefetched().imported, 3U);
  EXPECT_EQ(here(), 3U);
}

TEST_F(PrefetchTest, SkipsWhatIsHere) {
  build(10);
  prefetched();
  const int before = transport_.calls();
  const PrefetchStats again = prefetched();
  EXPECT_EQ(again.there, 10U);
  EXPECT_EQ(again.imported, 0U);
  EXPECT_EQ(transport_.calls(), before);
}

TEST_F(PrefetchTest, FetchesAgainWhatHasLostItsManifest) {
  build(1);
  prefetched();
  ASSERT_TRUE(b_.store->put_manifest(runs_[0].probe, encode(action::Manifest())));
  EXPECT_EQ(prefetched().imported, 1U);
  EXPECT_EQ(here(), 1U);
}

TEST_F(PrefetchTest, SaysWhatTheRemoteHasNoLonger) {
  build(5);
  EXPECT_TRUE(*transport_.remove(offer_name(space_, runs_[2].probe), kNoDeadline));
  record_.uses[3].key = store::action_key_of("other");
  const PrefetchStats stats = prefetched();
  EXPECT_EQ(stats.imported, 3U);
  EXPECT_EQ(stats.absent, 2U);
}

TEST_F(PrefetchTest, KeepsItsLimits) {
  build(20, 1000);
  limits_.threads = 1;
  limits_.batch = 1;
  limits_.results = 7;
  PrefetchStats stats = prefetched();
  EXPECT_EQ(stats.imported, 7U);
  EXPECT_EQ(stats.ended_because, "count");
  for (int i = 0; i < 7; ++i)
    EXPECT_NE(served_for(runs_[static_cast<std::size_t>(i)]), "");  // in order

  limits_.results = 100;
  limits_.bytes = 3500;
  stats = prefetched();
  EXPECT_LE(stats.imported, 3U);
  EXPECT_EQ(stats.ended_because, "bytes");

  limits_.bytes = 1 << 20;
  limits_.time_ns = 0;
  stats = prefetched();
  EXPECT_EQ(stats.imported, 0U);
  EXPECT_EQ(stats.ended_because, "time");
}

TEST_F(PrefetchTest, ARecordThatTellsTooLittleIsCaught) {
  build(20, 10'000);
  for (Use& use : record_.uses) use.bytes = 0;
  limits_.threads = 1;
  limits_.batch = 1;
  limits_.bytes = 35'000;
  const PrefetchStats stats = prefetched();
  EXPECT_LE(stats.imported, 4U);
  EXPECT_EQ(stats.ended_because, "bytes");
}

TEST_F(PrefetchTest, StopsWhenTheRemoteFails) {
  build(20);
  limits_.batch = 1;
  transport_.fail(100, {Code::unavailable, 0, "down"});
  const PrefetchStats stats = prefetched();
  EXPECT_EQ(stats.ended_because, "errors");
  EXPECT_EQ(stats.imported, 0U);
  EXPECT_LE(stats.errors, 3U + limits_.threads);
}

TEST_F(PrefetchTest, LeavesOutWhatTheBuildHasAskedFor) {
  build(6);
  Prefetch prefetch(importer_, *b_.store, record_, limits_);
  prefetch.note_look_up(runs_[1].probe);
  prefetch.note_look_up(runs_[4].probe);
  prefetch.run();
  EXPECT_EQ(prefetch.stats().passed, 2U);
  EXPECT_EQ(prefetch.stats().imported, 4U);
  EXPECT_EQ(prefetch.stats().helped, 2U);
}

TEST_F(PrefetchTest, StopsWhenItDoesNotHelp) {
  build(6);
  Prefetch prefetch(importer_, *b_.store, record_, limits_);
  for (int i = 0; i < 63; ++i)
    prefetch.note_look_up(store::probe_key_of("another build " + std::to_string(i)));
  EXPECT_EQ(prefetch.stats().ended_because, "");
  prefetch.note_look_up(store::probe_key_of("another build"));
  prefetch.run();
  EXPECT_EQ(prefetch.stats().ended_because, "it does not help");
  EXPECT_EQ(prefetch.stats().imported, 0U);
}

TEST_F(PrefetchTest, GoesOnWhileItHelps) {
  build(10);
  Prefetch prefetch(importer_, *b_.store, record_, limits_);
  for (int i = 0; i < 70; ++i)
    prefetch.note_look_up(i % 8 == 0 ? runs_[0].probe : store::probe_key_of("x"));
  prefetch.run();
  EXPECT_EQ(prefetch.stats().ended_because, "done");
  EXPECT_EQ(prefetch.stats().imported, 9U);
}

TEST_F(PrefetchTest, EndsWhenItIsDestroyed) {
  build(30);
  limits_.batch = 1;
  Prefetch prefetch(importer_, *b_.store, record_, limits_);
  prefetch.start();
  prefetch.stop();
}

TEST_F(PrefetchTest, RunsBesideTheBuild) {
  build(30);
  {
    Prefetch prefetch(importer_, *b_.store, record_, limits_);
    prefetch.start();
    while (!prefetch.stats().has_ended) std::this_thread::yield();
  }
  EXPECT_EQ(here(), 30U);
}

}  // namespace
}  // namespace deja::exchange
