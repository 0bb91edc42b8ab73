// SPDX-License-Identifier: Apache-2.0
// One event: the outcome of one invocation, or that its tool still runs. It is one line of JSON in events.jsonl:
//
// clang-format off
//   {"time":1756029600.123456,"schema":1,"outcome":"miss","dup":false,"remote":false,"prefetched":false,
//    "made_by":"…","reason":"…","tool":"…","what":"…","output":"…","cwd":"…","roots":{"workspace":"…",…},
//    "probe_key":"…","action_key":"…","tool_runs":1,"elapsed_us":1,"cost_us":1,"phases":{"look_up":1,…},"bytes":1,
//    "cloned_bytes":1,"evidence":"…","not_stored":"…","detail":"…"}
// clang-format on
//
// A line is always valid JSON in UTF-8: control characters are escaped, and a byte of a path that is
// not valid UTF-8 becomes U+FFFD, so such a path can be read but not used. Long texts are truncated
// (kTextMax), so that a line fits into one atomic append of write(2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::journal {

// running: a heartbeat of a tool that runs for long. It is no outcome of a request: the same request has another
// event when it ends.
enum class Outcome { hit, miss, bypass, failure, running };
const char* outcome_name(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view name);

// A part of the elapsed time. The names are those of pipeline/outcome.h.
struct Phase {
  std::string name;  // at most kPhaseNameMax of a-z and _
  std::uint64_t us = 0;
};
inline constexpr std::size_t kPhaseNameMax = 32;

// A directory whose location does not count (action/roots.h), other than the working directory.
struct RootPath {
  std::string name;  // at most kPhaseNameMax letters and blanks
  std::string path;
};

// Of what a line means. A change that readers of older lines would misunderstand increments it.
inline constexpr int kSchema = 1;

struct Event {
  std::int64_t time_ns = 0;  // wall clock; 0: record() sets it
  Outcome outcome = Outcome::miss;
  bool dup = false;         // a miss whose output bytes were all stored already
  bool remote = false;      // a hit that a remote store served
  bool prefetched = false;  // a hit of what was fetched from a remote before it was asked for
  std::string made_by;      // a remote hit: who signed the result
  std::string reason;       // bypass: the reason's name; miss: what changed ("changed: /x/a.h")
  std::string tool;         // absolute path of the program
  std::string what;         // source or output, as spelled
  std::string output;       // the main output as spelled, if the command line tells
  std::string cwd;
  std::vector<RootPath> roots;
  std::string probe_key;   // hex; empty if it was not computed
  std::string action_key;  // hex; empty when there is none
  std::uint64_t tool_runs = 0;
  std::uint64_t elapsed_us = 0;  // the whole request
  std::uint64_t cost_us = 0;     // the tool's time: saved by a hit, otherwise spent
  std::vector<Phase> phases;  // where the elapsed time went; what took less than 1 µs is left out
  std::uint64_t bytes = 0;    // written by a hit, otherwise stored
  std::uint64_t cloned_bytes =
      0;  // of these, shared with the store by the file system (reflink); the rest is copied
  std::string evidence;    // how the run was observed: "interposer", …
  std::string not_stored;  // code of the reason why nothing was stored (docs/not-stored.md)
  std::string detail;      // more about the outcome, for people; one line
};

inline constexpr std::size_t kTextMax = 4096;

// Appends the event as a line, with its newline.
void append_line(const Event& event, std::string& out);
// Empty: the line is not an event (torn by a crash or a full disk, or of another version).
std::optional<Event> parse_line(std::string_view line);

// The text with the tags of roots ("<workspace>/a.h") replaced by the event's paths.
std::string with_paths(std::string_view text, const Event& event);

// The text as a line contains it: invalid UTF-8 replaced, truncated to kTextMax. For comparisons.
std::string as_recorded(std::string_view text);

}  // namespace deja::journal
