// SPDX-License-Identifier: Apache-2.0
// An engine that does not answer (stopped, hung, or a foreign listener) must not hold up a build. A
// busy engine sends a message four times a second (daemon/heartbeat.h). The first client that
// receives nothing for kSilenceMs (up to ten times that on an overloaded machine, if the engine's
// process is running; five times at least while it starts) leaves a mark next to the socket. For
// the next minute other clients give up at once.
#pragma once

namespace deja::client {

inline constexpr int kSilenceMs = 1000;

// Waits until the engine's next message can be read. False: none came in time. dir: the cache
// directory.
bool wait_for_word(int socket, const char* dir);

// Runnable processes per processor, from 1 to 10. An engine on a machine with 64 running compilers is not silent; it is
// waiting for a processor.
int load_per_processor();

// Has a client given up within the last minute?
bool was_silent_lately(const char* dir);
void note_silence(const char* dir);
void forget_silence(const char* dir);

}  // namespace deja::client
