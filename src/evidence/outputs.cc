// SPDX-License-Identifier: Apache-2.0
// What the run leaves: outputs, temporary files, locks. What is there now must be what this run
// wrote, and putting it back must leave what the run left (a file with other hard links would not).
#include <algorithm>

#include "base/path.h"
#include "digest/hasher.h"
#include "evidence/rules.h"

namespace deja::evidence {

using action::Claim;
using action::Placement;
using action::Role;

namespace {

// The next run would lock the file as this one did, and a file put in its place would be another
// lock. A lock that this run made is left for the next run to make.
void conclude_lock(Conclusion& c, const Change& change, const os::FileIdentity& now) {
  if (!change.in_place || !change.was_empty || change.unlinked || change.renamed ||
      change.file != number_of(now))
    return c.fail(NotStored::lock_left, change.spelled);
  c.claim_path(Claim::file, change.spelled, std::string(digest::digest_bytes({}).view()));
}

Placement placement_of(const tool::Invocation& invocation, const Change& change) {
  if (change.renamed) return Placement::replaced;
  if (change.in_place && !change.unlinked) return Placement::in_place;
  return invocation.outputs.are_replaced ? Placement::replaced : Placement::made;
}

std::optional<NotStored> why_not_output(const Conclusion& c, const os::FileIdentity& now,
                                        const Change& change) {
  if (now.is_directory()) return {};
  // A symlink that the tool wrote through is not its output; what it leads to is.
  if (now.is_symlink()) {
    if (change.in_place) return NotStored::symlink_written_through;
    return {};
  }
  if (!now.is_regular()) return NotStored::special_file_left;
  if (c.facts.changes.is_of_others(now, change, c.run.ended_ns)) return NotStored::output_changed;
  if (now.links > 1) return NotStored::hard_link;
  return {};
}

bool is_depfile(const Conclusion& c, const std::string& name) {
  const auto& depfiles = c.invocation().outputs.depfiles;
  return std::any_of(depfiles.begin(), depfiles.end(), [&](const std::string& depfile) {
    return c.facts.changes.canonical(depfile) == name;
  });
}

// A depfile may name variables as inputs that the tool otherwise reads to no effect.
void claim_variables_in(Conclusion& c, const std::string& depfile) {
  constexpr std::uint64_t kMax = 64 << 20;
  const auto text = os::read_file(depfile, kMax);
  if (!text) return c.fail(NotStored::output_unreadable, depfile);
  for (const std::string& name : c.run.adapter.variables_in(*text))
    if (c.run.adapter.variable_use(name, {}) != tool::VariableUse::value) c.claim_value(name);
}

void conclude_output(Conclusion& c, const std::string& name, const Change& change,
                     const os::FileIdentity& now) {
  // True before the run, which is the state that the next request meets.
  const bool must_be_absent = change.continues || (now.is_directory() && !change.existed);
  if (must_be_absent && !c.is_declared_output(change.spelled))
    c.claim_path(Claim::absent, change.spelled);
  Output out;
  out.path = change.spelled;
  out.identity = now;
  out.generation = c.facts.changes.generation_of(change);
  out.placement = placement_of(c.invocation(), change);
  if (now.is_directory()) {
    out.role = Role::directory;
  } else if (now.is_symlink()) {
    const auto text = os::read_symlink(name);
    if (!text || !*text) return c.fail(NotStored::output_unreadable, change.spelled);
    out.role = Role::symlink;
    out.link_text = **text;
  } else {
    out.role = is_depfile(c, name) ? Role::depfile : Role::output;
  }
  if (out.role == Role::depfile && c.invocation().policy.runs_plugins) claim_variables_in(c, name);
  if (const auto why = why_not_output(c, now, change)) return c.fail(*why, change.spelled);
  c.out.outputs.push_back(std::move(out));
}

}  // namespace

// Each row of facts gets what the run did to that file, and the rows for the rules are chosen.
void join_changes(Conclusion& c) {
  Changes& changes = c.facts.changes;
  if (auto problem = changes.add_renamed_directories()) return c.fail(std::move(problem));
  for (auto& row : c.facts.by_path) {
    row.second.change = changes.find(row.first);
    if (row.second.holds_more_than_absence()) c.rows.push_back(&row);
  }
}

void conclude_change(Conclusion& c, const std::string& name, const Change& change) {
  if (!change.written) return;
  const auto now = os::stat_file(name, os::Links::keep);
  if (!now) return c.fail(NotStored::output_unreadable, change.spelled);
  if (*now) {
    const bool is_lock = change.is_lock && (*now)->is_regular() && (*now)->size == 0;
    return is_lock ? conclude_lock(c, change, **now) : conclude_output(c, name, change, **now);
  }
  if (change.existed) return c.fail(NotStored::file_deleted, change.spelled);
  c.out.temporaries.emplace_back(base_name(name));
}

}  // namespace deja::evidence
