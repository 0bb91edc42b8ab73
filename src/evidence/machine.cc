// SPDX-License-Identifier: Apache-2.0
// What a run asked the machine: the time, the host's name, its load. Tested by
// trace_builder_test.cc.

#include "evidence/claim_checker.h"
#include "evidence/collect.h"
#include "evidence/rules.h"
#include "tool/link_time.h"
#include "tool/programs.h"

namespace deja::evidence {

using observe::Event;

namespace {

bool is_name_of_machine(std::string_view what) {
  return what == "hostname" || what == "uname" || what == "hostid";
}

// Process ids, users and sizes of memory are noise or stay the same.
bool may_reach_an_output(std::string_view what) {
  return is_name_of_machine(what) || what == "load";
}

// What a hit would not do again, or do otherwise.
std::optional<Problem> problem_of_unknown(const tool::Invocation::Policy& policy,
                                          std::string_view what) {
  if (what == "times of files" || what == "extended attributes")
    return Problem{NotStored::attributes_changed, std::string(what)};
  if (what == "message catalog") return Problem{NotStored::machine_asked, "a message catalog"};
  if (what == "pause" && policy.is_routed) return Problem{NotStored::clock_read, "to wait"};
  return {};
}

// Shells ask for both ids at each start; their scripts are searched for the words.
bool is_id_of_process(std::string_view what) { return what == "pid" || what == "parent"; }

// clang asks for the time to find modules that were not used for long, and to remove them. Only the
// first question of a process after it looked at modules.timestamp is that one.
bool is_of_module_cache(const Collecting& c) {
  Process& process = c.facts.processes.at(c.e.pid);
  if (!process.looked_how_old_modules_are) return false;
  process.looked_how_old_modules_are = false;
  c.facts.clock_untold = true;
  return true;
}

// Of any tool (`deja exec`) the clock is noise, unless the user says that it counts.
void on_clock_of_any_tool(const Collecting& c) {
  if (!c.run.invocation.policy.clock_counts || c.e.value == DEJA_CLOCK_MONOTONIC) return;
  const UnknownProgram* const program = c.unknown();
  const bool is_known =
      program != nullptr &&
      (tool::is_shell(program->name) ||
       (!program->reads_all &&
        !tool::has_fact(program->name, tool::ProgramFact::has_own_words_for_time)));
  if (!is_known) return c.fail(NotStored::clock_read);
  c.facts.clock_untold = true;  // a compiler's __TIME__
}

}  // namespace

// Python looks at the clock when it starts, and has read nothing yet that could pass the time on.
bool is_before_the_script(const Collecting& c) {
  return c.run.invocation.policy.is_routed && !c.facts.processes.at(c.e.pid).has_read &&
         tool::is_interpreter(c.facts.processes.name_of(c.e.pid), "python");
}

void on_clock(const Collecting& c) {
  const Event& e = c.e;
  const tool::Invocation& invocation = c.run.invocation;
  Processes& processes = c.facts.processes;
  if (c.has(DEJA_CLOCK_OF_MODULES) && is_of_module_cache(c)) return;
  if (tool::only_makes_names(processes.name_of(e.pid), e.value)) return;
  if (invocation.policy.is_generic) return on_clock_of_any_tool(c);
  if (processes.is_timekeeper(e.pid)) {
    c.facts.asked_time = true;
    return;
  }
  UnknownProgram* const program = c.unknown();
  if (is_before_the_script(c)) return;
  if (program != nullptr && !tool::is_shell(program->name) && e.value != DEJA_CLOCK_MONOTONIC)
    return c.fail(processes.asks(*program, {NotStored::clock_read}, e.flags));
  if (c.has(DEJA_CLOCK_UNTOLD)) c.facts.clock_untold = c.facts.supervised_clock = true;
  if (e.value == DEJA_CLOCK_TIME && program == nullptr && processes.may_write_date(e.pid)) {
    std::optional<DateUse>& date = processes.at(e.pid).date;
    if (!date) date.emplace();
    ++date->asked;
    date->asked_ns = e.when_ns;
    return;
  }
  // The tool's own question, before it has a plugin that could ask another.
  const bool is_before_plugins =
      invocation.policy.runs_plugins && !c.facts.has_opened_library && !c.has(DEJA_FLAG_ONLY_ONCE);
  if (c.run.adapter.clock_matters(e.value) && !is_before_plugins) c.fail(NotStored::clock_read);
}

void on_host(const Collecting& c) {
  const tool::Invocation& invocation = c.run.invocation;
  const std::string& what = c.e.path;
  const bool is_known = invocation.run.reads_stdin || invocation.run.has_no_stdin;
  if (what == "signal") {
    if (invocation.policy.is_routed) c.fail(NotStored::connected, "by a signal");
    return;
  }
  if (invocation.policy.is_unknown) c.fail(problem_of_unknown(invocation.policy, what));
  if (invocation.policy.is_routed && is_id_of_process(what) &&
      !tool::is_shell(c.facts.processes.name_of(c.e.pid)))
    return c.fail(NotStored::machine_asked,
                  what == "pid" ? "its process id" : "its parent process");
  if (what == "stdin" && !is_known) return c.fail(NotStored::stdin_read);
  if (is_name_of_machine(what) && (invocation.policy.is_generic || invocation.policy.is_unknown)) {
    c.facts.asks_machine = true;
    return;
  }
  if (invocation.policy.is_generic) return;
  UnknownProgram* const program = c.unknown();
  if (program != nullptr && !tool::is_shell(program->name) && may_reach_an_output(what))
    c.fail(c.facts.processes.asks(*program, {NotStored::machine_asked, what}, c.e.flags));
}

void conclude_machine(Conclusion& c) {
  if (c.facts.asks_machine)
    c.claim(action::Claim::machine, {}, std::string(machine_digest().view()));
}

// The clock may have been read for __DATE__ or __TIME__, and some text names those.
void conclude_clock(Conclusion& c) {
  const std::uint32_t facts = c.out.facts | c.invocation().policy.argument_facts;
  if (c.facts.clock_untold && (facts & tool::kMentionsClock) != 0)
    c.fail(NotStored::time_written, "__DATE__, __TIME__");
}

}  // namespace deja::evidence
