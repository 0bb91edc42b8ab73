#include "pipeline/handle_request.h"

#include "pipeline/audit.h"
#include "pipeline/blind_spots.h"
#include "pipeline/materialize.h"
#include "pipeline/prepare.h"
#include "pipeline/publish.h"
#include "pipeline/recall.h"

namespace deja::pipeline {
namespace {

using tool::Bypass;
using tool::BypassReason;

// So long does a request wait for another client's run. A run can take for ever: its user may have
// suspended it (Ctrl-Z). Two runs of what takes longer than this are better than a build that
// stands.
constexpr int kWaitMaxS = 20;

Outcome bypass(Outcome outcome, Bypass why) {
  outcome.kind = OutcomeKind::bypass;
  outcome.bypass = why.reason;
  outcome.reason = std::move(why.detail);
  outcome.tool_runs = 1;
  outcome.answer = ExecTool{};
  return outcome;
}

void note(Outcome& outcome, std::vector<std::string> troubles) {
  for (std::string& t : troubles) outcome.troubles.push_back(std::move(t));
}

// Puts a result in place; empty when this request cannot use it after all.
std::optional<Outcome> serve(Outcome outcome, const ActionKey& key,
                             const action::ActionResult& result, const Target& target,
                             Engine& engine, Client& client, std::string& why_not) {
  why_not = unusable(result, target);
  if (!why_not.empty()) return std::nullopt;
  auto replay = materialize(result, target, engine.blobs, client);
  if (!replay) {
    why_not = replay.error().message;
    return std::nullopt;
  }
  if (engine.on_hit) engine.on_hit(key);
  outcome.kind = OutcomeKind::hit;
  outcome.action = key;
  outcome.cost_ns = result.cost_ns;
  outcome.evidence = result.evidence;
  for (const action::Artifact& a : result.artifacts) outcome.bytes += a.size;
  outcome.answer = *std::move(replay);
  return outcome;
}

// A stored result whose trace holds, put in place. Empty: none; outcome.reason says why.
std::optional<Outcome> recall(Outcome& outcome, const ProbeKey& probe, World& world,
                              const Target& target, Engine& engine, Client& client) {
  std::vector<ActionKey> refused;
  for (;;) {
    RecallOutcome recalled = recall_trace(probe, world, engine, refused);
    note(outcome, std::move(recalled.troubles));
    if (!recalled.found) {
      if (refused.empty()) outcome.reason = std::move(recalled.why_not);
      return std::nullopt;
    }
    const ActionKey key = recalled.found->key;
    std::string why_not;
    auto hit = serve(outcome, key, *recalled.found->result, target, engine, client, why_not);
    if (hit) return hit;
    if (refused.empty()) outcome.reason = std::move(why_not);
    refused.push_back(key);
  }
}

Outcome ran(Outcome outcome, const RunReport& report, PublishOutcome published) {
  const bool failed = report.exit_code != 0 || report.signal != 0;
  outcome.kind = failed ? OutcomeKind::failure : OutcomeKind::miss;
  if (report.signal != 0) outcome.reason = "signal " + std::to_string(report.signal);
  if (report.exit_code != 0) outcome.reason = "exit code " + std::to_string(report.exit_code);
  outcome.unpublished = std::move(published.why_not);
  outcome.dup = published.dup;
  outcome.tool_runs = 1;
  outcome.cost_ns = report.elapsed_ns;
  outcome.bytes = published.bytes;
  if (published.published) {
    outcome.action = published.published->key;
    outcome.evidence = published.published->result->evidence;
  }
  note(outcome, std::move(published.troubles));
  outcome.answer = Done{};
  return outcome;
}

// A request that is under a vigil is answered without looking at anything.
std::optional<Outcome> serve_remembered(Outcome& outcome, const Request& request,
                                        const Settings& settings, Engine& engine, Client& client) {
  const auto known = engine.memory.recall(Memory::name_of(request, settings), request, engine);
  if (known == nullptr) return std::nullopt;
  const Target target{request, known->invocation, *known->adapter, known->roots};
  outcome.tool = known->tool;
  outcome.what = known->invocation.what;
  outcome.probe = known->probe;
  outcome.remembered = true;
  auto hit = serve(outcome, known->key, *known->result, target, engine, client, outcome.reason);
  outcome.remembered = false;
  return hit;
}

// What another client's run has just left, when it holds in this request's world too.
std::optional<Outcome> serve_shared(Outcome& outcome, const Published& shared, World& world,
                                    const Target& target, Engine& engine, Client& client) {
  if (const auto* broken = world.first_broken(shared.trace)) {
    outcome.reason = "changed: " + describe(*broken);
    return std::nullopt;
  }
  return serve(outcome, shared.key, *shared.result, target, engine, client, outcome.reason);
}

// What is known of the tool's file is kept only when it is not brand-new; by now it may be old enough.
void learn(const Prepared& p, const PublishOutcome& published, Engine& engine) {
  const digest::Traits learned =
      (published.gains_rights ? kGainsRights : 0) | (published.was_unheard ? kHasBlindSpot : 0);
  if (learned == 0) return;
  os::FileIdentity now;
  const auto content = engine.digester.digest_file(p.command.tool, &now);
  if (content && *content && now == p.tool_file) engine.digester.add_traits(now, learned);
}

struct Run {
  RunReport report;
  PublishOutcome published;
};

// The client runs the tool; what it left is published. Empty: the client is gone.
std::optional<Run> run_tool(const Prepared& p, const Target& target, const Settings& settings,
                            Engine& engine, Client& client) {
  const Request& request = target.request;
  const bool strip = p.invocation.colours_forced &&
                     !(request.stderr_is_terminal && p.invocation.colours_on_terminal);
  const bool supervise = wants_supervisor(p.tool_content.traits);
  const std::vector<Before> before = look_before(p.invocation, engine.digester);
  auto report = client.run({p.command.tool, p.invocation.run_argv, true, strip, supervise});
  if (!report) return std::nullopt;
  // From here on the user has his outputs; nothing below may change them or the exit code.
  Run run{*std::move(report), {}};
  if (settings.read_only) {
    run.published.why_not = "read-only";
  } else {
    run.published = publish(p.probe, p.command, target, before, run.report, engine);
    learn(p, run.published, engine);
  }
  return run;
}

// Runs the tool although a stored result would do, and compares. Empty: there is no such result.
std::optional<Outcome> run_audit(Outcome outcome, const Prepared& p, World& world,
                                 const Target& target, const Settings& settings, Engine& engine,
                                 Client& client) {
  RecallOutcome recalled = recall_trace(p.probe, world, engine);
  if (!recalled.found || !unusable(*recalled.found->result, target).empty()) return std::nullopt;
  const action::Trace old_trace = known_trace(p.probe, recalled.found->key, engine);
  auto run = run_tool(p, target, settings, engine, client);
  if (!run) return bypass(std::move(outcome), {BypassReason::internal_error, "the client left"});
  const auto fresh = run->published.published;
  const std::string wrong =
      fresh != nullptr ? audit(*recalled.found, *fresh, old_trace, target) : "";
  outcome.reason = fresh != nullptr ? "audit: equal" : "audit: the run proves nothing";
  outcome = ran(std::move(outcome), run->report, std::move(run->published));
  if (fresh != nullptr && wrong.empty()) outcome.kind = OutcomeKind::hit;
  if (!wrong.empty()) {
    forget(recalled.found->key, engine);
    outcome.reason = "audit: " + wrong;
    outcome.troubles.push_back("audit: a stored result was wrong: " + wrong);
  }
  return outcome;
}

}  // namespace

Outcome handle_request(const Request& request, const Settings& settings, Engine& engine,
                       Client& client) {
  Outcome outcome;
  if (!request.argv.empty()) outcome.tool = request.argv.front();

  const bool audited = is_audited(settings.audit_rate);
  auto remembered =
      audited ? std::nullopt : serve_remembered(outcome, request, settings, engine, client);
  if (remembered) return *std::move(remembered);

  auto prepared = prepare(request, settings, engine, &client);
  if (auto* why = std::get_if<Declined>(&prepared)) {
    if (!why->tool.empty()) outcome.tool = std::move(why->tool);
    return bypass(std::move(outcome), std::move(why->bypass));
  }
  const auto& [command, adapter, looked_at, invocation, roots, tool_file, tool_content, probe] =
      std::get<Prepared>(prepared);
  const Target target{request, invocation, *adapter, roots};
  outcome.tool = command.tool;
  outcome.what = invocation.what;
  outcome.probe = probe;
  // From here on: one bounded job of a tool we know.

  World world(command, roots, engine.digester);
  if (audited) {
    if (auto done = run_audit(outcome, std::get<Prepared>(prepared), world, target, settings,
                              engine, client))
      return *std::move(done);
  }
  const std::uint32_t landings = engine.flights.landings(probe);
  if (auto hit = recall(outcome, probe, world, target, engine, client)) return *std::move(hit);

  // From here on nothing stored can be used. One client runs the tool; the others wait for its
  // result and check it against their own world.
  int patience = kWaitMaxS;
  Flights::Entered entered =
      engine.flights.enter(probe, [&] { return --patience >= 0 && client.keep_waiting(); });
  if (entered.published) {
    if (auto hit = serve_shared(outcome, *entered.published, world, target, engine, client))
      return *std::move(hit);
  }
  // A flight that landed between our look and our turn was no longer there to be waited for.
  if (entered.turn && engine.flights.landings(probe) != landings) {
    if (auto hit = recall(outcome, probe, world, target, engine, client)) return *std::move(hit);
  }

  auto run = run_tool(std::get<Prepared>(prepared), target, settings, engine, client);
  if (!run) return bypass(std::move(outcome), {BypassReason::internal_error, "the client left"});
  if (entered.turn) entered.turn->land(run->published.published);
  return ran(std::move(outcome), run->report, std::move(run->published));
}

}  // namespace deja::pipeline
