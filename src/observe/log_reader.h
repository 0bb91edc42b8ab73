// Reads a trace log after the observed run has ended.
//
// Nothing in a log is trusted: any process of the run could have written to it. Bytes that make no
// sense become a gap, never a read out of bounds. Thread-safe: no state.
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

// One thing a process did. Paths are absolute (relative ones are joined to the process's working
// directory) but otherwise as the tool spelled them: ".." and symlinks stay. Exceptions: LIBRARY
// may be a bare name (see log_layout.h), and GETENV, HOST and CONNECT have a name for a path.
struct Event {
  deja_op op = DEJA_OP_PROCESS;
  std::uint16_t flags = 0;  // DEJA_OPEN_*, DEJA_FLAG_*
  std::int32_t pid = 0;
  int error = 0;
  std::uint64_t value = 0;
  bool has_identity = false;
  os::FileIdentity identity;
  std::int64_t when_ns = 0;
  std::string path;  // text of the record
  std::string text;  // text2 of the record: link text, value, second path
};

// A program that was to run, and the executable that reported in where it should have.
struct Start {
  std::string wanted;  // empty: the tool itself, which the log has no word of
  std::optional<os::FileIdentity> wanted_file;
  std::string reported;
  std::optional<os::FileIdentity> reported_file;
};

struct Log {
  std::vector<Event> events;  // in the order in which records were reserved
  // Why this run cannot be published, in one line; empty when the log is whole: nothing lost, no
  // torn record, and every process that was started reported in.
  std::string gap;
  // Some program did not pass through the interposer; the supervisor would have heard it.
  bool unheard = false;
  // It was not small, or too much: who has read it had better give the memory back.
  bool is_large = false;
  // A program that the interposer does not see may turn into one that it sees, which then reports in
  // as if nothing had been before. So whoever reads the log compares these (evidence/unseen_programs.h).
  std::vector<Start> starts;
};

// More than a log that is published may hold: records, and bytes of their texts when paths are absolute.
// What has more is not kept in memory, and is a gap. (The largest link seen has a tenth of it.)
inline constexpr std::size_t kRecordsMax = 300'000;
inline constexpr std::size_t kTextMax = 64u << 20;

// bytes: the whole mapped log, or as much of it as was kept (at least up to its tail). An Error
// means the bytes are no log at all.
Result<Log> read_log(std::string_view bytes);

}  // namespace deja::observe
