// What a process that the tool has left behind still writes: passed on, after we have ended.
#pragma once

#include "client/stream.h"

namespace deja::client {

// Starts a process that passes the stream's text on until its end, or until the user's reader leaves.
// It ends as soon as the last writer has, and holds nothing but these two descriptors: whoever waits
// for the end of the user's stream waits as long as without us. The stream is closed here.
void leave_relay(Stream& stream);

}  // namespace deja::client
