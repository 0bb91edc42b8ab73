// SPDX-License-Identifier: Apache-2.0
// The parts of `deja exec` without an engine: help, batches, and running the tool when the cache is
// off or cannot be reached. Then the tool gets the streams and variables that the options say, and
// nothing is stored.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/context.h"
#include "cli/exec_batch.h"
#include "cli/real_tool.h"
#include "os/clock.h"
#include "os/end.h"
#include "os/io.h"
#include "os/process.h"
#include "tool/exec/exec_options.h"

namespace deja::cli {
namespace {

using tool::exec::ExecOptions;

constexpr int kTimedOut = 124;

int complain(int code, const std::string& what) {
  const std::string line = tool::exec::error_line(what);
  (void)os::write_all(STDERR_FILENO, line.data(), line.size());
  return code;
}

// Sets up the streams that the tool will inherit.
void set_streams(const ExecOptions& options) {
  if (options.input == tool::exec::GivenStdin::none) os::silence_stream(STDIN_FILENO);
  if (!options.wants_stdout) os::silence_stream(STDOUT_FILENO);
  if (!options.wants_stderr) os::silence_stream(STDERR_FILENO);
}

// As the client does for an engine: SIGTERM, and SIGKILL two seconds later.
int run_limited(const std::string& tool, const ExecOptions& options, const os::Texts& environment) {
  const auto child = os::start_program(tool, options.argv, environment);
  if (!child) return complain(kNotRunnable, child.error().message);
  const std::int64_t due_ns = os::monotonic_ns() + static_cast<std::int64_t>(options.timeout_ns);
  constexpr std::int64_t kGraceNs = 2'000'000'000;
  bool was_asked = false;
  std::optional<os::Ended> end;
  while (!(end = os::ended(*child, false))) {
    const std::int64_t now_ns = os::monotonic_ns();
    if (now_ns >= due_ns && !was_asked) os::send_signal(*child, SIGTERM);
    was_asked = was_asked || now_ns >= due_ns;
    if (now_ns >= due_ns + kGraceNs) os::send_signal(*child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (was_asked)
    return complain(kTimedOut,
                    "--timeout: '" + options.argv.front() + "' took too long and was ended");
  return end->signal != 0 ? os::end_by_signal(end->signal) : end->exit_code;
}

int become(const std::string& tool, const ExecOptions& options, const os::Texts& environment) {
  const int error = os::become_program(tool, options.argv, environment);
  return complain(error == ENOENT ? kNotFound : kNotRunnable,
                  "'" + tool + "': " + std::strerror(error));
}

int run_plainly(const Context& context, const ExecOptions& options) {
  const os::Texts own = os::own_environment();
  std::vector<tool::EnvironmentVariable> users;
  for (const std::string_view text : own) {
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      users.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  const std::string found = find_real_tool(context, options.argv.front());
  if (found.empty()) return complain(kNotFound, "'" + options.argv.front() + "': no such program");
  if (options.print_key)
    return complain(kProblems, "--print-key: no engine can be started; run 'deja doctor'");
  if (options.json || options.explain) {
    const std::string line = options.json
                                 ? "{\"outcome\":\"bypass\",\"tool_runs\":1}\n"
                                 : tool::exec::error_line("bypass: the tool runs without deja");
    (void)os::write_all(STDERR_FILENO, line.data(), line.size());
  }
  os::Texts environment;
  for (const auto& v : tool::exec::given_variables(options, users).all)
    environment.push_back(std::string(v.name).append("=").append(v.value));
  set_streams(options);
  return options.timeout_ns != 0 ? run_limited(found, options, environment)
                                 : become(found, options, environment);
}

}  // namespace

int run_exec(const Context& context, Args args) {
  if (!args.empty() && (args.front() == "--help" || args.front() == "-h"))
    return print(tool::exec::help_text()), kDone;
  if (!args.empty() && args.front() == "--batch") return run_batch(context, args);
  std::vector<std::string_view> argv = {"exec"};
  argv.insert(argv.end(), args.begin(), args.end());
  const auto options = tool::exec::parse_command_line(argv);
  if (const auto* wrong = std::get_if<std::string>(&options)) return complain(kUsage, *wrong);
  return run_plainly(context, std::get<ExecOptions>(options));
}

}  // namespace deja::cli
