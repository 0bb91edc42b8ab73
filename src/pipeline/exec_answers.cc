// Tested by test/e2e/exec_key_test.cc and exec_effects_test.cc.
#include "pipeline/exec_answers.h"

#include "action/recipe.h"
#include "tool/exec/exec_options.h"

namespace deja::pipeline {
namespace {

using tool::exec::error_line;

// Exit codes of `deja exec` itself. 124 is that of timeout(1).
constexpr std::uint32_t kUsage = 2, kUndeclared = 1, kTimedOut = 124;

}  // namespace

Replay usage_error(const std::string& what) { return {kUsage, {}, error_line(what)}; }

Replay print_key(const Prepared& p, const Request& request, const Settings& settings) {
  const tool::exec::ExecOptions& order = *p.invocation.exec_options;
  if (order.json) return {0, "{\"probe_key\":\"" + p.probe.hex() + "\"}\n", {}};
  std::string text = p.probe.hex() + "\n";
  if (order.explain)
    text += action::explain(
        {p.command, p.invocation, p.roots, p.identity, request.umask, settings.salt});
  return {0, std::move(text), {}};
}

Done last_word(const RunReport& report, const PublishOutcome& published,
               const tool::Invocation& invocation) {
  Done done;
  if (invocation.exec_options == nullptr) return done;
  const tool::exec::ExecOptions& order = *invocation.exec_options;
  if (report.timed_out)
    return {kTimedOut, error_line("--timeout: '" + order.argv.front() + "' took longer than " +
                                  std::to_string(order.timeout_ns / 1'000'000) + " ms; ended")};
  if (!order.strict || report.exit_code != 0 || report.signal != 0) return done;
  for (const std::string& line : published.undeclared)
    done.last_word += error_line("--strict: " + line + ", which is not declared");
  if (published.undeclared.empty() && !published.why_not.empty())
    done.last_word = error_line("--strict: cannot tell what it read: " + published.why_not);
  if (!done.last_word.empty()) done.exit_code = kUndeclared;
  return done;
}

Outcome::Tell told_by(const tool::Invocation& invocation) {
  if (invocation.exec_options == nullptr) return Outcome::Tell::nothing;
  if (invocation.exec_options->json) return Outcome::Tell::json;
  return invocation.exec_options->explain ? Outcome::Tell::text : Outcome::Tell::nothing;
}

}  // namespace deja::pipeline
