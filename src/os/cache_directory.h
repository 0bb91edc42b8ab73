// Whose directory is it? deja makes and removes files only in a directory that is this user's and that
// it has marked, or that was empty. Freestanding: client, engine and subcommands ask alike.
#pragma once

namespace deja::os {

enum class CacheDirectory {
  ours,         // marked as a cache of deja's
  absent,       // nothing of that name, and it could be made
  of_others,    // it, or the nearest directory above it that exists, belongs to another user
  not_a_cache,  // it holds other things
  unusable,     // no directory, or it cannot be made, written or looked at
};

// Changes nothing. dir: absolute, without a trailing slash. An empty directory is `absent`.
CacheDirectory look_at_cache_directory(const char* dir);
// Makes it, with mode 0700 and with those above it, and marks it: `ours`, or why not.
CacheDirectory claim_cache_directory(const char* dir);

// Marks one that is ours by its store alone. False: it is not, or cannot be written.
bool mark_cache_directory(const char* dir);

// For people: what is wrong, and the remedy. "" for ours and absent.
const char* describe(CacheDirectory claim);

}  // namespace deja::os
