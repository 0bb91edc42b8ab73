// SPDX-License-Identifier: Apache-2.0
// MemStore: a store in memory for tests of code that uses the two store interfaces. It keeps the
// contract (store_contract.h) and nothing else: no limit, no eviction.
//
// Thread-safe. Blobs are handed out as anonymous files (memfd), so callers see real descriptors.
#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "store/store.h"

namespace deja::store {

class MemStore final : public BlobStore, public RecordStore {
 public:
  Result<std::optional<Blob>> open_blob(const Digest& digest) override;
  Result<PutBlob> put_blob(const os::Fd& source) override;
  Result<PutBlob> put_blob_bytes(std::string_view bytes) override;

  Result<std::optional<std::string>> get_result(const ActionKey& key) override;
  Status put_result(const ActionKey& key, std::string_view record,
                    const ResultFacts& facts) override;
  Result<bool> remove_result(const ActionKey& key) override;
  Result<std::optional<std::string>> get_manifest(const ProbeKey& key) override;
  Status put_manifest(const ProbeKey& key, std::string_view record) override;
  Status update_manifest(const ProbeKey& key, ManifestChange change, void* context) override;

  // For tests: removes a blob behind the store's back.
  void lose_blob(const Digest& digest);

 private:
  struct StoredResult {
    std::string record;
    ResultFacts facts;
  };
  bool is_complete(const ResultFacts& facts) const REQUIRES_LOCK(mutex_);

  Mutex mutex_;
  std::map<Digest, std::string> blobs_ GUARDED_BY(mutex_);
  std::map<ActionKey, StoredResult> results_ GUARDED_BY(mutex_);
  std::map<ProbeKey, std::string> manifests_ GUARDED_BY(mutex_);
};

}  // namespace deja::store
