// SPDX-License-Identifier: Apache-2.0
// Handlers of what a run looks at without opening it: stat, readlink, realpath, listings. An
// adapter's own programs only ask what is there; of an unknown program the size, time and mode
// count as well.
#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/path.h"
#include "evidence/collect.h"
#include "evidence/special_files.h"
#include "tool/link_time.h"

namespace deja::evidence {

using observe::Event;

namespace {

// An extended attribute (an access list, a label) that a file does not have, or cannot have here. A
// program that asks for those prints all stamps of a file ("ls -l").
bool lacks_attribute(int error) { return error == ENODATA || error == EOPNOTSUPP; }

// These do not depend on which file they replace or remove (cp and mv may compare times).
bool wants_kind_only(std::string_view program) {
  static constexpr std::string_view kPrograms[] = {"rm", "ln", "mkdir"};
  return std::find(std::begin(kPrograms), std::end(kPrograms), program) != std::end(kPrograms);
}

bool is_special(const Event& e) { return classify_special(e.path) != Special::ordinary; }

}  // namespace

void note_look(const Collecting& c) {
  const Event& e = c.e;
  const UnknownProgram* const program = c.unknown();
  if (program == nullptr || c.is_own()) return;
  PathFacts::Look look;
  look.was_there = e.error == 0 || e.error == EINVAL;  // no symlink
  look.is_trusted =
      program->trusted_script != nullptr && !e.path.ends_with(program->trusted_script->times);
  look.only_kind = wants_kind_only(program->name) || e.op == DEJA_OP_UNLINK;
  if (e.has_identity) look.identity = e.identity;
  Rare<PathFacts::Look>& known = c.row().look;
  // The first look says what was there; the most demanding one, how much of it counts.
  if (!known) {
    known = look;
    return;
  }
  known->only_kind = known->only_kind && look.only_kind;
  known->is_trusted = known->is_trusted && look.is_trusted;
  const bool knows_file = known->identity && !known->identity->is_symlink();
  if (!knows_file && look.identity) known->identity = look.identity;
}

// A stat that found something.
void on_found(const Collecting& c) {
  const Event& e = c.e;
  PathFacts& row = c.row();
  c.see(e.has_identity ? action::kind_letter(e.identity.mode) : '?');
  if (e.has_identity && !row.stat) row.stat = e.identity;
  if (c.has(DEJA_FLAG_NOFOLLOW) && c.unknown() != nullptr && !row.link)
    row.link.emplace();  // it has seen that this is no symlink
  note_look(c);
}

void on_stat(const Collecting& c) {
  const Event& e = c.e;
  note_library_of_user(c);  // what dlopen is given
  if (e.path == "/etc/localtime") return on_localtime(c);
  if (tool::is_llvm_plugin(e.path)) c.facts.processes.at(e.pid).has_llvm_plugin = true;
  if (is_special(e) || c.is_own()) return;
  if (e.has_identity && e.identity.is_symlink()) {  // not of where it leads
    PathFacts& row = c.row();
    if (!row.lstat) row.lstat = e.identity;
    note_look(c);
  } else if (e.error == 0) {
    on_found(c);
  } else if (is_absence(e.error)) {
    c.miss(e.path);
    note_look(c);
  } else if (e.error == EACCES) {
    c.refuse();
  } else if (PathFacts& row = c.row(); lacks_attribute(e.error) && !row.lstat) {
    row.all_stamps = true;
  } else {
    c.fail(NotStored::call_failed, e.path);
  }
}

void on_readlink(const Collecting& c) {
  const Event& e = c.e;
  if (is_special(e) || c.is_own()) return;
  if (e.error == 0) {
    c.row().link = e.text;
  } else if (e.error == EINVAL) {
    c.row().link.emplace();
  } else if (is_absence(e.error)) {
    c.miss(e.path);
  } else if (e.error == EACCES) {
    return c.refuse();
  } else {
    return;
  }
  note_look(c);
}

void on_realpath(const Collecting& c) {
  const Event& e = c.e;
  if (is_special(e) || c.is_own()) return;
  if (e.error == 0 || is_absence(e.error)) note_look(c);
  if (is_absence(e.error)) return c.miss(e.path);
  if (e.error == EACCES) return c.refuse();
  if (e.error != 0) return;
  const auto use = c.run.adapter.real_path_use(c.facts.processes.program_of(e.pid));
  Rare<PathFacts::Real>& real = c.row().real;
  if (!real) real.emplace();
  real->result = e.text;
  // Asked twice, it is a header as well.
  if (use == tool::RealPathUse::compares_sources && is_named(c.run, e.path))
    real->may_be_written |= !real->comparers.insert(e.pid).second;
  else
    real->may_be_written |= use != tool::RealPathUse::compares;
}

void on_list(const Collecting& c) {
  const Event& e = c.e;
  if (is_absence(e.error)) return c.miss(e.path);
  if (e.error == EACCES && !is_special(e)) return c.refuse();
  if (c.facts.processes.lists_around_its_script(e)) return;
  if (e.error == 0 && !is_special(e) && !c.is_own()) c.row().listed = true;
}

bool is_named(const ObservedRun& run, const std::string& path) {
  const auto& arguments = run.invocation.key.arguments;
  return std::any_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
    return argument.path_at == 0 && join_path(run.command.cwd, argument.path()) == path;
  });
}

}  // namespace deja::evidence
