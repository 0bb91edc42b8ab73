// SPDX-License-Identifier: Apache-2.0
// Tested by request_path_exec_test.cc.
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
  if (p.invocation.asked.tell == tool::Tell::json)
    return {0, "{\"probe_key\":\"" + p.probe.hex() + "\"}\n", {}};
  std::string text = p.probe.hex() + "\n";
  if (p.invocation.asked.tell == tool::Tell::text)
    text += action::explain(
        {p.command, p.invocation, p.roots, p.identity, request.umask, settings.salt});
  return {0, std::move(text), {}};
}

Done last_word(const RunReport& report, const PublishOutcome& published,
               const tool::Invocation& invocation) {
  Done done;
  if (report.timed_out)
    return {kTimedOut,
            error_line("--timeout: '" + invocation.run.argv.front() + "' took longer than " +
                       std::to_string(invocation.run.limit_ms) + " ms and was ended")};
  if (!invocation.storage.is_strict || report.exit_code != 0 || report.signal != 0) return done;
  for (const std::string& line : published.undeclared)
    done.last_word += error_line("--strict: " + line + ", which is not declared");
  if (published.undeclared.empty() && published.not_stored)
    done.last_word = error_line("--strict: what the tool read is not known: " +
                                published.not_stored->in_words());
  if (!done.last_word.empty()) done.exit_code = kUndeclared;
  return done;
}

}  // namespace deja::pipeline
