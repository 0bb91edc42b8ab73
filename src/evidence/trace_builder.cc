// Hearing the log: one small handler an operation, chosen from a table. Tested by trace_builder_test.cc.
#include "evidence/trace_builder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/searches.h"
#include "evidence/special_files.h"
#include "os/file.h"
#include "tool/link_time.h"
#include "tool/make_variables.h"
#include "tool/program_name.h"
#include "tool/programs.h"

namespace deja::evidence {

using action::Claim;
using observe::Event;

namespace {
bool is_absence(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

// An extended attribute (an access list, a label) that a file has not, or cannot have here. Who asks
// for those tells all that there is to tell of a file ("ls -l").
bool lacks_attribute(int error) { return error == ENODATA || error == EOPNOTSUPP; }

bool is_library_name(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

// Unless it is told not to, it acts on what the last component leads to.
bool follows_links(deja_op op) {
  static constexpr deja_op kFollowing[] = {DEJA_OP_EXEC,     DEJA_OP_SPAWN, DEJA_OP_OPEN,
                                           DEJA_OP_STAT,     DEJA_OP_LIST,  DEJA_OP_LIBRARY,
                                           DEJA_OP_REALPATH, DEJA_OP_CHANGE};
  return std::find(std::begin(kFollowing), std::end(kFollowing), op) != std::end(kFollowing);
}

// They do not care what the file is that they replace or remove (cp and mv may compare times).
bool wants_kind_only(std::string_view program) {
  static constexpr std::string_view kPrograms[] = {"rm", "ln", "mkdir"};
  return std::find(std::begin(kPrograms), std::end(kPrograms), program) != std::end(kPrograms);
}

// What is behind an open descriptor is no file that could be looked at again.
bool names_a_descriptor(std::string_view path) {
  return path == "/dev/stdin" || is_within(path, "/dev/fd") || is_within(path, "/proc/self/fd") ||
         is_within(path, "/proc/self/task") || is_within(path, "/proc/thread-self/fd");
}

const os::FileIdentity* identity_in(const Event& e) {
  return e.has_identity ? &e.identity : nullptr;
}

}  // namespace

TraceBuilder::Handler TraceBuilder::handler_of(deja_op op) {
  struct Row {
    deja_op op;
    Handler handler;
  };
  static constexpr Row kRows[] = {
      {DEJA_OP_PROCESS, &TraceBuilder::on_program},
      {DEJA_OP_LIBRARY, &TraceBuilder::on_library},
      {DEJA_OP_EXEC, &TraceBuilder::on_exec},
      {DEJA_OP_EXEC_FAILED, &TraceBuilder::on_exec},
      {DEJA_OP_SPAWN, &TraceBuilder::on_exec},
      {DEJA_OP_OPEN, &TraceBuilder::on_open},
      {DEJA_OP_STAT, &TraceBuilder::on_stat},
      {DEJA_OP_READLINK, &TraceBuilder::on_readlink},
      {DEJA_OP_REALPATH, &TraceBuilder::on_realpath},
      {DEJA_OP_LIST, &TraceBuilder::on_list},
      {DEJA_OP_CHDIR, &TraceBuilder::on_nothing},
      {DEJA_OP_GETENV, &TraceBuilder::on_getenv},
      {DEJA_OP_ENVIRON, &TraceBuilder::on_environ},
      {DEJA_OP_CLOCK, &TraceBuilder::on_clock},
      {DEJA_OP_RANDOM, &TraceBuilder::on_nothing},
      {DEJA_OP_HOST, &TraceBuilder::on_host},
      {DEJA_OP_UNLINK, &TraceBuilder::on_unlink},
      {DEJA_OP_RENAME, &TraceBuilder::on_rename},
      {DEJA_OP_LINK, &TraceBuilder::on_link},
      {DEJA_OP_SYMLINK, &TraceBuilder::on_symlink},
      {DEJA_OP_MKDIR, &TraceBuilder::on_mkdir},
      {DEJA_OP_CHANGE, &TraceBuilder::on_change},
      {DEJA_OP_CONNECT, &TraceBuilder::on_connect},
      {DEJA_OP_CLOSE, &TraceBuilder::on_close},
      {DEJA_OP_LOCK, &TraceBuilder::on_lock},
      {DEJA_OP_DAY, &TraceBuilder::on_day},
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

// What it did by the name of a symlink of its own, it did to what that leads to.
void TraceBuilder::hear(const Event& e) {
  const Handler handler = handler_of(e.op);
  if (handler == nullptr) return fail("an operation of unknown kind");
  if (hear_of_modules(e)) return;
  const bool follows = follows_links(e.op) && (e.flags & DEJA_FLAG_NOFOLLOW) == 0;
  std::string path = directories_.without_own_links(e.path, follows);
  if (path == e.path) return (this->*handler)(e);
  Event real = e;
  real.path = std::move(path);
  (this->*handler)(real);
}

RunFacts TraceBuilder::hear(const observe::Log& log, std::int64_t ended_ns) {
  ended_ns_ = ended_ns;
  for (const Event& e : log.events)
    if (e.op == DEJA_OP_PROCESS) parents_.try_emplace(e.pid, static_cast<std::int32_t>(e.value));
  if (!log.gap.empty()) fail(log.gap);
  for (const Event& e : log.events) {
    if (!run_facts_.problem.empty()) break;
    hear(e);
  }
  if (log.events.empty() && run_facts_.problem.empty()) fail("nothing was observed");
  // The loader's own search, of every program. What it has looked for is observed.
  claim(Claim::directories, "LD_LIBRARY_PATH",
        directories_value("LD_LIBRARY_PATH", command_.variable("LD_LIBRARY_PATH"), roots_));
  if (!directories_.problem().empty()) fail(directories_.problem());
  using Step = void (TraceBuilder::*)();
  for (const Step step : {&TraceBuilder::conclude_outputs, &TraceBuilder::conclude_reads,
                          &TraceBuilder::conclude_stamps, &TraceBuilder::conclude_modules,
                          &TraceBuilder::conclude_same_files, &TraceBuilder::conclude_names,
                          &TraceBuilder::conclude_refused, &TraceBuilder::conclude_curious,
                          &TraceBuilder::conclude_links, &TraceBuilder::conclude_listings,
                          &TraceBuilder::conclude_absences, &TraceBuilder::conclude_searches,
                          &TraceBuilder::conclude_listed, &TraceBuilder::conclude_shells,
                          &TraceBuilder::conclude_shows, &TraceBuilder::conclude_programs}) {
    if (run_facts_.problem.empty()) (this->*step)();
  }
  if (run_facts_.asked_time && run_facts_.problem.empty()) conclude_time();
  if (!dated_.empty() && run_facts_.problem.empty()) conclude_date();
  const std::uint32_t facts = run_facts_.facts | invocation_.policy.argument_facts;
  if (clock_untold_ && (facts & tool::kMentionsClock) != 0) fail("may put the time into words");
  run_facts_.trace.normalize();
  return std::move(run_facts_);
}

void TraceBuilder::fail(const std::string& why) {
  if (run_facts_.problem.empty()) run_facts_.problem = why;
}

TraceBuilder::Touched& TraceBuilder::touch(const std::string& path) {
  const std::string name = canonical(path);
  touched_names_.emplace(base_name(name));
  Touched& t = touched_[name];
  if (t.spelled.empty()) t.spelled = path;
  return t;
}

// Most names are not even like one that the run has made, and finding out where a name leads costs
// system calls.
const TraceBuilder::Touched* TraceBuilder::touched(const std::string& path) {
  const std::string_view name = base_name(path);
  const bool has_name = !name.empty() && name != "." && name != "..";
  if (has_name && !touched_names_.contains(name)) return nullptr;
  const auto it = touched_.find(canonical(path));
  return it == touched_.end() ? nullptr : &it->second;
}

bool TraceBuilder::is_own(const std::string& path) {
  const Touched* t = touched(path);
  return t != nullptr && t->written;
}

void TraceBuilder::read(const std::string& path, const os::FileIdentity* identity,
                        std::int64_t when_ns) {
  if (is_own(path)) return;
  if (identity != nullptr && !identity->is_regular()) {
    seen_.emplace(path, action::kind_letter(identity->mode));
    return;
  }
  const auto [it, fresh] = reads_.try_emplace(path);
  if (fresh) {
    it->second.when_ns = when_ns;
    if (identity != nullptr) {
      it->second.identity = *identity;
    } else if (const auto now = os::stat_file(path); now && *now) {
      // Seen without its identity (a library, our own executable): then its stamps must be older.
      if ((*now)->newest_ns() > when_ns) return fail("changed while the tool ran: " + path);
      it->second.identity = **now;
    }
  } else if (identity != nullptr && !(it->second.identity == *identity)) {
    fail("changed while the tool ran: " + path);
  }
}

void TraceBuilder::missing(const std::string& path) {
  if (!is_own(path)) absent_[path] = true;
}

void TraceBuilder::note_look(const Event& e) {
  const UnknownProgram* program = unknown_program(e.pid);
  if (program == nullptr || is_own(e.path)) return;
  Look look;
  look.was_there = e.error == 0 || e.error == EINVAL;  // no symlink
  look.is_trusted =
      program->trusted_script != nullptr && !e.path.ends_with(program->trusted_script->times);
  look.only_kind = wants_kind_only(program->name) || e.op == DEJA_OP_UNLINK;
  if (e.has_identity) look.identity = e.identity;
  const auto [it, fresh] = looks_.try_emplace(e.path, look);
  // The first look tells what was there; the most curious one, how much of it counts.
  if (fresh) return;
  it->second.only_kind = it->second.only_kind && look.only_kind;
  it->second.is_trusted = it->second.is_trusted && look.is_trusted;
  const bool knows_file = it->second.identity && !it->second.identity->is_symlink();
  if (!knows_file && look.identity) it->second.identity = look.identity;
}

void TraceBuilder::on_nothing(const Event&) {}

void TraceBuilder::read_program(const std::string& path, const os::FileIdentity* identity,
                                std::int64_t when_ns) {
  read(path, identity, when_ns);
  if (const auto it = reads_.find(path); it != reads_.end()) it->second.is_program = true;
}

void TraceBuilder::on_program(const Event& e) {
  if ((e.flags & DEJA_PROCESS_FORKED) != 0) {
    const auto parent = static_cast<std::int32_t>(e.value);
    if (const auto it = programs_.find(parent); it != programs_.end())
      programs_[e.pid] = std::string(it->second);
    if (const UnknownProgram* known = unknown_program(parent))
      unknown_programs_[e.pid] = UnknownProgram(*known);
  } else {
    programs_[e.pid] = base_name(e.path);
    executables_[e.pid] = e.path;
    if (UnknownProgram* const before = unknown_program(e.pid)) before->shows_all = false;
    leave(e.pid);
    if (invocation_.policy.is_generic || invocation_.policy.is_unknown)
      unknown_programs_.try_emplace(e.pid, UnknownProgram{programs_[e.pid]});
  }
  read_program(e.path, nullptr, e.when_ns);
}

void TraceBuilder::on_library(const Event& e) {
  if (e.path.empty() || e.path[0] != '/') return;  // the kernel's own (vdso)
  if (e.error != 0 && e.has_identity) {
    seen_.emplace(e.path, action::kind_letter(e.identity.mode));
    return;
  }
  if (is_absence(e.error)) return missing(e.path);
  if (e.error == EACCES) return note_refused(e);
  if (e.error != 0) {
    seen_.emplace(e.path, '?');
    return;
  }
  read_program(e.path, nullptr, e.when_ns);
}

void TraceBuilder::on_exec(const Event& e) {
  if (e.path.empty() || e.path[0] != '/') return;
  if (e.op == DEJA_OP_EXEC_FAILED || e.error != 0) {
    if (is_absence(e.error)) missing(e.path);
    if (e.error == EACCES) note_refused(e);
    return;
  }
  if (!e.has_identity) return;  // nothing there: a step of a search in PATH, which says so next
  read_program(e.path, &e.identity, e.when_ns);
  executed_[e.path] = true;
}

void TraceBuilder::on_open(const Event& e) {
  if ((e.flags & DEJA_OPEN_WRITE) == 0 && names_a_descriptor(e.path)) {
    if (tool::is_jobserver_descriptor(command_, base_name(e.path))) return;
    return fail("reads an open descriptor: " + e.path);
  }
  if (const auto program = programs_.find(e.pid);
      program != programs_.end() &&
      tool::has_fact(program->second, tool::ProgramFact::draws_build_id) &&
      e.path == "/dev/urandom")
    return fail("draws a build id");
  if (classify_special(e.path) != Special::ordinary) return on_open_of_special(e);
  if (tool::is_in_shared_cache(e.path)) return fail("shares a directory with others: " + e.path);
  if ((e.flags & DEJA_OPEN_WRITE) != 0) return on_open_for_writing(e);
  if (e.error == 0) return on_read(e);
  if (note_refused_symlink(e)) return;
  if (e.error == EACCES) return note_refused(e);
  if (!is_absence(e.error)) return fail("could not open " + e.path);
  missing(e.path);
  note_look(e);
}

void TraceBuilder::on_open_of_special(const Event& e) {
  const Special special = classify_special(e.path);
  if (special == Special::harmless) {
    // By another way than its name: which file that is was not heard.
    if ((e.flags & DEJA_OPEN_WRITE) != 0 && e.has_identity && e.identity.is_regular())
      fail("writes through an open descriptor: " + e.path);
    return;
  }
  const auto program = programs_.find(e.pid);
  if (program != programs_.end() &&
      tool::only_counts_processors(program->second, with_llvm_plugin_.contains(e.pid), e.path))
    return;
  if (special != Special::machine || !invocation_.policy.is_generic) return fail("reads " + e.path);
  claim(Claim::machine, {}, std::string(machine_digest().view()));
}

// Libraries that came with the tool hold no code of its user's (rustc's own, and its libstd).
void TraceBuilder::note_library_of_user(const Event& e) {
  if (!invocation_.policy.runs_plugins || !is_library_name(e.path)) return;
  const std::string path = tidy_path(e.path);
  const auto& directories = invocation_.policy.plugin_directories;
  const bool is_plugin =
      std::any_of(directories.begin(), directories.end(),
                  [&](const std::string& directory) { return is_within(path, directory); });
  const auto program = executables_.find(e.pid);
  const std::string_view prefix =
      program == executables_.end() ? "" : parent_path(parent_path(program->second));
  const bool is_tools = prefix.size() > 1 && is_within(path, prefix);
  run_facts_.has_plugin |= is_plugin && e.op == DEJA_OP_OPEN;
  has_opened_library_ |= is_plugin || !is_tools;
}

void TraceBuilder::on_read(const Event& e) {
  if (UnknownProgram* program = unknown_program(e.pid)) know_script(*program, e);
  note_text(e);
  const bool is_first = !reads_.contains(e.path);
  note_library_of_user(e);
  read(e.path, identity_in(e), e.when_ns);
  if (const auto it = reads_.find(e.path); it != reads_.end()) {
    if (it->second.only_opener != e.pid) it->second.only_opener = is_first ? e.pid : -1;
    it->second.by_libc = false;
    const UnknownProgram* program = unknown_program(e.pid);
    it->second.is_script |= program != nullptr && program->trusted_script == nullptr;
  }
}

void TraceBuilder::on_open_for_writing(const Event& e) {
  if (e.error != 0) {
    // A tool that may not write has failed, or has looked whether it may; either way the next one
    // could. What it did not find in order to write it is an absence like others.
    if (is_absence(e.error)) return missing(e.path);
    return fail("could not write " + e.path);
  }
  if (e.has_identity && !e.identity.is_regular()) return;  // a terminal, a pipe
  Touched& t = touch(e.path);
  const bool was_there = (e.flags & DEJA_OPEN_EXISTED) != 0 || (e.flags & DEJA_OPEN_CREATE) == 0;
  if (!t.written && was_there) {
    t.existed = true;
    const bool keeps = (e.flags & DEJA_OPEN_TRUNCATE) == 0;
    if (keeps && before(e.path) == nullptr) return fail("changes a file in place: " + e.path);
    t.in_place = true;
    t.was_empty = (e.flags & DEJA_OPEN_EMPTY) != 0;
    if (reads_.contains(e.path) && before(e.path) == nullptr)
      return fail("rewrites what it has read: " + e.path);
    if (keeps && !reads_.contains(e.path)) read(e.path, identity_in(e), e.when_ns);
  }
  const bool starts_anew = (e.flags & (DEJA_OPEN_TRUNCATE | DEJA_OPEN_EXCLUSIVE)) != 0;
  if (!t.written && !was_there && !starts_anew) t.continues = true;
  t.written = true;
  t.is_temporary |= (e.flags & DEJA_OPEN_TEMPORARY) != 0;
  t.file = {e.identity.device, e.identity.inode};
  finished_.erase(t.file);
}

// Libc's localtime looks there, and the interposer says so. What a compiler asks it about is the
// present (__DATE__), or the time of a file (__TIMESTAMP__), which no claim holds.
void TraceBuilder::on_localtime(const Event& e) {
  if (invocation_.policy.is_generic) {
    if (e.error == 0) read(e.path, identity_in(e), e.when_ns);
    return;
  }
  if (is_timekeeper(e.pid)) {
    run_facts_.asked_time = true;
    if (e.error == 0) read(e.path, identity_in(e), e.when_ns);
    return;
  }
  if (UnknownProgram* const program = unknown_program(e.pid))
    return ask(*program, "puts a time into words", e.flags);
  if (may_put_date(e.pid)) return note_zone(e);
  fail("puts a time into words");
}

void TraceBuilder::on_stat(const Event& e) {
  note_library_of_user(e);  // what dlopen is given
  if (e.path == "/etc/localtime") return on_localtime(e);
  if (tool::is_llvm_plugin(e.path)) with_llvm_plugin_.insert(e.pid);  // what dlopen is given
  if (classify_special(e.path) != Special::ordinary || is_own(e.path)) return;
  const bool is_of_symlink = e.has_identity && e.identity.is_symlink();
  if (is_of_symlink) {  // not of where it leads
    link_stats_.emplace(e.path, e.identity);
    note_look(e);
  } else if (e.error == 0) {
    seen_.emplace(e.path, e.has_identity ? action::kind_letter(e.identity.mode) : '?');
    if (e.has_identity) stats_.emplace(e.path, e.identity);
    note_look(e);
  } else if (is_absence(e.error)) {
    missing(e.path);
    note_look(e);
  } else if (e.error == EACCES) {
    note_refused(e);
  } else if (lacks_attribute(e.error) && !link_stats_.contains(e.path)) {
    curious_.insert(e.path);
  } else {
    fail("could not look at " + e.path);
  }
}

void TraceBuilder::on_readlink(const Event& e) {
  if (classify_special(e.path) != Special::ordinary || is_own(e.path)) return;
  if (e.error == 0) {
    links_[e.path] = e.text;
  } else if (e.error == EINVAL) {
    links_[e.path] = "";
  } else if (is_absence(e.error)) {
    missing(e.path);
  } else if (e.error == EACCES) {
    return note_refused(e);
  } else {
    return;
  }
  note_look(e);
}

void TraceBuilder::on_realpath(const Event& e) {
  if (classify_special(e.path) != Special::ordinary || is_own(e.path)) return;
  if (e.error == 0 || is_absence(e.error)) note_look(e);
  if (e.error == 0) {
    const auto use = adapter_.real_path_use(program_of(e.pid));
    Real& real = reals_[e.path];
    real.result = e.text;
    // Asked twice, it is a header as well.
    if (use == tool::RealPathUse::compares_sources && is_named(e.path))
      real.may_be_written |= !real.comparers.insert(e.pid).second;
    else
      real.may_be_written |= use != tool::RealPathUse::compares;
  } else if (is_absence(e.error)) {
    missing(e.path);
  } else if (e.error == EACCES) {
    note_refused(e);
  }
}

void TraceBuilder::on_list(const Event& e) {
  if (is_absence(e.error)) return missing(e.path);
  if (e.error == EACCES && classify_special(e.path) == Special::ordinary) return note_refused(e);
  if (lists_around_its_script(e)) return;
  if (e.error == 0 && classify_special(e.path) == Special::ordinary && !is_own(e.path))
    listings_[e.path] = true;
}

void TraceBuilder::on_unlink(const Event& e) {
  if (e.error == 0 || is_absence(e.error)) note_look(e);
  if (e.error != 0) {
    if (is_absence(e.error)) missing(e.path);
    return;
  }
  const auto program = programs_.find(e.pid);
  const auto opened = reads_.find(e.path);
  // lld opens what is in its output's place and closes it in a thread after it has unlinked it, because
  // the last close of a large file takes its time (lld/Common/Filesystem.cpp, unlinkAsync). It reads
  // nothing.
  if (opened != reads_.end() && program != programs_.end() && tool::is_lld(program->second) &&
      opened->second.only_opener == e.pid && !opened->second.is_program)
    reads_.erase(opened);
  Touched& t = touch(e.path);
  directories_.removed(canonical(e.path), t.written);
  if (!t.written) t.existed = true;
  t.written = true;
  t.unlinked = true;
}

void TraceBuilder::on_rename(const Event& e) {
  if (e.error != 0) return;
  if (!is_own(e.path)) return fail("renames a file that it did not make: " + e.path);
  if ((e.flags & DEJA_RENAME_EXCHANGE) != 0) return fail("exchanges files: " + e.path);
  Touched& from = touch(e.path);
  from.unlinked = true;
  move_below(e.path, e.text);
  directories_.moved(canonical(e.path), canonical(e.text));
  Touched& t = touch(e.text);
  t.file = from.file;
  if (const auto it = finished_.find(t.file); it != finished_.end()) it->second.was_renamed = true;
  t.written = true;
  t.in_place = false;
  t.renamed = true;
}

// What the run has made in a directory has another name once the directory has. (The old one stays its
// own: nothing that was seen by that name counts.)
void TraceBuilder::move_below(const std::string& from, const std::string& to) {
  const std::string directory = canonical(from);
  std::vector<std::pair<std::string, Touched>> moved;
  for (auto it = touched_.upper_bound(directory); it != touched_.end(); ++it) {
    if (!it->first.starts_with(directory)) break;
    if (is_within(it->first, directory))
      moved.emplace_back(it->first.substr(directory.size()), it->second);
  }
  for (auto& [rest, t] : moved) {
    Touched& now = touch(to + rest);
    const std::string spelled = std::move(now.spelled);
    now = std::move(t);
    now.spelled = spelled;
  }
}

void TraceBuilder::on_link(const Event& e) {
  if (e.error != 0) return;
  if (!is_own(e.path)) return fail("makes a hard link: " + e.text);
  // Another name for what it has made; one of the two must be gone at the end.
  const FileNumber file = touch(e.path).file;
  Touched& t = touch(e.text);
  t.written = true;
  t.file = file;
  if (const auto it = finished_.find(file); it != finished_.end()) it->second.was_renamed = true;
}

void TraceBuilder::on_symlink(const Event& e) {
  if (e.error != 0) return;
  touch(e.path).written = true;
  directories_.made_link(canonical(e.path), e.text);
}

void TraceBuilder::on_mkdir(const Event& e) {
  if (e.error == 0) {
    touch(e.path).written = true;
    directories_.made_directory(canonical(e.path));
  }
  if (e.error == EEXIST && !is_own(e.path)) seen_.emplace(e.path, 'd');
}

void TraceBuilder::on_change(const Event& e) {
  if (e.error != 0) return;
  if (names_a_descriptor(e.path)) return fail("changes what is behind " + e.path);
  if (classify_special(e.path) != Special::ordinary) return;
  if (!is_own(e.path)) return fail("changes the attributes of " + e.path);
  finished_.erase(touch(e.path).file);  // its times or size may be what the tool has set
}

// The last close counts; a file that is opened again has not been finished.
void TraceBuilder::on_close(const Event& e) {
  if (e.has_identity)
    finished_[{e.identity.device, e.identity.inode}] = {e.identity,
                                                        static_cast<std::uint32_t>(e.value)};
}

void TraceBuilder::on_lock(const Event& e) {
  if (is_own(e.path)) touch(e.path).is_lock = true;
}

void TraceBuilder::on_connect(const Event& e) { fail("talks to another process: " + e.path); }

}  // namespace deja::evidence
