// SPDX-License-Identifier: Apache-2.0
#include "pipeline/describe.h"

namespace deja::pipeline {

void describe(const std::string& tool, const tool::Invocation& invocation,
              const action::Roots& roots, const ProbeKey& probe, Outcome& outcome) {
  outcome.tool = tool;
  outcome.what = invocation.identity.what;
  const auto& outputs = invocation.outputs;
  outcome.output = outputs.spelled_main.empty() && !outputs.written.empty()
                       ? outputs.written.front()
                       : outputs.spelled_main;
  for (const action::Root root : action::kRoots)
    if (roots.has(root) && roots.path(root) != roots.path(action::Root::cwd))
      outcome.roots.emplace_back(action::root_name(root), roots.path(root));
  outcome.probe = probe;
  outcome.tell = invocation.asked.tell;
}

void describe_hit(const ActionKey& key, const action::ActionResult& result, Outcome& outcome) {
  outcome.kind = OutcomeKind::hit;
  outcome.action = key;
  outcome.cost_ns = result.cost_ns;
  outcome.evidence = result.evidence;
  for (const action::Artifact& a : result.artifacts) outcome.bytes += a.size;
}

}  // namespace deja::pipeline
