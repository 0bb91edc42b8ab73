// SPDX-License-Identifier: Apache-2.0
// Stream sockets to other machines. Every wait has a deadline and can be ended from another thread. Errors: `timeout`
// (the deadline passed), `unavailable` (no connection, a lost one, or the WakeUp was set).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"
#include "os/io.h"
#include "os/wake_up.h"

namespace deja::os {

struct Limit {
  std::int64_t deadline_ns = kNoDeadline;  // on the monotonic clock
  const WakeUp* wake = nullptr;
};

// A non-blocking socket with TCP_NODELAY and keep-alive. The addresses of the host are tried in turn, and each
// gets an equal part of the time that is left.
Result<Fd> connect_tcp(const std::string& host, std::uint16_t port, const Limit& limit);
Result<Fd> connect_unix(const std::string& path, const Limit& limit);

Status send_all(const Fd& socket, std::string_view bytes, const Limit& limit);
// At least one byte; 0: the other side has closed it.
Result<std::size_t> receive(const Fd& socket, char* to, std::size_t size, const Limit& limit);

}  // namespace deja::os
