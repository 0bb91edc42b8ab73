// One event: what became of one invocation. An event is one line of JSON in events.jsonl:
//
//   {"time":1756029600.123456,"outcome":"miss","dup":false,"remote":false,"reason":"…","tool":"…",
//    "what":"…","output":"…","cwd":"…","probe_key":"…","action_key":"…","tool_runs":1,"elapsed_us":1,
//    "cost_us":1,"bytes":1,"evidence":"…","detail":"…"}
//
// A line is always valid JSON in UTF-8: control characters are escaped, and a byte of a path that
// is no UTF-8 becomes U+FFFD, so such a path can be read but not given back to the system. Long
// texts are cut (kTextMax), which keeps a line within what one write(2) appends at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deja::journal {

enum class Outcome { hit, miss, bypass, failure };
const char* outcome_name(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view name);

struct Event {
  std::int64_t time_ns = 0;  // wall clock; 0: record() fills it in
  Outcome outcome = Outcome::miss;
  bool dup = false;     // a miss whose bytes were all known already
  bool remote = false;  // a hit that a remote served
  std::string reason;   // bypass: the reason's name; miss: what was new ("changed: /x/a.h")
  std::string tool;     // absolute path of the program
  std::string what;     // source or output, as spelled
  std::string output;   // the main output as spelled, where another name for it can hit, too
  std::string cwd;
  std::string probe_key;   // hex; empty when it was not reached
  std::string action_key;  // hex; empty when there is none
  std::uint64_t tool_runs = 0;
  std::uint64_t elapsed_us = 0;  // the whole request
  std::uint64_t cost_us = 0;     // the tool's time: saved by a hit, else spent
  std::uint64_t bytes = 0;       // put in place by a hit, else stored
  std::string evidence;          // what the result rests on: "interposer", …
  std::string detail;            // for whoever wants to know more; one line
};

inline constexpr std::size_t kTextMax = 4096;

// Appends the line, with its newline.
void append_line(const Event& event, std::string& out);
// Empty when the line is not an event (torn by a crash or a full disk, or of another version).
std::optional<Event> parse_line(std::string_view line);

// The text as a line holds it: what is no UTF-8 replaced, cut to kTextMax. Compare with this.
std::string as_recorded(std::string_view text);

}  // namespace deja::journal
