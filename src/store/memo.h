// SPDX-License-Identifier: Apache-2.0
// Pending writes of the store: uses of results, and digest memos.
#pragma once

#include <string>
#include <unordered_map>

#include "digest/file_digester.h"
#include "store/catalog.h"

namespace deja::store {

using Touches = std::unordered_map<ActionKey, std::int64_t>;         // time of the last use
using Memos = std::unordered_map<std::string, digest::FileContent>;  // by memo_key()

// True if recording this use would change the order of eviction.
bool changes_order(const UsageRow& row, std::int64_t used_ns, double inflation,
                   std::int64_t grain_ns);
Status write_touches(CatalogChange& change, const Touches& touches, std::int64_t grain_ns);
Status write_memos(CatalogChange& change, const Memos& memos, std::uint64_t entries_max);

}  // namespace deja::store
