// SPDX-License-Identifier: Apache-2.0
// `deja monitor`: follows the journal and draws what src/report/live.h says. Only reads. Tested by
// test/e2e/monitor_test.cc.

#include <stdlib.h>

#include <string>
#include <string_view>

#include "base/secrets.h"
#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/options.h"
#include "cli/store_access.h"
#include "journal/reader.h"
#include "os/clock.h"
#include "os/end.h"
#include "os/terminal.h"
#include "report/live.h"

namespace deja::cli {
namespace {

constexpr int kPauseMs = 250;
constexpr std::int64_t kStatePauseNs = 2'000'000'000;  // between looks at engine and store
constexpr std::size_t kOldEvents = 50;

std::string_view variable(const char* name) {
  const char* const value = ::getenv(name);
  return value == nullptr ? "" : value;
}

report::EngineState engine_state(const Context& context) {
  const DaemonStatus status = daemon_status(context);
  report::EngineState state;
  state.is_running = status.is_running;
  if (status.sessions) state.commands = *status.sessions;
  return state;
}

report::State store_state(const Context& context) {
  report::State state;
  const auto store = open_store(context, Access::only_read);
  if (store && *store)
    if (const auto stats = (*store)->stats())
      state = {true, stats->bytes, stats->limit_bytes, stats->results, {}};
  for (const std::string& remote : context.loaded.config.remote)
    state.remotes.push_back(without_passwords(remote));
  return state;
}

bool is_end_asked(const os::Terminal& terminal, os::Terminal::Event event) {
  return event == os::Terminal::Event::key && (terminal.key() == 'q' || terminal.key() == 'Q');
}

// Returns the signal that ended it; 0: none.
int watch(const Context& context, os::Terminal& terminal, bool plain) {
  journal::Follower follower(context.journal());
  report::Live live;
  if (const auto old = journal::read_events(context.journal(), kOldEvents, {}, journal::Which::all))
    for (const journal::Event& event : *old) live.add(event, /*is_old=*/true);
  report::Screen screen;
  screen.colour = !plain && variable("NO_COLOR").empty();
  report::EngineState engine;
  report::State store;
  std::int64_t looked_ns = 0;
  bool is_changed = true;
  for (;;) {
    for (const journal::Event& event : follower.poll()) {
      live.add(event, /*is_old=*/false);
      is_changed = true;
    }
    if (const std::int64_t now = os::monotonic_ns();
        looked_ns == 0 || now - looked_ns > kStatePauseNs) {
      engine = engine_state(context);
      store = store_state(context);
      looked_ns = now;
    }
    const std::int64_t now_ns = os::wall_ns();
    live.advance(now_ns);
    const auto size = terminal.size();
    screen.columns = size.columns;
    screen.rows = size.rows;
    // Without cursor movements each picture is a new one: only when there is something new.
    if (!plain || is_changed)
      if (!terminal.draw(live.frame(engine, store, screen, now_ns))) return 0;
    is_changed = false;
    const auto event = terminal.wait(kPauseMs);
    if (event == os::Terminal::Event::end) return terminal.signal();
    if (is_end_asked(terminal, event)) return 0;
    is_changed = is_changed || event == os::Terminal::Event::resize;
  }
}

}  // namespace

int run_monitor(const Context& context, Args args) {
  OptionTable options(
      "monitor",
      "A live view of builds: outcomes as they come, rates, reasons of misses, the store.",
      "q or Ctrl-C ends it. It works without an engine, too. NO_COLOR=1 switches colours off.");
  if (const auto code = options.parse(args)) return *code;
  const std::string_view term = variable("TERM");
  const bool plain = term.empty() || term == "dumb";
  int signal = 0;
  {
    auto terminal = os::Terminal::open(plain);
    if (!terminal) {
      print_error("monitor: " + terminal.error().message +
                  "; scripts can use 'deja events --follow --format json'");
      return kProblems;
    }
    signal = watch(context, *terminal, plain);
  }
  return signal == 0 ? kDone : os::end_by_signal(signal);
}

}  // namespace deja::cli
