// SPDX-License-Identifier: Apache-2.0
// The path of a request. answer() is the path itself: it names the steps in their order, and each step
// is one method below it, in the same order. A step that fails as a cache (a store that cannot be read,
// an output that cannot be placed) is a miss, never an error: the client then runs the tool.
//
// Tested by request_path_test.cc with a store and a client in memory.
#include "pipeline/request_path.h"

#include <algorithm>

#include "action/claim_text.h"
#include "action/recipe.h"
#include "base/path.h"
#include "digest/hasher.h"
#include "evidence/blind_spots.h"
#include "os/clock.h"
#include "os/file.h"
#include "pipeline/audit.h"
#include "pipeline/describe.h"
#include "pipeline/exec_answers.h"
#include "pipeline/prewarm.h"
#include "pipeline/request_name.h"
#include "pipeline/shapes.h"
#include "sharing/result_difference.h"
#include "tool/named_files.h"
#include "tool/rust/build_script.h"

namespace deja::pipeline {
namespace {

using tool::Bypass;
using tool::BypassReason;

// How long to wait for another client's run: a large crate or a link takes its time. A run that its user
// has suspended is not waited for.
constexpr int kRunWaitMaxS = 600;
// How long to wait for a run that writes one of the same files.
constexpr int kLockWaitMaxS = 20;
// How long the claims that an import has checked need no second check. Most compilers take longer from reading a file to
// the end of their run, so an edit in this time has the effect that it has on a run.
constexpr std::int64_t kClaimsAreFreshNs = 200'000'000;

}  // namespace

Outcome RequestPath::answer() {
  const bool is_audit = is_audited(settings_.audit_rate);
  if (!is_audit && serve_from_request_cache()) return done();
  if (!prepare()) return done();
  // From here on: one bounded job of a tool that an adapter knows, or that the user declares.
  if (is_audit && audit()) return done();
  if (look_up()) return done();
  if (leave_to_incremental() || leave_to_fallback()) return done();
  // From here on nothing stored can be used.
  if (wait_for_other_run()) return done();
  if (ask_remotes()) return done();
  if (!run()) return done();
  // From here on the user has the outputs and the tool's exit code; nothing below changes them.
  publish();
  return done();
}

bool RequestPath::serve_from_request_cache() {
  if (settings_.disabled) return false;
  const auto known = cached_answer(request_name(request_, settings_), request_, services_);
  if (known == nullptr) return false;
  const Target target{request_, known->invocation, *known->adapter, known->roots};
  describe(known->tool, known->invocation, known->roots, known->probe, outcome_);
  outcome_.reason = unwanted(*known->result, target);
  if (outcome_.reason.empty()) outcome_.reason = materialize({known->key, known->result}, target);
  outcome_.remembered = outcome_.reason.empty();
  return outcome_.remembered;
}

bool RequestPath::prepare() {
  auto prepared = pipeline::prepare(request_, settings_, services_, &client_);
  if (auto* why = std::get_if<Declined>(&prepared)) {
    const Fallback fallback =
        find_fallback(settings_, request_, why->bypass.reason, why->adapter, why->tool);
    if (!why->tool.empty()) outcome_.tool = std::move(why->tool);
    bypass(std::move(why->bypass), fallback);
    return false;
  }
  const Prepared& p = prepared_.emplace(std::get<Prepared>(std::move(prepared)));
  target_.emplace(Target{request_, p.invocation, *p.adapter, p.roots});
  checker_.emplace(p.command, p.roots, services_.digester);
  describe(p.command.tool, p.invocation, p.roots, p.probe, outcome_);
  end_phase(Phase::prepare);
  if (!p.invocation.asked.for_key) return true;
  outcome_.bypass = BypassReason::not_run;
  outcome_.tell = Outcome::Tell::nothing;
  outcome_.answer = print_key(p, request_, settings_);
  return false;
}

// Runs the tool although a stored result would do, and compares. False: there is no such result.
bool RequestPath::audit() {
  const auto stored = look_up_trace(prepared_->probe, *checker_, services_).found;
  if (!stored || !unusable(*stored->result, *target_).empty()) return false;
  const action::Trace old_trace = known_trace(prepared_->probe, stored->key, services_);
  if (!run()) return true;
  publish();
  const auto fresh = published_.published;
  if (outcome_.reason.empty())
    outcome_.reason = fresh != nullptr ? "audit: equal"
                                       : "audit: not compared, because the new run is not stored";
  if (fresh == nullptr) return true;
  const std::string wrong = sharing::difference({*stored->result, old_trace},
                                                {*fresh->result, fresh->trace}, target_->roots);
  if (wrong.empty()) {
    outcome_.kind = OutcomeKind::hit;
    return true;
  }
  forget(stored->key, services_);
  outcome_.reason = "audit: " + wrong;
  outcome_.troubles.push_back("audit: a stored result was wrong: " + wrong);
  return true;
}

bool RequestPath::look_up() {
  landings_ = services_.flights.landings(prepared_->probe);
  if (find_and_materialize()) return true;
  if (outcome_.reason == "new")
    outcome_.key_fields =
        action::key_fields({prepared_->command, prepared_->invocation, prepared_->roots,
                            prepared_->identity, request_.umask, settings_.salt});
  explain_new_source();
  end_phase(Phase::look_up);
  return false;
}

// The newest stored result whose trace holds and that can be put in place. False: there is none, and
// the outcome's reason says what spoke against the first one.
bool RequestPath::find_and_materialize() {
  std::vector<ActionKey> refused;
  for (;;) {
    LookUpOutcome looked_up = look_up_trace(prepared_->probe, *checker_, services_, refused);
    note(std::move(looked_up.troubles));
    std::string why_not = std::move(looked_up.why_not);
    if (looked_up.found) {
      why_not = unwanted(*looked_up.found->result, *target_);
      if (why_not.empty()) why_not = materialize(*looked_up.found, *target_);
      if (why_not.empty()) return true;
    }
    if (refused.empty()) outcome_.reason = std::move(why_not);
    if (!looked_up.found) return false;
    refused.push_back(looked_up.found->key);
  }
}

// The text of the sources is part of the key, so nothing is known of a source that was edited: say what
// has changed since the command was last run with another text.
void RequestPath::explain_new_source() {
  const Prepared& p = *prepared_;
  const auto last = services_.cache.last_probes.get(p.command_key);
  if (outcome_.reason == "new" && last != nullptr && *last != p.probe)
    outcome_.reason = look_up_trace(*last, *checker_, services_).why_not;
  services_.cache.last_probes.put(p.command_key, std::make_shared<const ProbeKey>(p.probe), 1);
  if (outcome_.reason.empty()) outcome_.reason = "new";
}

// Tells the remotes what this build uses.
Outcome RequestPath::done() {
  const bool has_result = outcome_.kind == OutcomeKind::hit || outcome_.kind == OutcomeKind::miss;
  if (settings_.remotes != nullptr && has_result && outcome_.action && outcome_.probe) {
    std::string prefetched = settings_.remotes->note_use(
        {request_.cwd, *outcome_.probe, *outcome_.action, outcome_.cost_ns, outcome_.bytes});
    if (outcome_.kind == OutcomeKind::hit && outcome_.remote.empty())
      outcome_.prefetched_from = std::move(prefetched);
  }
  return std::move(outcome_);
}

std::string RequestPath::materialize(const StoredResult& stored, const Target& target) {
  const action::ActionResult& result = *stored.result;
  std::string why_not = unusable(result, target);
  if (!why_not.empty()) return why_not;
  end_phase(Phase::look_up);
  auto placed = pipeline::materialize(result, target, services_.blobs, client_);
  if (!placed) return placed.error().message;
  wrap_build_script(target.invocation);
  end_phase(Phase::place);
  if (services_.on_hit) services_.on_hit(stored.key);
  if (!target.invocation.places.incremental_marker.empty())
    services_.incremental.hit(*outcome_.probe);
  describe_hit(stored.key, result, outcome_);
  outcome_.cloned_bytes = placed->cloned_bytes;
  outcome_.answer = std::move(placed->replay);
  return {};
}

// Is this miss one of many, in a directory where rustc can reuse what it made before?
bool RequestPath::leave_to_incremental() {
  const std::string& marker = prepared_->invocation.places.incremental_marker;
  if (marker.empty() || !settings_.rust_incremental) return false;
  const auto there = os::stat_file(marker);
  if (!there || !*there) return false;
  if (!services_.incremental.missed(prepared_->probe, os::monotonic_ns())) return false;
  bypass({BypassReason::incremental, std::move(outcome_.reason)});
  return true;
}

// A run that is not stored needs no observation, so another wrapper may do it.
bool RequestPath::leave_to_fallback() {
  if (!settings_.read_only) return false;
  const Fallback fallback = find_fallback(settings_, request_, BypassReason::fallback,
                                          prepared_->adapter, prepared_->command.tool);
  if (fallback.program.empty()) {
    if (!fallback.problem.empty()) outcome_.troubles.push_back(fallback.problem);
    return false;
  }
  bypass({BypassReason::fallback, std::move(outcome_.reason)}, fallback);
  return true;
}

// One client runs the tool; the others wait for its result and check it for themselves.
bool RequestPath::wait_for_other_run() {
  const ProbeKey& probe = prepared_->probe;
  int patience = kRunWaitMaxS;
  Flights::Entered entered = services_.flights.enter(
      probe, [&] { return --patience >= 0 && client_.keep_waiting(); }, client_.process());
  if (entered.turn) turn_.emplace(*std::move(entered.turn));
  end_phase(Phase::wait);
  if (entered.published && serve_shared(*entered.published)) return true;
  // A run that ended between our look-up and our turn was no longer there to be waited for.
  return turn_ && services_.flights.landings(probe) != landings_ && find_and_materialize();
}

// Others with this probe key wait meanwhile, so a remote is asked once for all of them.
bool RequestPath::ask_remotes() {
  if (settings_.remotes == nullptr || settings_.read_only || !turn_) return false;
  const ProbeKey& probe = prepared_->probe;
  std::int64_t first_check_ns = 0;
  std::string broken;  // of the newest result that a remote has
  const auto holds = [this, &first_check_ns, &broken](const action::Observation& claim) {
    if (first_check_ns == 0) first_check_ns = os::monotonic_ns();
    const auto held = checker_->holds(claim);
    if (held && *held) return true;
    if (broken.empty()) broken = action::describe_change(claim);
    return false;
  };
  checker_->remember();
  const auto imported =
      settings_.remotes->import_result({probe, known_cost_ns(probe, services_), request_.cwd, holds,
                                        [this] { return client_.keep_waiting(); },
                                        [this](std::string_view path) { return may_write(path); }});
  end_phase(Phase::remote);
  if (os::monotonic_ns() - first_check_ns > kClaimsAreFreshNs) checker_->forget();
  const bool is_hit = imported && find_and_materialize();
  checker_->forget();
  if (!is_hit) {
    if (outcome_.reason == "new" && !broken.empty()) outcome_.reason = std::move(broken);
    return false;
  }
  outcome_.reason.clear();
  outcome_.remote = imported->from;
  outcome_.writer = imported->writer;
  outcome_.received_bytes = imported->bytes;
  outcome_.received_in_ns = imported->took_ns;
  share_hit();
  return true;
}

// What comes from a remote is placed where this command could have written: below its directory, or where it says.
bool RequestPath::may_write(std::string_view path) const {
  const auto& declared = prepared_->invocation.outputs.written;
  return is_within(path, request_.cwd) ||
         std::find(declared.begin(), declared.end(), path) != declared.end();
}

// Gives the result of this hit to the requests that wait for it.
void RequestPath::share_hit() {
  auto shared = std::make_shared<Published>();
  shared->key = *outcome_.action;
  shared->trace = known_trace(prepared_->probe, shared->key, services_);
  shared->result = services_.cache.results.get(shared->key);
  if (shared->result != nullptr && !shared->trace.observations.empty()) turn_->land(shared);
  turn_.reset();
}

bool RequestPath::serve_shared(const Published& shared) {
  if (const auto* broken = checker_->first_broken(shared.trace)) {
    outcome_.reason = action::describe_change(*broken);
    return false;
  }
  std::string why_not = materialize({shared.key, shared.result}, *target_);
  if (why_not.empty()) return true;
  outcome_.reason = std::move(why_not);
  return false;
}

bool RequestPath::run() {
  const tool::Invocation& invocation = prepared_->invocation;
  RunOrder order = make_run_order();
  before_.emplace();
  if (!settings_.read_only) before_->locks = lock_outputs();
  end_phase(Phase::wait);
  before_->updates = evidence::look_before(invocation, services_.digester);
  if (!order.observe) before_->marks = evidence::mark_outputs(invocation);
  end_phase(Phase::look_up);
  order.heartbeat_ns = static_cast<std::int64_t>(settings_.heartbeat_s) * 1'000'000'000;
  order.still_runs = [this] {
    end_phase(Phase::run);
    if (services_.on_still_running) services_.on_still_running(outcome_, request_);
  };
  auto report = client_.run(order);
  end_phase(Phase::run);
  if (!report) {
    bypass({BypassReason::internal_error, "the client ended before it had run the tool"});
    return false;
  }
  report_ = *std::move(report);
  return true;
}

RunOrder RequestPath::make_run_order() const {
  const Prepared& p = *prepared_;
  const tool::Invocation& invocation = p.invocation;
  RunOrder order{p.command.tool, invocation.run.argv};
  order.strip_colour = invocation.run.colours_forced && !keeps_colours(*target_);
  order.supervise = evidence::wants_supervisor(p.tool_content.traits, invocation.policy);
  if (invocation.run.environment) order.environment = &*invocation.run.environment;
  order.no_stdin = invocation.run.has_no_stdin;
  order.drops_out = invocation.run.drops_stdout;
  order.drops_err = invocation.run.drops_stderr;
  order.limit_ms = invocation.run.limit_ms;
  order.observe = invocation.run.is_observed;
  return order;
}

os::OutputLocks RequestPath::lock_outputs() {
  int patience = kLockWaitMaxS;
  std::vector<std::uint64_t> outputs;
  for (const std::string& path : prepared_->invocation.outputs.written)
    outputs.push_back(std::hash<Digest>()(digest::digest_bytes(path)));
  return os::OutputLocks::take(
      services_.locks, std::move(outputs),
      [&] { return --patience >= 0 && client_.keep_waiting(); }, client_.process());
}

void RequestPath::publish() {
  published_ = pipeline::publish({*prepared_, *target_, *before_, report_}, settings_, services_);
  if (report_.exit_code == 0) wrap_build_script(prepared_->invocation);
  before_.reset();
  // A run that was cut short says nothing of the next: one of those who wait runs, not all of them.
  const bool was_cut = report_.signal != 0 || report_.timed_out;
  if (turn_ && !was_cut) turn_->land(published_.to_share);
  turn_.reset();
  end_phase(Phase::publish);
  const Published* const stored = published_.published.get();
  if (stored != nullptr && settings_.remotes != nullptr)
    settings_.remotes->offer(prepared_->probe, stored->key);
  describe_run();
}

void RequestPath::describe_run() {
  const bool failed = report_.exit_code != 0 || report_.signal != 0;
  outcome_.kind = failed ? OutcomeKind::failure : OutcomeKind::miss;
  if (report_.signal != 0) outcome_.reason = "signal " + std::to_string(report_.signal);
  if (report_.exit_code != 0) outcome_.reason = "exit code " + std::to_string(report_.exit_code);
  outcome_.not_stored = published_.not_stored;
  if (request_.calling == Calling::routed && prepared_->invocation.policy.is_unknown)
    note_shape(services_.shapes, request_, report_.elapsed_ns,
               published_.not_stored ? std::optional(published_.not_stored->reason) : std::nullopt);
  outcome_.dup = published_.dup;
  outcome_.tool_runs = 1;
  outcome_.cost_ns = report_.elapsed_ns;
  outcome_.bytes = published_.bytes;
  outcome_.cloned_bytes = published_.cloned_bytes;
  if (published_.published) {
    outcome_.action = published_.published->key;
    outcome_.evidence = published_.published->result->evidence;
  }
  note(std::move(published_.troubles));
  outcome_.answer = last_word(report_, published_, prepared_->invocation);
}

void RequestPath::wrap_build_script(const tool::Invocation& invocation) {
  if (invocation.places.build_script.empty() || services_.interposer.empty()) return;
  auto done = tool::rust::wrap_build_script(invocation.places.build_script, services_.interposer);
  if (!done) outcome_.troubles.push_back("rust.build_scripts: " + done.error().message);
}

void RequestPath::end_phase(Phase phase) {
  const std::int64_t now = os::monotonic_ns();
  outcome_.phase_ns[static_cast<std::size_t>(phase)] += now - phase_began_ns_;
  phase_began_ns_ = now;
}

void RequestPath::note(std::vector<std::string> troubles) {
  for (std::string& trouble : troubles) outcome_.troubles.push_back(std::move(trouble));
}

void RequestPath::bypass(Bypass why) { bypass(std::move(why), {}); }

void RequestPath::bypass(Bypass why, const Fallback& fallback) {
  if (!fallback.problem.empty()) outcome_.troubles.push_back(fallback.problem);
  if (!fallback.program.empty())
    why.detail += (why.detail.empty() ? "run by " : "; run by ") + fallback.program;
  outcome_.kind = OutcomeKind::bypass;
  outcome_.bypass = why.reason;
  outcome_.reason = std::move(why.detail);
  outcome_.tool_runs = 1;
  outcome_.answer = ExecTool{fallback.program};
  // A command that was classified has told them.
  if (outcome_.what.empty() && outcome_.output.empty()) {
    tool::NamedFiles named = tool::named_files(request_.argv);
    outcome_.what = std::move(named.source);
    outcome_.output = std::move(named.output);
  }
  if (why.reason != BypassReason::not_run) return;
  outcome_.tool_runs = 0;
  outcome_.answer = usage_error(outcome_.reason);
}

}  // namespace deja::pipeline
