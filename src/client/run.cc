// The user's descriptors, signals, limits, terminal and jobserver stay the tool's own: it is our
// child in our process group, and only its stdout and stderr are pipes of ours. We outlive Ctrl-C
// (the terminal sends it to both), pass on what is sent to us alone, and end the way it ended.
#include "client/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "base/ansi.h"
#include "client/children.h"
#include "client/engine.h"
#include "client/feed.h"
#include "client/limit.h"
#include "observe/log_create.h"
#include "os/fd.h"
#include "os/io.h"

namespace deja::client {
namespace {

// Captured bytes: address space that costs memory only when written to.
class Capture {
 public:
  void add(const char* data, std::size_t n) {
    if (memory_ == nullptr) {
      void* p = ::mmap(nullptr, wire::kStreamMax, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (p == MAP_FAILED) {
        overflow_ = true;
        return;
      }
      memory_ = static_cast<char*>(p);
    }
    if (n > wire::kStreamMax - size_) overflow_ = true;
    if (overflow_) return;
    std::memcpy(memory_ + size_, data, n);
    size_ += n;
  }
  std::string_view view() const { return {memory_, size_}; }
  bool overflow() const { return overflow_; }

 private:
  char* memory_ = nullptr;
  std::size_t size_ = 0;
  bool overflow_ = false;
};

// One of the tool's streams: captured as it is, passed on (stripped when asked).
struct Stream {
  os::Fd from;  // our end of the pipe
  int to = -1;  // the user's descriptor; -1: nobody wants it
  bool strip = false;
  bool lost = false;  // the user's end is gone
  Capture capture;
  AnsiStripper stripper;

  void pass_on(const char* data, std::size_t n) {
    if (!lost && to >= 0 && n > 0 && os::write_all(to, data, n) != 0) lost = true;
  }
  // False at the end of the stream, or when its reader is gone: the tool must find that out.
  bool pump() {
    static char input[64 * 1024];
    static char output[sizeof(input) + kAnsiMax];
    const ssize_t n = os::read_some(from.get(), input, sizeof(input));
    if (n <= 0) return false;
    const auto size = static_cast<std::size_t>(n);
    capture.add(input, size);
    if (!strip) {
      pass_on(input, size);
    } else {
      pass_on(output, stripper.feed(input, size, output));
    }
    return !lost;
  }
  void finish() {
    char rest[kAnsiMax];
    if (strip) pass_on(rest, stripper.finish(rest));
    from.reset();
  }
};

volatile pid_t running_child = 0;
// What a process has sent is passed on. What the kernel sends (a terminal's Ctrl-C, its hangup)
// goes to the tool as well; SIGPIPE is about our own pipes.
void on_signal(int signal, siginfo_t* info, void*) {
  const bool is_sent = info->si_code <= 0;
  if (is_sent && running_child > 0) ::kill(running_child, signal);
}

constexpr int kHandled[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT, SIGPIPE};

// A signal that the user ignores stays ignored, by the tool too.
void outlive(int signal) {
  struct sigaction old = {};
  if (::sigaction(signal, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  ::sigaction(signal, &action, nullptr);
}

// NAME=value in memory that lives until exec.
char* make_entry(std::string_view a, std::string_view b, std::string_view c, std::string_view d) {
  const std::size_t n = a.size() + b.size() + c.size() + d.size() + 1;
  void* p = ::mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  char* at = static_cast<char*>(p);
  for (const std::string_view part : {a, b, c, d}) {
    std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return static_cast<char*>(p);
}

// The user's environment, plus the interposer (after the user's own preloads) and the log.
char** observed_environment(const Environment& env, std::string_view preload, const char* log) {
  const std::size_t bytes = (env.count + 3) * sizeof(char*);
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  char** out = static_cast<char**>(p);
  std::size_t n = 0;
  for (std::size_t i = 0; i < env.count; ++i) {
    if (std::strncmp(env.raw[i], "LD_PRELOAD=", 11) != 0) out[n++] = env.raw[i];
  }
  char* preload_entry = make_entry("LD_PRELOAD=", env.preload, env.has_preload ? ":" : "", preload);
  char* log_entry = make_entry(DEJA_LOG_VARIABLE, "=", log, "");
  if (preload_entry == nullptr || log_entry == nullptr) return nullptr;
  out[n++] = preload_entry;
  out[n++] = log_entry;
  return out;
}

// What is executed: the tool, or what observes it from outside.
struct Program {
  char* path = nullptr;
  char** argv = nullptr;
};

// deja-supervise LOG TOOL ARGV…, which lies beside the engine. No path: it cannot be had.
Program supervised(const RunOrder& order, char* log) {
  static char path[os::kPlaceMax];
  if (!libexec_path("deja-supervise", path)) return {};
  std::size_t argc = 0;
  while (order.argv[argc] != nullptr) ++argc;
  const std::size_t bytes = (argc + 4) * sizeof(char*);
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return {};
  char** argv = static_cast<char**>(p);
  argv[0] = path;
  argv[1] = log;
  argv[2] = order.tool;
  for (std::size_t i = 0; i <= argc; ++i) argv[3 + i] = order.argv[i];
  return {path, argv};
}

// What the tool gets for its streams; -1: the user's own.
struct Ends {
  int stdin_read = -1, stdout_write = -1, stderr_write = -1;
};

// Between vfork and exec: only calls that change nothing of the parent's.
[[noreturn]] void become_child(const Program& program, const Ends& ends, char** environment,
                               const sigset_t& mask, volatile int* failed) {
  if (ends.stdin_read >= 0) ::dup2(ends.stdin_read, 0);
  ::dup2(ends.stdout_write, 1);
  ::dup2(ends.stderr_write, 2);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execve(program.path, program.argv, environment);
  *failed = errno;
  ::_exit(127);
}

std::int64_t now_ns(clockid_t clock) {
  struct timespec t = {};
  ::clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// The streams that have not ended, as poll() takes them.
struct OpenStreams {
  struct pollfd fds[2];
  Stream* streams[2];
  int count = 0;

  OpenStreams(Stream* all, int n) {
    for (int i = 0; i < n; ++i) {
      if (!all[i].from) continue;
      streams[count] = &all[i];
      fds[count++] = {all[i].from.get(), POLLIN, 0};
    }
  }
  void pump() {
    for (int i = 0; i < count; ++i) {
      if (fds[i].revents != 0 && !streams[i]->pump()) streams[i]->finish();
    }
  }
};

// Pumps both streams until they end. A process that the tool left behind may keep a pipe open:
// the tool's own end (child_ended) then ends the capture too, with what has arrived by then.
bool pump_streams(Stream* streams, int count, pid_t child, Limit& limit, int* status) {
  bool child_ended = false;
  for (int moments = 0;;) {
    OpenStreams open(streams, count);
    if (open.count == 0) break;
    // While a pipe is open and quiet, look every 50 ms whether the tool has ended without it.
    const int ready =
        ::poll(open.fds, static_cast<nfds_t>(open.count), child_ended ? kMomentMs : 50);
    if (ready < 0 && errno == EINTR) continue;
    limit.enforce();
    // A pipe is still open, and the tool is gone: a process was left behind.
    if (child_ended && ++moments > kMoments) return false;
    if (ready <= 0) {
      if (!child_ended && ::waitpid(child, status, WNOHANG) == child) child_ended = true;
      continue;
    }
    open.pump();
  }
  while (!child_ended) {
    const pid_t ended = ::waitpid(child, status, limit.is_set() ? WNOHANG : 0);
    if (ended != 0 && !(ended < 0 && errno == EINTR)) break;
    if (ended == 0) ::poll(nullptr, 0, 20);
    limit.enforce();
  }
  return true;
}

bool open_pipe(os::Fd& read_end, os::Fd& write_end) {
  int pair[2];
  if (::pipe2(pair, O_CLOEXEC) != 0) return false;
  read_end = os::Fd(pair[0]);
  write_end = os::Fd(pair[1]);
  return true;
}

// Gives each stream its pipe. writes: the tool's ends.
bool open_pipes(const RunOrder& order, Stream* streams, int count, os::Fd* writes) {
  for (int i = 0; i < count; ++i) {
    if (!open_pipe(streams[i].from, writes[i])) return false;
    streams[i].to = order.drops[i] ? -1 : i + 1;
    streams[i].strip = order.strip_colour && (i == 1 || order.streams_are_one);
  }
  return true;
}

// Starts the tool with all signals held back, so that none is lost between its start and ours
// being ready to pass them on.
pid_t start(const Program& program, const Ends& ends, char** environment, volatile int* failed) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  // NOLINTNEXTLINE(bugprone-unsafe-functions): posix_spawn() cannot set PR_SET_PDEATHSIG
  const pid_t child = ::vfork();
  if (child == 0) become_child(program, ends, environment, before, failed);
  running_child = child;
  if (child > 0 && *failed == 0) {
    for (const int s : kHandled) outlive(s);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return child;
}

}  // namespace

RunOutcome run_tool(const RunOrder& order, const Environment& env) {
  RunOutcome outcome;
  static Stream streams[2];
  const int count = order.streams_are_one ? 1 : 2;
  os::Fd writes[2];
  if (!open_pipes(order, streams, count, writes)) return outcome;
  char** environment = env.raw;
  Program program = {order.tool, order.argv};
  if (!order.preload.empty()) {
    static observe::NewLog log;
    if (!observe::create_log(log, "/proc/self/exe")) return outcome;
    outcome.log_fd = log.fd;
    if (order.supervise) {
      program = supervised(order, log.path);
    } else {
      environment = observed_environment(env, order.preload, log.path);
    }
    if (environment == nullptr || program.path == nullptr) return outcome;
  }
  const os::Fd no_input(order.no_stdin ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : -1);
  const Ends ends = {no_input.get(), writes[0].get(), writes[count - 1].get()};
  const StdinMark stdin_before;
  const LeftBehind left_behind;
  Limit limit(order.limit_ms);
  volatile int failed = 0;
  const std::int64_t start_ns = now_ns(CLOCK_MONOTONIC);
  const pid_t child = start(program, ends, environment, &failed);
  if (child < 0) return outcome;
  for (os::Fd& fd : writes) fd.reset();
  int status = 0;
  if (failed != 0) {
    ::waitpid(child, &status, 0);
    return outcome;
  }
  const bool whole = pump_streams(streams, count, child, limit, &status);
  running_child = 0;
  outcome.started = true;
  outcome.head.ended_ns = static_cast<std::uint64_t>(now_ns(CLOCK_REALTIME));
  outcome.head.elapsed_ns = static_cast<std::uint64_t>(now_ns(CLOCK_MONOTONIC) - start_ns);
  if (WIFSIGNALED(status)) {
    outcome.head.signal = static_cast<std::uint32_t>(WTERMSIG(status));
  } else {
    outcome.head.exit_code = static_cast<std::uint32_t>(WEXITSTATUS(status));
  }
  outcome.stdout_bytes = streams[0].capture.view();
  outcome.stderr_bytes = streams[1].capture.view();
  const bool lost = streams[0].lost || streams[1].lost;
  if (!whole || lost || left_behind.any() || streams[0].capture.overflow() ||
      streams[1].capture.overflow())
    outcome.head.flags |= wire::kReportTruncated;
  if (stdin_before.is_passed()) outcome.head.flags |= wire::kReportReadStdin;
  if (limit.was_passed()) outcome.head.flags |= wire::kReportTimedOut;
  // Its last words did not arrive (a full disk) after it had ended well: without us it would have
  // failed.
  if (streams[0].lost && status == 0) outcome.head.exit_code = 1;
  return outcome;
}

}  // namespace deja::client
