// SPDX-License-Identifier: Apache-2.0
// What `deja monitor` shows: the last events, rates and reasons, as lines for a screen of a given size. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "journal/event.h"
#include "report/render.h"
#include "report/summary.h"

namespace deja::report {

struct Screen {
  int columns = 80, rows = 24;
  bool colour = false;
};

// What is known besides events.
struct EngineState {
  bool is_running = false;
  std::int64_t commands = -1;  // that it serves now; -1: unknown
};

class Live {
 public:
  // is_old: from before the start; shown in the stream, and counted only if it is of the last minute.
  void add(const journal::Event& event, bool is_old);
  // Forgets what is older than a minute.
  void advance(std::int64_t now_ns);
  // At most screen.rows lines of at most screen.columns characters, joined by "\n".
  std::string frame(const EngineState& engine, const State& state, const Screen& screen,
                    std::int64_t now_ns) const;

 private:
  struct Point {
    std::int64_t time_ns = 0;
    journal::Outcome outcome = journal::Outcome::hit;
    std::uint64_t saved_us = 0;
    std::string directory;
  };
  // A tool of which heartbeats tell that it runs.
  struct Running {
    journal::Event event;       // the newest heartbeat
    std::int64_t pause_ns = 0;  // between two
  };
  void note_running(const journal::Event& event);
  std::vector<std::string> building_lines(std::int64_t now_ns) const;
  std::vector<std::string> reason_lines() const;
  std::vector<std::string> running_lines(std::int64_t now_ns) const;
  std::string rates() const;
  std::string activity(std::int64_t now_ns, std::size_t columns) const;

  std::deque<Point> minute_;           // oldest first
  std::deque<journal::Event> stream_;  // newest last
  std::map<std::string, Running> running_;
  Totals totals_;  // since the start
  std::map<std::string, Ranked, std::less<>> reasons_;
};

}  // namespace deja::report
