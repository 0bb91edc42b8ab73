// SPDX-License-Identifier: Apache-2.0
// The table of handlers, and those of what a run opens, reads and starts. A name that leads through
// a symlink which the run itself made is replaced first by what that symlink led to at that moment.
#include "evidence/collect.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/path.h"
#include "evidence/special_files.h"
#include "tool/link_time.h"
#include "tool/make_variables.h"
#include "tool/programs.h"

namespace deja::evidence {

using observe::Event;

namespace {

bool is_library_name(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

// Unless a flag says otherwise, the call acts on what the last component leads to.
bool follows_links(deja_op op) {
  static constexpr deja_op kFollowing[] = {DEJA_OP_EXEC,     DEJA_OP_SPAWN, DEJA_OP_OPEN,
                                           DEJA_OP_STAT,     DEJA_OP_LIST,  DEJA_OP_LIBRARY,
                                           DEJA_OP_REALPATH, DEJA_OP_CHANGE};
  return std::find(std::begin(kFollowing), std::end(kFollowing), op) != std::end(kFollowing);
}

void on_nothing(const Collecting&) {}

void on_random(const Collecting& c) {
  if (!c.run.invocation.policy.is_routed) return;
  const std::string_view program = c.facts.processes.name_of(c.e.pid);
  // Known programs name temporary files by them.
  if (tool::find_adapter(program) != nullptr) return;
  Process& process = c.facts.processes.at(c.e.pid);
  const bool is_seed = tool::seeds_hash_tables(program) && !process.has_seed;
  process.has_seed = true;
  if (!is_seed) c.fail(NotStored::random_read);
}

void on_connect(const Collecting& c) { c.fail(NotStored::connected, c.e.path); }

using Handler = void (*)(const Collecting&);

Handler handler_of(deja_op op) {
  struct Row {
    deja_op op;
    Handler handler;
  };
  static constexpr Row kRows[] = {
      {DEJA_OP_PROCESS, on_program},   {DEJA_OP_LIBRARY, on_library},
      {DEJA_OP_EXEC, on_exec},         {DEJA_OP_EXEC_FAILED, on_exec},
      {DEJA_OP_SPAWN, on_exec},        {DEJA_OP_OPEN, on_open},
      {DEJA_OP_STAT, on_stat},         {DEJA_OP_READLINK, on_readlink},
      {DEJA_OP_REALPATH, on_realpath}, {DEJA_OP_LIST, on_list},
      {DEJA_OP_CHDIR, on_nothing},     {DEJA_OP_GETENV, on_getenv},
      {DEJA_OP_ENVIRON, on_environ},   {DEJA_OP_CLOCK, on_clock},
      {DEJA_OP_RANDOM, on_random},     {DEJA_OP_HOST, on_host},
      {DEJA_OP_UNLINK, on_unlink},     {DEJA_OP_RENAME, on_rename},
      {DEJA_OP_LINK, on_link},         {DEJA_OP_SYMLINK, on_symlink},
      {DEJA_OP_MKDIR, on_mkdir},       {DEJA_OP_CHANGE, on_change},
      {DEJA_OP_CONNECT, on_connect},   {DEJA_OP_CLOSE, on_close},
      {DEJA_OP_LOCK, on_lock},         {DEJA_OP_DAY, on_day},
  };
#define DEJA_OP_NUMBER(number, op, name, texts) number,
  static constexpr unsigned kOps[] = {DEJA_OPS(DEJA_OP_NUMBER)};
#undef DEJA_OP_NUMBER
  static_assert(std::equal(std::begin(kRows), std::end(kRows), std::begin(kOps), std::end(kOps),
                           [](const Row& row, unsigned number) { return row.op == number; }),
                "a handler for each operation, in the order of observe/preload/log_layout.h");
  for (const Row& row : kRows) {
    if (row.op == op) return row.handler;
  }
  return nullptr;
}

void collect_event(const ObservedRun& run, Facts& facts, const Event& e) {
  const Handler handler = handler_of(e.op);
  if (handler == nullptr)
    return facts.fail(NotStored::log_incomplete, "an operation has an unknown kind");
  if (collect_module({run, facts, e})) return;
  const bool follows = follows_links(e.op) && (e.flags & DEJA_FLAG_NOFOLLOW) == 0;
  std::string path = facts.changes.directories().without_own_links(e.path, follows);
  if (path == e.path) return handler({run, facts, e});
  Event real = e;
  real.path = std::move(path);
  handler({run, facts, real});
}

// O_NOFOLLOW met a symlink, which is a fact about the symlink (with O_DIRECTORY it is ENOTDIR). The
// symlink must have been there before.
bool is_refused_symlink(const Collecting& c) {
  const Event& e = c.e;
  if (!c.has(DEJA_FLAG_NOFOLLOW) || (e.error != ELOOP && e.error != ENOTDIR)) return false;
  const auto now = os::stat_file(e.path, os::Links::keep);
  if (!now || !*now || !(*now)->is_symlink() || (*now)->newest_ns() > e.when_ns) return false;
  const auto text = os::read_symlink(e.path);
  if (!text || !*text) {
    c.fail(NotStored::input_changed, e.path);
  } else if (PathFacts& row = c.row(); !row.link) {
    row.link = **text;
  }
  return true;
}

void on_open_of_special(const Collecting& c) {
  const Event& e = c.e;
  const Special special = classify_special(e.path);
  if (special == Special::harmless) {
    // Not opened by its own name, so the log does not say which file it is.
    if (c.has(DEJA_OPEN_WRITE) && e.has_identity && e.identity.is_regular())
      c.fail(NotStored::descriptor_used, e.path);
    return;
  }
  const Process& process = c.facts.processes.at(e.pid);
  if (!process.name.empty() &&
      tool::only_counts_processors(process.name, process.has_llvm_plugin, e.path))
    return;
  if (special != Special::machine || !c.run.invocation.policy.is_generic)
    return c.fail(NotStored::device_read, e.path);
  c.facts.asks_machine = true;
}

void on_read(const Collecting& c) {
  const Event& e = c.e;
  c.fail(c.facts.processes.opens(e, c.facts.changes));
  if (e.path.find(".so") == std::string::npos && !is_within(e.path, "/usr/lib/locale"))
    c.facts.processes.at(e.pid).has_read = true;
  const PathFacts* const before = c.find(e.path);
  const bool is_first = before == nullptr || !before->read;
  note_library_of_user(c);
  c.read(e.path, identity_in(e));
  PathFacts& row = c.row();
  if (!row.read) return;
  if (row.read->only_opener != e.pid) row.read->only_opener = is_first ? e.pid : -1;
  row.read->by_libc = false;
  const UnknownProgram* const program = c.unknown();
  row.read->is_script |= program != nullptr && program->trusted_script == nullptr;
}

}  // namespace

bool is_absence(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

const os::FileIdentity* identity_in(const Event& e) {
  return e.has_identity ? &e.identity : nullptr;
}

bool names_a_descriptor(std::string_view path) {
  return path == "/dev/stdin" || is_within(path, "/dev/fd") || is_within(path, "/proc/self/fd") ||
         is_within(path, "/proc/self/task") || is_within(path, "/proc/thread-self/fd");
}

const PathFacts* Collecting::find(const std::string& path) const {
  const auto it = facts.by_path.find(path);
  return it == facts.by_path.end() ? nullptr : &it->second;
}

void Collecting::read(const std::string& path, const os::FileIdentity* identity) const {
  if (facts.changes.is_own(path)) return;
  PathFacts& row = facts.by_path[path];
  if (identity != nullptr && !identity->is_regular()) {
    if (row.kind == 0) row.kind = action::kind_letter(identity->mode);
    return;
  }
  if (row.read) {
    if (identity != nullptr && !(row.read->identity == *identity))
      fail(NotStored::input_changed, path);
    return;
  }
  row.read.emplace();
  row.read->when_ns = e.when_ns;
  if (identity != nullptr) {
    row.read->identity = *identity;
  } else if (const auto now = os::stat_file(path); now && *now) {
    // Seen without its identity (a library, our own executable): then its stamps must be older.
    if ((*now)->newest_ns() > e.when_ns) return fail(NotStored::input_changed, path);
    row.read->identity = **now;
  }
}

void Collecting::read_program(const os::FileIdentity* identity) const {
  read(e.path, identity);
  if (PathFacts& row = this->row(); row.read) row.read->is_program = true;
}

void Collecting::see(char kind) const {
  if (PathFacts& row = this->row(); row.kind == 0) row.kind = kind;
}

void Collecting::needed_absence(const std::string& path) const {
  if (unknown() == nullptr || facts.changes.is_own(path)) return;
  PathFacts& row = facts.by_path[path];
  row.absent = row.must_be_absent = true;
}

void Collecting::miss(const std::string& path) const {
  if (!facts.changes.is_own(path)) facts.by_path[path].absent = true;
}

void on_program(const Collecting& c) {
  Processes& processes = c.facts.processes;
  if (c.has(DEJA_PROCESS_FORKED)) {
    processes.forked(c.e.pid, static_cast<std::int32_t>(c.e.value));
  } else {
    c.fail(processes.started(c.e.pid, c.e.path));
  }
  c.read_program(nullptr);
}

void on_library(const Collecting& c) {
  const Event& e = c.e;
  if (e.path.empty() || e.path[0] != '/') return;  // the kernel's own (vdso)
  if (e.error != 0 && e.has_identity) return c.see(action::kind_letter(e.identity.mode));
  if (is_absence(e.error)) return c.miss(e.path);
  if (e.error == EACCES) return c.refuse();
  if (e.error != 0) return c.see('?');
  c.read_program(nullptr);
}

void on_exec(const Collecting& c) {
  const Event& e = c.e;
  if (e.path.empty() || e.path[0] != '/') return;
  if (e.op == DEJA_OP_EXEC_FAILED || e.error != 0) {
    if (is_absence(e.error)) c.miss(e.path);
    if (e.error == EACCES) c.refuse();
    return;
  }
  if (!e.has_identity) return;  // nothing there: a step of a search in PATH, which says so next
  c.read_program(&e.identity);
  c.row().executed = true;
}

// What comes through a FIFO or from a device comes once, and what is written to it is gone.
bool is_stream_of_others(const Collecting& c) {
  const Event& e = c.e;
  const std::uint32_t mode = e.has_identity ? e.identity.mode : 0;
  const bool is_stream = S_ISFIFO(mode) || S_ISCHR(mode) || S_ISBLK(mode);
  return e.error == 0 && is_stream && !c.facts.changes.is_own(e.path) &&
         !tool::is_jobserver_fifo(c.run.command, e.path);
}

void on_open(const Collecting& c) {
  const Event& e = c.e;
  const bool writes = c.has(DEJA_OPEN_WRITE);
  if (!writes && names_a_descriptor(e.path)) {
    if (tool::is_jobserver_descriptor(c.run.command, base_name(e.path))) return;
    return c.fail(NotStored::descriptor_used, e.path);
  }
  if (e.path == "/dev/urandom" &&
      tool::has_fact(c.facts.processes.name_of(e.pid), tool::ProgramFact::draws_build_id))
    return c.fail(NotStored::random_build_id);
  if (e.error == 0 && (e.path == "/dev/urandom" || e.path == "/dev/random")) on_random(c);
  if (classify_special(e.path) != Special::ordinary) return on_open_of_special(c);
  if (is_stream_of_others(c)) return c.fail(NotStored::connected, e.path);
  if (tool::is_in_shared_cache(e.path)) return c.fail(NotStored::shared_cache, e.path);
  if (writes) return on_open_for_writing(c);
  if (e.error == 0) return on_read(c);
  if (is_refused_symlink(c)) return;
  if (e.error == EACCES) return c.refuse();
  if (!is_absence(e.error)) return c.fail(NotStored::call_failed, e.path);
  c.miss(e.path);
  note_look(c);
}

// Libraries that came with the tool hold no code of its user's (rustc's own, and its libstd).
void note_library_of_user(const Collecting& c) {
  const tool::Invocation& invocation = c.run.invocation;
  if (!invocation.policy.runs_plugins || !is_library_name(c.e.path)) return;
  const std::string path = tidy_path(c.e.path);
  const auto& directories = invocation.policy.plugin_directories;
  const bool is_plugin =
      std::any_of(directories.begin(), directories.end(),
                  [&](const std::string& directory) { return is_within(path, directory); });
  const std::string_view prefix =
      parent_path(parent_path(c.facts.processes.at(c.e.pid).executable));
  const bool is_tools = prefix.size() > 1 && is_within(path, prefix);
  c.facts.has_plugin |= is_plugin && c.e.op == DEJA_OP_OPEN;
  c.facts.has_opened_library |= is_plugin || !is_tools;
}

// Why nothing may be concluded from the log; none: it is complete.
std::optional<Problem> problem_of(const observe::Log& log) {
  if (log.gap.empty()) return {};
  switch (log.gap_kind) {
    case observe::GapKind::unseen_program:
      return Problem{NotStored::program_not_observed, log.gap};
    case observe::GapKind::too_large:
      return Problem{NotStored::too_many_records, {}};
    case observe::GapKind::incomplete:
      break;
  }
  return Problem{NotStored::log_incomplete, log.gap};
}

Facts collect(const ObservedRun& run, const observe::Log& log) {
  Facts facts(run);
  facts.is_supervised = log.is_supervised;
  for (const Event& e : log.events)
    if (e.op == DEJA_OP_PROCESS) facts.processes.expect(e.pid, static_cast<std::int32_t>(e.value));
  facts.fail(problem_of(log));
  // Much of what speaks against a command of a build (machine.cc) is recorded by the interposer alone.
  if (log.is_supervised && run.invocation.policy.is_routed)
    facts.fail(NotStored::program_not_observed,
               "the supervisor does not see all that a command does");
  for (const Event& e : log.events) {
    if (facts.problem) break;
    collect_event(run, facts, e);
  }
  if (log.events.empty()) facts.fail(NotStored::not_observed, "the log is empty");
  facts.fail(facts.changes.directories().problem());
  return facts;
}

}  // namespace deja::evidence
