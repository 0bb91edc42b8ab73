// SPDX-License-Identifier: Apache-2.0
// Moves one blob between the local store and a remote, with a few MiB of memory whatever its size. What
// arrives is verified before the local store sees it.
//
// Thread-safe: no state is shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "exchange/offered_blob.h"
#include "exchange/scratch.h"
#include "os/fd.h"
#include "remote/transport.h"
#include "store/store.h"

namespace deja::exchange {

// A blob in the form in which a remote gets it.
struct OutgoingBlob {
  OfferedBlob row;
  os::Fd file;  // row.stored_size bytes

  remote::Source source() const { return {.file = &file, .size = row.stored_size}; }
};

// Decides the form: zstd where it saves a tenth or more, else the bytes as they are. The file is the local
// blob itself or a scratch file. Empty: the store has no such blob.
Result<std::optional<OutgoingBlob>> prepare_blob(const Digest& digest, store::BlobStore& store,
                                                 const Scratch& scratch);

// Takes the bytes of a remote's object in order, as a remote::Sink, and makes the blob of them. Not more than
// row.stored_size bytes are taken, and not more than row.size are written.
class IncomingBlob {
 public:
  static Result<IncomingBlob> begin(const OfferedBlob& row, const Scratch& scratch);
  IncomingBlob(IncomingBlob&&) noexcept;
  ~IncomingBlob();

  Status take(std::string_view piece);
  // A file with the blob's bytes. `corrupt`: they are not what the row says.
  Result<os::Fd> finish();

 private:
  struct State;
  explicit IncomingBlob(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Gets the object, verifies it and puts it into the local store. False: the remote has no such object.
// REQUIRES: row.encoding != in_offer.
Result<bool> fetch_blob(const OfferedBlob& row, remote::Transport& transport,
                        remote::Deadline deadline, store::BlobStore& store, const Scratch& scratch);

// The same for bytes that are in memory: the object's, or those in the offer. row.size bytes are allocated,
// so the caller has limited it.
Status keep_blob(const OfferedBlob& row, std::string_view object, store::BlobStore& store);

}  // namespace deja::exchange
