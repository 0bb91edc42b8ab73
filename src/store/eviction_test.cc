// SPDX-License-Identifier: Apache-2.0
#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::store {
namespace {

constexpr std::uint64_t kEvictionLimit = 1 << 20;

LocalStore::Options limited(std::uint64_t limit = kEvictionLimit) {
  LocalStore::Options options;
  options.limit_bytes = limit;
  options.touch_grain_ns = 0;
  return options;
}

struct Spec {
  std::string name;
  std::size_t bytes = 10'000;
  std::uint64_t cost_ns = 1'000'000;
};

Status publish(LocalStore& store, const Spec& spec) {
  ResultFacts facts =
      facts_of({put_bytes(store, spec.name + std::string(spec.bytes, '.'))}, spec.cost_ns);
  facts.probe = probe_key_of(spec.name);
  auto done = store.put_result(action_key_of(spec.name), spec.name, facts);
  if (!done) return done;
  return store.put_manifest(probe_key_of(spec.name), spec.name);
}

bool has(LocalStore& store, const std::string& name) {
  const auto got = store.get_result(action_key_of(name));
  EXPECT_TRUE(got);
  return got && got->has_value();
}

// The size of the directory on disk: blobs, ledger and files in tmp.
std::uint64_t bytes_on_disk(const Layout& layout) {
  std::uint64_t bytes = 0;
  const std::function<void(const std::string&)> add = [&](const std::string& directory) {
    const auto names = os::list_directory(directory);
    if (!names) return;
    for (const std::string& name : *names) {
      const auto id = os::stat_file(directory + "/" + name, os::Links::keep);
      if (!id || !*id) continue;
      if ((*id)->is_directory())
        add(directory + "/" + name);
      else
        bytes += blob_disk_bytes((*id)->size);
    }
  };
  for (const std::string& directory : {layout.blobs(), layout.ledger(), layout.tmp()})
    add(directory);
  return bytes;
}

TEST(Eviction, TheLimitHoldsAfterEachPublish) {
  TempStore store(limited());
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(publish(*store, {.name = std::to_string(i)}));
    ASSERT_LE(store->stats()->bytes, kEvictionLimit) << i;
    ASSERT_LE(bytes_on_disk(store.layout()), kEvictionLimit + 2 * 4096) << i;
    ASSERT_TRUE(has(*store, std::to_string(i)));  // the result stored last is kept
  }
  const auto stats = *store->stats();
  EXPECT_GT(stats.evicted, 100u);
  EXPECT_GT(stats.bytes, kEvictionLimit / 2);
  EXPECT_EQ(stats.results, stats.manifests);
  EXPECT_TRUE(store->verify(false)->is_clean());
  EXPECT_EQ(store->verify(false)->blobs_orphaned, 0u);
  EXPECT_LT(stats.index_file_bytes, 2 * kEvictionLimit);
}

TEST(Eviction, TheLeastRecentlyUsedOfEqualsGoesFirst) {
  TempStore store(limited());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(publish(*store, {.name = std::to_string(i)}));
  for (int i = 0; i < 20; ++i) store->touch(action_key_of(std::to_string(i)));
  ASSERT_TRUE(store->flush());
  for (int i = 100; i < 145; ++i) ASSERT_TRUE(publish(*store, {.name = std::to_string(i)}));
  int old = 0;
  int touched = 0;
  for (int i = 0; i < 20; ++i) touched += has(*store, std::to_string(i)) ? 1 : 0;
  for (int i = 20; i < 40; ++i) old += has(*store, std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(touched, 20);
  EXPECT_LT(old, 15);
}

TEST(Eviction, AHighCostPerByteOutlivesALowOne) {
  TempStore store(limited());
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(publish(*store, {.name = "dear" + std::to_string(i), .cost_ns = 10'000'000'000}));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(publish(*store, {.name = std::to_string(i)}));
  int dear = 0;
  for (int i = 0; i < 20; ++i) dear += has(*store, "dear" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(dear, 20);
  // But they are evicted in the end if they are not used.
  for (int i = 0; i < 5000; ++i)
    ASSERT_TRUE(publish(*store, {.name = "more" + std::to_string(i), .bytes = 30'000}));
  dear = 0;
  for (int i = 0; i < 20; ++i) dear += has(*store, "dear" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(dear, 0);
}

TEST(Eviction, AResultLargerThanTheLimitIsRefusedAndLeavesNothing) {
  TempStore store(limited());
  ASSERT_TRUE(publish(*store, {.name = "small"}));
  const auto done = publish(*store, {.name = "large", .bytes = kEvictionLimit});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::no_space);
  EXPECT_TRUE(has(*store, "small"));
  EXPECT_LE(bytes_on_disk(store.layout()), 64u << 10);
}

TEST(Eviction, ASharedBlobGoesWithItsLastResult) {
  TempStore store(limited());
  const PutBlob shared = put_bytes(*store, std::string(500'000, 's'));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(store->put_result(
        action_key_of(std::to_string(i)), "r",
        facts_of({shared, put_bytes(*store, std::to_string(i) + std::string(9000, '.'))})));
    ASSERT_LE(store->stats()->bytes, kEvictionLimit);
  }
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(Eviction, ALowerLimitIsKeptOnHitsOnly) {
  TempStore store(limited(4 * kEvictionLimit));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(publish(*store, {.name = std::to_string(i)}));
  EXPECT_GT(store->stats()->bytes, kEvictionLimit);
  store.options().limit_bytes = kEvictionLimit;
  store.reopen();
  ASSERT_TRUE(store->maintain());
  EXPECT_LE(store->stats()->bytes, kEvictionLimit);
}

TEST(Eviction, ManifestsAloneAreBoundedToo) {
  TempStore store(limited());
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(store->put_manifest(probe_key_of(std::to_string(i)), std::string(20'000, 'm')));
    ASSERT_LE(store->stats()->bytes, kEvictionLimit);
  }
  EXPECT_GT(store->stats()->manifests, 5u);
}

TEST(Eviction, AReaderThatOpenedABlobKeepsIt) {
  TempStore store(limited());
  const std::string content = "kept" + std::string(5000, '.');
  const PutBlob blob = put_bytes(*store, content);
  ASSERT_TRUE(store->put_result(action_key_of("kept"), "r", facts_of({blob}, 0)));
  auto opened = store->open_blob(blob.digest);
  ASSERT_TRUE(opened && *opened);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(publish(*store, {.name = std::to_string(i)}));
  EXPECT_FALSE(has(*store, "kept"));
  EXPECT_EQ(*os::read_fd((*opened)->fd, 1 << 20), content);
}

TEST(Sweep, OrphansAndStaleFilesGoAfterTheirGrace) {
  TempStore store;
  ASSERT_TRUE(publish(*store, {.name = "a"}));
  const PutBlob orphan = put_bytes(*store, "orphan");
  ASSERT_TRUE(os::write_file_atomic(store.layout().tmp() + "/999999999.1.1", "left behind"));
  ASSERT_TRUE(
      os::write_file_atomic(store.layout().blob_directory(orphan.digest) + "/foreign", "x"));
  auto report = store->gc();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->orphan_blobs, 0u);  // too young
  store.options().grace_ns = 1;
  store.reopen();
  report = store->gc();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->orphan_blobs, 1u);
  EXPECT_EQ(report->stale_files, 1u);
  EXPECT_EQ(read_blob(*store, orphan.digest), "absent");
  EXPECT_TRUE(has(*store, "a"));
  EXPECT_TRUE(store->verify(false)->is_clean());
}

}  // namespace
}  // namespace deja::store
