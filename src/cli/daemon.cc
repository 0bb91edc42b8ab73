// SPDX-License-Identifier: Apache-2.0
// `deja daemon`: start and stop wait until the change is visible, so that scripts can rely on them.
// Tested by cli_test.cc and test/fault/daemon_test.cc.
#include <chrono>
#include <string>
#include <thread>

#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/json.h"
#include "cli/options.h"
#include "os/socket.h"

namespace deja::cli {
namespace {

constexpr std::chrono::milliseconds kPause{20};
constexpr int kStartTries = 500;  // ten seconds

constexpr const char* kDaemonDetails =
    "start   starts the engine in the background (the first command does so by itself)\n"
    "stop    ends it after the commands that it serves now\n"
    "status  shows whether it runs, its process, socket and version\n"
    "run     runs it in the foreground, until interrupted\n"
    "\nWith DEJA_DAEMON=off commands do not use it; each starts its own engine.";

std::string running_text(const DaemonStatus& status) {
  std::string text = "running";
  if (status.pid) text += ", process " + std::to_string(*status.pid);
  if (!status.version.empty()) text += ", version " + printable(status.version);
  return text;
}

int print_status(const Context& context, Format format) {
  const DaemonStatus status = daemon_status(context);
  if (format == Format::json) {
    Json out = {{"running", status.is_running},
                {"pid", status.pid ? Json(*status.pid) : Json()},
                {"socket", context.places.socket},
                {"version", status.version.empty() ? Json() : Json(status.version)},
                {"answers", status.is_running && !status.is_silent}};
    out.add_missing(Json::parse(status.answer));
    print(pretty(out));
  } else if (!status.is_running) {
    print("not running\n");
  } else {
    print(running_text(status) + (status.is_silent ? ", but does not answer" : "") + "\nsocket  " +
          printable(context.places.socket) + "\n");
  }
  return status.is_silent ? kProblems : kDone;
}

int start(const Context& context) {
  DaemonStatus status = daemon_status(context);
  if (status.is_running) {
    print("already " + running_text(status) + "\n");
    return status.is_silent ? kProblems : kDone;
  }
  bool has_started = false;
  for (int tries = 0; tries < kStartTries; ++tries) {
    // The first try fails when an old daemon is still ending, or when another process is starting
    // one.
    if (!has_started) {
      const auto started = start_daemon(context);
      if (!started) {
        print_error("daemon start: " + started.error().message);
        return kProblems;
      }
      has_started = *started;
    }
    status = daemon_status(context);
    if (status.is_running && !status.is_silent) {
      print(running_text(status) + "\n");
      return kDone;
    }
    std::this_thread::sleep_for(kPause);
  }
  print_error(
      has_started
          ? "daemon start: the engine did not start; 'DEJA_LOG=stderr deja daemon run' shows why"
          : "daemon start: the previous engine is still ending; try again later");
  return kProblems;
}

bool is_listening(const Context& context) {
  const auto socket = os::connect_unix(context.places.socket, kAnswerTimeoutMs);
  return socket && *socket;
}

int stop(const Context& context) {
  const auto answer = ask_daemon(context, "stop");
  if (answer && !*answer) {
    print("not running\n");
    return kDone;
  }
  if (!answer) {
    if (end_silent_daemon(context)) {
      print("stopped: the engine did not answer, and was killed\n");
      return kDone;
    }
    print_error("daemon stop: the engine does not answer (" + answer.error().message +
                "), and its process is unknown; end the process dejad by hand");
    return kProblems;
  }
  forget_silence(context);
  for (int tries = 0; tries < kStartTries; ++tries) {
    if (!is_daemon_alive(context)) {
      print("stopped\n");
      return kDone;
    }
    std::this_thread::sleep_for(kPause);
  }
  if (is_listening(context)) {
    print_error(
        "daemon stop: the engine still accepts connections; it ends after the commands that it "
        "serves now");
    return kProblems;
  }
  print("stopping: the engine takes no more commands and ends after its current ones\n");
  return kDone;
}

int run_in_foreground(const Context& context) {
  const Error error = become_daemon(context);
  print_error("daemon run: " + error.message);
  return kProblems;
}

}  // namespace

int run_daemon(const Context& context, Args args) {
  Format format = Format::text;
  std::string action;
  OptionTable options("daemon",
                      "Starts and stops the engine in the background, and shows its state.",
                      kDaemonDetails);
  options.word("ACTION", "What to do", {"start", "stop", "status", "run"}, action);
  options.format(format);
  if (const auto code = options.parse(args)) return *code;
  if (action == "status") return print_status(context, format);
  if (action == "start") return start(context);
  if (action == "stop") return stop(context);
  return run_in_foreground(context);
}

}  // namespace deja::cli
