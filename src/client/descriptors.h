// SPDX-License-Identifier: Apache-2.0
// Properties of the user's standard streams, and closing of descriptors that a process must not
// hold.
#pragma once

#include <initializer_list>

#include "client/environment.h"

namespace deja::client {

// Has this process been given more than the three streams? What a program reads and writes there is not seen.
// True also when that cannot be told. Left out are make's jobserver, /dev/null, and what the whole build was
// given with a number that no step of it knows (above 9: some terminals and services leak theirs).
bool has_other_descriptors(const Environment& env);

// May this process write to the stream (1, 2) instead of the tool? Not when the write may fail: a
// disk or a limit that is nearly reached, a device such as /dev/full, a descriptor that is not open
// for writing. The tool must get such an error itself, because only the tool knows how to report
// it.
bool takes_text(int fd);

// Is the stream a pipe? Only for a pipe can it be seen without a write that the reader has closed
// it.
bool is_pipe(int fd);

// Closes every descriptor of this process except these (negative ones are ignored), so that a
// process that waits for the end of a stream does not wait for this one.
void close_others(std::initializer_list<int> kept);

}  // namespace deja::client
