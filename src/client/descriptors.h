// The user's standard streams and other descriptors: what they are, and which of them a process of
// ours may hold.
#pragma once

#include <initializer_list>

namespace deja::client {

// Can we write text to this stream (1, 2) in the tool's place? Not where the write may fail: a disk or a
// limit with little room left, a device such as /dev/full, a descriptor that is not open for writing.
// The tool must meet that itself, because only it knows what to say then.
bool takes_text(int fd);

// Is the stream a pipe? Only of a pipe can be told without a write that its reader has left.
bool is_pipe(int fd);

// Closes every descriptor of this process except these (what is negative is none), so that nobody who
// waits for the end of a stream or of a talk waits for us.
void close_others(std::initializer_list<int> kept);

}  // namespace deja::client
