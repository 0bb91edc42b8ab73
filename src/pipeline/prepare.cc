#include "pipeline/prepare.h"

#include "action/recipe.h"
#include "base/path.h"
#include "digest/hasher.h"
#include "evidence/interpreter.h"
#include "sharing/checkout.h"
#include "tool/exec/exec_options.h"

namespace deja::pipeline {

using tool::Bypass;
using tool::BypassReason;

namespace {

// A source that the compiler quotes with its own ESC bytes, which must not be taken for colour.
bool holds_escape(const std::string& source, Services& services) {
  const auto content = services.digester.digest_file(source, nullptr);
  return content && *content && ((*content)->traits & tool::kHoldsEscape) != 0;
}

// What comes by standard input has no name to be looked at again, and could name any directory.
void add_stdin(std::string_view text, std::uint32_t facts, tool::Invocation& invocation) {
  invocation.key_arguments.push_back({"stdin:" + digest::digest_bytes(text).hex()});
  invocation.argument_facts |= facts;
  if (!text.empty()) invocation.opaque_outputs = true;
}

// All of standard input, when the client has it. Empty: it cannot be had.
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
  const bool reads_stdin = first->reads_stdin;
  if (reads_stdin) {
    auto got = take_stdin(client);
    if (!got) return Bypass{BypassReason::stdin_source, "it cannot be kept"};
    text = *std::move(got);
    facts = tool::scan_source(text);
  }
  const bool escapes = first->colours_forced &&
                       ((facts & tool::kHoldsEscape) != 0 || holds_escape(first->source, services));
  if (escapes) {
    options.may_force_colours = false;
    classified = p.adapter->classify(p.command, options);
  }
  if (auto* last = std::get_if<tool::Invocation>(&classified); last != nullptr && reads_stdin)
    add_stdin(text, facts, *last);
  if (auto* last = std::get_if<tool::Invocation>(&classified);
      last != nullptr && !settings.build_scripts)
    last->build_script.clear();
  return classified;
}

// What the user says in the place of the tool's own digest.
std::optional<Digest> given_identity(const tool::Command& command) {
  if (command.exec_options == nullptr) return std::nullopt;
  return Digest::from_hex(command.exec_options->tool_hash);
}

// What only `deja exec` has: variables that the tool is given, things that are declared.
std::optional<Bypass> add_declared(Prepared& p, const Request& request, Services& services,
                                   Client* client) {
  const tool::exec::ExecOptions& order = *p.command.exec_options;
  std::string list;
  if (order.input_list_from_stdin) {
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
  tool::Command given = command_of(request);
  given.environment = tool::exec::given_variables(order, given.environment).all;
  p.invocation.run_environment.emplace();
  for (const auto& v : given.environment)
    p.invocation.run_environment->push_back(std::string(v.name).append("=").append(v.value));
  if (order.no_cwd_in_key) p.invocation.key_tool = p.roots.tag(p.command.tool);
  if (!order.tool_hash.empty()) {
    p.invocation.key_tool = base_name(p.command.tool);
  } else if (order.declared_only) {  // else seen when they are started
    for (const std::string& program : evidence::interpreters_of(
             p.command.tool, given.variable("PATH").value_or("/bin:/usr/bin"), given.cwd)) {
      const auto content = services.digester.digest_file(program, nullptr);
      p.looked_at.push_back(program);
      p.invocation.key_fields.push_back({"interpreter", program});
      if (content && *content)
        p.invocation.key_fields.push_back({"content", (*content)->digest.hex()});
    }
  }
  return std::nullopt;
}

// One command line with many sources in turn (configure's checks) has a manifest for each.
void add_sources(tool::Invocation& invocation, Services& services) {
  for (const std::string& source : invocation.sources) {
    const auto content = services.digester.digest_file(source, nullptr);
    invocation.key_fields.push_back(
        {"source", content && *content ? (*content)->digest.hex() : "none"});
  }
}

}  // namespace

std::variant<Prepared, Declined> prepare(const Request& request, const Settings& settings,
                                         Services& services, Client* client) {
  auto located = locate(request, settings);
  if (auto* why = std::get_if<Bypass>(&located)) return Declined{std::move(*why), {}};
  Prepared out;
  out.command = std::move(std::get<Located>(located).command);
  out.adapter = std::get<Located>(located).adapter;
  out.looked_at = std::move(std::get<Located>(located).looked_at);

  auto classified = classify(out, settings, services, client);
  if (auto* why = std::get_if<Bypass>(&classified))
    return Declined{std::move(*why), out.command.tool};
  out.invocation = std::move(std::get<tool::Invocation>(classified));
  // Where the tool's name leads to the front, argv[0] would lead a tool that looks for its own
  // files there, too.
  const std::string_view called = out.command.argv.front();
  const bool is_bare = called.find('/') == std::string_view::npos;
  if (request.calling == Calling::masquerade || std::get<Located>(located).behind_client ||
      (is_bare && out.invocation.may_run_by_path))
    out.invocation.run_argv.front() = out.command.tool;

  const auto content = services.digester.digest_file(out.command.tool, &out.tool_file);
  Digest identity;
  if (content && *content) {
    out.tool_content = **content;
    identity = out.tool_content.digest;
  }
  if (const auto given = given_identity(out.command)) {
    identity = *given;
  } else if (!content || !*content) {
    return Declined{{BypassReason::internal_error, "cannot read the tool"}, out.command.tool};
  }
  out.roots = find_roots(out.command, out.invocation, settings);
  // A name of the working directory must go on leading there, and another must not begin to.
  const std::string_view pwd = out.command.variable("PWD").value_or("");
  if (pwd.starts_with('/') && pwd != out.command.cwd) out.looked_at.emplace_back(pwd);
  if (out.command.exec_options != nullptr) {
    if (auto why = add_declared(out, request, services, client))
      return Declined{*std::move(why), out.command.tool};
  }
  const action::Action action{out.command, out.invocation, out.roots,
                              identity,    request.umask,  settings.salt};
  out.command_key = action::probe_key(action);
  add_sources(out.invocation, services);
  out.probe = out.invocation.sources.empty() ? out.command_key : action::probe_key(action);
  out.identity = identity;
  return out;
}

}  // namespace deja::pipeline
