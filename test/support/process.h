// SPDX-License-Identifier: Apache-2.0
// Runs programs in tests as a user's shell or build tool would: with pipes, one shared pipe, or a
// terminal; with a deadline, so that a hang fails the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace deja::test {

enum class Streams {
  apart,     // stdout and stderr are two pipes
  one,       // stdout and stderr are the same pipe; everything arrives in `out`
  terminal,  // all three are a terminal; everything arrives in `out`
};

struct Options {
  std::vector<std::string>
      env{};          // "NAME=value" sets, "NAME" unsets; changes to the workspace's environment
  std::string cwd{};  // below the workspace's work directory, or absolute; default: that directory
  std::string in{};   // stdin's text; without it, an empty file
  Streams streams = Streams::apart;
  // Called in the child just before exec; only calls that are safe after fork (limits,
  // descriptors).
  std::function<void()> in_child{};
  std::chrono::milliseconds deadline{60'000};
};

struct Result {
  int exit_code = -1;
  int signal = 0;     // not 0: this signal ended it
  bool hung = false;  // did not end before the deadline, and was killed
  std::string out, err;

  bool ok() const { return exit_code == 0 && signal == 0 && !hung; }
  bool operator==(const Result&) const = default;
};
std::ostream& operator<<(std::ostream& to, const Result& result);

// A running program. The destructor kills it, with its process group, if it is still running.
class Process {
 public:
  // `environment` is complete ("NAME=value"); argv[0] is looked up on its PATH.
  static Process start(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment, const Options& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  bool has_ended();
  void send(int signal) const;
  // Reads until there is output on stdout (or the terminal). False: none before the deadline.
  bool wait_for_output();
  // Reads until stdout (or the terminal) has shown this text. False: not before the deadline, or the end.
  bool wait_for_text(const std::string& text);
  // Only with Streams::terminal: presses keys; gives the terminal another size.
  void type(const std::string& keys) const;
  void resize(unsigned short columns, unsigned short rows) const;
  // Waits for the program's own end (not for processes it leaves behind) and reads its output.
  Result wait();

 private:
  Process() = default;
  void pump(int timeout_ms);
  bool reap();

  pid_t pid_ = -1;
  bool ended_ = false;
  int out_ = -1, err_ = -1;
  std::chrono::steady_clock::time_point deadline_;
  Result result_;
};

// Waits until `done` returns true; false when the time is over. For conditions without an event.
bool wait_until(const std::function<bool()>& done,
                std::chrono::milliseconds time = std::chrono::seconds(10));

// The path of a program on the test's own PATH; empty: there is none.
std::string find_program(const std::string& name);

}  // namespace deja::test
