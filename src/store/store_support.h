// SPDX-License-Identifier: Apache-2.0
// Helpers for tests of stores: keys by name, blobs by content.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <string_view>
#include <vector>

#include "digest/hasher.h"
#include "os/file.h"
#include "os/io.h"
#include "store/store.h"

namespace deja::store {

inline ActionKey action_key_of(std::string_view name) {
  return ActionKey{digest::digest_bytes("action" + std::string(name))};
}
inline ProbeKey probe_key_of(std::string_view name) {
  return ProbeKey{digest::digest_bytes("probe" + std::string(name))};
}

// The bytes of the blob for a reader; otherwise "absent" or an error message.
inline std::string read_blob(BlobStore& store, const Digest& digest) {
  auto blob = store.open_blob(digest);
  if (!blob) return "error: " + blob.error().message;
  if (!*blob) return "absent";
  auto bytes = os::read_fd((*blob)->fd, 1 << 30);
  if (!bytes) return "error: " + bytes.error().message;
  EXPECT_EQ(bytes->size(), (*blob)->size);
  return *std::move(bytes);
}

inline PutBlob put_bytes(BlobStore& store, std::string_view bytes) {
  auto put = store.put_blob_bytes(bytes);
  EXPECT_TRUE(put) << put.error().message;
  return put ? *put : PutBlob{};
}

// A file with these bytes; its offset is at the end.
inline os::Fd file_of(std::string_view bytes) {
  os::Fd fd(::memfd_create("source", MFD_CLOEXEC));
  // Not os::write_fd(), which passes a failpoint that is meant for the store.
  EXPECT_EQ(os::write_all(fd.get(), bytes.data(), bytes.size()), 0);
  return fd;
}

inline ResultFacts facts_of(const std::vector<PutBlob>& blobs, std::uint64_t cost_ns = 1'000'000) {
  ResultFacts facts;
  for (const PutBlob& blob : blobs) facts.blobs.push_back({blob.digest, blob.size});
  facts.cost_ns = cost_ns;
  return facts;
}

}  // namespace deja::store
