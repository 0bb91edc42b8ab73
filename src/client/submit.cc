// SPDX-License-Identifier: Apache-2.0
// A request, seen from the client: send it, wait, do what the answer says. The client reads no
// configuration and decides nothing. When it cannot understand an answer or waits too long, it
// becomes the tool.
#include "client/submit.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "base/shell_noise.h"
#include "client/answer_table.h"
#include "client/clock.h"
#include "client/connect.h"
#include "client/descriptors.h"
#include "client/place.h"
#include "client/run.h"
#include "client/send_stdin.h"
#include "client/silence.h"
#include "os/confinement.h"
#include "os/end.h"
#include "os/fd.h"
#include "os/io.h"
#include "os/root_mount.h"
#include "os/text_buffer.h"
#include "wire/messages.h"

namespace deja::client {
namespace {

using namespace std::literals;
using sv = std::string_view;

char request_memory[256 * 1024];
char reply_memory[64 * 1024];

struct Memory {
  char* data = nullptr;
  std::size_t size = 0;
};

// The fixed memory when it is large enough (that costs no system call), else mapped memory.
Memory memory_for(char* fixed, std::size_t fixed_size, std::size_t wanted) {
  if (wanted <= fixed_size) return {fixed, fixed_size};
  void* p = ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? Memory{} : Memory{static_cast<char*>(p), wanted};
}

bool is_same_open_file(const struct stat& a, const struct stat& b) {
  if (a.st_dev != b.st_dev || a.st_ino != b.st_ino) return false;
  if (S_ISFIFO(a.st_mode) || S_ISSOCK(a.st_mode) || S_ISCHR(a.st_mode)) return true;
  // Opening one file twice gives two positions; only copies of one descriptor share it.
  constexpr int kCompareFiles = 0;  // KCMP_FILE, kcmp(2)
  return ::syscall(SYS_kcmp, ::getpid(), ::getpid(), kCompareFiles, 1, 2) == 0;
}

// False when a standard stream is closed: then this process must not open a descriptor in its
// place.
bool look_at_streams(std::uint32_t* flags) {
  struct stat in;
  struct stat out;
  struct stat err;
  if (::fstat(0, &in) != 0 || ::fstat(1, &out) != 0 || ::fstat(2, &err) != 0) return false;
  *flags = 0;
  if (S_ISCHR(out.st_mode) && ::isatty(1)) *flags |= wire::kStdoutIsTerminal;
  if (S_ISCHR(err.st_mode) && ::isatty(2)) *flags |= wire::kStderrIsTerminal;
  if (is_same_open_file(out, err)) *flags |= wire::kStreamsAreOne;
  return true;
}

wire::RequestHead make_head(const UserCommand& command, std::uint32_t stream_flags) {
  wire::RequestHead head;
  head.stream_flags = stream_flags;
  head.umask = ::umask(0);
  ::umask(head.umask);
  const os::RootMount root = os::root_mount_of_this_process();
  head.root_mount = root.mount;
  head.root_device = root.device;
  head.root_inode = root.inode;
  head.client_device = command.client.device;
  head.client_inode = command.client.inode;
  head.group = ::getegid();
  head.confinement = os::confinement_of_this_process();
  return head;
}

void write_request(wire::Writer& w, const wire::RequestHead& head, const UserCommand& command,
                   const Environment& env, std::int64_t started_ns) {
  wire::write(w, head);
  w.u32(static_cast<std::uint32_t>(command.calling));
  w.text(command.cwd);
  const bool is_routed = command.calling == wire::Calling::routed;
  w.u32(static_cast<std::uint32_t>(command.argc) + (is_routed ? 1 : 0));
  if (is_routed) w.text(command.program);
  for (int i = 0; i < command.argc; ++i) w.text(command.argv[i]);
  std::uint32_t noise = 0;
  for (std::size_t i = 0; i < env.count; ++i) noise += is_shell_noise_entry(env.raw[i]) ? 1 : 0;
  w.u32(static_cast<std::uint32_t>(env.count) - noise);
  for (std::size_t i = 0; i < env.count; ++i)
    if (!is_shell_noise_entry(env.raw[i])) w.text(env.raw[i]);
  w.u32(noise);
  for (std::size_t i = 0; i < env.count; ++i)
    if (is_shell_noise_entry(env.raw[i])) w.text(env.raw[i]);
  w.u64(static_cast<std::uint64_t>(started_ns));
}

// The request as it is sent, a frame. Empty: it is too large.
std::string_view make_request(const UserCommand& command, const Environment& env,
                              std::uint32_t stream_flags, std::int64_t started_ns) {
  const wire::RequestHead head = make_head(command, stream_flags);
  constexpr std::size_t kHead = sizeof(wire::FrameHead);
  wire::Writer first(request_memory + kHead, sizeof(request_memory) - kHead);
  write_request(first, head, command, env, started_ns);
  if (first.size() > wire::kRequestMax) return {};
  Memory memory = {request_memory, sizeof(request_memory)};
  if (!first.fits()) {
    memory = memory_for(request_memory, sizeof(request_memory), first.size() + kHead);
    if (memory.data == nullptr) return {};
    wire::Writer again(memory.data + kHead, memory.size - kHead);
    write_request(again, head, command, env, started_ns);
  }
  const wire::FrameHead frame = wire::frame_head(wire::Kind::request, first.size());
  std::memcpy(memory.data, &frame, kHead);
  return {memory.data, kHead + first.size()};
}

// Reads the next frame's head, and as much of its body as fits reply_memory (*have bytes so far).
bool receive(int socket, wire::FrameHead* head, std::size_t* have) {
  if (!wait_for_word(socket, engine_directory()) ||
      os::read_exactly(socket, head, sizeof(*head), kSilenceMs) != sizeof(*head) ||
      !wire::is_ours(*head))
    return false;
  *have = head->size < sizeof(reply_memory) ? head->size : sizeof(reply_memory);
  return os::read_exactly(socket, reply_memory, *have, kSilenceMs) == static_cast<ssize_t>(*have);
}

// Reads the rest of a frame's body, of which `have` bytes are in reply_memory. No data: it did not
// arrive.
Memory whole_body(int socket, const wire::FrameHead& frame, std::size_t have) {
  const Memory body = memory_for(reply_memory, sizeof(reply_memory), frame.size);
  if (body.data == nullptr || body.data == reply_memory) return body;
  std::memcpy(body.data, reply_memory, have);
  const std::size_t rest = frame.size - have;
  if (os::read_exactly(socket, body.data + have, rest, kSilenceMs) != static_cast<ssize_t>(rest))
    return {};
  return body;
}

// Ends like a tool whose own write has failed, when it is too late to run the tool.
int end_unwritten(int fd, int error, int code) {
  struct sigaction action = {};
  ::sigaction(SIGPIPE, nullptr, &action);
  if (error == EPIPE && action.sa_handler != SIG_IGN) return os::end_by_signal(SIGPIPE);
  // Few tools report that their messages were lost.
  if (fd == STDERR_FILENO || code != 0) return code;
  for (const std::string_view text :
       {"deja: cannot write to standard output: "sv, sv(std::strerror(error)), "\n"sv})
    os::write_all(STDERR_FILENO, text.data(), text.size());
  return 1;
}

// Replays a hit: the outputs are in place already. Nothing is printed before everything has
// arrived, so that a dying engine cannot leave half a text. When the text cannot be printed (a full
// disk, a reader that has closed), the tool runs after all, unless that would print text twice: the
// tool knows how to report the error and how to end.
int replay(std::string_view body, UserCommand& command, const Environment& env) {
  wire::Reader r(body.data(), body.size());
  const wire::ReplayHead head = wire::read_replay_head(r);
  const std::string_view out = r.raw(head.stdout_size);
  const std::string_view err = r.raw(head.stderr_size);
  if (!r.done()) return become_tool(command, env);
  const auto code = static_cast<int>(head.exit_code);
  if (out.empty() && err.empty()) return code;
  if ((!out.empty() && !takes_text(STDOUT_FILENO)) || (!err.empty() && !takes_text(STDERR_FILENO)))
    return become_tool(command, env);
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  std::size_t written = 0;
  std::size_t err_written = 0;
  int fd = STDOUT_FILENO;
  int error = -os::write_all(fd, out.data(), out.size(), &written);
  if (error == 0) {
    fd = STDERR_FILENO;
    error = -os::write_all(fd, err.data(), err.size(), &err_written);
  }
  ::sigaction(SIGPIPE, &before, nullptr);
  if (error == 0) return code;
  // A reader that has closed will not see the earlier text twice.
  const bool is_doubled = fd == STDERR_FILENO && written > 0;
  if (!is_doubled && (error == EPIPE || written + err_written == 0))
    return become_tool(command, env);
  return end_unwritten(fd, error, code);
}

// Ends in the same way as the tool.
int end_like(const wire::ReportHead& head) {
  if (head.signal == 0) return static_cast<int>(head.exit_code);
  return os::end_by_signal(static_cast<int>(head.signal));
}

// Reports to the engine, and returns the exit code from its answer, or kAsTheTool.
std::uint32_t report(int socket, const RunOutcome& outcome) {
  wire::ReportHead head = outcome.head;
  std::string_view out = outcome.stdout_bytes;
  std::string_view err = outcome.stderr_bytes;
  if ((head.flags & wire::kReportTruncated) != 0) out = err = {};
  head.stdout_size = static_cast<std::uint32_t>(out.size());
  head.stderr_size = static_cast<std::uint32_t>(err.size());
  char memory[128];
  wire::Writer w(memory + sizeof(wire::FrameHead), sizeof(memory) - sizeof(wire::FrameHead));
  wire::write(w, head);
  const wire::FrameHead frame =
      wire::frame_head(wire::Kind::report, w.size() + out.size() + err.size());
  std::memcpy(memory, &frame, sizeof(frame));
  const std::size_t fds = outcome.log_fd >= 0 ? 1 : 0;
  if (os::send_with_fds(socket, memory, sizeof(frame) + w.size(), &outcome.log_fd, fds,
                        kSilenceMs) != 0)
    return wire::kAsTheTool;
  if (!out.empty() && os::send_all(socket, out.data(), out.size(), kSilenceMs) != 0)
    return wire::kAsTheTool;
  if (!err.empty() && os::send_all(socket, err.data(), err.size(), kSilenceMs) != 0)
    return wire::kAsTheTool;
  wire::FrameHead answer;
  std::size_t have = 0;
  // The result must be visible when the command ends: wait until it is published.
  do {
    if (!receive(socket, &answer, &have)) return wire::kAsTheTool;
  } while (answer.kind == static_cast<std::uint16_t>(wire::Kind::wait));
  wire::Reader r(reply_memory, have);
  const std::uint32_t code = r.u32();
  if (r.failed()) return wire::kAsTheTool;
  os::write_all(2, reply_memory + sizeof(code), have - sizeof(code));
  return code;
}

// Reads a list of texts in place. Each text gets its NUL where the next text's length begins. So
// the text that was read last, *before, gets its NUL one step later.
char** read_list(wire::Reader& r, char* body, std::string_view* before) {
  const std::uint32_t count = r.count();
  if (r.failed()) return nullptr;
  const Memory memory = memory_for(nullptr, 0, (count + 1) * sizeof(char*));
  if (memory.data == nullptr) return nullptr;
  body[before->data() + before->size() - body] = '\0';
  void* const pointers = memory.data;
  char** list = static_cast<char**>(pointers);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string_view text = r.text();
    if (r.failed()) return nullptr;
    list[i] = body + (text.data() - body);
    if (i > 0) body[before->data() + before->size() - body] = '\0';
    *before = text;
  }
  return list;
}

// Turns the engine's run message into the arguments of exec.
bool parse_run(char* body, std::size_t size, RunOrder* order, Environment* env) {
  wire::Reader r(body, size);
  const std::uint32_t flags = r.u32();
  order->strip_colour = (flags & wire::kRunStripColour) != 0;
  order->supervise = (flags & wire::kRunSupervise) != 0;
  order->no_stdin = (flags & wire::kRunNoStdin) != 0;
  order->drops[0] = (flags & wire::kRunDropStdout) != 0;
  order->drops[1] = (flags & wire::kRunDropStderr) != 0;
  order->limit_ms = r.u32();
  const std::string_view tool = r.text();
  order->preload = r.text();
  if (r.failed()) return false;
  std::string_view before = order->preload;
  order->argv = read_list(r, body, &before);
  char** const environment = order->argv == nullptr ? nullptr : read_list(r, body, &before);
  // The engine adds one byte of space.
  if (environment == nullptr || order->argv[0] == nullptr ||
      before.data() + before.size() == body + size)
    return false;
  body[before.data() + before.size() - body] = '\0';
  order->tool = body + (tool.data() - body);
  body[tool.data() + tool.size() - body] = '\0';
  if ((flags & wire::kRunEnvironment) != 0) *env = read_environment(environment);
  return true;
}

// The tool runs as the user called it, without our pipes, so the colours that the engine forces
// would not be stripped.
void run_unobserved(UserCommand& command, RunOrder& order) {
  command.argv[0] = order.argv[0];
  order.argv = command.argv;
  order.preload = {};
  order.is_own[0] = order.is_own[1] = true;
}

int run(int socket, const Memory& body, std::size_t size, UserCommand& command,
        const Environment& env, std::uint32_t stream_flags) {
  RunOrder order;
  Environment its_own = env;
  if (!parse_run(body.data, size, &order, &its_own)) return become_tool(command, env);
  order.streams_are_one = (stream_flags & wire::kStreamsAreOne) != 0 && !order.drops_any();
  const bool is_exec = command.calling == wire::Calling::exec;
  for (int i = 0; i < 2; ++i) order.is_own[i] = !order.drops[i] && !takes_text(i + 1);
  if (!is_exec && (order.is_own[0] || order.is_own[1])) run_unobserved(command, order);
  order.client = command.client;
  order.is_exec = is_exec;
  order.is_routed = command.calling == wire::Calling::routed;
  // A script sees the path by which it is started.
  static char spelled[os::kPlaceMax];
  if (order.is_routed && os::TextBuffer(spelled, sizeof(spelled)).add(command.program).fits())
    order.tool = spelled;
  const RunOutcome outcome = run_tool(order, its_own, env);
  if (!outcome.started) return become_tool(command, env);
  const std::uint32_t code = report(socket, outcome);
  if (code != wire::kAsTheTool) return static_cast<int>(code);
  const Unwritten& lost = outcome.unwritten;
  if (lost.fd == 0 || (lost.error == EPIPE && lost.is_reported)) return end_like(outcome.head);
  // A `deja exec` command runs only once; a compiler may run again and report the error itself.
  if (!is_exec && lost.may_run_again) return become_tool(command, env);
  return end_unwritten(lost.fd, lost.error, 0);
}

bool feed(int socket) {
  const os::Fd kept(keep_stdin());
  const int fd = kept.get();
  const wire::FrameHead frame = wire::frame_head(wire::Kind::fed, 0);
  return os::send_with_fds(socket, &frame, sizeof(frame), &fd, kept ? 1 : 0, kSilenceMs) == 0;
}

// Sends the request and waits for the answer that ends the exchange. False: not an engine of our
// version.
bool ask(int socket, std::string_view request, wire::FrameHead* frame, std::size_t* have) {
  if (os::send_all(socket, request.data(), request.size(), kSilenceMs) != 0) return false;
  for (;;) {
    if (!receive(socket, frame, have)) return false;
    const auto kind = static_cast<wire::Kind>(frame->kind);
    if (kind != wire::Kind::wait && kind != wire::Kind::feed) return true;
    if (kind == wire::Kind::feed && !feed(socket)) return false;
  }
}

// Answers from the engine's shared table, if the request is in it and all that its answer rests on is unchanged.
bool answer_from_table(std::string_view request, std::int64_t started_ns, UserCommand& command,
                       const Environment& env, int* code) {
  if (env.daemon_off) return false;
  AnswerTable table(engine_directory());
  const TableAnswer answer = table.take(request.substr(sizeof(wire::FrameHead)));
  if (answer.bytes.empty()) return false;
  const Placed placed = place_files(answer.bytes);
  if (!placed.done) return false;
  table.note_use(answer, started_ns, placed.cloned_bytes);
  *code = replay(placed.replay, command, env);
  return true;
}

// The program that the engine wants in front of the tool; nullptr: none.
char* fallback_in(const Memory& body, std::size_t size) {
  const bool is_path = size > 1 && body.data[0] == '/' && body.data[size - 1] == '\0';
  return is_path ? body.data : nullptr;
}

int handle_answer(int socket, const wire::FrameHead& frame, std::size_t have, UserCommand& command,
                  const Environment& env, std::uint32_t stream_flags) {
  const Memory body = whole_body(socket, frame, have);
  if (body.data == nullptr) return become_tool(command, env);
  switch (static_cast<wire::Kind>(frame.kind)) {
    case wire::Kind::replay:
      return replay({body.data, frame.size}, command, env);
    case wire::Kind::run:
      return run(socket, body, frame.size, command, env, stream_flags);
    case wire::Kind::exec:
      return become_tool(command, env, fallback_in(body, frame.size));
    default:
      return become_tool(command, env);
  }
}

}  // namespace

int submit(UserCommand& command, const Environment& env) {
  const std::int64_t started_ns = time_ns(CLOCK_MONOTONIC);
  std::uint32_t stream_flags = 0;
  if (command.cwd[0] == '\0' || !look_at_streams(&stream_flags)) return become_tool(command, env);
  const std::string_view request = make_request(command, env, stream_flags, started_ns);
  if (request.empty() || !find_cache_directory(env, command)) return become_tool(command, env);
  int code = 0;
  if (answer_from_table(request, started_ns, command, env, &code)) return code;
  os::Fd socket(reach_engine(env));
  if (!socket) return become_tool(command, env);
  wire::FrameHead frame = {};
  frame.magic = 0;
  std::size_t have = 0;
  bool answered = ask(socket.get(), request, &frame, &have);
  // A daemon of another version, or one that sees other files (another mount namespace or root),
  // says so; an engine of our own then serves this request.
  const bool elsewhere = answered ? frame.kind == static_cast<std::uint16_t>(wire::Kind::foreign)
                                  : frame.magic == wire::kMagic && !wire::is_ours(frame);
  if (elsewhere) {
    socket = os::Fd(own_engine(env));
    answered = socket && ask(socket.get(), request, &frame, &have);
  }
  if (!answered) return become_tool(command, env);
  return handle_answer(socket.get(), frame, have, command, env, stream_flags);
}

}  // namespace deja::client
