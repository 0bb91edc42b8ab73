// SPDX-License-Identifier: Apache-2.0
// A store in memory that fails at the n-th call.
#pragma once

#include <atomic>
#include <functional>

#include "store/mem_store.h"

namespace deja::pipeline::testing {

class FaultyStore final : public store::BlobStore, public store::RecordStore {
 public:
  explicit FaultyStore(store::MemStore& below) : below_(below) {}

  // Call n fails, and those after it work: 1 is the next one, 0 none. `calls` starts again.
  void fail_at(int n) { fail_at_ = n, calls = 0; }
  // Every call fails.
  void fail_always() { fail_at_ = -1, calls = 0; }
  std::atomic<int> calls = 0;  // also those that failed
  // Called before a file is read into the store.
  std::function<void()> on_put_blob{};

  Result<std::optional<store::Blob>> open_blob(const Digest& digest) override {
    if (fails()) return broken();
    return below_.open_blob(digest);
  }
  Result<store::PutBlob> put_blob(const os::Fd& source) override {
    if (fails()) return broken();
    if (on_put_blob) on_put_blob();
    return below_.put_blob(source);
  }
  Result<store::PutBlob> put_blob_bytes(std::string_view bytes) override {
    if (fails()) return broken();
    return below_.put_blob_bytes(bytes);
  }
  Result<std::optional<std::string>> get_result(const ActionKey& key) override {
    if (fails()) return broken();
    return below_.get_result(key);
  }
  Status put_result(const ActionKey& key, std::string_view record,
                    const store::ResultFacts& facts) override {
    if (fails()) return broken();
    return below_.put_result(key, record, facts);
  }
  Result<bool> remove_result(const ActionKey& key) override {
    if (fails()) return broken();
    return below_.remove_result(key);
  }
  Result<std::optional<std::string>> get_manifest(const ProbeKey& key) override {
    if (fails()) return broken();
    return below_.get_manifest(key);
  }
  Status put_manifest(const ProbeKey& key, std::string_view record) override {
    if (fails()) return broken();
    return below_.put_manifest(key, record);
  }
  Status update_manifest(const ProbeKey& key, ManifestChange change, void* context) override {
    if (fails()) return broken();
    return below_.update_manifest(key, change, context);
  }

 private:
  bool fails() { return ++calls == fail_at_ || fail_at_ < 0; }
  static Error broken() { return {Code::io, 0, "the store is broken"}; }

  store::MemStore& below_;
  std::atomic<int> fail_at_ = 0;
};

}  // namespace deja::pipeline::testing
