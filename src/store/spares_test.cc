// SPDX-License-Identifier: Apache-2.0
#include "store/spares.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "os/spare.h"
#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::store {
namespace {

constexpr std::size_t kLarge = os::kSpareMin;

LocalStore::Options with_spares() {
  LocalStore::Options options;
  options.limit_bytes = 100'000'000;
  options.spares_bytes = 10 * kLarge;
  return options;
}

class SparesTest : public ::testing::Test {
 protected:
  void reopen_with(std::uint64_t spares_bytes, std::uint64_t limit_bytes = 100'000'000) {
    store_.options().spares_bytes = spares_bytes;
    store_.options().limit_bytes = limit_bytes;
    store_.reopen();
  }
  // A result with one blob of this size.
  Digest add(char name, std::size_t size) {
    const auto put = store_->put_blob_bytes(std::string(size, name));
    EXPECT_TRUE(put);
    ResultFacts facts;
    facts.blobs = {{put->digest, size}};
    EXPECT_TRUE(store_->put_result(key(name), "record", facts));
    return put->digest;
  }
  static ActionKey key(char name) { return ActionKey{digest::digest_bytes(std::string(1, name))}; }
  void make_all() {
    while (store_->wants_spares()) ASSERT_TRUE(store_->make_spares());
  }
  bool has(const Digest& digest) const {
    const auto there = os::stat_file(store_.layout().spare(digest));
    return there && *there;
  }
  bool take(const Digest& digest) {
    return store_->take_spare(digest, store_.directory() + "/out" + std::to_string(taken_++), 0644);
  }
  bool is_reflinking() {
    const Digest probe = add('?', kLarge);
    make_all();
    return !has(probe) || !take(probe);
  }

  TempStore store_{with_spares()};
  int taken_ = 0;
};

#define SKIP_IF_REFLINKING() \
  if (is_reflinking())       \
  GTEST_SKIP() << "files share blocks here, so there are no spares: " << store_.dir()

TEST_F(SparesTest, OneIsMadeForALargeBlobThatWasStored) {
  SKIP_IF_REFLINKING();
  const Digest large = add('a', kLarge), small = add('b', kLarge - 1);
  EXPECT_FALSE(has(large)) << "not before there is time";
  make_all();
  EXPECT_TRUE(has(large));
  EXPECT_FALSE(has(small));
  ASSERT_TRUE(take(large));
  EXPECT_EQ(*os::read_file(store_.directory() + "/out1"), std::string(kLarge, 'a'));
  EXPECT_FALSE(take(large));
}

TEST_F(SparesTest, AnotherOneIsMadeWhenTheResultWasUsed) {
  SKIP_IF_REFLINKING();
  const Digest blob = add('a', kLarge);
  make_all();
  ASSERT_TRUE(take(blob));
  make_all();
  EXPECT_FALSE(has(blob));
  store_->touch(key('a'));
  make_all();
  EXPECT_TRUE(take(blob));
}

TEST_F(SparesTest, ATouchedOneIsReplaced) {
  SKIP_IF_REFLINKING();
  const Digest blob = add('a', kLarge);
  make_all();
  overwrite(store_.layout().spare(blob), 7, "damage");
  EXPECT_FALSE(take(blob));
  store_->touch(key('a'));
  make_all();
  EXPECT_TRUE(take(blob));
  EXPECT_EQ(*os::read_file(store_.directory() + "/out" + std::to_string(taken_ - 1)),
            std::string(kLarge, 'a'));
}

TEST_F(SparesTest, TheyKeepToTheirRoomAndTheFirstOnesStay) {
  SKIP_IF_REFLINKING();
  reopen_with(2 * kLarge);
  const Digest a = add('a', kLarge), b = add('b', kLarge), c = add('c', kLarge);
  make_all();
  EXPECT_TRUE(has(a));
  EXPECT_TRUE(has(b));
  EXPECT_FALSE(has(c));
  ASSERT_TRUE(take(a));
  store_->touch(key('c'));
  make_all();
  EXPECT_TRUE(has(c)) << "taken ones make room";
}

TEST_F(SparesTest, TheyTakeNothingFromResults) {
  SKIP_IF_REFLINKING();
  reopen_with(10 * kLarge, 10 * kLarge);
  const Digest a = add('a', kLarge);
  make_all();
  EXPECT_TRUE(has(a));
  for (char name = 'b'; name < 'i'; ++name) add(name, kLarge);
  ASSERT_TRUE(store_->get_result(key('b')).operator*());
  ASSERT_TRUE(store_->maintain());
  std::uint64_t spares = 0;
  const auto names = os::list_directory(store_.layout().spares());
  ASSERT_TRUE(names);
  for (const std::string& name : *names)
    spares += (*os::stat_file(store_.layout().spares() + "/" + name, os::Links::keep))->size;
  EXPECT_LE(spares + store_->stats()->bytes, 10 * kLarge);
}

TEST_F(SparesTest, NoneAreMadeWithoutRoom) {
  reopen_with(0);
  const Digest blob = add('a', kLarge);
  EXPECT_FALSE(store_->wants_spares());
  EXPECT_FALSE(take(blob));
}

TEST_F(SparesTest, PurgeAndGcRemoveThem) {
  SKIP_IF_REFLINKING();
  const Digest blob = add('a', kLarge);
  make_all();
  ASSERT_TRUE(has(blob));
  ASSERT_TRUE(store_->gc());
  EXPECT_FALSE(has(blob));
  store_->touch(key('a'));
  make_all();
  ASSERT_TRUE(has(blob));
  ASSERT_TRUE(store_->purge());
  EXPECT_FALSE(has(blob));
}

TEST_F(SparesTest, ADamagedBlobGetsNone) {
  SKIP_IF_REFLINKING();
  const Digest blob = add('a', kLarge);
  overwrite(store_.layout().blob(blob), 7, "damage");
  make_all();
  EXPECT_FALSE(has(blob));
}

// A client that has looked at the last spare may rename what has its name now.
TEST_F(SparesTest, WhatHasItsNameIsComplete) {
  SKIP_IF_REFLINKING();
  constexpr std::size_t kBytes = 256 * kLarge;
  store_.options().spares_bytes = kBytes;
  store_.reopen();
  const Digest blob = add('a', kBytes);
  std::atomic<bool> is_over{false}, is_partial{false};
  std::thread watcher([&, path = store_.layout().spare(blob)] {
    while (!is_over) {
      const auto there = os::stat_file(path);
      if (there && *there && (*there)->size != kBytes) is_partial = true;
    }
  });
  for (int i = 0; i < 10; ++i) {
    store_->touch(key('a'));
    make_all();
    EXPECT_TRUE(take(blob));
  }
  is_over = true;
  watcher.join();
  EXPECT_FALSE(is_partial);
}

TEST_F(SparesTest, WhatAKilledEngineLeftIsRemoved) {
  SKIP_IF_REFLINKING();
  const Digest a = add('a', kLarge), b = add('b', kLarge);
  make_all();
  ASSERT_TRUE(os::remove_file(store_.layout().spare(a) + ".id"));
  ASSERT_TRUE(os::remove_file(store_.layout().spare(b)));
  store_.reopen();
  add('c', kLarge);
  make_all();
  EXPECT_EQ(os::list_directory(store_.layout().spares())->size(), 2u)
      << "the third and its identity";
}

TEST_F(SparesTest, AnotherProcessFindsThem) {
  SKIP_IF_REFLINKING();
  const Digest blob = add('a', kLarge);
  make_all();
  store_.reopen();
  EXPECT_TRUE(take(blob));
}

}  // namespace
}  // namespace deja::store
