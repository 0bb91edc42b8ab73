// Prepare: brings a directory into the state in which a store can be opened: made, of our format, with
// an index that can be believed. Cheap when nothing is to be done; what is to be done happens under
// the directory's lock, so many processes may come at once.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/index.h"
#include "store/layout.h"

namespace deja::store {

struct Prepared {
  bool is_rebuilt = false;     // the index was made anew from the ledger
  bool is_unverified = false;  // read-only and not synced: identities in it prove nothing
};

struct PrepareOptions {
  bool read_only = false;
  bool is_embedded = false;  // LocalStore::Options'
  // Make the index anew from the ledger, whatever it looks like.
  bool distrusts_index = false;
  // How long to wait for another process that makes or rebuilds the index.
  std::int64_t wait_ns = 5'000'000'000;
};

// Errors: Code::invalid for a newer format, Code::timeout, Code::denied, Code::no_space, Code::io.
Result<Prepared> prepare_store(const Layout& layout, const PrepareOptions& options);

// Does it hold something of a store whose format is not known, and not that of a newer deja?
Result<bool> has_unknown_format(const Layout& layout);
// Moves what there is of a store out of the way, to old/, but one of a newer format.
Status set_store_aside(const Layout& layout, const PrepareOptions& options);

// Puts an empty store in the place of this one, while others may use it: they find nothing more,
// and notice at their next change.
Status replace_by_empty(const Layout& layout, const PrepareOptions& options);

// Writes all rows of the index to a new base with that number; older ledger files are removed.
Status write_ledger_base(const Layout& layout, Index& index, std::uint64_t number,
                         std::uint64_t& bytes);

}  // namespace deja::store
