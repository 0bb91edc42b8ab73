// SPDX-License-Identifier: Apache-2.0
// Which spares (os/spare.h) a store has, and which it wants. One is made for each large blob of a result that was stored
// or used, as long as there is room; whoever takes one makes room for the next. Nothing is removed for a newer one: of
// a build that is larger than the room, the part that was made first would be gone whenever it is built again.
//
// Thread-safe. A client takes spares without asking, so what is there is looked up on the disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "digest/digest.h"
#include "os/fd.h"

namespace deja::store {

class Spares {
 public:
  // room_bytes: for all of them together; 0: none is ever made.
  Spares(std::string directory, std::uint64_t room_bytes)
      : directory_(std::move(directory)), room_bytes_(room_bytes) {}

  // A result was stored or used. Cheap.
  void want(const ActionKey& key);
  bool wants_any() const { return wants_any_; }
  std::optional<ActionKey> next_wanted();
  // Makes the spare of a blob, unless there is one. store_room_bytes: how much the store has left below its limit.
  // False: there is no room, or there cannot be spares here; then nothing is wanted any more.
  bool make(const Digest& digest, const os::Fd& blob, std::uint64_t size,
            std::uint64_t store_room_bytes);
  // Removes spares until they take at most this much.
  void shrink(std::uint64_t bytes);

 private:
  bool make_file(const std::string& path, const os::Fd& blob) REQUIRES_LOCK(files_mutex_);
  bool has_room(std::uint64_t size, std::uint64_t store_room_bytes) REQUIRES_LOCK(files_mutex_);
  void count() REQUIRES_LOCK(files_mutex_);
  void want_none();

  const std::string directory_;
  std::atomic<std::uint64_t> room_bytes_;
  std::atomic<bool> wants_any_{false};

  Mutex wanted_mutex_;
  std::deque<ActionKey> wanted_ GUARDED_BY(wanted_mutex_);

  Mutex files_mutex_;  // held while one is copied
  bool is_counted_ GUARDED_BY(files_mutex_) = false;
  // At most: what was taken since the last count is in it.
  std::uint64_t bytes_ GUARDED_BY(files_mutex_) = 0;
};

}  // namespace deja::store
