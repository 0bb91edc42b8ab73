// SPDX-License-Identifier: Apache-2.0
// Reads a trace log after the observed run has ended.
//
// The log is not trusted: any process of the run could have written to it. Malformed bytes become a
// gap, never a read out of bounds. Thread-safe: no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/preload/log_layout.h"
#include "os/file.h"

namespace deja::observe {

// One operation of a process. Paths are absolute (relative ones are joined to the process's working
// directory) but otherwise as the tool spelled them: ".." and symlinks stay. Exceptions: the path of
// LIBRARY may be a bare name (see log_layout.h), and that of GETENV, HOST and CONNECT is a name.
struct Event {
  deja_op op = DEJA_OP_PROCESS;
  std::uint16_t flags = 0;  // DEJA_OPEN_*, DEJA_FLAG_*
  std::int32_t pid = 0;
  int error = 0;
  std::uint64_t value = 0;
  bool has_identity = false;
  os::FileIdentity identity;
  std::int64_t when_ns = 0;
  std::string path;  // first text of the record
  std::string text;  // second text of the record: link text, value, second path
};

// A program that was to run, and the executable that reported in its place.
struct Start {
  std::string wanted;  // empty: the tool itself, whose start is not in the log
  std::optional<os::FileIdentity> wanted_file;
  std::string reported;
  std::optional<os::FileIdentity> reported_file;
};

// What a gap is.
enum class GapKind : std::uint8_t {
  incomplete,      // a record is missing or damaged
  unseen_program,  // a program, or a part of it, did not pass through the interposer
  too_large,       // more records than are kept
};

struct Log {
  std::vector<Event> events;  // in the order in which records were reserved
  // Why this run cannot be published, in one line. Empty: nothing was lost, no record is torn, and
  // every process that was started reported in.
  std::string gap;
  GapKind gap_kind = GapKind::incomplete;  // where there is one
  // A program did not pass through the interposer; the supervisor would have observed it.
  bool has_unseen_program = false;
  // The supervisor wrote it, which sees all system calls. Set by the caller.
  bool is_supervised = false;
  // The log was large. Its reader should return memory to the system.
  bool is_large = false;
  // A program that the interposer does not see may exec one that it sees; that one then reports in as if
  // the first had not existed. So the caller compares these (evidence/unseen_programs.h).
  std::vector<Start> starts;
};

// Limits for a log that can be published: records, and bytes of their absolute texts. A larger log is not
// kept in memory and has a gap. (The largest link observed had a tenth of it.)
inline constexpr std::size_t kRecordsMax = 300'000;
inline constexpr std::size_t kTextMax = 64u << 20;

// bytes: the whole mapped log, or a prefix that reaches at least to its tail. An Error: the bytes are
// not a log.
Result<Log> read_log(std::string_view bytes);

}  // namespace deja::observe
