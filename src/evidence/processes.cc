// SPDX-License-Identifier: Apache-2.0
// What each process of the run is. An interpreter is judged when it opens its script: until then
// nothing tells python of a trusted script from any other python.
#include "evidence/processes.h"

#include <algorithm>

#include "base/path.h"
#include "tool/make_variables.h"
#include "tool/program_name.h"
#include "tool/programs.h"

namespace deja::evidence {

using action::NotStored;
using action::Problem;

using observe::Event;
using tool::TrustedScript;
namespace shell = tool::shell;

namespace {

std::string_view extension(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : name.substr(dot + 1);
}

// "js" is also spelled "mjs" and "cjs".
bool is_of_kind(std::string_view path, std::string_view script) {
  const auto kind = [](std::string_view name) {
    const std::string_view ending = extension(name);
    return ending.ends_with("js") ? std::string_view("js") : ending;
  };
  return kind(path) == kind(script);
}

}  // namespace

UnknownProgram* Processes::unknown(std::int32_t pid) {
  const auto it = processes_.find(pid);
  return it == processes_.end() || !it->second.unknown ? nullptr : &*it->second.unknown;
}

std::string_view Processes::name_of(std::int32_t pid) const {
  const auto it = processes_.find(pid);
  return it == processes_.end() ? std::string_view() : std::string_view(it->second.name);
}

std::string_view Processes::program_of(std::int32_t pid) const {
  const auto it = processes_.find(pid);
  if (it == processes_.end()) return {};
  return it->second.name.empty() && it->second.parent ? name_of(*it->second.parent)
                                                      : std::string_view(it->second.name);
}

void Processes::expect(std::int32_t pid, std::int32_t parent) {
  Process& process = processes_[pid];
  if (!process.parent) process.parent = parent;
}

void Processes::forked(std::int32_t pid, std::int32_t parent) {
  const auto it = processes_.find(parent);
  if (it == processes_.end()) return;
  Process& process = processes_[pid];
  if (!it->second.name.empty()) process.name = it->second.name;
  if (it->second.unknown) process.unknown = it->second.unknown;
}

// Another program takes the place of the one before, whose open question has no answer any more.
std::optional<Problem> Processes::started(std::int32_t pid, const std::string& executable) {
  Process& process = processes_[pid];
  process.name = base_name(executable);
  process.executable = executable;
  std::optional<Problem> problem;
  if (process.unknown) problem = process.unknown->asked;
  process.unknown.reset();
  if (invocation_.policy.is_generic || invocation_.policy.is_unknown)
    process.unknown.emplace(UnknownProgram{process.name});
  return problem;
}

std::optional<Problem> Processes::asks(UnknownProgram& program, const Problem& problem,
                                       unsigned flags) {
  if (program.trusted_script != nullptr) {
    const bool may_write = program.trusted_script->asks == TrustedScript::Asks::before_its_script;
    if (may_write) return problem;
    return {};
  }
  const auto rows = adapter_.trusted_script(invocation_);
  const auto is_interpreter = [&](const TrustedScript& row) {
    return tool::is_interpreter(program.name, row.program);
  };
  if (program.ran_others || std::none_of(rows.begin(), rows.end(), is_interpreter)) return problem;
  program.asked = problem;
  program.may_ask_on |= (flags & DEJA_FLAG_ONLY_ONCE) != 0;
  return {};
}

std::optional<Problem> Processes::opens(const Event& e, Changes& changes) {
  std::optional<Problem> problem;
  if (UnknownProgram* const program = unknown(e.pid))
    problem = recognize_script(*program, e, changes);
  note_text(e);
  return problem;
}

std::optional<Problem> Processes::recognize_script(UnknownProgram& program, const Event& e,
                                                   Changes& changes) {
  const std::string& path = e.path;
  const auto rows = adapter_.trusted_script(invocation_);
  for (const TrustedScript& row : rows) {
    if (row.asks == TrustedScript::Asks::told_by_this_run &&
        tool::is_interpreter(program.name, row.program))
      return read_orders(program, row, e, changes);
  }
  if (program.trusted_script != nullptr || program.ran_others || tool::is_part_of_interpreter(path))
    return {};
  for (const TrustedScript& row : rows) {
    if (!tool::is_interpreter(program.name, row.program)) continue;
    const bool is_early = row.asks == TrustedScript::Asks::before_its_script;
    if (!path.ends_with(row.script)) {
      // A script that ran before may have asked, and left the answer where this one finds it.
      program.ran_others |= is_early && is_of_kind(path, row.script);
      continue;
    }
    if (is_early && program.may_ask_on) return program.asked;
    if (is_early && program.asked)
      trusted_.push_back(path.substr(0, path.size() - row.script.size()));
    program.trusted_script = &row;
    program.ran_others = false;
    program.asked.reset();
    return {};
  }
  return {};
}

// All that make is told to do is in a file that this run has written. If the time of that file were
// ahead of the clock, make would print by how much.
std::optional<Problem> Processes::read_orders(UnknownProgram& program, const TrustedScript& row,
                                              const Event& e, Changes& changes) {
  constexpr std::int64_t kTickNs = 10'000'000;  // of the clock that stamps files
  const Change* const script = changes.find(e.path);
  const bool is_told = script != nullptr && script->written && script->is_temporary &&
                       e.path.ends_with(row.script) && !tool::has_eval_in_make_flags(command_) &&
                       e.has_identity && e.identity.mtime_ns <= e.when_ns + kTickNs;
  if (!is_told || program.ran_others ||
      (program.trusted_script != nullptr && program.script != e.path)) {
    program.ran_others = true;
    if (program.trusted_script == nullptr) return {};
    return Problem{NotStored::foreign_commands, e.path};
  }
  program.trusted_script = &row;
  program.script = e.path;
  program.asked.reset();
  own_scripts_.push_back(e.path);
  return {};
}

// Whatever a shell opens may be a text that it runs.
void Processes::note_text(const Event& e) {
  const UnknownProgram* program = unknown(e.pid);
  if (const auto it = processes_.find(e.pid);
      program == nullptr && it != processes_.end() && it->second.parent)
    program = unknown(*it->second.parent);
  if (program != nullptr && program->shell != UnknownProgram::kNoShell)
    shells_[program->shell].texts.insert(e.path);
}

bool Processes::takes_environment(const Event& e) {
  Process& process = processes_[e.pid];
  // The supervisor reports this for every program, also for those that the adapter knows.
  if ((e.flags & DEJA_ENVIRON_UNSEEN) == 0 && !process.unknown)
    process.unknown.emplace(UnknownProgram{process.name});
  had_unknown_ = true;
  if (!process.unknown) return true;
  process.unknown->reads_all = true;
  if (invocation_.key.has_variables || (e.flags & DEJA_ENVIRON_SUPERVISED) != 0) return true;
  if (tool::has_fact(process.name, tool::ProgramFact::reads_single_variables)) {
    one_by_one_.insert(process.executable);
    return false;
  }
  if (tool::has_fact(process.name, tool::ProgramFact::passes_environment_on)) {
    process.unknown->shows_all = true;
    return false;
  }
  const auto kind = shell::kind_of(process.name);
  if (!kind || e.text.empty()) return true;
  process.unknown->shell = shells_.size();
  shells_.push_back({*kind, e.text, {}});
  return false;
}

bool Processes::lists_around_its_script(const Event& e) {
  const UnknownProgram* const program = unknown(e.pid);
  return program != nullptr && !program->script.empty() &&
         tidy_path(parent_path(program->script)) == tidy_path(e.path);
}

bool Processes::is_timekeeper(std::int32_t pid) const {
  const tool::Timekeeper* const keeper = invocation_.policy.timekeeper;
  const std::string_view name = name_of(pid);
  if (keeper == nullptr || name.empty()) return false;
  if (keeper->program != "sh") return tool::is_called(name, keeper->program);
  return tool::is_shell(name) && !tool::has_fact(name, tool::ProgramFact::has_applets);
}

bool Processes::may_write_date(std::int32_t pid) const {
  const std::string_view name = name_of(pid);
  return !invocation_.policy.is_generic && !invocation_.policy.runs_plugins && !name.empty() &&
         adapter_.puts_date(name);
}

bool Processes::has_dates() const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [](const auto& process) { return process.second.date.has_value(); });
}

std::optional<Problem> Processes::end() const {
  for (const auto& [pid, process] : processes_)
    if (process.unknown && process.unknown->asked) return process.unknown->asked;
  return {};
}

bool Processes::shows_environment() const {
  return std::any_of(processes_.begin(), processes_.end(), [](const auto& process) {
    return process.second.unknown && process.second.unknown->shows_all;
  });
}

}  // namespace deja::evidence
