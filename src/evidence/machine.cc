// What a run asked the machine: the time, the host's name, its load. Tested by trace_builder_test.cc.
#include <algorithm>
#include <iterator>

#include "evidence/claim_checker.h"
#include "evidence/trace_builder.h"
#include "tool/link_time.h"
#include "tool/programs.h"

namespace deja::evidence {

using action::Claim;
using observe::Event;

namespace {

bool is_name_of_machine(std::string_view what) {
  return what == "hostname" || what == "uname" || what == "hostid";
}

// Process ids, users and sizes of memory are noise or stay what they are.
bool is_telling(std::string_view what) { return is_name_of_machine(what) || what == "load"; }

}  // namespace

void TraceBuilder::on_clock(const Event& e) {
  if ((e.flags & DEJA_CLOCK_OF_MODULES) != 0 && is_of_module_cache(e)) return;
  UnknownProgram* const program = unknown_program(e.pid);
  const auto name = programs_.find(e.pid);
  if (name != programs_.end() && tool::only_makes_names(name->second, e.value)) return;
  if (invocation_.policy.is_generic) {
    if (!invocation_.policy.clock_counts || e.value == DEJA_CLOCK_MONOTONIC) return;
    const bool is_known =
        program != nullptr &&
        (tool::is_shell(program->name) ||
         (!program->is_unknown &&
          !tool::has_fact(program->name, tool::ProgramFact::has_own_words_for_time)));
    if (!is_known) return fail("reads the clock");
    clock_untold_ = true;  // a compiler's __TIME__
    return;
  }
  if (is_timekeeper(e.pid)) {
    run_facts_.asked_time = true;
    return;
  }
  if (program != nullptr && !tool::is_shell(program->name) && e.value != DEJA_CLOCK_MONOTONIC)
    return ask(*program, "reads the clock", e.flags);
  if ((e.flags & DEJA_CLOCK_UNTOLD) != 0) clock_untold_ = has_untold_clock_ = true;
  if (e.value == DEJA_CLOCK_TIME && program == nullptr && may_put_date(e.pid)) {
    Dated& dated = dated_[e.pid];
    ++dated.asked;
    dated.asked_ns = e.when_ns;
    return;
  }
  // Its own question, before it has a plugin that could ask another.
  const bool is_before_plugins = invocation_.policy.runs_plugins && !has_opened_library_ &&
                                 (e.flags & DEJA_FLAG_ONLY_ONCE) == 0;
  if (adapter_.clock_matters(e.value) && !is_before_plugins) fail("reads the clock");
}

void TraceBuilder::on_host(const Event& e) {
  const bool is_known = invocation_.run.reads_stdin || invocation_.run.has_no_stdin;
  if (e.path == "stdin" && !is_known) return fail("reads standard input");
  if (invocation_.policy.is_generic) {
    if (is_name_of_machine(e.path)) claim(Claim::machine, {}, std::string(machine_digest().view()));
    return;
  }
  UnknownProgram* const program = unknown_program(e.pid);
  if (program != nullptr && !tool::is_shell(program->name) && is_telling(e.path))
    ask(*program, "asks the machine: " + e.path, e.flags);
}

}  // namespace deja::evidence
