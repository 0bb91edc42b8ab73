// SPDX-License-Identifier: Apache-2.0
// What a run does to files. A change in place to a file that the run did not make is a problem: the
// result would depend on what the file held before.
#include <cerrno>

#include "evidence/collect.h"
#include "evidence/special_files.h"
#include "tool/link_time.h"

namespace deja::evidence {

using observe::Event;

const Before* ObservedRun::find_before(const std::string& path, Changes& changes) const {
  for (const Before& b : before)
    if (changes.canonical(b.path) == changes.canonical(path)) return &b;
  return nullptr;
}

namespace {

bool was_read(const Collecting& c) {
  const PathFacts* const row = c.find(c.e.path);
  return row != nullptr && row->read;
}

// The first time that the run writes to a file which was there.
std::optional<Problem> note_existing(const Collecting& c, Change& change) {
  const std::string& path = c.e.path;
  change.existed = true;
  const bool keeps = !c.has(DEJA_OPEN_TRUNCATE);
  const bool is_known = c.run.find_before(path, c.facts.changes) != nullptr;
  if (keeps && !is_known) return Problem{NotStored::changed_in_place, path};
  change.in_place = true;
  change.was_empty = c.has(DEJA_OPEN_EMPTY);
  if (was_read(c) && !is_known) return Problem{NotStored::input_rewritten, path};
  if (keeps && !was_read(c)) c.read(path, identity_in(c.e));
  return {};
}

}  // namespace

void on_open_for_writing(const Collecting& c) {
  const Event& e = c.e;
  if (e.error != 0) {
    // A tool that may not write has failed, or has looked whether it may; either way the next one
    // could. What it did not find in order to write it is an absence like others.
    if (is_absence(e.error)) return c.miss(e.path);
    return c.fail(NotStored::call_failed, e.path);
  }
  if (e.has_identity && !e.identity.is_regular()) return;  // a terminal, a pipe
  Change& change = c.facts.changes.at(e.path);
  const bool was_there = c.has(DEJA_OPEN_EXISTED) || !c.has(DEJA_OPEN_CREATE);
  if (!change.written && was_there) {
    if (auto problem = note_existing(c, change)) return c.fail(std::move(problem));
  }
  const bool starts_empty = c.has(DEJA_OPEN_TRUNCATE | DEJA_OPEN_EXCLUSIVE);
  if (!change.written && !was_there && !starts_empty) change.continues = true;
  change.is_temporary |= c.has(DEJA_OPEN_TEMPORARY);
  c.facts.changes.opened(change, e.identity);
}

void on_unlink(const Collecting& c) {
  const Event& e = c.e;
  if (e.error == 0 || is_absence(e.error)) note_look(c);
  if (e.error != 0) {
    if (is_absence(e.error)) c.miss(e.path);
    return;
  }
  // lld opens what is in its output's place and closes it in a thread after it has unlinked it,
  // because the last close of a large file takes its time (lld/Common/Filesystem.cpp, unlinkAsync).
  // It reads nothing.
  if (was_read(c) && tool::is_lld(c.facts.processes.name_of(e.pid))) {
    PathFacts& row = c.row();
    if (row.read->only_opener == e.pid && !row.read->is_program) row.read.reset();
  }
  c.facts.changes.removed(e.path);
}

void on_rename(const Collecting& c) {
  if (c.e.error != 0) return;
  if (!c.is_own()) return c.fail(NotStored::file_renamed, c.e.path);
  if (c.has(DEJA_RENAME_EXCHANGE)) return c.fail(NotStored::file_renamed, c.e.path);
  if (c.has(DEJA_RENAME_NOREPLACE)) c.needed_absence(c.e.text);
  c.facts.changes.renamed(c.e.path, c.e.text);
}

void on_link(const Collecting& c) {
  if (c.e.error != 0) return;
  if (!c.is_own()) return c.fail(NotStored::hard_link, c.e.text);
  c.needed_absence(c.e.text);
  c.facts.changes.linked(c.e.path, c.e.text);
}

void on_symlink(const Collecting& c) {
  if (c.e.error != 0) return;
  c.needed_absence(c.e.path);
  c.facts.changes.made_symlink(c.e.path, c.e.text);
}

void on_mkdir(const Collecting& c) {
  if (c.e.error == 0) {
    c.needed_absence(c.e.path);
    c.facts.changes.made_directory(c.e.path);
  }
  if (c.e.error == EEXIST && !c.is_own()) c.see('d');
}

void on_change(const Collecting& c) {
  const std::string& path = c.e.path;
  if (c.e.error != 0) return;
  if (names_a_descriptor(path)) return c.fail(NotStored::descriptor_used, path);
  if (classify_special(path) != Special::ordinary) return;
  if (!c.is_own()) return c.fail(NotStored::attributes_changed, path);
  c.facts.changes.set_attributes(path);
}

void on_close(const Collecting& c) {
  if (c.e.has_identity) c.facts.changes.closed(c.e.identity, static_cast<std::uint32_t>(c.e.value));
}

void on_lock(const Collecting& c) {
  if (c.is_own()) c.facts.changes.at(c.e.path).is_lock = true;
}

}  // namespace deja::evidence
