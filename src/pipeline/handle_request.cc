#include "pipeline/handle_request.h"

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
  RecallOutcome recalled = recall_trace(probe, world, engine);
  note(outcome, std::move(recalled.troubles));
  outcome.reason = std::move(recalled.why_not);
  if (!recalled.found) return std::nullopt;
  return serve(outcome, recalled.found->key, *recalled.found->result, target, engine, client,
               outcome.reason);
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

}  // namespace

Outcome handle_request(const Request& request, const Settings& settings, Engine& engine,
                       Client& client) {
  Outcome outcome;
  if (!request.argv.empty()) outcome.tool = request.argv.front();

  // A request that is under a vigil is answered without looking at anything.
  if (const auto known =
          engine.memory.recall(Memory::name_of(request, settings), request, engine)) {
    const Target target{request, known->invocation, *known->adapter, known->roots};
    outcome.tool = known->tool;
    outcome.what = known->invocation.what;
    outcome.probe = known->probe;
    outcome.remembered = true;
    if (auto hit =
            serve(outcome, known->key, *known->result, target, engine, client, outcome.reason))
      return *std::move(hit);
    outcome.remembered = false;
  }

  auto prepared = prepare(request, settings, engine);
  if (auto* why = std::get_if<Declined>(&prepared)) {
    if (!why->tool.empty()) outcome.tool = std::move(why->tool);
    return bypass(std::move(outcome), std::move(why->bypass));
  }
  const auto& [command, adapter, looked_at, invocation, roots, tool_digest, probe] =
      std::get<Prepared>(prepared);
  const Target target{request, invocation, *adapter, roots};
  outcome.tool = command.tool;
  outcome.what = invocation.what;
  outcome.probe = probe;
  // From here on: one bounded job of a tool we know.

  World world(command, roots, engine.digester);
  const std::uint32_t landings = engine.flights.landings(probe);
  if (auto hit = recall(outcome, probe, world, target, engine, client)) return *std::move(hit);

  // From here on nothing stored can be used. One client runs the tool; the others wait for its
  // result and check it against their own world.
  int patience = kWaitMaxS;
  Flights::Entered entered =
      engine.flights.enter(probe, [&] { return --patience >= 0 && client.keep_waiting(); });
  if (entered.published) {
    if (const auto* broken = world.first_broken(entered.published->trace)) {
      outcome.reason = "changed: " + describe(*broken);
    } else if (auto hit = serve(outcome, entered.published->key, *entered.published->result, target,
                                engine, client, outcome.reason)) {
      return *std::move(hit);
    }
  }
  // A flight that landed between our look and our turn was no longer there to be waited for.
  if (entered.turn && engine.flights.landings(probe) != landings) {
    if (auto hit = recall(outcome, probe, world, target, engine, client)) return *std::move(hit);
  }

  const bool strip =
      invocation.colours_forced && !(request.stderr_is_terminal && invocation.colours_on_terminal);
  const bool supervise = engine.blind_spots.has(tool_digest);
  const auto report = client.run({command.tool, invocation.run_argv, true, strip, supervise});
  if (!report) return bypass(std::move(outcome), {BypassReason::internal_error, "the client left"});
  // From here on the user has his outputs; nothing below may change them or the exit code.

  PublishOutcome published;
  if (settings.read_only) {
    published.why_not = "read-only";
  } else {
    published = publish(probe, command, target, *report, engine);
    if (published.was_unheard) engine.blind_spots.add(tool_digest);
  }
  if (entered.turn) entered.turn->land(published.published);
  return ran(std::move(outcome), *report, std::move(published));
}

}  // namespace deja::pipeline
