// SPDX-License-Identifier: Apache-2.0
// Decides whether the index in a directory can be trusted.
//
// LMDB runs without syncing (docs/decisions/0002-index-durability.md): after a kill the kernel
// still has every page; after a crash of the machine the file may be any mix of old and new pages.
// The file `state` next to data.mdb records which case it is:
//   dirty(boot)   written to during that boot: trusted only during that boot
//   clean(txn)    fully on disk as of that transaction: trusted while that is the newest one
// It is one small record overwritten in place; a torn or missing record means "not trusted".
//
// Also here: checks of data.mdb without mapping it by LMDB, which may crash on damage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace deja::store {

struct StateRecord {
  bool is_clean = false;
  std::uint64_t txn = 0;
  std::string boot;
};
std::string encode_state(const StateRecord& state);
std::optional<StateRecord> decode_state(std::string_view bytes);

class IndexState {
 public:
  static Result<IndexState> create(const std::string& directory);  // dirty, in this boot
  static Result<IndexState> open(const std::string& directory, bool read_only);

  // Durable when it returns.
  Status mark_dirty();
  Status mark_clean(std::uint64_t txn);

 private:
  explicit IndexState(os::Fd fd) : fd_(std::move(fd)) {}
  os::Fd fd_;
};

enum class IndexHealth {
  sound,
  absent,    // there is no index
  suspect,   // a process crashed in it, or the file is shorter than its header says
  unsynced,  // the machine went down before a sync
  damaged,   // not an index
};
const char* health_name(IndexHealth health);

Result<IndexHealth> check_index(const std::string& directory);
// Both create the file `suspect` for the next check_index(): "check closely", or "do not trust".
void mark_suspect(const char* suspect_path);  // async-signal-safe
Status mark_index_damaged(const std::string& directory);
std::string suspect_path(const std::string& directory);
// Walks every page in a child process, which may crash; true if all could be read.
bool survives_walk(const std::string& directory);

}  // namespace deja::store
