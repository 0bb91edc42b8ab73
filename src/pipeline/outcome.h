// SPDX-License-Identifier: Apache-2.0
// What became of a request.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/not_stored.h"
#include "digest/digest.h"
#include "tool/tool.h"

namespace deja::pipeline {

// The last word to the client. The caller of RequestPath sends it, after recording the outcome.
struct Replay {
  std::uint32_t exit_code = 0;
  std::string out, err;
};
struct ExecTool {  // the client becomes the tool,
  std::string
      fallback;  // or this program (absolute), with the tool's command line; empty: the tool
};
struct Done {                              // the tool has run; exit
  std::optional<std::uint32_t> exit_code;  // with this instead of its code
  std::string last_word;                   // for standard error
};
using Answer = std::variant<ExecTool, Replay, Done>;

enum class OutcomeKind { hit, miss, bypass, failure };
enum class Progress { off, hits, all };  // of which outcomes the user sees a line

// Where a request's time goes: steps of the request path, in their order.
enum class Phase : std::uint8_t { send, prepare, look_up, wait, remote, place, run, publish };
inline constexpr std::array<const char*, 8> kPhaseNames = {
    "send", "prepare", "look_up", "wait", "remote", "place", "run", "publish"};

struct Outcome {
  OutcomeKind kind = OutcomeKind::bypass;
  std::optional<tool::BypassReason> bypass;
  // Bypass: its detail. Miss: what has changed since the newest trace, or "new". Failure: how the tool
  // ended.
  std::string reason;
  std::optional<action::Problem>
      not_stored;    // miss, failure: why nothing was stored; none when it was
  bool dup = false;  // miss whose bytes were all known already
  std::string tool, what, evidence;
  std::vector<std::pair<std::string, std::string>> roots;  // name and path, but for the directory
  std::string output;  // the main one as the command line spells it, if that tells
  std::optional<ProbeKey> probe;
  std::optional<ActionKey> action;
  std::vector<tool::KeyField> key_fields;  // of the probe key, when it was not known
  bool remembered = false;                 // a hit of the request cache
  std::string remote;  // the remote from which this hit was imported; empty: a local hit
  std::string writer;  // who signed that result; empty: nobody
  std::uint64_t received_bytes = 0;  // from the remote
  std::int64_t received_in_ns = 0;   // while the command waited
  // A local hit of what was fetched from this remote before it was asked for.
  std::string prefetched_from;
  int tool_runs = 0;
  std::uint64_t cost_ns = 0;  // hit: time saved; else time spent
  std::array<std::int64_t, kPhaseNames.size()> phase_ns = {};
  std::uint64_t bytes = 0;         // served or stored
  std::uint64_t cloned_bytes = 0;  // of these, shared with the store by the file system (reflink)
  using Tell = tool::Tell;
  Tell tell = Tell::nothing;  // to the user, with the answer
  Progress progress = Progress::off;
  std::vector<std::string> troubles;  // failures of the cache itself, one line each
  Answer answer;
};

}  // namespace deja::pipeline
