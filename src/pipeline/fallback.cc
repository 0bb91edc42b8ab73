// SPDX-License-Identifier: Apache-2.0
// Tested by request_path_rules_test.cc and test/e2e/fallback_test.cc.
#include "pipeline/fallback.h"

#include "os/call_chain.h"
#include "os/file.h"
#include "os/find_tool.h"
#include "os/places.h"
#include "pipeline/locate.h"

namespace deja::pipeline {
namespace {

// For the other reasons a wrapper is of no use (a question, a mistake), or deja is to do nothing at all.
bool may_fall_back(tool::BypassReason why) {
  using enum tool::BypassReason;
  switch (why) {
    case stdin_source:
    case response_file:
    case environment_output:
    case unsupported_option:
    case excluded:
    case rule:
    case fallback:
    case internal_error:
      return true;
    default:
      return false;
  }
}

// Two names of one file: "/usr/lib/ccache/gcc" is ccache, which refuses to start itself.
bool are_one_file(const std::string& a, const std::string& b) {
  const auto one = os::stat_file(a);
  const auto other = os::stat_file(b);
  return one && other && *one && *other && (*one)->device == (*other)->device &&
         (*one)->inode == (*other)->inode;
}

}  // namespace

Fallback find_fallback(const Settings& settings, const Request& request, tool::BypassReason why,
                       const tool::Adapter* adapter, const std::string& tool) {
  if (settings.fallback.empty() || !may_fall_back(why) || request.calling == Calling::exec)
    return {};
  // A wrapper searches PATH again, and could find another program than the one that was started.
  if (request.calling == Calling::routed) return {};
  // Some wrappers fail for archivers and linkers.
  if (adapter != &tool::cc_adapter() && adapter != &tool::rust_adapter()) return {};
  const tool::Command command = command_of(request);
  // A wrapper that calls deja again is not called a second time.
  if (os::CallChain(command.variable(os::kCallsVariable).value_or("")).clients() > 0) return {};
  const std::string_view path = command.variable("PATH").value_or("/bin:/usr/bin");
  char found[os::kPlaceMax];
  const long size =
      os::find_tool(settings.fallback, path, request.cwd, request.client, found, sizeof(found));
  if (size < 0)
    return {{},
            "fallback: there is no program " + settings.fallback +
                " on PATH, so tools run without it; install it, or correct the setting"};
  std::string program(found, static_cast<std::size_t>(size));
  if (os::leads_through_proc(program) || are_one_file(program, tool)) return {};
  return {std::move(program), {}};
}

Fallback find_fallback(const Settings& settings, const Request& request, tool::BypassReason why) {
  if (settings.fallback.empty()) return {};
  const auto located = locate(request, settings);
  const auto* found = std::get_if<Located>(&located);
  if (found == nullptr) return {};
  return find_fallback(settings, request, why, found->adapter, found->command.tool);
}

}  // namespace deja::pipeline
