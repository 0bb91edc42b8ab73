// SPDX-License-Identifier: Apache-2.0
// The client of a request. daemon/session.h implements it over a socket, and tests implement it in memory
// (testing/fake_client.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "os/find_tool.h"

namespace deja::pipeline {

// How the client was called: "deja gcc …", by the tool's name, "deja exec … -- tool …", or by the interposer
// of `deja run` in place of a program.
enum class Calling : std::uint32_t { wrapper, masquerade, exec, routed };

struct Request {
  std::vector<std::string_view> argv;  // argv[0] as the user spelled it; exec: "exec", options, …
  Calling calling = Calling::wrapper;
  // Calling::routed: the path of the program that argv would have started, as it was given to exec.
  std::string_view program = {};
  std::string_view cwd;                       // absolute
  std::vector<std::string_view> environment;  // "NAME=value", in order
  unsigned umask = 022;
  bool stdout_is_terminal = false;
  bool stderr_is_terminal = false;
  bool streams_are_one = false;
  os::ClientFile client;  // the client's own program
  // When the client began: monotonic clock, not after the engine received the request. 0: not known.
  std::int64_t began_ns = 0;
};

struct RunOrder {
  std::string_view tool;
  const std::vector<std::string>& argv;
  bool observe = true;
  bool strip_colour = false;
  bool supervise = false;  // observe by the supervisor instead of the interposer
  const std::vector<std::string>* environment = nullptr;  // "NAME=value"; null: the client's own
  bool no_stdin = false;                                  // standard input is empty
  bool drops_out = false, drops_err = false;              // captured, but not shown to the user
  std::uint32_t limit_ms = 0;                             // it is ended after that time; 0: never
  std::int64_t heartbeat_ns = 0;  // while it runs, still_runs is called so often; 0: never
  std::function<void()> still_runs{};
};

struct RunReport {
  bool supervised = false;
  bool truncated = false;   // the captured streams are not complete
  bool timed_out = false;   // it was ended because it took longer than limit_ms
  bool read_stdin = false;  // the tool read from standard input
  std::uint32_t exit_code = 0;
  std::uint32_t signal = 0;
  std::uint64_t elapsed_ns = 0;
  std::int64_t ended_ns = 0;  // wall clock
  std::string out, err;
  os::Fd log;  // the trace log; none when unobserved
};

class Client {
 public:
  virtual ~Client() = default;
  // Has the client run the tool and waits for its end. An error: the client is gone.
  virtual Result<RunReport> run(const RunOrder& order) = 0;
  // All of the tool's standard input; the tool can still read it. Empty: it cannot be kept. An error:
  // the client is gone.
  virtual Result<std::optional<std::string>> read_stdin() = 0;
  // Called each second while the request waits for another one. False: the client is gone.
  virtual bool keep_waiting() = 0;
  // The client's process; 0: not known.
  virtual pid_t process() const { return 0; }
  // Called right before a hit changes files.
  virtual bool is_alive() = 0;
};

}  // namespace deja::pipeline
