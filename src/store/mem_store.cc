// SPDX-License-Identifier: Apache-2.0
// Blobs, results and manifests in three maps under one mutex. A blob is copied into a new anonymous file each
// time it is opened, so a reader cannot change it.
#include "store/mem_store.h"

#include <sys/mman.h>

#include "digest/hasher.h"
#include "os/disk.h"

namespace deja::store {
namespace {

constexpr std::uint64_t kBlobLimit = 1ULL << 30;

Result<os::Fd> anonymous_file(std::string_view bytes) {
  os::Fd fd(::memfd_create("deja-blob", MFD_CLOEXEC));
  if (!fd) return sys_error("memfd_create");
  TRY(os::overwrite_start(fd, bytes));
  return fd;
}

}  // namespace

Result<std::optional<Blob>> MemStore::open_blob(const Digest& digest) {
  const MutexLock lock(mutex_);
  const auto it = blobs_.find(digest);
  if (it == blobs_.end()) return std::optional<Blob>();
  Blob blob;
  blob.fd = TRY(anonymous_file(it->second));
  blob.size = it->second.size();
  return std::optional(std::move(blob));
}

Result<PutBlob> MemStore::put_blob(const os::Fd& source) {
  const auto bytes = TRY(os::read_from_start(source, kBlobLimit));
  if (!bytes) return Error{Code::no_space, 0, "the blob is too large for memory"};
  return put_blob_bytes(*bytes);
}

Result<PutBlob> MemStore::put_blob_bytes(std::string_view bytes) {
  PutBlob put;
  put.digest = digest::digest_bytes(bytes);
  put.size = bytes.size();
  const MutexLock lock(mutex_);
  put.was_known = !blobs_.emplace(put.digest, bytes).second;
  return put;
}

bool MemStore::is_complete(const ResultFacts& facts) const {
  for (const BlobReference& wanted : facts.blobs) {
    const auto it = blobs_.find(wanted.digest);
    if (it == blobs_.end() || it->second.size() != wanted.size) return false;
  }
  return true;
}

Result<std::optional<std::string>> MemStore::get_result(const ActionKey& key) {
  const MutexLock lock(mutex_);
  const auto it = results_.find(key);
  if (it == results_.end()) return std::optional<std::string>();
  if (!is_complete(it->second.facts)) {
    results_.erase(it);
    return std::optional<std::string>();
  }
  return std::optional(it->second.record);
}

Status MemStore::put_result(const ActionKey& key, std::string_view record,
                            const ResultFacts& facts) {
  const MutexLock lock(mutex_);
  if (!is_complete(facts))
    return Error{Code::invalid, 0, "the result names a blob that is not stored"};
  results_[key] = {std::string(record), facts};
  return {};
}

Result<bool> MemStore::remove_result(const ActionKey& key) {
  const MutexLock lock(mutex_);
  return results_.erase(key) != 0;
}

Result<std::optional<std::string>> MemStore::get_manifest(const ProbeKey& key) {
  const MutexLock lock(mutex_);
  const auto it = manifests_.find(key);
  if (it == manifests_.end()) return std::optional<std::string>();
  return std::optional(it->second);
}

Status MemStore::put_manifest(const ProbeKey& key, std::string_view record) {
  const MutexLock lock(mutex_);
  manifests_[key] = record;
  return {};
}

Status MemStore::update_manifest(const ProbeKey& key, ManifestChange change, void* context) {
  const MutexLock lock(mutex_);
  const auto it = manifests_.find(key);
  std::optional<std::string_view> present;
  if (it != manifests_.end()) present = it->second;
  std::string changed = change(context, present);
  manifests_[key] = std::move(changed);
  return {};
}

void MemStore::lose_blob(const Digest& digest) {
  const MutexLock lock(mutex_);
  blobs_.erase(digest);
}

}  // namespace deja::store
