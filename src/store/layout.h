// SPDX-License-Identifier: Apache-2.0
// Layout: every name inside the store's directory, in both directions (name from object, object from
// name). Nothing here touches the disk.
//
// clang-format off
//   format                       the version of this layout: "deja store 1\n"
//   lock                         flock, held while the index is made, rebuilt or replaced
//   blobs/ab/<62 hex>            content, mode 0444, named by its digest
//   index/                       data.mdb and lock.mdb of LMDB; state: is it trusted (index_state.h)
//   ledger/<n>.base, <n>.log     records from which the index can be rebuilt (ledger.h)
//   tmp/<pid>.<time>.<serial>    files being written, and files being removed
//   quarantine/<hex>.<time>      content that does not match its name
//   spares/<64 hex>, <…>.id      copies of blobs for the next hits (os/spare.h)
//   old/                         the last store of an unknown format, set aside
// clang-format on
// Other names in the directory (the daemon's socket, the journal) are not the store's and are never
// touched.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "digest/digest.h"
#include "os/places.h"

namespace deja::store {

inline constexpr std::string_view kFormatPrefix = "deja store ";
inline constexpr unsigned kFormatVersion = 1;

class Layout {
 public:
  explicit Layout(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string format() const { return root_ + "/format"; }
  std::string lock() const { return root_ + "/lock"; }
  std::string blobs() const { return root_ + "/blobs"; }
  std::string index() const { return root_ + "/index"; }
  std::string ledger() const { return root_ + "/ledger"; }
  std::string tmp() const { return root_ + "/tmp"; }
  std::string spares() const { return root_ + "/spares"; }
  std::string quarantine() const { return root_ + "/quarantine"; }
  std::string set_aside() const { return root_ + "/old"; }

  // Of the engine's, not of the store's: removed with results (os/places.h).
  std::string answers() const { return root_ + "/" + std::string(os::kAnswersFile); }

  std::string blob(const Digest& digest) const;
  std::string spare(const Digest& digest) const { return spares() + "/" + digest.hex(); }
  std::string blob_directory(const Digest& digest) const;
  // A name in tmp/ that no other process makes, also not in another container.
  std::string new_temp() const;
  std::string ledger_log(std::uint64_t number) const;
  std::string ledger_base(std::uint64_t number) const;

 private:
  std::string root_;
};

// The digest of the blob at blobs/<directory>/<name>; empty for a foreign name.
std::optional<Digest> digest_of_blob_name(std::string_view directory, std::string_view name);
// The process that created tmp/<name>; empty for a foreign name.
std::optional<pid_t> owner_of_temp(std::string_view name);
struct LedgerName {
  std::uint64_t number = 0;
  bool is_base = false;
};
std::optional<LedgerName> parse_ledger_name(std::string_view name);

}  // namespace deja::store
