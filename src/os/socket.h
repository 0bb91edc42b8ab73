// Unix stream sockets between clients and engine.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

// The largest path a Unix socket address holds (unix(7): 108 bytes with the final NUL).
inline constexpr std::size_t kSocketPathMax = 107;

// A listening socket, mode 0600. What was at path before is removed: the caller holds the lock
// that makes this safe.
Result<Fd> listen_unix(const std::string& path);
// Empty when nobody listens there. patience_ms: of the connect; then the socket does not
// block. 0: any time, and it blocks.
Result<std::optional<Fd>> connect_unix(const std::string& path, int patience_ms = 0);
// Empty when the connection vanished before it was accepted.
Result<std::optional<Fd>> accept_unix(const Fd& listener);

struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<Peer> peer_of(const Fd& socket);
// May the other side do what we may? It is of the same user; this compares their groups.
bool has_our_groups(const Fd& socket);
// Is there something to read now, if only the end of the connection?
bool is_readable(const Fd& socket);

}  // namespace deja::os
