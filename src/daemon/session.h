// SPDX-License-Identifier: Apache-2.0
// A session: one client's connection, from its request to the last message.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "daemon/heartbeat.h"
#include "os/fd.h"
#include "pipeline/client.h"
#include "wire/messages.h"

namespace deja::daemon {

// A received frame: head and body.
struct Frame {
  wire::FrameHead head;
  std::string body;
};
// Reads one frame whose body has at most max_size bytes, and the descriptor that came with it (fd may be
// null). The whole frame must arrive by deadline_ns (monotonic clock; os::kNoDeadline). An error: the
// other side is gone or violates the protocol; Code::protocol: it has another version.
Result<Frame> read_frame(const os::Fd& socket, std::size_t max_size, std::int64_t deadline_ns,
                         os::Fd* fd);
Status write_frame(const os::Fd& socket, wire::Kind kind, std::string_view body);

// A decoded request; its views point into `body`.
struct DecodedRequest {
  wire::RequestHead head;
  pipeline::Request request;
};
Result<DecodedRequest> decode_request(const std::string& body);

// True if the file starts like an ELF file. The loader would print an error to the tool's stderr for
// another file.
bool is_loadable(const std::string& library);

// The pipeline's client, over a socket.
class SocketClient final : public pipeline::Client {
 public:
  SocketClient(Connection& connection, std::string interposer)
      : connection_(connection), interposer_(std::move(interposer)) {}
  Result<pipeline::RunReport> run(const pipeline::RunOrder& order) override;
  Result<std::optional<std::string>> read_stdin() override;
  bool keep_waiting() override;
  pid_t process() const override;
  bool is_alive() override;

 private:
  Connection& connection_;
  const std::string interposer_;
};

}  // namespace deja::daemon
