// SPDX-License-Identifier: Apache-2.0
// An action result: what a run left behind, complete enough to do it again without the tool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/roots.h"
#include "digest/digest.h"

namespace deja::action {

enum class Role : std::uint8_t { output = 1, depfile, directory, symlink };

// How the tool put the output in place; a hit does the same (L6).
enum class Placement : std::uint8_t {
  replaced = 1,  // a complete file was renamed to this name, whatever stood there
  in_place,      // an existing file was truncated and rewritten
  made,          // made where nothing was; what the tool does to an existing file is not known
};

struct Artifact {
  Role role = Role::output;
  Placement placement = Placement::replaced;
  std::string path;        // tagged
  std::uint32_t mode = 0;  // permission bits
  std::uint64_t size = 0;
  Digest digest;          // of the content; all zero for a directory
  std::string link_text;  // of a symlink
  bool operator==(const Artifact&) const = default;
};

// The bytes of one stream: kept in the record when small, else as a blob.
struct StreamBytes {
  std::string bytes;
  std::optional<Digest> blob;
  std::uint64_t size = 0;
  bool operator==(const StreamBytes&) const = default;
};
inline constexpr std::size_t kInlineStreamMax = 64 * 1024;

struct ActionResult {
  std::uint32_t exit_code = 0;
  bool streams_are_one = false;  // captured through one pipe; then all bytes are in `out`
  bool colours_forced = false;   // streams hold colours, which are only for a terminal
  StreamBytes out, err;
  std::vector<Artifact> artifacts;
  Roots made_in;  // where it was made: depfiles and diagnostics may name these
  std::uint64_t cost_ns = 0;
  std::int64_t made_at_ns = 0;  // wall clock
  std::uint64_t ttl_ns = 0;     // not to be used when it is older; 0: at any age
  std::string evidence;         // what the trace rests on ("interposer")
  bool operator==(const ActionResult&) const = default;
};

std::string encode(const ActionResult& result);
// Empty when the bytes are not a result record.
std::optional<ActionResult> decode_result(std::string_view bytes);

}  // namespace deja::action
