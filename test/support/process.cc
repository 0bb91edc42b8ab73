// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace deja::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& t : texts) out.push_back(const_cast<char*>(t.c_str()));
  out.push_back(nullptr);
  return out;
}

std::string value_of(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& entry : environment) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return {};
}

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path);
}

std::string find_on(const std::string& path, const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string candidate = path.substr(at, end - at) + "/" + name;
    if (is_program(candidate)) return candidate;
    at = end + 1;
  }
  return {};
}

int file_with(const std::string& text) {
  const int fd = ::memfd_create("stdin", MFD_CLOEXEC);
  if (fd < 0) fail("memfd_create");
  if (::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    fail("pwrite");
  return fd;
}

// The child's descriptors, and the ends that this process reads from.
struct Ends {
  int in = -1, out = -1, err = -1;   // the child's
  int read_out = -1, read_err = -1;  // ours
};

void open_pipe(int& read_end, int& write_end) {
  int pair[2];
  if (::pipe2(pair, O_CLOEXEC) != 0) fail("pipe2");
  read_end = pair[0];
  write_end = pair[1];
}

Ends open_ends(const Options& options) {
  Ends e;
  if (options.streams == Streams::terminal) {
    struct winsize size = {24, 80, 0, 0};
    if (::openpty(&e.read_out, &e.out, nullptr, nullptr, &size) != 0) fail("openpty");
    ::fcntl(e.read_out, F_SETFD, FD_CLOEXEC);
    ::fcntl(e.out, F_SETFD, FD_CLOEXEC);
    e.in = e.err = e.out;
    return e;
  }
  e.in = file_with(options.in);
  open_pipe(e.read_out, e.out);
  if (options.streams == Streams::one) {
    e.err = e.out;
  } else {
    open_pipe(e.read_err, e.err);
  }
  return e;
}

void close_child_ends(const Ends& e) {
  ::close(e.in);
  if (e.out != e.in) ::close(e.out);
  if (e.err != e.out) ::close(e.err);
}

[[noreturn]] void become(const Ends& e, const Options& options, const char* program, char** argv,
                         char** environment) {
  if (options.streams == Streams::terminal) {
    ::setsid();
    ::ioctl(e.out, TIOCSCTTY, 0);
  } else {
    ::setpgid(0, 0);
  }
  ::dup2(e.in, 0);
  ::dup2(e.out, 1);
  ::dup2(e.err, 2);
  if (::chdir(options.cwd.c_str()) != 0) ::_exit(125);
  if (options.in_child) options.in_child();
  ::execve(program, argv, environment);
  ::_exit(errno == ENOENT ? 127 : 126);
}

// Reads what is there. False: the end.
bool take(int fd, std::string& to) {
  char buffer[64 * 1024];
  const ssize_t n = ::read(fd, buffer, sizeof(buffer));
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;  // on a terminal, EIO is the end
  to.append(buffer, static_cast<std::size_t>(n));
  return true;
}

void close_end(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

std::string shortened(const std::string& text) {
  return text.size() <= 2000
             ? text
             : text.substr(0, 2000) + "… (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace

std::ostream& operator<<(std::ostream& to, const Result& r) {
  if (r.hung) to << "hung, ";
  if (r.signal != 0) to << "signal " << r.signal;
  if (r.signal == 0) to << "exit code " << r.exit_code;
  return to << "\n  stdout: \"" << shortened(r.out) << "\"\n  stderr: \"" << shortened(r.err)
            << "\"";
}

Process Process::start(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment, const Options& options) {
  const std::string program = find_on(value_of(environment, "PATH"), argv.at(0));
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> environment_pointers = pointers(environment);
  const Ends ends = open_ends(options);
  Process p;
  p.deadline_ = Clock::now() + options.deadline;
  p.pid_ = ::fork();
  if (p.pid_ < 0) fail("fork");
  if (p.pid_ == 0)
    become(ends, options, program.c_str(), const_cast<char**>(argv_pointers.data()),
           const_cast<char**>(environment_pointers.data()));
  close_child_ends(ends);
  p.out_ = ends.read_out;
  p.err_ = ends.read_err;
  return p;
}

Process::Process(Process&& o) noexcept
    : pid_(std::exchange(o.pid_, -1)),
      ended_(o.ended_),
      out_(std::exchange(o.out_, -1)),
      err_(std::exchange(o.err_, -1)),
      deadline_(o.deadline_),
      result_(std::move(o.result_)) {}

Process::~Process() {
  if (pid_ > 0 && !ended_) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  close_end(out_);
  close_end(err_);
}

void Process::send(int signal) const { ::kill(pid_, signal); }

bool Process::wait_for_text(const std::string& text) {
  while (result_.out.find(text) == std::string::npos && out_ >= 0 && Clock::now() < deadline_)
    pump(100);
  return result_.out.find(text) != std::string::npos;
}

void Process::type(const std::string& keys) const {
  if (::write(out_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) fail("write");
}

void Process::resize(unsigned short columns, unsigned short rows) const {
  const struct winsize size = {rows, columns, 0, 0};
  if (::ioctl(out_, TIOCSWINSZ, &size) != 0) fail("ioctl");
}

bool Process::reap() {
  if (ended_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  ended_ = true;
  if (WIFSIGNALED(status)) {
    result_.signal = WTERMSIG(status);
  } else {
    result_.exit_code = WEXITSTATUS(status);
  }
  return true;
}

bool Process::has_ended() { return reap(); }

// Waits for output, at most this long, and reads it.
void Process::pump(int timeout_ms) {
  struct pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (::poll(fds, 2, timeout_ms) <= 0) return;
  if (fds[0].revents != 0 && !take(out_, result_.out)) close_end(out_);
  if (fds[1].revents != 0 && !take(err_, result_.err)) close_end(err_);
}

bool Process::wait_for_output() {
  while (result_.out.empty() && out_ >= 0 && Clock::now() < deadline_) pump(50);
  return !result_.out.empty();
}

Result Process::wait() {
  int pause_ms = 1;
  while (!reap()) {
    if (Clock::now() > deadline_) {
      result_.hung = true;
      ::kill(-pid_, SIGKILL);
      ::kill(pid_, SIGKILL);
    }
    pump(pause_ms);
    if (pause_ms < 20) ++pause_ms;
  }
  // The program's output is in the pipes now; processes that it left behind may hold them open.
  for (;;) {
    struct pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    if (::poll(fds, 2, 0) <= 0) break;
    pump(0);
  }
  return result_;
}

bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  while (!done()) {
    if (Clock::now() > end) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

std::string find_program(const std::string& name) {
  const char* path = ::getenv("PATH");
  const std::string found = find_on(path != nullptr ? path : "/usr/bin:/bin", name);
  return is_program(found) ? found : std::string();
}

}  // namespace deja::test
