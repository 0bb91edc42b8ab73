// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets between client and engine.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

// The largest path a Unix socket address holds (unix(7): 108 bytes with the final NUL).
inline constexpr std::size_t kSocketPathMax = 107;

// A listening socket, mode 0600. Removes what was at path before: the caller holds the lock that makes
// this safe.
Result<Fd> listen_unix(const std::string& path);
// Empty if no process listens there. patience_ms: limit for connect(2); the socket is then
// non-blocking. 0: no limit, and the socket blocks.
Result<std::optional<Fd>> connect_unix(const std::string& path, int patience_ms = 0);
// Empty if the connection ended before it was accepted.
Result<std::optional<Fd>> accept_unix(const Fd& listener);

// The path that a listening socket is bound to; empty: none.
std::string bound_path(const Fd& listener);

struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<Peer> peer_of(const Fd& socket);
// True if the peer, which is of the same user, has the same groups as this process.
bool has_our_groups(const Fd& socket);
// True if there are bytes or the end of the connection to read now.
bool is_readable(const Fd& socket);

}  // namespace deja::os
