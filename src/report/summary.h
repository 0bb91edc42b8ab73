// SPDX-License-Identifier: Apache-2.0
// A report: what a span of the journal's events says, as numbers and short lists. Pure functions from events; the
// forms (text, JSON, Markdown, HTML) are in render.h, the trace of single events in trace_file.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "journal/event.h"

namespace deja::report {

// Times in microseconds, sizes in bytes.
struct Totals {
  std::uint64_t hits = 0, misses = 0, bypasses = 0, failures = 0;
  std::uint64_t dups = 0;                           // of the misses
  std::uint64_t remote_hits = 0, remote_bytes = 0;  // of the hits
  std::uint64_t saved_us = 0;                       // the tools' time that hits have saved
  std::uint64_t spent_us = 0;                       // the tools' time in misses
  std::uint64_t served_bytes = 0, stored_bytes = 0;
  std::uint64_t served_cloned_bytes = 0, stored_cloned_bytes = 0;  // by reflink
  std::uint64_t not_stored = 0;                                    // runs of which nothing was kept
  void add(const journal::Event& event);
  std::uint64_t lookups() const { return hits + misses; }
  std::uint64_t commands() const { return hits + misses + bypasses + failures; }
};

// A name, how often it occurred, and the tools' time that went with it.
struct Ranked {
  std::string name;
  std::uint64_t count = 0;
  std::uint64_t cost_us = 0;
};

struct SlowMiss {
  std::string what, tool, cwd, reason, not_stored;
  std::uint64_t cost_us = 0;
  std::int64_t time_ns = 0;
};

// Events that ended in one part of the span.
struct Slice {
  std::uint64_t hits = 0, misses = 0, others = 0;
  std::uint64_t stored_bytes = 0;
};
inline constexpr std::size_t kSlicesMax = 60;

struct Summary {
  std::int64_t begin_ns = 0, end_ns = 0;  // wall clock; 0 and 0: no events
  std::string directory;                  // that holds all commands' directories; "": none does
  Totals totals;
  std::int64_t slice_ns = 0;
  std::vector<Slice> slices;  // in the order of time, at most kSlicesMax
  // Each with the most expensive first, at most `top`.
  std::vector<Ranked> miss_reasons;  // "new", "a file changed", …
  std::vector<Ranked> inputs;        // files, directories and variables whose change cost the most
  std::vector<Ranked> tools;         // by the time in misses
  std::vector<Ranked> sources;       // and crates, by the time in misses
  std::vector<Ranked> phases;        // where the commands' time went: docs/event.schema.json
  std::vector<Ranked> bypass_reasons;  // by count
  std::vector<Ranked> not_stored;      // by count
  std::vector<SlowMiss> slowest;
};

// Collects events in any order. Keeps a few bytes for each event and the texts of distinct reasons.
class Collector {
 public:
  explicit Collector(std::size_t top) : top_(top) {}
  void add(const journal::Event& event);
  Summary finish() const;

 private:
  struct Point {
    std::int64_t time_ns;
    std::uint64_t stored_bytes;
    journal::Outcome outcome;
  };
  using Ranks = std::map<std::string, Ranked, std::less<>>;
  static void count(Ranks& ranks, std::string_view name, std::uint64_t cost_us);
  std::vector<Ranked> best(const Ranks& ranks) const;
  void add_miss(const journal::Event& event);
  void fill_slices(Summary& summary) const;

  const std::size_t top_;
  Totals totals_;
  std::vector<Point> points_;
  std::int64_t begin_ns_ = 0, end_ns_ = 0;
  std::string directory_;
  Ranks miss_reasons_, inputs_, tools_, sources_, phases_, bypass_reasons_, not_stored_;
  std::vector<SlowMiss> slowest_;  // a heap; the fastest of them in front
};

// The kind of a miss's reason ("changed: file /x/a.h" is "a file changed"), and what it names ("/x/a.h"; may be
// empty).
struct ReasonParts {
  std::string_view kind;
  std::string subject;
};
ReasonParts parts_of(const journal::Event& event);

// When an event's command began.
std::int64_t begin_of(const journal::Event& event);

}  // namespace deja::report
