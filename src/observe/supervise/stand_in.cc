// SPDX-License-Identifier: Apache-2.0
// Turns a process into a stand-in by ptrace(2): its execve call is ended, the registers are set to the call's
// instruction again, and the arguments to this program. Then the two programs use a socket.
#include "observe/supervise/stand_in.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "observe/preload/loadable.h"
#include "observe/supervise/helper.h"
#include "observe/supervise/tracee.h"
#include "os/end.h"
#include "os/io.h"

namespace deja::observe::supervise {
namespace {

// --- turning a process into a stand-in -----------------------------------------------------------------

#if defined(__x86_64__)
constexpr unsigned kRedZone = 128;
void call_again(user_regs_struct& r, std::uint64_t path, const seccomp_notif& call) {
  r.rip -= 2;  // "syscall"
  r.orig_rax = ~0ull;
  r.rax = SYS_execve;
  r.rdi = path;
  r.rsi = call.data.args[1];
  r.rdx = call.data.args[2];
}
std::uint64_t stack_of(const user_regs_struct& r) { return r.rsp; }
#else
constexpr unsigned kRedZone = 0;
void call_again(user_regs_struct& r, std::uint64_t path, const seccomp_notif& call) {
  r.pc -= 4;  // "svc #0"
  r.regs[8] = SYS_execve;
  r.regs[0] = path;
  r.regs[1] = call.data.args[1];
  r.regs[2] = call.data.args[2];
}
std::uint64_t stack_of(const user_regs_struct& r) { return r.sp; }
#endif

// The process is stopped on the way out of its call. Makes it call execve again, with this program. (Its
// memory may be that of its vfork parent; no code keeps data below the end of the stack.)
bool redirect(pid_t thread, const std::string& program, const seccomp_notif& call) {
  user_regs_struct registers = {};
  struct iovec view = {&registers, sizeof registers};
  if (::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &view) != 0) return false;
  const std::uint64_t at = (stack_of(registers) - kRedZone - 64) & ~std::uint64_t{15};
  std::string text = program + '\0';
  const struct iovec ours = {text.data(), text.size()};
  const struct iovec theirs = {remote_pointer(at), text.size()};
  if (::process_vm_writev(thread, &ours, 1, &theirs, 1, 0) != static_cast<ssize_t>(text.size()))
    return false;
  call_again(registers, at, call);
  view = {&registers, sizeof registers};
  return ::ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &view) == 0;
}

// Ends its call and makes it call the other one. False: it continues as after a failed call, or is dead.
bool turn(const Listener& listener, const seccomp_notif& call, const std::string& program) {
  const auto thread = static_cast<pid_t>(call.pid);
  ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
  listener.answer(call.id, -ENOSYS);
  siginfo_t info = {};
  while (::waitid(P_PID, static_cast<id_t>(thread), &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) !=
         0) {
    if (errno != EINTR) return false;
  }
  if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) return false;  // it has ended
  int status = 0;
  ::waitpid(thread, &status, __WALL);
  const bool turned = redirect(thread, program, call);
  const bool is_signal = status >> 16 != PTRACE_EVENT_STOP;
  const std::uintptr_t signal = is_signal ? static_cast<unsigned>(WSTOPSIG(status)) : 0;
  ::ptrace(PTRACE_DETACH, thread, nullptr, remote_pointer(signal));
  return turned;
}

// --- the connection between the supervisor and a stand-in ------------------------------------------------

struct Address {
  struct sockaddr_un name = {};
  socklen_t size = 0;
  explicit Address(pid_t supervisor) {
    const std::string text = "deja-stand-in-" + std::to_string(supervisor);
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path + 1, text.data(), text.size());
    size = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + 1 + text.size());
  }
  const struct sockaddr* get() const {
    const void* const any = &name;
    return static_cast<const struct sockaddr*>(any);
  }
};

pid_t peer_of(const os::Fd& socket) {
  struct ucred peer = {};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

bool gains_rights(const Tracee& tracee, const std::string& path) {
  const auto name = tracee.name(AT_FDCWD, path);
  return name && !name->is_own &&
         deja_fit_at(AT_FDCWD, name->lookup.c_str(), 0) == DEJA_GAINS_RIGHTS;
}

}  // namespace

bool StandIns::listen() {
  if (socket_) return true;
  const Address address(::getpid());
  os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::bind(socket.get(), address.get(), address.size) != 0 ||
      ::listen(socket.get(), 64) != 0)
    return false;
  socket_ = std::move(socket);
  return true;
}

bool StandIns::take(const seccomp_notif& call) {
  if (!may_ || call.data.nr != SYS_execve) return false;
  const Tracee tracee(static_cast<pid_t>(call.pid));
  std::string path;
  if (tracee.text(call.data.args[0], path) != TextRead::good || path.empty() ||
      !gains_rights(tracee, path))
    return false;
  // If the supervisor may not gain rights, the tool without a supervisor could not either.
  const auto its = tracee.status();
  const auto ours = Tracee(::getpid()).status();
  const std::string rights = tracee.rights();
  if (!its || !ours || !its->no_new_privs || ours->no_new_privs || its->threads != 1 ||
      rights.empty() || rights != Tracee(::getpid()).rights() || !listen())
    return false;
  Helper helper;
  helper.asker = its->process;
  std::optional<StartedHelper> started = start_helper(tracee, path, call);
  if (!started) return false;
  helper.child = started->child;
  helper.go = std::move(started->socket);
  if (!listener_.is_valid(call.id) ||
      ::ptrace(PTRACE_SEIZE, static_cast<pid_t>(call.pid), nullptr, nullptr) != 0)
    return false;  // the helper ends when its socket is closed
  const std::string program = "/proc/" + std::to_string(::getpid()) + "/exe";
  if (turn(listener_, call, program)) helpers_.push_back(std::move(helper));
  return true;
}

void StandIns::add_to(std::vector<struct pollfd>& fds) const {
  if (socket_) fds.push_back({socket_.get(), POLLIN, 0});
  for (const Helper& helper : helpers_)
    if (helper.connection) fds.push_back({helper.connection.get(), POLLIN, 0});
}

void StandIns::accept_one() {
  os::Fd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) return;
  const pid_t peer = peer_of(connection);
  for (Helper& helper : helpers_) {
    if (helper.asker != peer || helper.connection) continue;
    os::write_all(connection.get(), &helper.child, sizeof helper.child);
    helper.connection = std::move(connection);
    os::write_all(helper.go.get(), "g", 1);
    helper.go.reset();
    return;
  }
}

void StandIns::look_at_connections() {
  if (!socket_) return;
  struct pollfd fd = {socket_.get(), POLLIN, 0};
  if (::poll(&fd, 1, 0) > 0) accept_one();
  for (Helper& helper : helpers_) {
    char byte = 0;
    if (!helper.connection || ::read(helper.connection.get(), &byte, 1) != 0) continue;
    // The stand-in was killed, so the helper would have been killed.
    helper.connection.reset();
    if (helper.child != 0) ::kill(helper.child, SIGKILL);
  }
}

void StandIns::note_end(pid_t child, int status) {
  for (Helper& helper : helpers_) {
    if (helper.child != child) continue;
    helper.child = 0;
    if (helper.connection) os::write_all(helper.connection.get(), &status, sizeof status);
  }
  std::erase_if(helpers_, [](const Helper& helper) { return helper.child == 0; });
}

// --- the stand-in -------------------------------------------------------------------------------------

namespace {

volatile pid_t helper_pid = 0;
void pass_on(int signal, siginfo_t* info, void*) {
  if (info->si_code <= 0 && helper_pid > 0) ::kill(helper_pid, signal);
}

void pass_signals_on() {
  for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT}) {
    struct sigaction old = {};
    if (::sigaction(signal, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_sigaction = pass_on;
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    ::sigaction(signal, &action, nullptr);
  }
}

constexpr int kCannotStart = 126;

}  // namespace

pid_t stands_in_for() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel passes it as a number
  const char* const started_as = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  std::string_view name = started_as == nullptr ? "" : started_as;
  if (!name.starts_with("/proc/") || !name.ends_with("/exe")) return 0;
  name.remove_prefix(6);
  name.remove_suffix(4);
  pid_t supervisor = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), supervisor);
  return error == std::errc() && end == name.data() + name.size() ? supervisor : 0;
}

int stand_in(pid_t supervisor) {
  const Address address(supervisor);
  const os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), address.get(), address.size) != 0 ||
      peer_of(socket) != supervisor)
    return kCannotStart;
  // Closes the descriptors that the helper has: a pipe's reader waits until all writers are closed.
  const int own = socket.get();
  if (own > 0) ::close_range(0, static_cast<unsigned>(own) - 1, 0);
  ::close_range(static_cast<unsigned>(own) + 1, ~0U, 0);
  pid_t helper = 0;
  int status = 0;
  if (os::read_exactly(own, &helper, sizeof helper) != sizeof helper) return kCannotStart;
  helper_pid = helper;
  pass_signals_on();
  if (os::read_exactly(own, &status, sizeof status) != sizeof status) return kCannotStart;
  return WIFSIGNALED(status) ? os::end_by_signal(WTERMSIG(status)) : WEXITSTATUS(status);
}

}  // namespace deja::observe::supervise
