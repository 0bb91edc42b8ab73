// SPDX-License-Identifier: Apache-2.0
// The helper's process is forked from the supervisor, takes over the asker's descriptors by pidfd_getfd(2)
// and its other state from /proc, and then waits for permission to exec.
#include "observe/supervise/helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <vector>

#include "os/io.h"

namespace deja::observe::supervise {
namespace {

constexpr std::size_t kTextsMax = 8u << 20;  // arguments or variables; the kernel allows fewer

// Reads a list of texts from the process's memory, in execve's form. False: it cannot be read.
bool read_texts(const Tracee& tracee, std::uint64_t list, std::vector<std::string>& out) {
  std::size_t total = 0;
  for (; list != 0; list += sizeof(std::uint64_t)) {
    std::uint64_t address = 0;
    std::string text;
    if (!tracee.bytes(list, &address, sizeof address)) return false;
    if (address == 0) return true;
    if (!tracee.long_text(address, kTextsMax - total, text)) return false;
    total += text.size() + 1;
    out.push_back(std::move(text));
  }
  return true;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// The descriptors that the process would pass to its next program, in order.
std::vector<int> inherited(pid_t process) {
  const std::string directory = "/proc/" + std::to_string(process) + "/fd";
  std::vector<int> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir(directory.c_str()), ::closedir);
  while (list) {
    const struct dirent* const entry = ::readdir(list.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    int fd = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), fd).ec == std::errc())
      out.push_back(fd);
  }
  std::ranges::sort(out);
  return out;
}

constexpr int kNotCopied = -1, kNotInherited = -2;

// A copy with a number above `base`, close-on-exec.
int copy_fd(const os::Fd& process, int fd, int base) {
  const os::Fd copy(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
  return copy ? ::fcntl(copy.get(), F_DUPFD_CLOEXEC, base) : kNotCopied;
}

bool closes_on_exec(pid_t process, int fd) {
  const std::string info =
      read_text("/proc/" + std::to_string(process) + "/fdinfo/" + std::to_string(fd));
  return (field(info, "flags:\t", 8).value_or(0) & O_CLOEXEC) != 0;
}

// Replaces our descriptors by those of the process. socket: moved to a free number.
bool take_descriptors(pid_t process, os::Fd& socket) {
  os::Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  const std::vector<int> theirs = inherited(process);
  const int base = theirs.empty() ? 3 : theirs.back() + 1;
  if (!handle) return false;
  socket = os::Fd(::fcntl(socket.get(), F_DUPFD_CLOEXEC, base));
  std::vector<int> copies;
  copies.reserve(theirs.size());
  for (const int fd : theirs)
    copies.push_back(closes_on_exec(process, fd) ? kNotInherited : copy_fd(handle, fd, base));
  if (!socket || std::ranges::find(copies, kNotCopied) != copies.end()) return false;
  handle.reset();  // its number may be one of the process's
  ::close_range(0, static_cast<unsigned>(base) - 1, 0);
  for (std::size_t i = 0; i < theirs.size(); ++i)
    if (copies[i] != kNotInherited && ::dup2(copies[i], theirs[i]) < 0) return false;
  ::close_range(static_cast<unsigned>(base), ~0U, CLOSE_RANGE_CLOEXEC);
  return true;
}

bool take_signals(const std::string& status) {
  const auto ignored = field(status, "\nSigIgn:\t", 16);
  const auto blocked = field(status, "\nSigBlk:\t", 16);
  if (!ignored || !blocked) return false;
  sigset_t mask;
  sigemptyset(&mask);
  for (int signal = 1; signal <= 64; ++signal) {
    const unsigned long bit = 1ul << (signal - 1);
    ::signal(signal, (*ignored & bit) != 0 ? SIG_IGN : SIG_DFL);
    if ((*blocked & bit) != 0) sigaddset(&mask, signal);
  }
  return ::sigprocmask(SIG_SETMASK, &mask, nullptr) == 0;
}

bool take_limits(pid_t process) {
  for (int i = 0; i < RLIM_NLIMITS; ++i) {
    const auto resource = static_cast<__rlimit_resource>(i);
    struct rlimit limit = {};
    if (::prlimit(process, resource, nullptr, &limit) != 0 || ::setrlimit(resource, &limit) != 0)
      return false;
  }
  return true;
}

// Sets everything that a child inherits at fork.
bool become_like(pid_t process, os::Fd& socket) {
  const std::string directory = "/proc/" + std::to_string(process) + "/";
  const std::string status = read_text(directory + "status");
  const auto umask = field(status, "\nUmask:\t", 8);
  if (!umask) return false;
  // A process of another session can only get a new session, without its terminal.
  const bool is_of_ours = ::getsid(process) == ::getsid(0);
  if (is_of_ours ? ::setpgid(0, ::getpgid(process)) != 0 : ::setsid() < 0) return false;
  ::umask(static_cast<mode_t>(*umask));
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, static_cast<id_t>(process)));
  return ::chdir((directory + "cwd").c_str()) == 0 && take_descriptors(process, socket) &&
         take_limits(process) && take_signals(status);
}

}  // namespace

std::optional<StartedHelper> start_helper(const Tracee& asker, const std::string& path,
                                          const seccomp_notif& call) {
  std::vector<std::string> arguments, variables;
  const auto status = asker.status();
  int pair[2];
  if (!status || !read_texts(asker, call.data.args[1], arguments) ||
      !read_texts(asker, call.data.args[2], variables) ||
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return std::nullopt;
  os::Fd ours(pair[0]);
  os::Fd theirs(pair[1]);
  const pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  char byte = 0;
  if (child == 0) {
    ours.reset();
    if (!become_like(status->process, theirs) || ::access(path.c_str(), X_OK) != 0) ::_exit(126);
    os::write_all(theirs.get(), "r", 1);
    if (os::read_exactly(theirs.get(), &byte, 1) != 1) ::_exit(126);
    ::execve(path.c_str(), pointers_to(arguments).data(), pointers_to(variables).data());
    ::_exit(126);
  }
  theirs.reset();
  if (os::read_exactly(ours.get(), &byte, 1) != 1) return std::nullopt;
  return StartedHelper{child, std::move(ours)};
}

}  // namespace deja::observe::supervise
