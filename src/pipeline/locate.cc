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

// The paths that the search for the tool met, up to the one it found.
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

// What `deja exec` was told; the command is the tool's from here on. Empty: go on.
std::optional<Bypass> read_order(const Request& request, Located& out) {
  auto order = tool::exec::parse_command_line(request.argv);
  if (auto* wrong = std::get_if<std::string>(&order))
    return Bypass{BypassReason::not_run, std::move(*wrong)};
  out.adapter = &tool::exec_adapter();
  out.command.exec_options = std::make_shared<const tool::exec::ExecOptions>(
      std::get<tool::exec::ExecOptions>(std::move(order)));
  out.command.argv.assign(out.command.exec_options->argv.begin(),
                          out.command.exec_options->argv.end());
  if (out.command.exec_options->bypasses() && !out.command.exec_options->print_key)
    return Bypass{BypassReason::no_cache, ""};
  return std::nullopt;
}

// By the name that the command has, or that the configuration says it stands for.
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
    // Only the program itself: what a link on the way is called says nothing.
    if (links == 0) return;
    out.command.known_as = base_name(path);
    out.adapter = tool::find_adapter_by_link(called, out.command.known_as);
    return;
  }
}

std::vector<tool::EnvironmentVariable> counting_variables(const tool::Command& command) {
  return tool::exec::given_variables(*command.exec_options, command.environment).counting;
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
    if (auto why = read_order(request, out)) return *std::move(why);
  } else if (auto why = find_by_name(settings, out)) {
    return *std::move(why);
  }
  const std::string_view name = out.command.argv.front();
  const std::string_view path = out.command.variable("PATH").value_or("/bin:/usr/bin");
  char found[os::kPlaceMax];
  const os::CallChain chain(out.command.variable(os::kCallsVariable).value_or(""));
  os::ArgumentsHash arguments;
  for (std::size_t i = 1; i < out.command.argv.size(); ++i) arguments.add(out.command.argv[i]);
  long n = os::find_tool(name, path, request.cwd, request.front, found, sizeof(found),
                         &out.behind_client, {&chain, arguments.value()});
  // "deja exec -- deja exec -- tool": the front is a tool like any other.
  if (n < 0 && out.behind_client && request.calling == Calling::exec)
    n = os::find_tool(name, path, request.cwd, {}, found, sizeof(found));
  const Bypass unknown{BypassReason::unknown_tool, std::string(base_name(name))};
  // Without a detail: nobody knows a program of that name, so it is a mistake and no command.
  if (n < 0)
    return Bypass{BypassReason::tool_not_found, out.adapter == nullptr ? "" : std::string(name)};
  out.command.tool.assign(found, static_cast<std::size_t>(n));
  out.looked_at = candidates(name, path, request.cwd, out.command.tool);
  // There the client finds another one.
  if (std::any_of(out.looked_at.begin(), out.looked_at.end(), os::leads_through_proc))
    return unknown;
  if (out.adapter == nullptr) find_by_link(out);
  if (out.adapter == nullptr) return unknown;
  // The tool is the user's to find, and has its own variables from here on.
  if (out.command.exec_options != nullptr)
    out.command.environment = counting_variables(out.command);
  return out;
}

action::Roots find_roots(const tool::Command& command, const tool::Invocation& invocation,
                         const Settings& settings) {
  const std::string cwd(command.cwd);
  const std::string& source = invocation.source;
  if (command.exec_options != nullptr)
    return command.exec_options->no_cwd_in_key ? action::Roots(cwd, "") : action::Roots();
  std::string workspace;
  for (const std::string& base : settings.base_dirs) {
    const bool holds = is_within(cwd, base) || (!source.empty() && is_within(source, base));
    if (holds && base.size() > workspace.size()) workspace = base;
  }
  if (workspace.empty()) {
    workspace = !invocation.workspace.empty() ? invocation.workspace
                : source.empty()              ? cwd
                                 : common_ancestor(cwd, parent_path(clean_path(source)));
    if (sharing::is_too_general(workspace, command.variable("HOME").value_or("")))
      workspace.clear();
  }
  action::Roots roots(cwd, workspace);
  if (!sharing::is_too_general(invocation.target_directory, command.variable("HOME").value_or("")))
    roots.set(action::Root::target, invocation.target_directory);
  const std::string_view home = command.variable("HOME").value_or("");
  std::string checkout;
  if (!source.empty())
    checkout = sharing::find_checkout(parent_path(clean_path(source)), home, nullptr);
  if (checkout.empty()) checkout = sharing::find_checkout(cwd, home, nullptr);
  if (checkout != workspace && checkout != cwd) roots.set(action::Root::checkout, checkout);
  evidence::add_logical_roots(command, roots);
  if (!invocation.output.empty()) {
    roots.set(action::OutputName::output, invocation.output);
    roots.set_spelled_output(invocation.spelled_output);
    roots.set(action::OutputName::depfile, invocation.depfile_output);
    roots.set(action::Root::objects, sharing::objects_of_output(command, invocation));
  }
  return roots;
}

}  // namespace deja::pipeline
