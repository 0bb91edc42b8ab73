#include "pipeline/handle_request.h"

#include <algorithm>

#include "action/recipe.h"
#include "base/path.h"
#include "evidence/blind_spots.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/resident.h"
#include "pipeline/audit.h"
#include "pipeline/build_script.h"
#include "pipeline/look_up.h"
#include "pipeline/materialize.h"
#include "pipeline/prepare.h"
#include "pipeline/prewarm.h"
#include "pipeline/publish.h"
#include "pipeline/request_name.h"
#include "tool/exec/exec_options.h"

namespace deja::pipeline {
namespace {

using tool::Bypass;
using tool::BypassReason;

// So long does a request wait for another client's run, which can take its time: a large crate, a link.
// A run that its user has suspended is not waited for.
constexpr int kRunWaitMaxS = 600;
// So long does a run wait for another one that writes a file of its own.
constexpr int kLockWaitMaxS = 20;

// Exit codes of `deja exec` itself: wrong usage, something undeclared (--strict), and, as timeout(1)
// has it, out of time.
constexpr std::uint32_t kUsage = 2, kUndeclared = 1, kTimedOut = 124;

Outcome bypass(Outcome outcome, Bypass why) {
  outcome.kind = OutcomeKind::bypass;
  outcome.bypass = why.reason;
  outcome.reason = std::move(why.detail);
  outcome.tool_runs = 1;
  outcome.answer = ExecTool{};
  if (why.reason == BypassReason::not_run) {
    outcome.tool_runs = 0;
    outcome.answer = Replay{kUsage, {}, tool::exec::error_line(outcome.reason)};
  }
  return outcome;
}

// --print-key: the key, and with --explain what it is made of.
Outcome print_key(Outcome outcome, const Prepared& p, const Request& request,
                  const Settings& settings) {
  const tool::exec::ExecOptions& order = *p.invocation.exec_options;
  outcome.kind = OutcomeKind::bypass;
  outcome.bypass = BypassReason::not_run;
  std::string text = p.probe.hex() + "\n";
  if (order.json) text = "{\"probe_key\":\"" + p.probe.hex() + "\"}\n";
  if (order.explain && !order.json)
    text += action::explain(
        {p.command, p.invocation, p.roots, p.identity, request.umask, settings.salt});
  outcome.answer = Replay{0, std::move(text), {}};
  return outcome;
}

// What `deja exec` has to say of a run.
Done last_word(const RunReport& report, const PublishOutcome& published,
               const tool::exec::ExecOptions& order) {
  using tool::exec::error_line;
  Done done;
  if (report.timed_out)
    return {kTimedOut, error_line("--timeout: '" + order.argv.front() + "' took longer than " +
                                  std::to_string(order.timeout_ns / 1'000'000) + " ms; ended")};
  const bool is_known = !published.undeclared.empty() || published.why_not.empty();
  if (!order.strict || report.exit_code != 0 || report.signal != 0) return done;
  for (const std::string& line : published.undeclared)
    done.last_word += error_line("--strict: " + line + ", which is not declared");
  if (!is_known)
    done.last_word = error_line("--strict: cannot tell what it read: " + published.why_not);
  if (!done.last_word.empty()) done.exit_code = kUndeclared;
  return done;
}

void note(Outcome& outcome, std::vector<std::string> troubles) {
  for (std::string& t : troubles) outcome.troubles.push_back(std::move(t));
}

// What cargo will start next is started through `deja exec`.
void wrap_cargo_build_script(const tool::Invocation& invocation, Services& services,
                             std::vector<std::string>& troubles) {
  if (invocation.build_script.empty() || services.interposer.empty()) return;
  const auto prefix = parent_path(parent_path(parent_path(services.interposer)));
  auto done = wrap_build_script(invocation.build_script, join_path(prefix, "bin/deja"));
  if (!done) troubles.push_back("rust.build_scripts: " + done.error().message);
}

// Puts a result in place; empty when this request cannot use it after all.
std::optional<Outcome> serve(Outcome outcome, const ActionKey& key,
                             const action::ActionResult& result, const Target& target,
                             Services& services, Client& client, std::string& why_not) {
  why_not = unusable(result, target);
  if (!why_not.empty()) return std::nullopt;
  auto replay = materialize(result, target, services.blobs, client);
  if (!replay) {
    why_not = replay.error().message;
    return std::nullopt;
  }
  wrap_cargo_build_script(target.invocation, services, outcome.troubles);
  if (services.on_hit) services.on_hit(key);
  if (!target.invocation.incremental_marker.empty() && outcome.probe)
    services.lanes.hit(*outcome.probe);
  outcome.kind = OutcomeKind::hit;
  outcome.action = key;
  outcome.cost_ns = result.cost_ns;
  outcome.evidence = result.evidence;
  for (const action::Artifact& a : result.artifacts) outcome.bytes += a.size;
  outcome.answer = *std::move(replay);
  return outcome;
}

// Nothing is known of this source's text: what has changed since the command was run before?
void explain_new_source(Outcome& outcome, const Prepared& p, evidence::ClaimChecker& checker,
                        Services& services) {
  const auto last = services.cache.last_probes.get(p.command_key);
  if (outcome.reason == "new" && last != nullptr && *last != p.probe)
    outcome.reason = look_up_trace(*last, checker, services).why_not;
  services.cache.last_probes.put(p.command_key, std::make_shared<const ProbeKey>(p.probe), 1);
  if (outcome.reason.empty()) outcome.reason = "new";
}

// A stored result whose trace holds, put in place. Empty: none; outcome.reason says why.
std::optional<Outcome> recall(Outcome& outcome, const ProbeKey& probe,
                              evidence::ClaimChecker& checker, const Target& target,
                              Services& services, Client& client) {
  std::vector<ActionKey> refused;
  for (;;) {
    LookUpOutcome looked_up = look_up_trace(probe, checker, services, refused);
    note(outcome, std::move(looked_up.troubles));
    if (!looked_up.found) {
      if (refused.empty()) outcome.reason = std::move(looked_up.why_not);
      return std::nullopt;
    }
    const ActionKey key = looked_up.found->key;
    std::string why_not = unwanted(*looked_up.found->result, target);
    auto hit = why_not.empty() ? serve(outcome, key, *looked_up.found->result, target, services,
                                       client, why_not)
                               : std::nullopt;
    if (hit) return hit;
    if (refused.empty()) outcome.reason = std::move(why_not);
    refused.push_back(key);
  }
}

Outcome ran(Outcome outcome, const RunReport& report, PublishOutcome published,
            const tool::exec::ExecOptions* order) {
  const bool failed = report.exit_code != 0 || report.signal != 0;
  outcome.kind = failed ? OutcomeKind::failure : OutcomeKind::miss;
  if (report.signal != 0) outcome.reason = "signal " + std::to_string(report.signal);
  if (report.exit_code != 0) outcome.reason = "exit code " + std::to_string(report.exit_code);
  outcome.unpublished = published.why_not;
  outcome.dup = published.dup;
  outcome.tool_runs = 1;
  outcome.cost_ns = report.elapsed_ns;
  outcome.bytes = published.bytes;
  if (published.published) {
    outcome.action = published.published->key;
    outcome.evidence = published.published->result->evidence;
  }
  note(outcome, std::move(published.troubles));
  outcome.answer = order != nullptr ? last_word(report, published, *order) : Done{};
  return outcome;
}

// How the user of `deja exec` wants to hear of the outcome.
Outcome::Tell told_by(const tool::Invocation& invocation) {
  if (invocation.exec_options == nullptr) return Outcome::Tell::nothing;
  if (invocation.exec_options->json) return Outcome::Tell::json;
  return invocation.exec_options->explain ? Outcome::Tell::text : Outcome::Tell::nothing;
}

// A request that is under a vigil is answered without looking at anything.
std::optional<Outcome> serve_remembered(Outcome& outcome, const Request& request,
                                        const Settings& settings, Services& services,
                                        Client& client) {
  const auto known = cached_answer(request_name(request, settings), request, services);
  if (known == nullptr) return std::nullopt;
  const Target target{request, known->invocation, *known->adapter, known->roots};
  outcome.tool = known->tool;
  outcome.what = known->invocation.what;
  outcome.output = known->invocation.spelled_output;
  outcome.probe = known->probe;
  outcome.tell = told_by(known->invocation);
  outcome.reason = unwanted(*known->result, target);
  if (!outcome.reason.empty()) return std::nullopt;
  outcome.remembered = true;
  auto hit = serve(outcome, known->key, *known->result, target, services, client, outcome.reason);
  outcome.remembered = false;
  return hit;
}

// What another client's run has just left, when it holds in this request's world too.
std::optional<Outcome> serve_shared(Outcome& outcome, const Published& shared,
                                    evidence::ClaimChecker& checker, const Target& target,
                                    Services& services, Client& client) {
  if (const auto* broken = checker.first_broken(shared.trace)) {
    outcome.reason = "changed: " + describe(*broken);
    return std::nullopt;
  }
  return serve(outcome, shared.key, *shared.result, target, services, client, outcome.reason);
}

// What is known of the tool's file is kept only when it is not brand-new; by now it may be old enough.
void learn(const Prepared& p, const PublishOutcome& published, Services& services) {
  const digest::Traits learned = (published.gains_rights ? evidence::kGainsRights : 0) |
                                 (published.was_unheard ? evidence::kHasBlindSpot : 0);
  if (learned == 0) return;
  os::FileIdentity now;
  const auto content = services.digester.digest_file(p.command.tool, &now);
  if (content && *content && now == p.tool_file) services.digester.add_traits(now, learned);
}

struct Run {
  RunReport report;
  PublishOutcome published;
};

// The client runs the tool; what it left is published. Empty: the client is gone.
std::optional<Run> run_tool(const Prepared& p, const Target& target, const Settings& settings,
                            Services& services, Client& client) {
  const Request& request = target.request;
  const tool::Invocation& invocation = p.invocation;
  RunOrder order{p.command.tool, invocation.run_argv};
  order.strip_colour =
      invocation.colours_forced && !(request.stderr_is_terminal && invocation.colours_on_terminal);
  order.supervise = evidence::wants_supervisor(p.tool_content.traits);
  if (invocation.run_environment) order.environment = &*invocation.run_environment;
  order.no_stdin = invocation.has_no_stdin;
  order.drops_out = invocation.drops_stdout;
  order.drops_err = invocation.drops_stderr;
  BeforeRun before;
  if (!settings.read_only) {
    int patience = kLockWaitMaxS;
    before.locks = OutputLocks::take(
        services.locks, invocation.written,
        [&] { return --patience >= 0 && client.keep_waiting(); }, client.process());
  }
  before.updates = evidence::look_before(invocation, services.digester);
  if (invocation.exec_options != nullptr) {
    order.limit_ms = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(invocation.exec_options->timeout_ns / 1'000'000, UINT32_MAX));
    order.observe = !invocation.exec_options->declared_only;
    if (!order.observe) before.marks = evidence::mark_outputs(invocation);
  }
  auto report = client.run(order);
  if (!report) return std::nullopt;
  // From here on the user has his outputs; nothing below may change them or the exit code.
  Run run{*std::move(report), {}};
  run.published = publish(p, target, before, run.report, settings.read_only, services);
  if (run.published.read_much) os::give_memory_back();
  if (run.report.exit_code == 0)
    wrap_cargo_build_script(invocation, services, run.published.troubles);
  if (!settings.read_only) learn(p, run.published, services);
  return run;
}

// Runs the tool although a stored result would do, and compares. Empty: there is no such result.
std::optional<Outcome> run_audit(Outcome outcome, const Prepared& p,
                                 evidence::ClaimChecker& checker, const Target& target,
                                 const Settings& settings, Services& services, Client& client) {
  LookUpOutcome looked_up = look_up_trace(p.probe, checker, services);
  if (!looked_up.found || !unusable(*looked_up.found->result, target).empty()) return std::nullopt;
  const action::Trace old_trace = known_trace(p.probe, looked_up.found->key, services);
  auto run = run_tool(p, target, settings, services, client);
  if (!run) return bypass(std::move(outcome), {BypassReason::internal_error, "the client left"});
  const auto fresh = run->published.published;
  const std::string wrong =
      fresh != nullptr ? audit(*looked_up.found, *fresh, old_trace, target) : "";
  outcome.reason = fresh != nullptr ? "audit: equal" : "audit: the run proves nothing";
  outcome = ran(std::move(outcome), run->report, std::move(run->published),
                p.invocation.exec_options.get());
  if (fresh != nullptr && wrong.empty()) outcome.kind = OutcomeKind::hit;
  if (!wrong.empty()) {
    forget(looked_up.found->key, services);
    outcome.reason = "audit: " + wrong;
    outcome.troubles.push_back("audit: a stored result was wrong: " + wrong);
  }
  return outcome;
}

// Is this miss one of many, in a directory where the tool can reuse what it made before?
bool is_left_to_incremental(const Prepared& p, const Settings& settings, Services& services) {
  const std::string& mark = p.invocation.incremental_marker;
  if (mark.empty() || !settings.rust_incremental) return false;
  const auto there = os::stat_file(mark);
  return there && *there && services.lanes.missed(p.probe, os::monotonic_ns());
}

// One client runs the tool; the others wait for its result and check it against their own world.
// landings: when nothing stored was found.
Outcome run_or_wait(Outcome outcome, const Prepared& p, evidence::ClaimChecker& checker,
                    const Target& target, const Settings& settings, Services& services,
                    Client& client, std::uint32_t landings) {
  const ProbeKey& probe = p.probe;
  const tool::exec::ExecOptions* order = p.invocation.exec_options.get();
  int patience = kRunWaitMaxS;
  Flights::Entered entered = services.flights.enter(
      probe, [&] { return --patience >= 0 && client.keep_waiting(); }, client.process());
  if (entered.published) {
    if (auto hit = serve_shared(outcome, *entered.published, checker, target, services, client))
      return *std::move(hit);
  }
  // A flight that landed between our look and our turn was no longer there to be waited for.
  if (entered.turn && services.flights.landings(probe) != landings) {
    if (auto hit = recall(outcome, probe, checker, target, services, client))
      return *std::move(hit);
  }

  auto run = run_tool(p, target, settings, services, client);
  if (!run) return bypass(std::move(outcome), {BypassReason::internal_error, "the client left"});
  // A run that was cut short says nothing of the next: one of those who wait runs, not all of them.
  const bool was_cut = run->report.signal != 0 || run->report.timed_out;
  if (entered.turn && !was_cut) entered.turn->land(run->published.to_share);
  entered.turn.reset();
  return ran(std::move(outcome), run->report, std::move(run->published), order);
}

}  // namespace

Outcome handle_request(const Request& request, const Settings& settings, Services& services,
                       Client& client) {
  Outcome outcome;
  if (!request.argv.empty()) outcome.tool = request.argv.front();

  const bool audited = is_audited(settings.audit_rate);
  auto remembered = audited || settings.disabled
                        ? std::nullopt
                        : serve_remembered(outcome, request, settings, services, client);
  if (remembered) return *std::move(remembered);

  auto prepared = prepare(request, settings, services, &client);
  if (auto* why = std::get_if<Declined>(&prepared)) {
    if (!why->tool.empty()) outcome.tool = std::move(why->tool);
    return bypass(std::move(outcome), std::move(why->bypass));
  }
  const Prepared& p = std::get<Prepared>(prepared);
  const Target target{request, p.invocation, *p.adapter, p.roots};
  const tool::exec::ExecOptions* order = p.invocation.exec_options.get();
  const ProbeKey& probe = p.probe;
  outcome.tool = p.command.tool;
  outcome.what = p.invocation.what;
  outcome.output = p.invocation.spelled_output;
  outcome.probe = probe;
  if (order != nullptr && order->print_key)
    return print_key(std::move(outcome), p, request, settings);
  outcome.tell = told_by(p.invocation);
  // From here on: one bounded job of a tool we know, or that the user speaks for.

  evidence::ClaimChecker checker(p.command, p.roots, services.digester);
  if (audited) {
    if (auto done = run_audit(outcome, p, checker, target, settings, services, client))
      return *std::move(done);
  }
  const std::uint32_t landings = services.flights.landings(probe);
  if (auto hit = recall(outcome, probe, checker, target, services, client)) return *std::move(hit);
  explain_new_source(outcome, p, checker, services);
  if (is_left_to_incremental(p, settings, services)) {
    Bypass why{BypassReason::incremental, std::move(outcome.reason)};
    return bypass(std::move(outcome), std::move(why));
  }

  // From here on nothing stored can be used.
  return run_or_wait(std::move(outcome), p, checker, target, settings, services, client, landings);
}

}  // namespace deja::pipeline
