// SPDX-License-Identifier: Apache-2.0
// Programs are started by posix_spawn(3), which works in a process with threads; fork(2) is only used by
// run_in_copy() and run_detached(). A program without "#!" is started again under the shell, as execvp(3) does it.
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "os/file.h"
#include "os/process_stat.h"

extern "C" char** environ;  // NOLINT(readability-redundant-declaration): unistd.h has it on demand

namespace deja::os {
namespace {

// The array that exec needs; texts must outlive it.
std::vector<char*> pointers(const Texts& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

Texts with_shell(const std::string& path, const Texts& argv) {
  Texts out = {"sh", path};
  if (!argv.empty()) out.insert(out.end(), argv.begin() + 1, argv.end());
  return out;
}

Result<pid_t> spawn(const std::string& path, const Texts& argv, const Texts& environment,
                    const posix_spawn_file_actions_t* actions) {
  const auto arguments = pointers(argv);
  const auto variables = pointers(environment);
  pid_t pid = -1;
  int error =
      ::posix_spawnp(&pid, path.c_str(), actions, nullptr, arguments.data(), variables.data());
  if (error == ENOEXEC) {
    const Texts shell = with_shell(path, argv);
    error =
        ::posix_spawn(&pid, "/bin/sh", actions, nullptr, pointers(shell).data(), variables.data());
  }
  if (error != 0) return sys_error_code(error, "start", path);
  return pid;
}

struct Pipe {
  Fd read, write;
};
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return sys_error("pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

void lower_thread_priority() {
  constexpr int kNiceness = 10;
  // On Linux 0 is the calling thread, not its process. Where it is not allowed, nothing changes.
  ::setpriority(PRIO_PROCESS, 0, std::max(kNiceness, ::getpriority(PRIO_PROCESS, 0)));
}

void silence_stream(int stream) {
  Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return;
  if (nothing.get() == stream) {  // it was closed
    ::fcntl(nothing.release(), F_SETFD, 0);
  } else {
    ::dup2(nothing.get(), stream);
  }
}

int become_program(const std::string& path, const Texts& argv, const Texts& environment) {
  const auto variables = pointers(environment);
  ::execve(path.c_str(), pointers(argv).data(), variables.data());
  if (errno != ENOEXEC) return errno;
  const Texts shell = with_shell(path, argv);
  ::execve("/bin/sh", pointers(shell).data(), variables.data());
  return errno;
}

Result<pid_t> start_program(const std::string& path, const Texts& argv, const Texts& environment,
                            const std::string& cwd) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (!cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
  auto pid = spawn(path, argv, environment, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  return pid;
}

Result<Heard> start_heard(const std::string& path, const Texts& argv, const Texts& environment,
                          const std::string& cwd) {
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  if (!cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
  const auto pid = spawn(path, argv, environment, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  if (!pid) return pid.error();
  return Heard{*pid, std::move(out.read), std::move(err.read)};
}

std::optional<int> run_in_copy(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) ::_exit(body());
  const auto how = ended(child, true);
  if (!how || how->signal != 0) return std::nullopt;
  return how->exit_code;
}

Status run_detached(const std::function<void()>& body) {
  const auto forked = run_in_copy([&] {
    ::setsid();
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      body();
      ::_exit(127);
    }
    return grandchild < 0 ? 1 : 0;
  });
  if (!forked || *forked != 0) return Error{Code::unavailable, 0, "cannot start another process"};
  return {};
}

std::optional<Ended> ended(pid_t child, bool wait) {
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(child, &status, wait ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return std::nullopt;
  if (got < 0) return Ended{127, 0};
  return WIFSIGNALED(status) ? Ended{0, WTERMSIG(status)} : Ended{WEXITSTATUS(status), 0};
}

namespace {

std::string stat_of(pid_t process) {
  char text[1024];
  if (process <= 0) return {};
  return std::string(process_stat(std::to_string(process), text, sizeof(text)));
}

}  // namespace

bool is_running(pid_t process) { return ::kill(process, 0) == 0 || errno == EPERM; }

bool is_stopped(pid_t process) {
  const std::string stat = stat_of(process);
  return stat.starts_with('T') || stat.starts_with('t');
}

bool is_ancestor(pid_t process, pid_t of) {
  constexpr int kGenerationsMax = 64;
  for (int i = 0; i < kGenerationsMax && process > 1 && of > 1; ++i) {
    const std::string stat = stat_of(of);
    if (stat.size() < 3) return false;
    of = 0;
    std::from_chars(stat.data() + 2, stat.data() + stat.size(), of);
    if (of == process) return true;
  }
  return false;
}

Fd end_of(pid_t child) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))); }

void send_signal(pid_t child, int signal) { ::kill(child, signal); }

std::vector<bool> wait_readable(const std::vector<int>& fds) {
  std::vector<struct pollfd> polled;
  polled.reserve(fds.size());
  for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
  while (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) {
  }
  std::vector<bool> out;
  out.reserve(polled.size());
  for (const struct pollfd& p : polled) out.push_back(p.revents != 0);
  return out;
}

std::vector<OpenDescriptor> inheritable_descriptors(int first) {
  std::vector<OpenDescriptor> out;
  const auto names = list_directory("/proc/self/fd");
  if (!names) return out;
  for (const std::string& name : *names) {
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    struct stat st = {};
    const int flags = ::fcntl(fd, F_GETFD);
    if (fd >= first && flags >= 0 && (flags & FD_CLOEXEC) == 0 && ::fstat(fd, &st) == 0)
      out.push_back({fd, st.st_dev, st.st_ino});
  }
  return out;
}

Texts own_environment() {
  Texts out;
  for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
  return out;
}

std::optional<unsigned> own_umask() {
  constexpr std::string_view kField = "\nUmask:\t";
  const auto text = read_file("/proc/thread-self/status", 1 << 16);
  const std::size_t at = text ? text->find(kField) : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  const char* const first = text->data() + at + kField.size();
  unsigned mask = 0;
  const auto parsed = std::from_chars(first, text->data() + text->size(), mask, 8);
  return parsed.ec == std::errc() ? std::optional(mask) : std::nullopt;
}

std::optional<StandardStreams> standard_streams() {
  struct stat in;
  struct stat out;
  struct stat err;
  if (::fstat(0, &in) != 0 || ::fstat(1, &out) != 0 || ::fstat(2, &err) != 0) return std::nullopt;
  for (int stream = 0; stream < 3; ++stream)
    if ((::fcntl(stream, F_GETFL) & O_PATH) != 0) return std::nullopt;  // os/closed_streams.h
  StandardStreams streams;
  streams.out_is_terminal = S_ISCHR(out.st_mode) && ::isatty(1) != 0;
  streams.err_is_terminal = S_ISCHR(err.st_mode) && ::isatty(2) != 0;
  if (out.st_dev != err.st_dev || out.st_ino != err.st_ino) return streams;
  // Two openings of one file have two positions; only copies of one descriptor share it.
  constexpr int kCompareFiles = 0;  // KCMP_FILE, kcmp(2)
  streams.are_one = S_ISFIFO(out.st_mode) || S_ISSOCK(out.st_mode) || S_ISCHR(out.st_mode) ||
                    ::syscall(SYS_kcmp, ::getpid(), ::getpid(), kCompareFiles, 1, 2) == 0;
  return streams;
}

}  // namespace deja::os
