// SPDX-License-Identifier: Apache-2.0
// Passes on what a process that the tool has left behind still writes after this client has ended.
#pragma once

#include "client/stream.h"

namespace deja::client {

// Starts a process that copies the stream until its end, or until the user's reader closes. It ends
// together with the last writer, and holds only these two descriptors: a process that waits for the
// end of the user's stream waits no longer than without deja. The stream is closed here.
void leave_relay(Stream& stream);

}  // namespace deja::client
