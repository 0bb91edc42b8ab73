// A session: one client's connection, from its request to the last word.
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

// A frame as it came: the head, then its body.
struct Frame {
  wire::FrameHead head;
  std::string body;
};
// Reads one frame whose body has at most max_size bytes, and the descriptor that came with it (fd
// may be null). All of it must have come by deadline_ns (monotonic clock; os::kNoDeadline). An error:
// the other side is gone or does not speak our language; Code::protocol: it is of another version.
Result<Frame> read_frame(const os::Fd& socket, std::size_t max_size, std::int64_t deadline_ns,
                         os::Fd* fd);
Status write_frame(const os::Fd& socket, wire::Kind kind, std::string_view body);

// A decoded request; the views point into `body`.
struct DecodedRequest {
  wire::RequestHead head;
  pipeline::Request request;
};
Result<DecodedRequest> decode_request(const std::string& body);

// Would the loader take it, as far as its first bytes tell? What it cannot load, it complains about
// on the tool's stderr.
bool is_loadable(const std::string& library);

// The client of a request, over a socket.
class SocketClient final : public pipeline::Client {
 public:
  SocketClient(Line& line, std::string interposer)
      : line_(line), interposer_(std::move(interposer)) {}
  Result<pipeline::RunReport> run(const pipeline::RunOrder& order) override;
  Result<std::optional<std::string>> read_stdin() override;
  bool keep_waiting() override;
  pid_t process() const override;
  bool is_alive() override;

 private:
  Line& line_;
  const std::string interposer_;
};

}  // namespace deja::daemon
