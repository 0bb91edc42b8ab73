// What a store promises. BlobStore and RecordStore are the two small interfaces that the pipeline
// sees; every store (local, remote, tiered, the one in memory for tests) passes the same contract
// suite (store/store_contract.h).
//
// All methods are thread-safe and may block on I/O. An Error means the store failed, never that
// something is absent. Nothing a caller put is ever handed out changed: a store verifies, or says
// that it has nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "digest/digest.h"
#include "os/fd.h"

namespace deja::store {

struct Blob {
  os::Fd fd;  // open for reading, positioned at the start
  std::uint64_t size = 0;
};

struct PutBlob {
  Digest digest;
  std::uint64_t size = 0;
  bool was_known = false;  // the bytes were there before (a "dup")
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::optional<Blob>> open_blob(const Digest& digest) = 0;
  // Stores all bytes of source (a regular file, read from its start whatever its offset), by
  // reflink where the file system can. The digest is of the bytes that were stored.
  virtual Result<PutBlob> put_blob(const os::Fd& source) = 0;
  virtual Result<PutBlob> put_blob_bytes(std::string_view bytes) = 0;
};

struct BlobReference {
  Digest digest;
  std::uint64_t size = 0;
};

// What the store must know of a result to keep the law "complete or absent" and to evict well.
struct ResultFacts {
  std::vector<BlobReference> blobs;  // all blobs the result names
  std::uint64_t cost_ns = 0;         // what running the tool cost
  // The manifest through which it is found: when the last result of a probe key goes, so does its
  // manifest. Empty: the manifest goes by age.
  std::optional<ProbeKey> probe;
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // A result is handed out only while every blob it names is present with its size.
  virtual Result<std::optional<std::string>> get_result(const ActionKey& key) = 0;
  // All of facts.blobs must have been put before; replaces what was there.
  virtual Status put_result(const ActionKey& key, std::string_view record,
                            const ResultFacts& facts) = 0;
  // False when there was none.
  virtual Result<bool> remove_result(const ActionKey& key) = 0;

  virtual Result<std::optional<std::string>> get_manifest(const ProbeKey& key) = 0;
  virtual Status put_manifest(const ProbeKey& key, std::string_view record) = 0;
  // Reads, changes and writes a manifest in one step that no other process can come between.
  // `change` gets the present record (empty when none) and returns the new one; it may run twice.
  using ManifestChange = std::string (*)(void* context, std::optional<std::string_view> present);
  virtual Status update_manifest(const ProbeKey& key, ManifestChange change, void* context) = 0;
};

}  // namespace deja::store
