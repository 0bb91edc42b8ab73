// SPDX-License-Identifier: Apache-2.0
// The tool keeps the user's descriptors, signals, limits, terminal and jobserver: it is our child
// in our process group, and only its stdout and stderr are our pipes. We survive Ctrl-C (the
// terminal sends it to both), forward signals that only we get, and end in the same way as the
// tool.
#include "client/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "client/calls.h"
#include "client/children.h"
#include "client/clock.h"
#include "client/connect.h"
#include "client/limit.h"
#include "client/relay.h"
#include "client/send_stdin.h"
#include "client/stream.h"
#include "observe/log_create.h"
#include "observe/preload/loadable.h"
#include "os/fd.h"

namespace deja::client {
namespace {

volatile pid_t running_child = 0;
// Forwards a signal that another process has sent. The kernel sends its signals (a terminal's
// Ctrl-C, its hangup) to the tool as well. The SIGPIPE of our own write looks as if we had sent it
// ourselves.
void on_signal(int signal, siginfo_t* info, void*) {
  const bool is_sent = info->si_code <= 0 && info->si_pid != ::getpid();
  if (is_sent && running_child > 0) ::kill(running_child, signal);
}

constexpr int kHandled[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT, SIGPIPE};

// A signal that the user ignores stays ignored, also in the tool.
void outlive(int signal) {
  struct sigaction old = {};
  if (::sigaction(signal, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  ::sigaction(signal, &action, nullptr);
}

// The user's environment with the interposer (after the user's own preloads) and the log.
char** observed_environment(const Environment& env, std::string_view preload, const char* log,
                            const char* calls) {
  const std::size_t bytes = (env.count + 3) * sizeof(char*);
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  char** out = static_cast<char**>(p);
  std::size_t n = 0;
  for (std::size_t i = 0; i < env.count; ++i) {
    const std::string_view entry = env.raw[i];
    const std::string_view name = entry.substr(0, entry.find('='));
    if (name != "LD_PRELOAD" && name != os::kCallsVariable) out[n++] = env.raw[i];
  }
  char* preload_entry = make_entry("LD_PRELOAD=", env.preload, env.has_preload ? ":" : "", preload);
  char* log_entry = make_entry("", DEJA_LOG_VARIABLE "=", log, "");
  if (*calls != '\0') log_entry = make_entry(DEJA_LOG_VARIABLE "=", log, ",", calls);
  if (preload_entry == nullptr || log_entry == nullptr) return nullptr;
  out[n++] = preload_entry;
  out[n++] = log_entry;
  return out;
}

// The program to execute: the tool, or the supervisor that observes it.
struct Program {
  char* path = nullptr;
  char** argv = nullptr;
};

// deja-supervise LOG TOOL ARGV…, installed next to the engine. Without a path: not available.
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

// How the tool is observed: as the engine says, unless the tool's file does not allow it.
enum class Observation { unobserved, interposed, supervised };
Observation observation_of(const RunOrder& order) {
  if (order.preload.empty()) return Observation::unobserved;
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the texts of an order end with a NUL
  const deja_fit fit = deja_fit_of(AT_FDCWD, order.tool, order.preload.data());
  // It ignores the interposer, and under the supervisor it would not gain its rights.
  if (fit == DEJA_GAINS_RIGHTS) return Observation::unobserved;
  return order.supervise || fit == DEJA_FITS_NOT ? Observation::supervised
                                                 : Observation::interposed;
}

// The descriptors that the tool gets as its streams; -1: the user's own.
struct Ends {
  int stdin_read = -1, stdout_write = -1, stderr_write = -1;
};

// Between vfork and exec: only calls that change nothing in the parent.
[[noreturn]] void become_child(const Program& program, const Ends& ends, char** environment,
                               const sigset_t& mask, volatile int* failed) {
  if (ends.stdin_read >= 0) ::dup2(ends.stdin_read, 0);
  if (ends.stdout_write >= 0) ::dup2(ends.stdout_write, 1);
  if (ends.stderr_write >= 0) ::dup2(ends.stderr_write, 2);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execve(program.path, program.argv, environment);
  *failed = errno;
  ::_exit(127);
}

// The running tool. poll(2) reports its end (Linux 5.3); before that, waitpid(2) has to be called
// repeatedly.
class RunningTool {
 public:
  explicit RunningTool(pid_t child)
      : child_(child), fd_(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))) {}
  int fd() const { return fd_.get(); }
  bool has_ended() {
    if (!ended_) ended_ = ::waitpid(child_, &status_, WNOHANG) == child_;
    return ended_;
  }
  void wait(Limit& limit) {
    while (!ended_) {
      const pid_t ended = ::waitpid(child_, &status_, limit.is_set() ? WNOHANG : 0);
      ended_ = ended != 0 && !(ended < 0 && errno == EINTR);
      if (ended == 0) ::poll(nullptr, 0, 20);
      limit.enforce();
    }
  }
  int status() const { return status_; }

 private:
  pid_t child_;
  os::Fd fd_;
  bool ended_ = false;
  int status_ = 0;
};

int count_lost(const Stream* streams, int count) {
  int lost = 0;
  for (int i = 0; i < count; ++i) lost += streams[i].error() != 0 ? 1 : 0;
  return lost;
}

// The tool has ended and a pipe is still open, so a process was left behind. A process that is
// about to end gets a moment for it. False: it continues, and its text is not the tool's.
bool end_soon(Stream* streams, int count, const LeftBehind& left_behind) {
  const int lost_before = count_lost(streams, count);
  const std::int64_t until_ns =
      time_ns(CLOCK_MONOTONIC) + std::int64_t{kLooksMax} * kLookMs * 1'000'000;
  for (;;) {
    OpenStreams open(streams, count, -1);
    // Text lost after this point is not the tool's.
    if (!open.any()) return count_lost(streams, count) == lost_before;
    const int ready = open.poll(kLookMs);
    if (ready > 0 && !open.pump_what_fits()) return false;
    if (ready == 0 && !left_behind.is_at_work()) return false;
    if (time_ns(CLOCK_MONOTONIC) > until_ns) return false;
  }
}

// Pumps both streams until they end. A process that the tool left behind may keep a pipe open; then
// the capture ends with the tool, with the text that has arrived. False: that is what happened.
bool pump_streams(Stream* streams, int count, RunningTool& tool, Limit& limit,
                  const LeftBehind& left_behind) {
  for (;;) {
    OpenStreams open(streams, count, tool.fd());
    if (!open.any()) break;
    const int ready = open.poll(tool.fd() >= 0 && !limit.is_set() ? -1 : 50);
    if (ready < 0 && errno == EINTR) continue;
    limit.enforce();
    if (ready > 0) open.pump();
    if (ready <= 0 || open.is_watched_ready()) {
      if (!tool.has_ended()) continue;
      for (int i = 0; i < count; ++i) streams[i].drain();
      return end_soon(streams, count, left_behind);
    }
  }
  tool.wait(limit);
  return true;
}

bool open_pipe(os::Fd& read_end, os::Fd& write_end) {
  int pair[2];
  if (::pipe2(pair, O_CLOEXEC) != 0) return false;
  read_end = os::Fd(pair[0]);
  write_end = os::Fd(pair[1]);
  return true;
}

// Opens a pipe for each stream. writes: the tool's ends; none where the tool gets the user's
// descriptor.
bool open_pipes(const RunOrder& order, Stream* streams, int count, os::Fd* writes) {
  for (int i = 0; i < count; ++i) {
    if (order.is_own[i]) continue;
    os::Fd read_end;
    if (!open_pipe(read_end, writes[i])) return false;
    streams[i].open(std::move(read_end), order.drops[i] ? -1 : i + 1,
                    order.strip_colour && (i == 1 || order.streams_are_one));
  }
  return true;
}

// The tool's text that did not reach the user.
Unwritten find_unwritten(const Stream* streams, int count) {
  Unwritten lost;
  bool is_doubled = false;
  for (int i = count - 1; i >= 0; --i) {
    const Stream& s = streams[i];
    if (s.error() != 0) lost = {i + 1, s.error(), s.is_reported(), false};
    // A reader that has closed will not see the earlier text twice.
    is_doubled = is_doubled || (s.has_arrived() && s.error() != EPIPE);
  }
  lost.may_run_again = lost.fd != 0 && !is_doubled;
  return lost;
}

// Starts the tool with all signals blocked, so that a signal that arrives before we can forward it
// is not lost.
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

struct Start {
  Program program;
  char** environment;
  Observation observation;
  int log_fd;  // -1: none
};

// What is started, and how it is observed. False: there is no memory for it.
bool prepare(const RunOrder& order, const Environment& env, const Environment& caller, Start& out) {
  out = {{order.tool, order.argv}, env.raw, observation_of(order), -1};
  static char calls[kCallsText];
  calls_for(caller, order.client, order.tool, order.argv, calls);
  // Without the interposer the variable would be visible to the tool; with `deja exec` and `deja run` the
  // tool can be anything, so it is not set.
  if (out.observation != Observation::interposed && !order.is_exec && !order.is_routed &&
      calls[0] != '\0')
    out.environment = with_calls(env, calls);
  if (out.environment == nullptr) return false;
  if (out.observation == Observation::unobserved) return true;
  static observe::NewLog log;
  if (!observe::create_log(log, "/proc/self/exe")) return false;
  out.log_fd = log.fd;
  if (out.observation == Observation::supervised) {
    out.program = supervised(order, log.path);
  } else {
    out.environment = observed_environment(env, order.preload, log.path, calls);
  }
  return out.environment != nullptr && out.program.path != nullptr;
}

void note_end(int status, std::int64_t start_ns, wire::ReportHead& head) {
  head.ended_ns = static_cast<std::uint64_t>(time_ns(CLOCK_REALTIME));
  head.elapsed_ns = static_cast<std::uint64_t>(time_ns(CLOCK_MONOTONIC) - start_ns);
  if (WIFSIGNALED(status)) {
    head.signal = static_cast<std::uint32_t>(WTERMSIG(status));
  } else {
    head.exit_code = static_cast<std::uint32_t>(WEXITSTATUS(status));
  }
}

}  // namespace

RunOutcome run_tool(const RunOrder& order, const Environment& env, const Environment& caller) {
  RunOutcome outcome;
  static Stream streams[2];
  const int count = order.streams_are_one ? 1 : 2;
  os::Fd writes[2];
  if (!open_pipes(order, streams, count, writes)) return outcome;
  Start wanted;
  const bool is_ready = prepare(order, env, caller, wanted);
  outcome.log_fd = wanted.log_fd;
  if (!is_ready) return outcome;
  const os::Fd no_input(order.no_stdin ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : -1);
  const Ends ends = {no_input.get(), writes[0].get(), writes[count - 1].get()};
  const StdinMark stdin_before;
  const LeftBehind left_behind;
  Limit limit(order.limit_ms);
  volatile int failed = 0;
  const std::int64_t start_ns = time_ns(CLOCK_MONOTONIC);
  const pid_t child = start(wanted.program, ends, wanted.environment, &failed);
  if (child < 0) return outcome;
  for (os::Fd& fd : writes) fd.reset();
  if (failed != 0) {
    ::waitpid(child, nullptr, 0);
    return outcome;
  }
  RunningTool running(child);
  bool is_whole = pump_streams(streams, count, running, limit, left_behind);
  for (int i = 0; i < count; ++i)
    if (streams[i].is_open()) leave_relay(streams[i]);
  const int status = running.status();
  running_child = 0;
  outcome.started = true;
  note_end(status, start_ns, outcome.head);
  is_whole = is_whole && !left_behind.any();
  if (status == 0 && is_whole) outcome.unwritten = find_unwritten(streams, count);
  outcome.stdout_bytes = streams[0].text();
  outcome.stderr_bytes = streams[1].text();
  for (int i = 0; i < count; ++i) is_whole = is_whole && streams[i].is_whole() && !order.is_own[i];
  if (!is_whole) outcome.head.flags |= wire::kReportTruncated;
  if (wanted.observation == Observation::supervised) outcome.head.flags |= wire::kReportSupervised;
  if (stdin_before.is_passed()) outcome.head.flags |= wire::kReportReadStdin;
  if (limit.was_passed()) outcome.head.flags |= wire::kReportTimedOut;
  outcome.unwritten.may_run_again = outcome.unwritten.may_run_again && stdin_before.give_back();
  return outcome;
}

}  // namespace deja::client
