// SPDX-License-Identifier: Apache-2.0
// Frames and their decoding, with limits on the memory and time that a client can take, and the pipeline's
// view of the client.
#include "daemon/session.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "os/clock.h"
#include "os/file.h"
#include "os/io.h"
#include "os/socket.h"
#include "os/work.h"
#include "wire/frame.h"

namespace deja::daemon {
namespace {

Error unavailable(const char* what) { return Error{Code::unavailable, 0, what}; }

// Runs write twice: once to count bytes, once to write them.
template <typename Write>
std::string build(Write write) {
  wire::Writer counting;
  write(counting);
  std::string body(counting.size(), '\0');
  wire::Writer writer(body.data(), body.size());
  write(writer);
  return body;
}

void write_list(wire::Writer& w, const std::vector<std::string>& list) {
  w.u32(static_cast<std::uint32_t>(list.size()));
  for (const std::string& text : list) w.text(text);
}

// Bytes of frames that are being received, for all clients. A frame takes memory only as its bytes
// arrive, not when its size is announced.
std::atomic<std::size_t> bytes_in_flight{0};
constexpr std::size_t kInFlightMax = 512 << 20;

class InFlight {
 public:
  ~InFlight() { bytes_in_flight -= bytes_; }
  bool add(std::size_t bytes) {
    bytes_ += bytes;
    return (bytes_in_flight += bytes) <= kInFlightMax;
  }

 private:
  std::size_t bytes_ = 0;
};

Status read_body(const os::Fd& socket, std::size_t size, std::int64_t deadline_ns,
                 std::string& body) {
  constexpr std::size_t kFirst = 256 * 1024;
  InFlight in_flight;
  while (body.size() < size) {
    const std::size_t have = body.size();
    const std::size_t piece = std::min(size - have, std::max(kFirst, have));
    if (!in_flight.add(piece)) return unavailable("the clients send more than the engine can hold");
    body.resize(have + piece);
    if (os::read_by(socket.get(), body.data() + have, piece, deadline_ns) !=
        static_cast<ssize_t>(piece))
      return unavailable("the connection ended in the middle of a message");
  }
  return {};
}

void wait_for_report(const os::Fd& socket, const pipeline::RunOrder& order) {
  if (order.heartbeat_ns == 0) return;
  for (std::int64_t next = os::monotonic_ns() + order.heartbeat_ns;; next += order.heartbeat_ns) {
    if (os::wait_until_readable(socket.get(), next) != -ETIMEDOUT) return;
    order.still_runs();
  }
}

}  // namespace

Result<Frame> read_frame(const os::Fd& socket, std::size_t max_size, std::int64_t deadline_ns,
                         os::Fd* fd) {
  Frame frame;
  int fds[os::kMaxPassedFds];
  std::size_t fd_count = 0;
  if (os::wait_until_readable(socket.get(), deadline_ns) != 0)
    return unavailable("the client sent no request");
  const ssize_t got =
      os::recv_with_fds(socket.get(), &frame.head, sizeof(frame.head), fds, &fd_count);
  for (std::size_t i = 0; i < fd_count; ++i) {
    os::Fd received(fds[i]);
    if (i == 0 && fd != nullptr) *fd = std::move(received);
  }
  if (got <= 0) return unavailable("the client closed the connection");
  // Once a frame has started, it must be complete by a deadline.
  constexpr std::int64_t kRestNs = 60'000'000'000;
  if (deadline_ns == os::kNoDeadline) deadline_ns = os::monotonic_ns() + kRestNs;
  const auto have = static_cast<std::size_t>(got);
  const std::size_t rest = sizeof(frame.head) - have;
  if (rest > 0 && os::read_by(socket.get(), reinterpret_cast<char*>(&frame.head) + have, rest,
                              deadline_ns) != static_cast<ssize_t>(rest))
    return unavailable("the connection ended in the middle of a message");
  if (frame.head.magic != wire::kMagic) return unavailable("the peer is not a deja client");
  if (!wire::is_ours(frame.head))
    return Error{Code::protocol, 0, "the client is another version of deja"};
  if (frame.head.size > max_size) return unavailable("the message is too large");
  TRY(read_body(socket, frame.head.size, deadline_ns, frame.body));
  return frame;
}

Status write_frame(const os::Fd& socket, wire::Kind kind, std::string_view body) {
  const std::string bytes = wire::frame_of(kind, body);
  if (const int r = os::send_all(socket.get(), bytes.data(), bytes.size()); r != 0)
    return sys_error_code(-r, "send");
  return {};
}

Result<DecodedRequest> decode_request(const std::string& body) {
  wire::Reader r(body.data(), body.size());
  DecodedRequest out;
  out.head = wire::read_request_head(r);
  pipeline::Request& q = out.request;
  const std::uint32_t calling = r.u32();
  q.cwd = r.text();
  for (std::uint32_t n = r.count(); n > 0; --n) q.argv.push_back(r.text());
  for (int list = 0; list < 2; ++list)  // the second is shell noise
    for (std::uint32_t n = r.count(); n > 0; --n) q.environment.push_back(r.text());
  q.began_ns = static_cast<std::int64_t>(r.u64());
  if (!r.done() || !q.cwd.starts_with('/') ||
      calling > static_cast<std::uint32_t>(pipeline::Calling::routed))
    return Error{Code::protocol, 0, "the client's request is malformed"};
  q.calling = static_cast<pipeline::Calling>(calling);
  if (q.calling == pipeline::Calling::routed) {
    if (q.argv.size() < 2 || q.argv.front().empty())
      return Error{Code::protocol, 0, "the client's request names no program"};
    q.program = q.argv.front();
    q.argv.erase(q.argv.begin());
  }
  q.umask = out.head.umask;
  q.stdout_is_terminal = (out.head.stream_flags & wire::kStdoutIsTerminal) != 0;
  q.stderr_is_terminal = (out.head.stream_flags & wire::kStderrIsTerminal) != 0;
  q.streams_are_one = (out.head.stream_flags & wire::kStreamsAreOne) != 0;
  q.client = {out.head.client_device, out.head.client_inode};
  return out;
}

bool is_loadable(const std::string& library) {
  const auto fd = os::open_read(library);
  if (!fd) return false;
  char magic[4] = {};
  return os::read_exactly(fd->get(), magic, sizeof(magic)) == sizeof(magic) &&
         std::memcmp(magic,
                     "\x7f"
                     "ELF",
                     sizeof(magic)) == 0;
}

Result<pipeline::RunReport> SocketClient::run(const pipeline::RunOrder& order) {
  // It may have been removed since the engine started; the loader would print an error to the user.
  const bool observe = order.observe && is_loadable(interposer_);
  const std::string body = build([&](wire::Writer& w) {
    w.u32((order.strip_colour ? wire::kRunStripColour : 0) |
          (order.supervise ? wire::kRunSupervise : 0) | (order.no_stdin ? wire::kRunNoStdin : 0) |
          (order.drops_out ? wire::kRunDropStdout : 0) |
          (order.drops_err ? wire::kRunDropStderr : 0) |
          (order.environment != nullptr ? wire::kRunEnvironment : 0));
    w.u32(order.limit_ms);
    w.text(order.tool);
    w.text(observe ? std::string_view(interposer_) : std::string_view());
    write_list(w, order.argv);
    write_list(w, order.environment != nullptr ? *order.environment : std::vector<std::string>());
    w.raw(std::string_view("\0", 1));
  });
  TRY(connection_.send_last(wire::Kind::run, body));
  wait_for_report(connection_.socket(), order);
  pipeline::RunReport report;
  const Frame frame =
      TRY(read_frame(connection_.socket(), wire::kReportMax, os::kNoDeadline, &report.log));
  connection_.resume();
  wire::Reader r(frame.body.data(), frame.body.size());
  const wire::ReportHead head = wire::read_report_head(r);
  report.out = r.raw(head.stdout_size);
  report.err = r.raw(head.stderr_size);
  if (frame.head.kind != static_cast<std::uint16_t>(wire::Kind::report) || !r.done())
    return Error{Code::protocol, 0, "the client's report of the run is malformed"};
  report.supervised = (head.flags & wire::kReportSupervised) != 0;
  report.truncated = (head.flags & wire::kReportTruncated) != 0;
  report.timed_out = (head.flags & wire::kReportTimedOut) != 0;
  report.read_stdin = (head.flags & wire::kReportReadStdin) != 0;
  report.exit_code = head.exit_code;
  report.signal = head.signal;
  report.elapsed_ns = head.elapsed_ns;
  report.ended_ns = static_cast<std::int64_t>(head.ended_ns);
  return report;
}

Result<std::optional<std::string>> SocketClient::read_stdin() {
  TRY(connection_.send_last(wire::Kind::feed, {}));
  os::Fd fd;
  const Frame frame = TRY(read_frame(connection_.socket(), 0, os::kNoDeadline, &fd));
  connection_.resume();
  if (frame.head.kind != static_cast<std::uint16_t>(wire::Kind::fed))
    return Error{Code::protocol, 0, "the client did not send its standard input"};
  if (!fd) return std::optional<std::string>();
  const os::FileIdentity id = TRY(os::stat_fd(fd));
  if (!id.is_regular() || id.size > wire::kStdinMax)
    return Error{Code::protocol, 0, "the client sent a malformed standard input"};
  // The client could still change the file: the bytes read here are the input.
  std::string bytes(id.size, '\0');
  bytes.resize(TRY(os::read_at(fd, 0, bytes.data(), bytes.size())));
  return std::optional(std::move(bytes));
}

bool SocketClient::keep_waiting() {
  os::note_work();  // another client does the work that this request waits for
  return is_alive();
}

pid_t SocketClient::process() const {
  const auto peer = os::peer_of(connection_.socket());
  return peer ? peer->pid : 0;
}

// A waiting client sends nothing, so a readable socket means that the connection has ended.
bool SocketClient::is_alive() { return !os::is_readable(connection_.socket()); }

}  // namespace deja::daemon
