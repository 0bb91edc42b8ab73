// SPDX-License-Identifier: Apache-2.0
// For each module that a run makes, a manifest is stored under a key of the module's bytes (key_of): the claims
// about everything that the module is made of. A later run that reads the module finds them there.
//
// Tested by test/diff/on_demand_test.cc.
#include "evidence/modules.h"

#include <algorithm>
#include <set>

#include "action/recipe.h"
#include "base/path.h"
#include "evidence/claim_checker.h"
#include "formats/ast_file.h"
#include "formats/file_pieces.h"
#include "os/file.h"

namespace deja::evidence {
namespace {

using action::Claim;
using action::Observation;
using action::Root;
using action::Trace;

// The key of what a module is made of. It holds everything that could make another module of the same headers:
// each option but those that name the source and the outputs (by default clang's own name of a module does
// not depend on search paths), and the place.
ProbeKey key_of(const RunFacts::Module& module, const ModuleRun& run) {
  action::HashSink sink;
  sink.field("recipe", "deja module 1");
  sink.field("tool", run.command.tool);
  sink.field("tool digest", run.tool.hex());
  sink.field("name", run.invocation.run.argv.empty() ? "" : run.invocation.run.argv.front());
  sink.field("language", run.invocation.identity.language);
  for (const tool::KeyArgument& argument : run.invocation.key.arguments) {
    const bool is_name = argument.is_input || argument.is_target ||
                         argument.output != tool::KeyArgument::Output::none;
    if (!is_name) sink.field("argument", argument.text);
  }
  for (const Root root : action::kRoots) sink.field("root", run.roots.path(root));
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
std::set<std::string> inputs_of(const RunFacts::Module& module, const Trace& trace,
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
bool asks_for_cache(const RunFacts& run_facts, TextSearchCache& mentions) {
  static const std::vector<std::string> kNames = {
      "modules.timestamp", "modules.idx", ".pcm\"", ".pcm>", ".pcm)", ".pcm."};
  return std::ranges::any_of(run_facts.inputs, [&](const Input& input) {
    return mentions.in_file(input.path, input.digest, kNames) != 0;
  });
}

// The claims of the run that made it, if they are known and hold now.
std::optional<Trace> known_of(const ProbeKey& key, ClaimChecker& checker,
                              const FindManifest& find) {
  const auto manifest = find(key);
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

void claim_modules(const ModuleRun& run, digest::FileDigester& digester, TextSearchCache& mentions,
                   const FindManifest& find, RunFacts& run_facts) {
  if (run_facts.modules.empty()) return;
  const bool has_made = std::ranges::any_of(run_facts.modules, &RunFacts::Module::is_made);
  std::optional<NotStored> why;
  if (run.has_failed) {
    why = NotStored::module_failure;
  } else if (has_made && run.has_printed) {
    why = NotStored::module_messages;
  } else if (asks_for_cache(run_facts, mentions)) {
    why = NotStored::module_cache_named;
  }
  if (why) {
    run_facts.problem = Problem{*why};
    return;
  }
  ClaimChecker checker(run.command, run.roots, digester);
  std::vector<Observation>& claims = run_facts.trace.observations;
  bool is_strict = false;
  for (const RunFacts::Module& module : run_facts.modules) {
    std::optional<Trace> known;
    if (!module.is_made) known = known_of(key_of(module, run), checker, find);
    const bool may_be_absent = module.is_made || known.has_value();
    is_strict |= !may_be_absent;
    claims.push_back({may_be_absent ? Claim::absent_or_file : Claim::file,
                      run.roots.tag(module.path), std::string(module.digest.view())});
    if (!known) continue;
    for (Observation& claim : known->observations)
      claims.push_back(revealed(std::move(claim), run.command, run.roots));
  }
  if (is_strict) claims.insert(claims.end(), run_facts.compared.begin(), run_facts.compared.end());
  run_facts.trace.normalize();
}

std::vector<MadeModule> made_modules(const ModuleRun& run, const Trace& trace,
                                     const std::vector<RunFacts::Module>& modules) {
  std::vector<MadeModule> out;
  for (const RunFacts::Module& module : modules) {
    if (!module.is_made) continue;
    const std::set<std::string> inputs = inputs_of(module, trace, run.roots);
    if (inputs.empty()) continue;
    Trace made;
    for (const Observation& claim : trace.observations)
      if (!is_of_run_alone(claim, inputs, run.roots)) made.observations.push_back(claim);
    made.normalize();
    const ProbeKey key = key_of(module, run);
    out.push_back({key, action_key(key, made), std::move(made)});
  }
  return out;
}

}  // namespace deja::evidence
