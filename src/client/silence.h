// An engine that says nothing (stopped, hung, or somebody else's listener) must not hold up a build.
// At work it sends a word four times a second (daemon/heartbeat.h). The first client that hears
// nothing for kSilenceMs (up to ten times that on a crowded machine, if its process is going) leaves a mark next to the socket, and for a minute others give up at once.
#pragma once

namespace deja::client {

inline constexpr int kSilenceMs = 1000;

// Waits until the engine's next word can be read. False: it keeps silent. dir: the cache directory.
bool wait_for_word(int socket, const char* dir);

// Has somebody given up within the last minute?
bool was_silent_lately(const char* dir);
void note_silence(const char* dir);
void forget_silence(const char* dir);

}  // namespace deja::client
