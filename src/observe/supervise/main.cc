// SPDX-License-Identifier: Apache-2.0
// deja-supervise LOG-PATH TOOL-PATH ARGV…: runs a tool as ARGV (its argv[0] first) and records the calls
// of the tool and of all programs it starts, as the kernel reports them. For its parent this process
// behaves like the tool: same streams, same process group, signals are passed on, and it ends as the tool
// ends. If something is not possible (a kernel that refuses, a log that cannot be opened), the tool still
// runs, and the log is unusable.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "observe/preload/log_layout.h"
#include "observe/supervise/listener.h"
#include "observe/supervise/log_writer.h"
#include "observe/supervise/recorder.h"
#include "observe/supervise/stand_in.h"
#include "os/end.h"
#include "os/fd.h"
#include "os/io.h"

namespace {

namespace os = deja::os;
using deja::observe::supervise::install_filter;
using deja::observe::supervise::Listener;
using deja::observe::supervise::LogWriter;
using deja::observe::supervise::Recorder;
using deja::observe::supervise::StandIns;

// Processes that outlive the tool by less than this still belong to its run.
constexpr int kGraceMs = 20;

// The state that this process was started with, and that the tool must get.
struct Inherited {
  sigset_t mask = {};
  struct sigaction on_child = {};
};

[[noreturn]] void become_tool(const char* path, char** argv) {
  ::execv(path, argv);
  const int failed = errno;
  std::fprintf(stderr, "deja: cannot start %s: %s\n", path, std::strerror(failed));
  ::_exit(failed == ENOENT ? 127 : 126);
}

// Sends the listener, or no descriptor, to the supervisor.
void send_listener(const os::Fd& socket, const os::Fd& listener) {
  char byte = 0;
  const int fd = listener.get();
  os::send_with_fds(socket.get(), &byte, 1, &fd, listener ? 1 : 0);
}

[[noreturn]] void run_child(const os::Fd& socket, const Inherited& inherited, const char* path,
                            char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sigaction(SIGCHLD, &inherited.on_child, nullptr);
  ::sigprocmask(SIG_SETMASK, &inherited.mask, nullptr);
  send_listener(socket, install_filter());
  become_tool(path, argv);
}

volatile pid_t tool_pid = 0;
// Passes on a signal that a process has sent. A signal from the kernel (Ctrl-C on a terminal) already
// goes to the tool as well.
void on_signal(int signal, siginfo_t* info, void*) {
  const pid_t tool = tool_pid;
  if (info->si_code <= 0 && tool > 0) ::kill(tool, signal);
}

// A signal that the caller ignores stays ignored, also for the tool.
void outlive_signals() {
  for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT, SIGPIPE}) {
    struct sigaction old = {};
    if (::sigaction(signal, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    ::sigaction(signal, &action, nullptr);
  }
}

// Reaps ended children, and keeps the status of the tool.
class Reaper {
 public:
  Reaper(pid_t tool, StandIns& stand_ins) : tool_(tool), stand_ins_(stand_ins) {}
  void reap() {
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended == tool_) status_ = status;
      stand_ins_.note_end(ended, status);
    }
    has_children_ = ended == 0;
  }
  std::optional<int> status() const { return status_; }
  // Processes that the tool left behind become our children (PR_SET_CHILD_SUBREAPER).
  bool has_children() const { return has_children_; }

 private:
  pid_t tool_;
  StandIns& stand_ins_;
  std::optional<int> status_;
  bool has_children_ = true;
};

// The rest of the grace period, which starts at the first call.
int remaining_ms(struct timespec& since) {
  struct timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  if (since.tv_sec == 0) since = now;
  const long passed =
      (now.tv_sec - since.tv_sec) * 1000 + (now.tv_nsec - since.tv_nsec) / 1'000'000;
  return passed >= kGraceMs ? 0 : kGraceMs - static_cast<int>(passed);
}

// Receives calls until the tool has ended, and for the grace period those of processes it left behind.
void serve(const Listener& listener, const os::Fd& signals, Recorder& recorder, Reaper& reaper,
           StandIns& stand_ins) {
  std::vector<struct pollfd> fds = {{signals.get(), POLLIN, 0}, {listener.fd(), POLLIN, 0}};
  struct timespec ended = {};
  while (reaper.has_children()) {
    fds.resize(2);
    stand_ins.add_to(fds);
    const int timeout = reaper.status() ? remaining_ms(ended) : -1;
    if (timeout == 0) return;
    if (::poll(fds.data(), fds.size(), timeout) < 0) continue;
    stand_ins.look_at_connections();
    if ((fds[1].revents & POLLIN) != 0) {
      seccomp_notif call;
      if (listener.receive(call)) recorder.handle(call);
    } else if (fds[1].revents != 0) {
      fds[1].fd = -1;  // no process is left that could make a call
    }
    if ((fds[0].revents & POLLIN) != 0) {
      struct signalfd_siginfo info;
      if (::read(signals.get(), &info, sizeof info) > 0) reaper.reap();
    }
  }
}

// For processes that the tool left behind: without an answer, their calls would fail.
void keep_answering(const Listener& listener, bool may_stand_in) {
  if (::fork() != 0) return;
  ::prctl(PR_SET_PDEATHSIG, 0);
  ::setsid();
  ::dup2(listener.fd(), 3);
  ::close_range(4, ~0U, 0);
  ::close_range(0, 2, 0);
  const Listener kept{os::Fd(3)};
  StandIns stand_ins(kept);
  if (!may_stand_in) stand_ins.give_up();
  std::vector<struct pollfd> fds = {{3, POLLIN, 0}};
  while (fds[0].fd >= 0 || stand_ins.any()) {
    fds.resize(1);
    stand_ins.add_to(fds);
    const int ready = ::poll(fds.data(), fds.size(), stand_ins.any() ? 50 : -1);
    stand_ins.look_at_connections();
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
      stand_ins.note_end(ended, status);
    if (ready <= 0 || fds[0].revents == 0) continue;
    if ((fds[0].revents & POLLIN) == 0) fds[0].fd = -1;
    seccomp_notif call;
    if (fds[0].fd < 0 || !kept.receive(call)) continue;
    Recorder::before_sandbox(call);
    if (!stand_ins.take(call)) kept.let_go(call.id);
  }
  ::_exit(0);
}

int end_like(int status) {
  return WIFSIGNALED(status) ? os::end_by_signal(WTERMSIG(status)) : WEXITSTATUS(status);
}

os::Fd receive_listener(const os::Fd& socket) {
  char byte;
  int fds[os::kMaxPassedFds];
  std::size_t count = 0;
  const ssize_t got = os::recv_with_fds(socket.get(), &byte, 1, fds, &count);
  return got == 1 && count == 1 ? os::Fd(fds[0]) : os::Fd();
}

int supervise(LogWriter& log, const char* path, char** argv) {
  Inherited inherited;
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &inherited.mask);
  struct sigaction default_action = {};
  ::sigaction(SIGCHLD, &default_action, &inherited.on_child);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  int pair[2];
  const bool has_pair = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0;
  os::Fd ours(has_pair ? pair[0] : -1);
  os::Fd theirs(has_pair ? pair[1] : -1);
  const pid_t tool = has_pair ? ::fork() : -1;
  if (tool < 0) {
    ::sigaction(SIGCHLD, &inherited.on_child, nullptr);
    ::sigprocmask(SIG_SETMASK, &inherited.mask, nullptr);
    log.lose(DEJA_LOST_KERNEL);
    become_tool(path, argv);
  }
  if (tool == 0) run_child(theirs, inherited, path, argv);
  theirs.reset();
  tool_pid = tool;
  outlive_signals();
  sigset_t mask = inherited.mask;
  sigaddset(&mask, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const os::Fd signals(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  const Listener listener(receive_listener(ours));
  if (!listener.is_usable()) log.lose(DEJA_LOST_KERNEL);
  StandIns stand_ins(listener);
  Recorder recorder(listener, log, stand_ins);
  recorder.expect(tool);
  Reaper reaper(tool, stand_ins);
  reaper.reap();
  serve(listener, signals, recorder, reaper, stand_ins);
  tool_pid = 0;
  recorder.finish();
  if (reaper.has_children()) {
    log.lose(DEJA_LOST_KERNEL);
    keep_answering(listener, stand_ins.may());
  }
  return end_like(*reaper.status());
}

}  // namespace

int main(int argc, char** argv) {
  if (const pid_t supervisor = deja::observe::supervise::stands_in_for(); supervisor != 0)
    return deja::observe::supervise::stand_in(supervisor);
  if (argc < 4) {
    std::fprintf(stderr, "usage: deja-supervise LOG-PATH TOOL-PATH ARGV0 [ARGUMENT...]\n");
    return 2;
  }
  static LogWriter log;
  if (!log.open(argv[1])) become_tool(argv[2], argv + 3);
  return supervise(log, argv[2], argv + 3);
}
