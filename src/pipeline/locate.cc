// SPDX-License-Identifier: Apache-2.0
// Finds the tool as the shell would, but behind `deja` itself, then the adapter: by the name of the command,
// by the configuration ("tools"), or by the name of the program that a symlink leads to.
//
// Tested by request_path_test.cc, test/e2e/calling_test.cc and name_test.cc.
#include "pipeline/locate.h"

#include <algorithm>

#include "base/path.h"
#include "evidence/logical_directory.h"
#include "os/call_chain.h"
#include "os/file.h"
#include "os/find_tool.h"
#include "os/places.h"
#include "sharing/checkout.h"
#include "sharing/output_name.h"
#include "tool/exec/exec_options.h"

namespace deja::pipeline {
namespace {

using tool::Bypass;
using tool::BypassReason;

// The paths that the search for the tool looked at, up to the one it found.
std::vector<std::string> candidates(std::string_view name, std::string_view path,
                                    std::string_view cwd, const std::string& found) {
  std::vector<std::string> out;
  if (name.find('/') != std::string_view::npos) out.push_back(join_path(cwd, name));
  const std::string_view word = base_name(name);
  while (!path.empty() && (out.empty() || out.back() != found)) {
    const std::size_t colon = path.find(':');
    out.push_back(join_path(join_path(cwd, path.substr(0, colon)), word));
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
  }
  return out;
}

// By the command's name, or by the name that the configuration gives for it.
std::optional<Bypass> find_by_name(const Settings& settings, Located& out) {
  const std::string name(base_name(out.command.argv.front()));
  const auto row = settings.tools.find(name);
  if (row == settings.tools.end()) {
    out.adapter = tool::find_adapter(name);
    return std::nullopt;
  }
  out.command.known_as = row->second;
  out.adapter = row->second == "any" ? &tool::any_adapter() : tool::find_adapter(row->second);
  if (out.adapter != nullptr) return std::nullopt;
  return Bypass{BypassReason::unknown_tool,
                "tools." + name + ": no tool is known as \"" + row->second + "\""};
}

// "my-cc" may be a link to "/usr/bin/gcc-12". A script or a copy of that name is something else.
void find_by_link(Located& out) {
  constexpr int kLinksMax = 16;
  const std::string called(base_name(out.command.argv.front()));
  std::string path = out.command.tool;
  for (int links = 0; links <= kLinksMax; ++links) {
    const auto text = os::read_symlink(path);
    if (!text) return;
    if (*text) {
      path = join_path(parent_path(path), **text);
      out.looked_at.push_back(path);
      continue;
    }
    // Only the program itself: the names of links on the way say nothing.
    if (links == 0) return;
    out.command.known_as = base_name(path);
    out.adapter = tool::find_adapter_by_link(called, out.command.known_as);
    return;
  }
}

// Sets the program's path. A reason: there is no such program.
std::optional<Bypass> find_program(const Request& request, Located& out) {
  if (request.calling == Calling::routed) {  // it was found already
    out.command.tool = join_path(request.cwd, request.program);
    out.looked_at = {out.command.tool};
    return std::nullopt;
  }
  const std::string_view name = out.command.argv.front();
  const std::string_view path = out.command.variable("PATH").value_or("/bin:/usr/bin");
  char found[os::kPlaceMax];
  const os::CallChain chain(out.command.variable(os::kCallsVariable).value_or(""));
  os::ArgumentsHash arguments;
  for (std::size_t i = 1; i < out.command.argv.size(); ++i) arguments.add(out.command.argv[i]);
  long n = os::find_tool(name, path, request.cwd, request.client, found, sizeof(found),
                         &out.behind_client, {&chain, arguments.value()});
  // "deja exec -- deja exec -- tool": here `deja` is a tool like any other.
  if (n < 0 && out.behind_client && request.calling == Calling::exec)
    n = os::find_tool(name, path, request.cwd, {}, found, sizeof(found));
  // Without a detail where no adapter knows the name: it is a mistyped command, not worth an event.
  if (n < 0)
    return Bypass{BypassReason::tool_not_found, out.adapter == nullptr ? "" : std::string(name)};
  out.command.tool.assign(found, static_cast<std::size_t>(n));
  out.looked_at = candidates(name, path, request.cwd, out.command.tool);
  return std::nullopt;
}

}  // namespace

tool::Command command_of(const Request& request) {
  tool::Command command;
  for (const std::string_view entry : request.environment) {
    const std::size_t equals = entry.find('=');
    if (equals != std::string_view::npos)
      command.environment.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
  }
  command.argv = request.argv;
  command.cwd = request.cwd;
  command.talks_to_terminal = request.stdout_is_terminal || request.stderr_is_terminal;
  return command;
}

std::variant<Located, Bypass> locate(const Request& request, const Settings& settings) {
  Located out;
  out.command = command_of(request);
  if (settings.disabled) return Bypass{BypassReason::disabled, ""};
  if (request.argv.empty()) return Bypass{BypassReason::tool_not_found, ""};
  if (request.calling == Calling::exec) {
    out.adapter = &tool::exec_adapter();
    if (auto why = tool::exec::read_command(out.command)) return *std::move(why);
  } else if (auto why = find_by_name(settings, out)) {
    return *std::move(why);
  }
  if (auto why = find_program(request, out)) return *std::move(why);
  Bypass unknown{BypassReason::unknown_tool, std::string(base_name(out.command.argv.front()))};
  // A directory that is reached through /proc is another one in the client's process: the client could find
  // another tool there.
  if (std::any_of(out.looked_at.begin(), out.looked_at.end(), os::leads_through_proc))
    return unknown;
  if (out.adapter == nullptr) find_by_link(out);
  // The interposer starts the client only in place of a program that may be stored by proof alone.
  if (out.adapter == nullptr && request.calling == Calling::routed)
    out.adapter = &tool::any_adapter();
  if (out.adapter == nullptr) return unknown;
  // The tool was found by the user's PATH; from here on the command has the tool's own variables.
  if (request.calling == Calling::exec) tool::exec::give_variables(out.command);
  return out;
}

namespace {

// The longest of the user's base directories that holds the command; else what the tool says, else the directory that
// holds the source and the working directory. Empty: that is too general.
std::string find_workspace(const tool::Command& command, const tool::Invocation& invocation,
                           const Settings& settings) {
  const std::string cwd(command.cwd);
  const std::string& source = invocation.identity.source;
  std::string workspace;
  for (const std::string& base : settings.base_dirs) {
    const bool holds = is_within(cwd, base) || (!source.empty() && is_within(source, base));
    if (holds && base.size() > workspace.size()) workspace = base;
  }
  if (!workspace.empty()) return workspace;
  workspace = !invocation.places.workspace.empty() ? invocation.places.workspace
              : source.empty()                     ? cwd
                               : common_ancestor(cwd, parent_path(clean_path(source)));
  if (sharing::is_too_general(workspace, command.variable("HOME").value_or(""))) workspace.clear();
  return workspace;
}

}  // namespace

action::Roots find_roots(const tool::Command& command, const tool::Invocation& invocation,
                         const Settings& settings) {
  const std::string cwd(command.cwd);
  const std::string& source = invocation.identity.source;
  using Roots = tool::Invocation::Key::Roots;
  if (invocation.key.roots == Roots::none) return {};
  if (invocation.key.roots == Roots::working_directory) return {cwd, ""};
  const std::string workspace = find_workspace(command, invocation, settings);
  action::Roots roots(cwd, workspace);
  if (!sharing::is_too_general(invocation.places.target_directory,
                               command.variable("HOME").value_or("")))
    roots.set(action::Root::target, invocation.places.target_directory);
  const std::string_view home = command.variable("HOME").value_or("");
  std::string checkout;
  if (!source.empty())
    checkout = sharing::find_checkout(parent_path(clean_path(source)), home, nullptr);
  if (checkout.empty()) checkout = sharing::find_checkout(cwd, home, nullptr);
  if (checkout != workspace && checkout != cwd) roots.set(action::Root::checkout, checkout);
  evidence::add_logical_roots(command, roots);
  if (!invocation.outputs.main.empty()) {
    roots.set(action::OutputName::output, invocation.outputs.main);
    roots.set_spelled_output(invocation.outputs.spelled_main);
    roots.set(action::OutputName::depfile, invocation.outputs.main_depfile);
    roots.set(action::Root::objects, sharing::objects_of_output(command, invocation));
  }
  return roots;
}

}  // namespace deja::pipeline
