// SPDX-License-Identifier: Apache-2.0
// Checks that the cache directory may be used: deja creates and removes files only in a directory that
// belongs to this user and that carries deja's mark, or that was empty. Freestanding: client, engine
// and subcommands share this check.
#pragma once

namespace deja::os {

enum class CacheDirectory {
  ours,         // marked as a cache of deja
  absent,       // does not exist, or is empty, and could be made
  of_others,    // it, or the nearest existing directory above it, belongs to another user
  not_a_cache,  // it holds other files
  unusable,     // not a directory, or it cannot be made, written or read
};

// Changes nothing. dir: absolute, without a trailing slash.
CacheDirectory look_at_cache_directory(const char* dir);
// Creates it with mode 0700, parents too, and marks it. Returns `ours`, or the reason why not.
CacheDirectory claim_cache_directory(const char* dir);

// Marks a directory that is recognised only by the store in it. False: it is not ours, or not writable.
bool mark_cache_directory(const char* dir);

// The problem and the remedy, as a message. "" for ours and absent.
const char* describe(CacheDirectory claim);

}  // namespace deja::os
