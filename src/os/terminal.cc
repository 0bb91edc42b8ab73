// SPDX-License-Identifier: Apache-2.0
// Tested by test/e2e/monitor_test.cc, in a pseudo-terminal.

#include "os/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "os/io.h"

namespace deja::os {
namespace {

// The alternate screen, without a cursor; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

sigset_t signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP})
    ::sigaddset(&set, signal);
  return set;
}

bool write_text(std::string_view text) {
  return write_all(STDOUT_FILENO, text.data(), text.size()) == 0;
}

}  // namespace

Result<Terminal> Terminal::open(bool plain) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    return Error{Code::invalid, 0, "standard input and output must be a terminal"};
  Terminal terminal;
  terminal.plain_ = plain;
  if (::tcgetattr(STDIN_FILENO, &terminal.before_) != 0) return sys_error("tcgetattr");
  const sigset_t set = signals();
  terminal.signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!terminal.signals_) return sys_error("signalfd");
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  terminal.enter();
  return terminal;
}

Terminal::Terminal(Terminal&& other) noexcept
    : plain_(other.plain_),
      entered_(std::exchange(other.entered_, false)),
      before_(other.before_),
      signals_(std::move(other.signals_)) {}

Terminal::~Terminal() {
  restore();
  if (!signals_) return;
  const sigset_t set = signals();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void Terminal::enter() {
  struct termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // signals from keys stay
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  if (!plain_) write_text(kEnter);
  entered_ = true;
}

void Terminal::restore() {
  if (!std::exchange(entered_, false)) return;
  if (!plain_) write_text(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

Terminal::Size Terminal::size() const {
  struct winsize size = {};
  Size out;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return out;
  if (size.ws_col != 0) out.columns = size.ws_col;
  if (size.ws_row != 0) out.rows = size.ws_row;
  return out;
}

Terminal::Event Terminal::wait(int timeout_ms) {
  struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
  const int ready = ::poll(fds, 2, timeout_ms);
  if (ready <= 0) return Event::timeout;
  if (fds[1].revents != 0) {
    struct signalfd_siginfo info = {};
    if (read_some(signals_.get(), &info, sizeof(info), 0) != sizeof(info)) return Event::timeout;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH) return Event::resize;
    if (signal == SIGTSTP) {
      restore();
      ::kill(::getpid(), SIGSTOP);
      enter();
      return Event::resize;
    }
    signal_ = signal;
    return Event::end;
  }
  if (read_some(STDIN_FILENO, &key_, 1, 0) == 1) return Event::key;
  signal_ = 0;
  return Event::end;
}

bool Terminal::draw(std::string_view text) const {
  if (plain_) return write_text(std::string(text) + "\n");
  std::string out = "\x1b[H";
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.append(text.substr(0, end)).append("\x1b[K");
    if (end == std::string_view::npos) break;
    out += "\r\n";
    text.remove_prefix(end + 1);
  }
  return write_text(out + "\x1b[J");
}

}  // namespace deja::os
