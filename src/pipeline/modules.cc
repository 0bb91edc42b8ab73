// SPDX-License-Identifier: Apache-2.0
// For each module that a run makes, a manifest is stored under a key of the module's bytes (key_of): the claims
// about everything that the module is made of. A later run that reads the module finds them there.
//
// Tested by test/diff/on_demand_test.cc.
#include "pipeline/modules.h"

#include <algorithm>
#include <set>

#include "action/manifest.h"
#include "action/recipe.h"
#include "base/path.h"
#include "evidence/claim_checker.h"
#include "formats/ast_file.h"
#include "formats/file_pieces.h"
#include "os/file.h"

namespace deja::pipeline {
namespace {

using action::Claim;
using action::NotStored;
using action::Observation;
using action::Problem;
using action::Root;
using action::Trace;

// The key of what a module is made of. It holds everything that could make another module of the same headers:
// each option but those that name the source and the outputs (by default clang's own name of a module does
// not depend on search paths), and the place.
ProbeKey key_of(const evidence::RunFacts::Module& module, const FinishedRun& run) {
  const Prepared& p = run.prepared;
  const Target& target = run.target;
  action::HashSink sink;
  sink.field("recipe", "deja module 1");
  sink.field("tool", p.command.tool);
  sink.field("tool digest", p.identity.hex());
  sink.field("name", target.invocation.run.argv.empty() ? "" : target.invocation.run.argv.front());
  sink.field("language", target.invocation.identity.language);
  for (const tool::KeyArgument& argument : target.invocation.key.arguments) {
    const bool is_name = argument.is_input || argument.is_target ||
                         argument.output != tool::KeyArgument::Output::none;
    if (!is_name) sink.field("argument", argument.text);
  }
  for (const Root root : action::kRoots) sink.field("root", target.roots.path(root));
  sink.field("module", module.path);
  sink.field("content", module.digest.view());
  return ProbeKey{sink.finish()};
}

// Is this a source or a header? Those count for a module only when they are among its inputs. Any other file
// that the run read could have changed the module.
bool is_source_text(std::string_view path) {
  static constexpr std::string_view kEndings[] = {
      ".h", ".hh", ".hpp", ".hxx", ".h++", ".inc", ".inl", ".ipp", ".tcc", ".def",
      ".c", ".cc", ".cpp", ".cxx", ".c++", ".C",   ".m",   ".mm",  ".M",   ".H"};
  return std::ranges::any_of(kEndings, [&](std::string_view e) { return path.ends_with(e); });
}

// Claims of the run that made the module that say nothing of the module.
bool is_of_run_alone(const Observation& claim, const std::set<std::string>& inputs,
                     const action::Roots& roots) {
  switch (claim.claim) {
    case Claim::absent_or_file:  // a run that reads the module reads those that it imports
    case Claim::output_name:
      return true;
    case Claim::file:
    case Claim::same_file:
    case Claim::stamps: {
      const std::string path = tidy_path(roots.expand(claim.subject));
      return is_source_text(path) && !inputs.contains(path);
    }
    default:
      return false;
  }
}

// The names of all files that the module is made of; empty: not all of them are in the trace.
std::set<std::string> inputs_of(const evidence::RunFacts::Module& module, const Trace& trace,
                                const action::Roots& roots) {
  const auto fd = os::open_read(module.path);
  if (!fd) return {};
  const auto identity = os::stat_fd(*fd);
  if (!identity || !(*identity == module.identity)) return {};
  const auto content = formats::whole_content(*fd, identity->size);
  if (!content) return {};
  const auto inputs = formats::ast_inputs(*content);
  if (!inputs) return {};
  std::set<std::string> claimed, out;
  for (const Observation& claim : trace.observations)
    if (claim.claim == Claim::file) claimed.insert(tidy_path(roots.expand(claim.subject)));
  for (const formats::AstInput& input : *inputs) {
    if (!claimed.contains(input.asked) && !claimed.contains(input.found)) return {};
    out.insert({input.asked, input.found});
  }
  return out;
}

// Does a source name files of the module cache (__has_include)? What it finds there is not claimed.
bool asks_for_cache(const evidence::RunFacts& run_facts, sharing::TextSearchCache& mentions) {
  static const std::vector<std::string> kNames = {
      "modules.timestamp", "modules.idx", ".pcm\"", ".pcm>", ".pcm)", ".pcm."};
  return std::ranges::any_of(run_facts.inputs, [&](const evidence::Input& input) {
    return mentions.in_file(input.path, input.digest, kNames) != 0;
  });
}

// The claims of the run that made it, if they are known and hold now.
std::optional<Trace> known_of(const ProbeKey& key, evidence::ClaimChecker& checker,
                              Services& services) {
  const auto record = services.records.get_manifest(key);
  if (!record || !*record) return std::nullopt;
  const auto manifest = action::decode_manifest(**record);
  if (!manifest) return std::nullopt;
  for (const action::Manifest::Entry& entry : manifest->entries()) {
    Trace trace = manifest->trace(entry);
    if (checker.first_broken(trace) == nullptr) return trace;
  }
  return std::nullopt;
}

// A variable's claim with its value: the claim holds, so the value is the present one. It may bind the result
// to a root, as the run's own variables do.
Observation revealed(Observation claim, const tool::Command& command, const action::Roots& roots) {
  if (claim.claim != Claim::variable_digest) return claim;
  claim.claim = Claim::variable;
  claim.value = roots.tag(std::string(command.variable(claim.subject).value_or("")));
  return claim;
}

}  // namespace

void claim_modules(const FinishedRun& run, Services& services, evidence::RunFacts& run_facts) {
  if (run_facts.modules.empty()) return;
  const bool has_made =
      std::ranges::any_of(run_facts.modules, &evidence::RunFacts::Module::is_made);
  if (run.report.exit_code != 0) {
    run_facts.problem = Problem{NotStored::module_failure};
    return;
  }
  if (has_made && !(run.report.out.empty() && run.report.err.empty())) {
    run_facts.problem = Problem{NotStored::module_messages};
    return;
  }
  if (asks_for_cache(run_facts, services.mentions)) {
    run_facts.problem = Problem{NotStored::module_cache_named};
    return;
  }
  const tool::Command& command = run.prepared.command;
  const action::Roots& roots = run.target.roots;
  evidence::ClaimChecker checker(command, roots, services.digester);
  std::vector<Observation>& claims = run_facts.trace.observations;
  bool is_strict = false;
  for (const evidence::RunFacts::Module& module : run_facts.modules) {
    std::optional<Trace> known;
    if (!module.is_made) known = known_of(key_of(module, run), checker, services);
    const bool may_be_absent = module.is_made || known.has_value();
    is_strict |= !may_be_absent;
    claims.push_back({may_be_absent ? Claim::absent_or_file : Claim::file, roots.tag(module.path),
                      std::string(module.digest.view())});
    if (!known) continue;
    for (Observation& claim : known->observations)
      claims.push_back(revealed(std::move(claim), command, roots));
  }
  if (is_strict) claims.insert(claims.end(), run_facts.compared.begin(), run_facts.compared.end());
  run_facts.trace.normalize();
}

void remember_modules(const FinishedRun& run, const Trace& trace,
                      const std::vector<evidence::RunFacts::Module>& modules, Services& services) {
  const action::Roots& roots = run.target.roots;
  for (const evidence::RunFacts::Module& module : modules) {
    if (!module.is_made) continue;
    const std::set<std::string> inputs = inputs_of(module, trace, roots);
    if (inputs.empty()) continue;
    Trace made;
    for (const Observation& claim : trace.observations)
      if (!is_of_run_alone(claim, inputs, roots)) made.observations.push_back(claim);
    made.normalize();
    const ProbeKey key = key_of(module, run);
    struct Context {
      ActionKey key;
      const Trace* trace;
    } context{action_key(key, made), &made};
    const auto change = [](void* c, std::optional<std::string_view> present) {
      const Context& ctx = *static_cast<Context*>(c);
      std::optional<action::Manifest> manifest;
      if (present) manifest = action::decode_manifest(*present);
      if (!manifest) manifest.emplace();
      manifest->add(ctx.key, *ctx.trace);
      return encode(*manifest);
    };
    // If this fails the module is unknown to later runs.
    ignore(services.records.update_manifest(key, change, &context),
           "a missing record is only a miss");
  }
}

}  // namespace deja::pipeline
