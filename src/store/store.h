// SPDX-License-Identifier: Apache-2.0
// The contract of a store. BlobStore and RecordStore are the two small interfaces that the pipeline
// uses; every store passes the same contract tests (store/store_contract.h).
//
// All methods are thread-safe and may block on I/O. An Error means that the store failed, never that
// something is absent. A store never returns changed data: it verifies, or reports that there is none.
#pragma once

#include <sys/types.h>

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
  std::string path;  // of its file; empty: it has none
};

struct PutBlob {
  Digest digest;
  std::uint64_t size = 0;
  bool was_known = false;   // the bytes were already stored (a "dup")
  bool was_cloned = false;  // the file system shares them with the source (reflink)
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::optional<Blob>> open_blob(const Digest& digest) = 0;
  // Stores all bytes of source (a regular file, read from its start whatever its offset), by reflink
  // if the file system can. The digest is that of the stored bytes.
  virtual Result<PutBlob> put_blob(const os::Fd& source) = 0;
  virtual Result<PutBlob> put_blob_bytes(std::string_view bytes) = 0;
  // Moves a copy of the blob that was made ahead to `to`, as a new file of this mode. False: there is none; nothing is
  // at `to`.
  virtual bool take_spare(const Digest& /*digest*/, const std::string& /*to*/, mode_t /*mode*/) {
    return false;
  }
};

struct BlobReference {
  Digest digest;
  std::uint64_t size = 0;
};

// The facts about a result that the store needs for the rule "complete or absent" and for eviction.
struct ResultFacts {
  std::vector<BlobReference> blobs;  // all blobs that the result names
  std::uint64_t cost_ns = 0;         // the run time of the tool
  // The manifest through which the result is found: it is removed with the last result of its probe
  // key. Empty: the manifest is removed by age.
  std::optional<ProbeKey> probe;
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // A result is returned only while every blob it names is present with its size.
  virtual Result<std::optional<std::string>> get_result(const ActionKey& key) = 0;
  // All of facts.blobs must have been stored before. Replaces an existing result.
  virtual Status put_result(const ActionKey& key, std::string_view record,
                            const ResultFacts& facts) = 0;
  // False: there was none.
  virtual Result<bool> remove_result(const ActionKey& key) = 0;

  virtual Result<std::optional<std::string>> get_manifest(const ProbeKey& key) = 0;
  virtual Status put_manifest(const ProbeKey& key, std::string_view record) = 0;
  // Reads, changes and writes a manifest atomically with respect to other processes. `change` gets the
  // present record (empty if none) and returns the new one; it may run twice.
  using ManifestChange = std::string (*)(void* context, std::optional<std::string_view> present);
  virtual Status update_manifest(const ProbeKey& key, ManifestChange change, void* context) = 0;
};

}  // namespace deja::store
