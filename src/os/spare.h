// SPDX-License-Identifier: Apache-2.0
// A spare is a private copy of a stored file, made while nobody waits. To take it is a rename, which costs the same for
// a large file as for a small one (a copy of 4 MiB takes 2 ms). Freestanding: the client takes spares, too.
//
//   <spare>      the copy, mode 0600
//   <spare>.id   a symlink whose text is the copy's identity; made when the copy is complete, and gone once it is taken
//
// Whatever has the spare's name is complete: it is made under another one (store/spares.cc). A process that has looked
// at a spare may rename the next one, of the same bytes.
//
// The identity holds inode, size, mtime and ctime: a copy that anybody has touched is not taken.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace deja::os {

// Smaller files are copied as fast as a spare is taken: 64 KiB take 30 µs.
inline constexpr std::uint64_t kSpareMin = 64 * 1024;

// Makes the complete copy at this path one that can be taken. False: it cannot be, because a file made elsewhere would
// not be the same (the kernel gives new files labels here), or because of an error; errno is not set.
bool offer_spare(const char* spare);

// Can it be taken, as far as it alone decides?
bool is_offered(const char* spare);

// Moves a spare to `to`, which must not exist, so that it is what a new file of this mode would be: its own inode, this
// process's user and group, times of now. False: there is none, or a new file at `to` would be another (the directory
// passes on a group or an ACL, or is on another file system); then nothing is at `to`. Any number of processes may try
// at once; one of them gets it.
bool take_spare(const char* spare, const char* to, mode_t mode);

}  // namespace deja::os
