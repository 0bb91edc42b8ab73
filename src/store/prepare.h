// SPDX-License-Identifier: Apache-2.0
// Prepare: brings a directory into a state in which a store can be opened: it exists, has our format,
// and its index can be trusted. Cheap if there is nothing to do. All work happens under the directory's
// lock, so many processes may call this at once.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/index.h"
#include "store/layout.h"

namespace deja::store {

struct PreparedStore {
  bool is_rebuilt = false;     // the index was rebuilt from the ledger
  bool is_unverified = false;  // read-only and not synced: identities in it prove nothing
};

struct PrepareOptions {
  bool read_only = false;
  bool is_embedded = false;  // as in LocalStore::Options
  // Rebuild the index from the ledger, even if it looks sound.
  bool distrusts_index = false;
  // How long to wait for another process that makes or rebuilds the index.
  std::int64_t wait_ns = 5'000'000'000;
};

// Errors: Code::invalid for a newer format, Code::timeout, Code::denied, Code::no_space, Code::io.
Result<PreparedStore> prepare_store(const Layout& layout, const PrepareOptions& options);

// True if it holds files of a store whose format is unknown, and not that of a newer deja.
Result<bool> has_unknown_format(const Layout& layout);
// Moves an existing store into old/, unless it has a newer format.
Status set_store_aside(const Layout& layout, const PrepareOptions& options);

// Replaces this store by an empty one. Other processes may use it: they find nothing more, and notice
// at their next change.
Status replace_by_empty(const Layout& layout, const PrepareOptions& options);

// Writes all rows of the index to a new base with that number, and removes older ledger files.
Status write_ledger_base(const Layout& layout, Index& index, std::uint64_t number,
                         std::uint64_t& bytes);

}  // namespace deja::store
