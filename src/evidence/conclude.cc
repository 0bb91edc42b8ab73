// SPDX-License-Identifier: Apache-2.0
// The table of rules. They are applied one after the other, each to all paths: the order decides
// which of two problems is named, and some rules use what an earlier one has found.
#include "evidence/conclude.h"

#include <algorithm>
#include <cstdlib>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/rules.h"

namespace deja::evidence {

using action::Claim;

namespace {

// Applied to the whole run, to each path that it saw, to each that it looked for in vain, or to each
// file that it changed.
struct Rule {
  void (*to_run)(Conclusion&) = nullptr;
  void (*to_path)(Conclusion&, const std::string&, const PathFacts&) = nullptr;
  void (*to_absent)(Conclusion&, const std::string&, const PathFacts&) = nullptr;
  void (*to_change)(Conclusion&, const std::string&, const Change&) = nullptr;
};

constexpr Rule kRules[] = {
    // The variables that were asked for, and what the loader searches, are inputs.
    {.to_run = conclude_environment},
    {.to_run = conclude_machine},
    // A directory that was renamed takes along what is in it, and all of that is the run's own.
    {.to_run = join_changes},
    // What the run wrote and is still there is an output; what is gone was temporary.
    {.to_change = conclude_change},
    // A file that was read is an input, unless the run had written it before.
    {.to_path = conclude_read},
    // Where an output or input holds sizes and times of other files, these count.
    {.to_run = find_kept_stamps},
    // A module that clang made on demand, and what clang may have compared with it.
    {.to_run = check_clock_of_modules},
    {.to_path = conclude_module},
    {.to_path = compare_with_modules},
    // Whether inputs of equal content are one file (#pragma once).
    {.to_run = conclude_same_files},
    // What was seen to be there counts by its kind; what an unknown program saw, by its stamps.
    {.to_path = conclude_kind},
    {.to_path = conclude_executed},
    {.to_path = conclude_look_at_own},
    {.to_path = conclude_stamps},
    // What was refused is refused again.
    {.to_path = conclude_refusals},
    {.to_path = conclude_all_stamps},
    // Where names lead.
    {.to_path = conclude_way},
    {.to_path = conclude_link},
    {.to_path = conclude_real_path},
    // What a directory holds that was listed, without what the run made there.
    {.to_path = conclude_listing},
    // A name that was looked for in vain is an input, unless the run made something of that name.
    {.to_absent = conclude_absence},
    // Of a variable that lists directories, what the search along them meets.
    {.to_run = conclude_searches},
    {.to_run = conclude_listed_variables},
    // Of a shell, the variables that its texts may read.
    {.to_run = conclude_shells},
    // What an unknown program asked the machine cannot be asked again.
    {.to_run = conclude_scripts},
    {.to_run = conclude_time},
    // A compiler that writes the date, and cannot write the time of day, is right for that day.
    {.to_run = conclude_date},
    {.to_run = conclude_clock},
};

void apply(const Rule& rule, Conclusion& c) {
  if (rule.to_run != nullptr) return rule.to_run(c);
  if (rule.to_path != nullptr) {
    for (const Conclusion::Row* row : c.rows) {
      if (c.has_failed()) return;
      rule.to_path(c, row->first, row->second);
    }
    return;
  }
  if (rule.to_absent != nullptr) {
    for (const auto& [path, facts] : c.facts.by_path) {
      if (c.has_failed()) return;
      if (facts.absent) rule.to_absent(c, path, facts);
    }
    return;
  }
  for (const auto& [name, change] : c.facts.changes.all()) {
    if (c.has_failed()) return;
    rule.to_change(c, name, change);
  }
}

// Only tests set this: an input is left out of every trace, to prove that they would find the wrong
// hit (test/diff/canary_test.cc). In what users get there is no such thing.
bool is_left_out([[maybe_unused]] std::string_view subject) {
#if defined(DEJA_TEST_HOOKS)
  static const char* const ending = std::getenv("DEJA_TEST_LEAVE_OUT");
  return ending != nullptr && subject.ends_with(ending);
#else
  return false;
#endif
}

}  // namespace

RunFacts conclude(const ObservedRun& run, Facts facts, digest::FileDigester& digester) {
  Conclusion c{run, facts, digester};
  c.out.problem = facts.problem;
  c.out.asked_time = facts.asked_time;
  c.out.has_plugin = facts.has_plugin;
  c.out.ignored_variables = facts.variables.ignored;
  c.out.working_directory = facts.variables.working_directory;
  for (const Rule& rule : kRules) {
    if (c.has_failed()) break;
    apply(rule, c);
  }
  c.out.trace.normalize();
  return std::move(c.out);
}

void Conclusion::fail(std::optional<Problem> why) {
  if (!out.problem) out.problem = std::move(why);
}

void Conclusion::claim(Claim kind, std::string subject, std::string value) {
  if (is_left_out(subject)) return;
  for (const tool::KeyedFile& keyed : run.invocation.key.files)
    if (subject == run.roots.tag(keyed.path)) return;
  out.trace.observations.push_back({kind, std::move(subject), std::move(value)});
}

void Conclusion::claim_path(Claim kind, const std::string& path, std::string value) {
  claim(kind, run.roots.tag(path), std::move(value));
}

void Conclusion::claim_environment() {
  claim(Claim::environment, {}, std::string(environment_digest(run.command, run.roots).view()));
}

void Conclusion::claim_value(const std::string& name) {
  if (const auto now = variable(name)) {
    claim(Claim::variable, name, run.roots.tag(*now));
  } else {
    claim(Claim::unset, name);
  }
}

const PathFacts* Conclusion::find(const std::string& path) const {
  const auto it = facts.by_path.find(path);
  return it == facts.by_path.end() ? nullptr : &it->second;
}

std::optional<os::FileIdentity> Conclusion::still_there(const std::string& path) {
  const auto now = os::stat_file(path);
  if (now && *now) return *now;
  fail(NotStored::input_gone, path);
  return std::nullopt;
}

bool Conclusion::is_updated(const std::string& path) {
  Changes& changes = facts.changes;
  const std::string name = changes.canonical(path);
  for (const auto& files : run.invocation.outputs.updated_files)
    if (is_of(files, name) &&
        changes.canonical(join_path(files.directory, base_name(name))) == name)
      return true;
  const auto& updates = run.invocation.outputs.updates;
  return std::any_of(updates.begin(), updates.end(),
                     [&](const std::string& update) { return changes.canonical(update) == name; });
}

bool Conclusion::is_declared_input(const std::string& path) const {
  const auto& inputs = run.invocation.declared.inputs;
  return std::binary_search(inputs.begin(), inputs.end(), tidy_path(path));
}

bool Conclusion::is_declared_output(const std::string& path) {
  if (!run.invocation.policy.is_generic) return false;
  const tool::Declaration& declared = run.invocation.declared;
  Changes& changes = facts.changes;
  if (!known.declared_outputs) {
    known.declared_outputs.emplace();
    for (const auto* names : {&declared.outputs, &declared.directories})
      for (const std::string& name : *names)
        known.declared_outputs->insert(changes.canonical(name));
  }
  const std::string name = changes.canonical(path);
  // Only the first that is not before `name` in the order of paths can be below it.
  const auto it = known.declared_outputs->lower_bound(name);
  if (it != known.declared_outputs->end() && is_within(*it, name)) return true;
  return std::any_of(
      declared.directories.begin(), declared.directories.end(),
      [&](const std::string& directory) { return is_within(name, changes.canonical(directory)); });
}

}  // namespace deja::evidence
