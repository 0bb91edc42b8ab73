// SPDX-License-Identifier: Apache-2.0
// One pass over the records. For each process it keeps the working directory, and whether a program
// that it execs or a child that it starts has reported in. Tested by log_reader_test.cc and, with real
// tools, by strace_test.cc.
#include "observe/log_reader.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace deja::observe {
namespace {

struct StartedProgram {
  std::string path;
  std::optional<os::FileIdentity> file;
};
struct Report {
  std::int32_t parent = 0;
  StartedProgram program;
};

struct Process {
  std::string cwd;
  bool exec_pending = false;  // EXEC seen, the new program has not reported in
  StartedProgram exec;
  // Reports without an EXEC of this pid before (it was spawned, or is the root), and the SPAWN records
  // that name this pid as their child. A SPAWN record may come after its child has reported in, so the
  // two are matched at the end.
  std::vector<Report> reports;
  std::vector<StartedProgram> spawned;
  // SPAWN records of this pid that do not name the child (popen, pidfd_spawn): any report with this
  // parent that is not matched otherwise will do.
  std::vector<StartedProgram> spawned_unnamed;
};

struct LogScan {
  std::string_view bytes;
  deja_log_header header;
  Log log;
  std::map<std::int32_t, Process> processes;
  bool any_process = false;
  std::int32_t root = 0;  // the process that reported in first

  void gap(std::string why, GapKind kind = GapKind::incomplete) {
    if (!log.gap.empty()) return;
    log.gap = std::move(why);
    log.gap_kind = kind;
  }
  void unseen(std::string why) {
    log.has_unseen_program = true;
    gap(std::move(why), GapKind::unseen_program);
  }
  void missing(const StartedProgram& program) { unseen("nothing was recorded of " + program.path); }
  void started(const StartedProgram& wanted, const StartedProgram& reported) {
    log.starts.push_back({wanted.path, wanted.file, reported.path, reported.file});
  }
};

StartedProgram program_of(const Event& event) {
  return {event.path, event.has_identity ? std::optional(event.identity) : std::nullopt};
}

constexpr const char* kTooMuch = "the run has too many records";
// From this number of records on, memory should be returned to the system.
constexpr std::size_t kLarge = 20'000;

// What the interposer reports as lost; the first row is the reason.
struct Lost {
  std::uint32_t bit;
  GapKind kind;
  const char* text;
};
constexpr Lost kLost[] = {
    {DEJA_LOST_FULL, GapKind::too_large, kTooMuch},
    {DEJA_LOST_PATH, GapKind::incomplete, "the name of a directory could not be determined"},
    {DEJA_LOST_GO, GapKind::unseen_program, "a Go program makes its own system calls"},
    {DEJA_LOST_NAMESPACE, GapKind::unseen_program,
     "a program has code that the interposer does not see"},
    {DEJA_LOST_KERNEL, GapKind::incomplete,
     "a system call changed what paths mean (io_uring, mount, chroot, ...)"},
    {DEJA_LOST_SHELL, GapKind::unseen_program, "libc started a shell of its own"},
    {DEJA_LOST_UNKNOWN, GapKind::incomplete, "an unknown system call was made"},
    {DEJA_LOST_LIBC, GapKind::unseen_program, "a program has a libc that is not observed"},
    {DEJA_LOST_SANDBOX, GapKind::unseen_program, "a program confines itself (seccomp)"},
    {DEJA_LOST_MEMORY, GapKind::unseen_program, "a program locks its memory (mlockall)"},
};

void note_lost(LogScan& scan) {
  for (const Lost& lost : kLost) {
    if ((scan.header.lost & lost.bit) == 0) continue;
    scan.log.has_unseen_program |= lost.kind == GapKind::unseen_program;
    scan.gap(lost.text, lost.kind);
  }
  if (scan.header.lost != 0) scan.gap("the log reports a lost record");
}

// Decodes the record at offset into event. Returns its size, or 0 with a gap if it is torn or malformed.
std::uint64_t decode(LogScan& scan, std::uint64_t offset, std::uint64_t end, Event& event) {
  deja_log_record record;
  if (end - offset < sizeof record) {
    scan.gap("the log ends in the middle of a record");
    return 0;
  }
  std::memcpy(&record, scan.bytes.data() + offset, sizeof record);
  if (record.size == 0) {
    scan.gap("a process ended in the middle of a record");
    return 0;
  }
  const bool identified = record.flags & DEJA_FLAG_IDENTITY;
  const std::uint64_t fixed = sizeof record + (identified ? sizeof(deja_log_identity) : 0);
  const std::uint64_t used = fixed + std::uint64_t{record.text_size} + record.text2_size;
  if (record.size % 8 != 0 || record.size > end - offset ||
      ((used + 7) & ~std::uint64_t{7}) != record.size ||
      deja_texts_of(record.op) == DEJA_TEXT_NONE) {
    scan.gap("a record is malformed at offset " + std::to_string(offset));
    return 0;
  }
  event.op = static_cast<deja_op>(record.op);
  event.flags = record.flags;
  event.pid = record.pid;
  event.error = record.error;
  event.value = record.value;
  event.when_ns = record.when_ns;
  event.has_identity = identified;
  if (identified) {
    deja_log_identity id;
    std::memcpy(&id, scan.bytes.data() + offset + sizeof record, sizeof id);
    event.identity = {.device = id.device,
                      .inode = id.inode,
                      .size = id.file_size,
                      .mtime_ns = id.mtime_ns,
                      .ctime_ns = id.ctime_ns,
                      .mode = id.mode,
                      .links = id.links};
  }
  event.path = scan.bytes.substr(offset + fixed, record.text_size);
  event.text = scan.bytes.substr(offset + fixed + record.text_size, record.text2_size);
  return record.size;
}

void make_absolute(LogScan& scan, std::int32_t pid, std::string& path) {
  if (path.starts_with('/')) return;
  const std::string& cwd = scan.processes[pid].cwd;
  if (path.empty() || !cwd.starts_with('/')) {
    scan.gap("a relative path of a process whose working directory is unknown");
    return;
  }
  path.insert(0, cwd.ends_with('/') ? cwd : cwd + "/");
}

// The client execs or starts the real tool under the same observation. It does not replay a hit of its
// own, which would leave no records, while DEJA_OBSERVE_LOG is set.
bool is_client(const LogScan& scan, const Event& event) {
  return event.has_identity && scan.header.client_inode != 0 &&
         event.identity.inode == scan.header.client_inode &&
         event.identity.device == scan.header.client_device;
}

void on_process(LogScan& scan, const Event& event) {
  Process& process = scan.processes[event.pid];
  if (!scan.any_process) scan.root = event.pid;
  scan.any_process = true;
  process.cwd = event.text;
  if (event.flags & DEJA_PROCESS_FORKED) {
    // A pid that forks again was reused: what was pending for its former owner never came.
    if (process.exec_pending) scan.missing(process.exec);
    process.exec_pending = false;
  } else if (process.exec_pending) {
    process.exec_pending = false;
    scan.started(process.exec, program_of(event));
  } else {
    process.reports.push_back({static_cast<std::int32_t>(event.value), program_of(event)});
  }
}

void on_event(LogScan& scan, const Event& event) {
  Process& process = scan.processes[event.pid];
  switch (event.op) {
    case DEJA_OP_PROCESS:
      on_process(scan, event);
      break;
    case DEJA_OP_CHDIR:
      process.cwd = event.path;
      break;
    case DEJA_OP_EXEC:
      if (process.exec_pending) scan.missing(process.exec);
      process.exec_pending = !is_client(scan, event);
      process.exec = program_of(event);
      break;
    case DEJA_OP_EXEC_FAILED:
      if (process.exec.path == event.path) process.exec_pending = false;
      break;
    case DEJA_OP_SPAWN:
      if (event.error != 0 || is_client(scan, event)) break;
      if (event.value != 0) {
        scan.processes[static_cast<std::int32_t>(event.value)].spawned.push_back(program_of(event));
      } else {
        process.spawned_unnamed.push_back(program_of(event));
      }
      break;
    default:
      break;
  }
}

void check_all_reported_in(LogScan& scan) {
  if (!scan.any_process) scan.unseen("nothing was recorded of any process");
  std::map<std::int32_t, std::vector<const StartedProgram*>> unmatched_children;  // by parent
  for (const auto& [pid, process] : scan.processes) {
    if (process.exec_pending) scan.missing(process.exec);
    if (process.spawned.size() > process.reports.size()) scan.missing(process.spawned.back());
    for (std::size_t i = 0; i < process.reports.size(); ++i) {
      const Report& report = process.reports[i];
      if (i < process.spawned.size()) {
        scan.started(process.spawned[i], report.program);
      } else if (i == 0 && pid == scan.root) {
        scan.started({}, report.program);
      } else {
        unmatched_children[report.parent].push_back(&report.program);
      }
    }
  }
  for (const auto& [pid, process] : scan.processes) {
    const auto& children = unmatched_children[pid];
    if (process.spawned_unnamed.size() > children.size())
      scan.missing(process.spawned_unnamed.back());
    for (std::size_t i = 0; i < std::min(children.size(), process.spawned_unnamed.size()); ++i)
      scan.started(process.spawned_unnamed[i], *children[i]);
  }
}

// Only the reason is returned; the decoded records are freed.
Log too_much(LogScan& scan) {
  Log log;
  scan.gap(kTooMuch, GapKind::too_large);
  log.gap = scan.log.gap;
  log.gap_kind = scan.log.gap_kind;
  log.has_unseen_program = scan.log.has_unseen_program;
  log.is_large = true;
  return log;
}

}  // namespace

Result<Log> read_log(std::string_view bytes) {
  LogScan scan{.bytes = bytes, .header = {}, .log = {}, .processes = {}};
  if (bytes.size() < DEJA_LOG_HEADER_BYTES)
    return Error{.code = Code::corrupt,
                 .sys_errno = 0,
                 .message = "the trace log is shorter than its header"};
  std::memcpy(&scan.header, bytes.data(), sizeof scan.header);
  if (scan.header.magic != DEJA_LOG_MAGIC || scan.header.version != DEJA_LOG_VERSION)
    return Error{.code = Code::corrupt,
                 .sys_errno = 0,
                 .message = "the file is not a trace log of this version"};
  const std::uint64_t tail = scan.header.tail;
  note_lost(scan);
  if (tail > scan.header.capacity) scan.gap(kTooMuch, GapKind::too_large);
  // It will not be published, and its decoding would take the most memory.
  if ((scan.header.lost & DEJA_LOST_FULL) != 0 || tail > scan.header.capacity)
    return std::move(scan.log);
  if (tail > bytes.size()) scan.gap("the log is shorter than what was written");
  const std::uint64_t end = std::min<std::uint64_t>(tail, bytes.size());
  std::size_t text_size = 0;
  for (std::uint64_t offset = DEJA_LOG_HEADER_BYTES; offset < end;) {
    Event event;
    const std::uint64_t size = decode(scan, offset, end, event);
    if (size == 0) break;
    offset += size;
    // A bare library name is the only path of a record that is not joined.
    const bool bare = event.op == DEJA_OP_LIBRARY && event.path.find('/') == std::string::npos;
    const deja_texts texts = deja_texts_of(event.op);
    if (texts >= DEJA_TEXT_PATH && !bare) make_absolute(scan, event.pid, event.path);
    if (texts == DEJA_TEXT_TWO_PATHS) make_absolute(scan, event.pid, event.text);
    on_event(scan, event);
    text_size += event.path.size() + event.text.size();
    if (scan.log.events.size() == kRecordsMax || text_size > kTextMax) return too_much(scan);
    scan.log.events.push_back(std::move(event));
  }
  scan.log.is_large = scan.log.events.size() > kLarge;
  check_all_reported_in(scan);
  return std::move(scan.log);
}

}  // namespace deja::observe
