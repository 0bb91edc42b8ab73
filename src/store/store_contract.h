// SPDX-License-Identifier: Apache-2.0
// The contract tests of BlobStore and RecordStore. A store's test instantiates them like this:
//
//   struct MemSubject {
//     BlobStore& blobs();
//     RecordStore& records();
//     void lose_blob(const Digest&);   // removes the blob's bytes behind the store's back
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mem, StoreContract, MemSubject);
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "store/store_support.h"

namespace deja::store {

template <typename Subject>
class StoreContract : public testing::Test {
 protected:
  BlobStore& blobs() { return subject_.blobs(); }
  RecordStore& records() { return subject_.records(); }
  std::optional<std::string> result(const ActionKey& key) {
    auto got = records().get_result(key);
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : std::nullopt;
  }
  std::optional<std::string> manifest(const ProbeKey& key) {
    auto got = records().get_manifest(key);
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : std::nullopt;
  }
  void put(const ActionKey& key, std::string_view record, const ResultFacts& facts) {
    auto done = records().put_result(key, record, facts);
    EXPECT_TRUE(done) << done.error().message;
  }
  Subject subject_;
};

TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, KnowsNothingAtFirst) {
  EXPECT_EQ(read_blob(this->blobs(), digest::digest_bytes("x")), "absent");
  EXPECT_EQ(this->result(action_key_of("a")), std::nullopt);
  EXPECT_EQ(this->manifest(probe_key_of("a")), std::nullopt);
  EXPECT_FALSE(*this->records().remove_result(action_key_of("a")));
}

TYPED_TEST_P(StoreContract, HandsOutBlobsAsTheyWerePut) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  for (const std::string& bytes :
       {std::string(), std::string(1, '\0'), all_bytes, std::string(3'000'001, 'x')}) {
    const PutBlob put = put_bytes(this->blobs(), bytes);
    EXPECT_EQ(put.digest, digest::digest_bytes(bytes));
    EXPECT_EQ(put.size, bytes.size());
    EXPECT_FALSE(put.was_known);
    EXPECT_EQ(read_blob(this->blobs(), put.digest), bytes);
  }
}

TYPED_TEST_P(StoreContract, StoresAFileFromItsStartWhateverItsOffset) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{1} << 20}) {
    const std::string bytes(size, 'q');
    const os::Fd source = file_of(bytes);  // the offset is at its end
    const auto put = this->blobs().put_blob(source);
    ASSERT_TRUE(put) << put.error().message;
    EXPECT_EQ(put->digest, digest::digest_bytes(bytes));
    EXPECT_EQ(put->size, size);
    EXPECT_EQ(read_blob(this->blobs(), put->digest), bytes);
  }
}

TYPED_TEST_P(StoreContract, SaysWhenABlobWasKnown) {
  const std::string bytes(500'000, 'k');
  EXPECT_FALSE(put_bytes(this->blobs(), bytes).was_known);
  EXPECT_TRUE(put_bytes(this->blobs(), bytes).was_known);
  EXPECT_TRUE(this->blobs().put_blob(file_of(bytes))->was_known);
}

TYPED_TEST_P(StoreContract, ReturnsResultsAsTheyWerePut) {
  const PutBlob blob = put_bytes(this->blobs(), "object");
  const std::string record("rec\0ord", 7);
  this->put(action_key_of("a"), record, facts_of({blob}));
  EXPECT_EQ(this->result(action_key_of("a")), record);
  EXPECT_EQ(this->result(action_key_of("b")), std::nullopt);
  this->put(action_key_of("a"), "second", facts_of({blob}));
  EXPECT_EQ(this->result(action_key_of("a")), "second");
  EXPECT_EQ(read_blob(this->blobs(), blob.digest), "object");
}

TYPED_TEST_P(StoreContract, AResultMayNameNoBlobOrOneTwice) {
  this->put(action_key_of("none"), "", {});
  EXPECT_EQ(this->result(action_key_of("none")), "");
  const PutBlob blob = put_bytes(this->blobs(), "twice");
  this->put(action_key_of("two"), "r", facts_of({blob, blob}));
  EXPECT_EQ(this->result(action_key_of("two")), "r");
}

TYPED_TEST_P(StoreContract, RefusesAResultWhoseBlobsAreNotThere) {
  const PutBlob missing{digest::digest_bytes("never put"), 9, false};
  EXPECT_FALSE(this->records().put_result(action_key_of("a"), "r", facts_of({missing})));
  EXPECT_EQ(this->result(action_key_of("a")), std::nullopt);
  PutBlob wrong_size = put_bytes(this->blobs(), "abc");
  wrong_size.size = 4;
  EXPECT_FALSE(this->records().put_result(action_key_of("a"), "r", facts_of({wrong_size})));
  EXPECT_EQ(this->result(action_key_of("a")), std::nullopt);
}

TYPED_TEST_P(StoreContract, AResultWithALostBlobIsAbsentUntilPutAgain) {
  const PutBlob first = put_bytes(this->blobs(), "first");
  const PutBlob second = put_bytes(this->blobs(), "second");
  this->put(action_key_of("a"), "r", facts_of({first, second}));
  this->subject_.lose_blob(second.digest);
  EXPECT_EQ(this->result(action_key_of("a")), std::nullopt);
  EXPECT_EQ(read_blob(this->blobs(), second.digest), "absent");
  const PutBlob again_first = put_bytes(this->blobs(), "first");
  const PutBlob again_second = put_bytes(this->blobs(), "second");
  EXPECT_FALSE(again_second.was_known);
  this->put(action_key_of("a"), "r", facts_of({again_first, again_second}));
  EXPECT_EQ(this->result(action_key_of("a")), "r");
}

TYPED_TEST_P(StoreContract, ForgetsARemovedResult) {
  this->put(action_key_of("a"), "r", facts_of({put_bytes(this->blobs(), "x")}));
  EXPECT_TRUE(*this->records().remove_result(action_key_of("a")));
  EXPECT_FALSE(*this->records().remove_result(action_key_of("a")));
  EXPECT_EQ(this->result(action_key_of("a")), std::nullopt);
}

TYPED_TEST_P(StoreContract, ReturnsManifestsAsTheyWerePut) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{100}, std::size_t{5000}, std::size_t{300'000}}) {
    const std::string record(size, 'm');
    ASSERT_TRUE(this->records().put_manifest(probe_key_of("p"), record));
    EXPECT_EQ(this->manifest(probe_key_of("p")), record);
  }
}

TYPED_TEST_P(StoreContract, UpdatesAManifestFromWhatIsThere) {
  const auto append = [](void* letter, std::optional<std::string_view> present) {
    return std::string(present.value_or("-")) + *static_cast<char*>(letter);
  };
  for (char letter = 'a'; letter <= 'c'; ++letter)
    ASSERT_TRUE(this->records().update_manifest(probe_key_of("p"), append, &letter));
  EXPECT_EQ(this->manifest(probe_key_of("p")), "-abc");
}

TYPED_TEST_P(StoreContract, LosesNoUpdateOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kUpdates = 50;
  const auto append = [](void*, std::optional<std::string_view> present) {
    return std::string(present.value_or("")) + "x";
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kUpdates; ++k)
        EXPECT_TRUE(this->records().update_manifest(probe_key_of("p"), append, nullptr));
    });
  }
  threads.clear();
  EXPECT_EQ(this->manifest(probe_key_of("p")), std::string(kThreads * kUpdates, 'x'));
}

TYPED_TEST_P(StoreContract, ServesManyThreadsAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 40; ++k) {
        // Half of the blobs are shared by all threads.
        const std::string bytes = "blob" + std::to_string(k % 2 == 0 ? k : k * 10 + i);
        const PutBlob blob = put_bytes(this->blobs(), bytes);
        const ActionKey key = action_key_of(bytes);
        this->put(key, bytes, facts_of({blob}));
        EXPECT_EQ(this->result(key), bytes);
        EXPECT_EQ(read_blob(this->blobs(), blob.digest), bytes);
      }
    });
  }
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, KnowsNothingAtFirst, HandsOutBlobsAsTheyWerePut,
                            StoresAFileFromItsStartWhateverItsOffset, SaysWhenABlobWasKnown,
                            ReturnsResultsAsTheyWerePut, AResultMayNameNoBlobOrOneTwice,
                            RefusesAResultWhoseBlobsAreNotThere,
                            AResultWithALostBlobIsAbsentUntilPutAgain, ForgetsARemovedResult,
                            ReturnsManifestsAsTheyWerePut, UpdatesAManifestFromWhatIsThere,
                            LosesNoUpdateOfManyThreads, ServesManyThreadsAtOnce);

}  // namespace deja::store
