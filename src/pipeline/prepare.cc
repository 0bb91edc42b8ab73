// SPDX-License-Identifier: Apache-2.0
// A command line may be classified up to three times, because what the adapter is told (roots to map, whether
// colours may be forced) follows from what it said the first time.
//
// Tested by request_path_test.cc, request_path_exec_test.cc, test/e2e and test/diff.
#include "pipeline/prepare.h"

#include "action/recipe.h"
#include "base/path.h"
#include "digest/hasher.h"
#include "evidence/interpreter.h"
#include "os/file.h"
#include "sharing/checkout.h"

namespace deja::pipeline {

using tool::Bypass;
using tool::BypassReason;

namespace {

// Does the source hold ESC bytes? A message that quotes them must not be taken for a coloured one.
bool holds_escape(const std::string& source, Services& services) {
  const auto content = services.digester.digest_file(source, nullptr);
  return content && *content && ((*content)->traits & tool::kHoldsEscape) != 0;
}

// Standard input has no path that could be checked again, so its text is in the key. It could name any
// directory, so the result is bound to all roots.
void add_stdin(std::string_view text, std::uint32_t facts, tool::Invocation& invocation) {
  invocation.key.arguments.push_back({"stdin:" + digest::digest_bytes(text).hex()});
  invocation.policy.argument_facts |= facts;
  if (!text.empty()) invocation.outputs.are_opaque = true;
}

// All of standard input. Empty: the client cannot keep it.
std::optional<std::string> take_stdin(Client* client) {
  auto got = client == nullptr ? Result(std::optional<std::string>()) : client->read_stdin();
  return got ? *std::move(got) : std::nullopt;
}

tool::Classified classify(Prepared& p, const Settings& settings, Services& services,
                          Client* client) {
  tool::Options options = {settings.portable, {}};
  auto classified = p.adapter->classify(p.command, options);
  if (const auto* plain = std::get_if<tool::Invocation>(&classified);
      plain != nullptr && settings.portable) {
    sharing::PortableRoots portable =
        sharing::portable_roots(p.command, *plain, settings.base_dirs);
    options.portable_roots = std::move(portable.roots);
    options.portable_aliases = std::move(portable.aliases);
    p.looked_at.insert(p.looked_at.end(), portable.looked_at.begin(), portable.looked_at.end());
    classified = p.adapter->classify(p.command, options);
  }
  const auto* first = std::get_if<tool::Invocation>(&classified);
  if (first == nullptr) return classified;
  std::string text;
  std::uint32_t facts = 0;
  const bool reads_stdin = first->run.reads_stdin;
  if (reads_stdin) {
    auto got = take_stdin(client);
    if (!got) return Bypass{BypassReason::stdin_source, "it cannot be kept"};
    text = *std::move(got);
    facts = tool::scan_source(text);
  }
  const bool escapes =
      first->run.colours_forced &&
      ((facts & tool::kHoldsEscape) != 0 || holds_escape(first->identity.source, services));
  if (escapes) {
    options.may_force_colours = false;
    classified = p.adapter->classify(p.command, options);
  }
  if (auto* last = std::get_if<tool::Invocation>(&classified); last != nullptr && reads_stdin)
    add_stdin(text, facts, *last);
  if (auto* last = std::get_if<tool::Invocation>(&classified);
      last != nullptr && !settings.build_scripts)
    last->places.build_script.clear();
  return classified;
}

// The programs that run the tool, if it is a script. An observed run shows them when they start.
void add_interpreters(Prepared& p, Services& services) {
  tool::Command given = p.command;
  given.environment = p.command.given.value_or(p.command.environment);
  const std::string_view path = given.variable("PATH").value_or("/bin:/usr/bin");
  for (const std::string& program : evidence::interpreters_of(p.command.tool, path, given.cwd)) {
    const auto content = services.digester.digest_file(program, nullptr);
    p.looked_at.push_back(program);
    p.invocation.key.fields.push_back({"interpreter", program});
    if (content && *content)
      p.invocation.key.fields.push_back({"content", (*content)->digest.hex()});
  }
}

// Looks at what the user declares. What the tool is called in the key follows from the roots.
std::optional<Bypass> add_declared(Prepared& p, Services& services, Client* client) {
  std::string list;
  if (p.invocation.declared.lists_inputs_on_stdin) {
    auto got = take_stdin(client);
    if (!got) return Bypass{BypassReason::stdin_source, "it cannot be kept"};
    list = *std::move(got);
  }
  auto declared =
      evidence::look_at_declared(p.invocation, p.command, p.roots, list, services.digester);
  if (auto* wrong = std::get_if<std::string>(&declared))
    return Bypass{BypassReason::not_run, std::move(*wrong)};
  p.declared = std::get<evidence::Declared>(std::move(declared));
  p.looked_at.insert(p.looked_at.end(), p.declared.lists.begin(), p.declared.lists.end());
  if (p.invocation.key.tags_tool) p.invocation.key.tool = p.roots.tag(p.command.tool);
  if (p.invocation.key.names_interpreters) add_interpreters(p, services);
  return std::nullopt;
}

// One command line with many sources in turn (configure's checks) has a manifest for each.
void add_sources(tool::Invocation& invocation, Services& services) {
  for (const std::string& source : invocation.key.sources) {
    const auto content = services.digester.digest_file(source, nullptr);
    invocation.key.fields.push_back(
        {"source", content && *content ? (*content)->digest.hex() : "none"});
  }
}

// Where the tool's name leads to `deja`, a tool that looks for its own files by argv[0] would look there.
bool must_run_by_path(const Request& request, bool behind_client, const Prepared& p) {
  const bool is_bare = p.command.argv.front().find('/') == std::string_view::npos;
  return request.calling == Calling::masquerade || behind_client ||
         (is_bare && p.invocation.run.may_run_by_path);
}

// A script sees the path by which it was started ($0), and any program its argv[0].
void add_spelling(const Request& request, tool::Invocation& invocation) {
  for (const std::string_view name : {request.program, request.argv.front()}) {
    tool::KeyArgument argument{std::string(name)};
    if (name.starts_with('/')) argument.path_at = 0;
    invocation.key.arguments.push_back(std::move(argument));
  }
}

// Digests the tool's file. False: it cannot be read, and nothing stands for it.
bool identify(Prepared& p, Services& services) {
  const auto content = services.digester.digest_file(p.command.tool, &p.tool_file);
  const bool is_read = content && *content;
  if (is_read) p.tool_content = **content;
  p.identity = p.invocation.key.tool_digest.value_or(p.tool_content.digest);
  return is_read || p.invocation.key.tool_digest.has_value();
}

// /proc/self is another directory for the engine.
std::string seen_by_client(std::string_view cwd, std::string_view path) {
  for (const std::string_view own : {"/proc/self/cwd", "/proc/thread-self/cwd"})
    if (is_within(path, own)) return std::string(cwd).append(path.substr(own.size()));
  return join_path(cwd, path);
}

// Where temporary files lie does not count (tool/variables.h), but that they can be made there does: clang
// fails without its directory, and gcc takes another one.
void note_temporary_directories(Prepared& out) {
  for (const char* name : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
    const std::string_view value = out.command.variable(name).value_or("");
    if (value.empty()) continue;
    const std::string path = seen_by_client(out.command.cwd, value);
    const auto stat = os::stat_file(path);
    const auto may_write = os::is_writable(path);
    const bool is_usable = stat && *stat && (*stat)->is_directory() && may_write && *may_write;
    if (!is_usable) out.invocation.key.fields.push_back({"no temporary directory", name});
    out.looked_at.push_back(path);
  }
}

}  // namespace

std::variant<Prepared, Declined> prepare(const Request& request, const Settings& settings,
                                         Services& services, Client* client) {
  auto located = locate(request, settings);
  if (auto* why = std::get_if<Bypass>(&located)) return Declined{std::move(*why), {}, nullptr};
  Located& located_tool = std::get<Located>(located);
  Prepared out;
  out.command = std::move(located_tool.command);
  out.adapter = located_tool.adapter;
  out.looked_at = std::move(located_tool.looked_at);

  const auto declined = [&out](Bypass why) {
    return Declined{std::move(why), out.command.tool, out.adapter};
  };
  if (auto why = rule_against(settings.rules, out.command)) return declined(*std::move(why));
  auto classified = classify(out, settings, services, client);
  if (auto* why = std::get_if<Bypass>(&classified)) return declined(std::move(*why));
  out.invocation = std::move(std::get<tool::Invocation>(classified));
  // With `tools.mygen = "any"` the user has said that the program may be stored.
  if (request.calling == Calling::routed && out.invocation.policy.is_unknown) {
    out.invocation.policy.is_routed = true;
    add_spelling(request, out.invocation);
  }
  if (auto why = rule_against(settings.rules, out.invocation)) return declined(*std::move(why));
  if (must_run_by_path(request, located_tool.behind_client, out))
    out.invocation.run.argv.front() = out.command.tool;
  if (!identify(out, services))
    return declined({BypassReason::internal_error, "cannot read the tool"});
  out.roots = find_roots(out.command, out.invocation, settings);
  // PWD may name the working directory by another path, and whether it does may change.
  const std::string_view pwd = out.command.variable("PWD").value_or("");
  if (pwd.starts_with('/') && pwd != out.command.cwd) out.looked_at.emplace_back(pwd);
  note_temporary_directories(out);
  if (out.invocation.policy.is_generic) {
    if (auto why = add_declared(out, services, client)) return declined(*std::move(why));
  }
  const action::Action action{out.command,  out.invocation, out.roots,
                              out.identity, request.umask,  settings.salt};
  out.command_key = action::probe_key(action);
  add_sources(out.invocation, services);
  out.probe = out.invocation.key.sources.empty() ? out.command_key : action::probe_key(action);
  return out;
}

}  // namespace deja::pipeline
