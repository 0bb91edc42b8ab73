#include "pipeline/prepare.h"

#include "action/recipe.h"
#include "digest/hasher.h"

namespace deja::pipeline {

using tool::Bypass;
using tool::BypassReason;

namespace {

// A source that the compiler quotes with its own ESC bytes, which must not be taken for colour.
bool holds_escape(const std::string& source, Engine& engine) {
  const auto content = engine.digester.digest_file(source, nullptr);
  return content && *content && ((*content)->traits & tool::kHoldsEscape) != 0;
}

// What comes by standard input has no name to be looked at again, and could name any folder.
void add_stdin(std::string_view text, std::uint32_t facts, tool::Invocation& invocation) {
  invocation.key_arguments.push_back({"stdin:" + digest::digest_bytes(text).hex()});
  invocation.argument_facts |= facts;
  invocation.opaque_outputs = true;
}

tool::Classified classify(const Prepared& p, const Settings& settings, Engine& engine,
                          Client* client) {
  tool::Options options = {settings.portable, settings.base_dirs};
  auto classified = p.adapter->classify(p.command, options);
  const auto* first = std::get_if<tool::Invocation>(&classified);
  if (first == nullptr) return classified;
  std::string text;
  std::uint32_t facts = 0;
  const bool reads_stdin = first->reads_stdin;
  if (reads_stdin) {
    auto got = client == nullptr ? Result(std::optional<std::string>()) : client->read_stdin();
    if (!got || !*got) return Bypass{BypassReason::stdin_source, "it cannot be kept"};
    text = **std::move(got);
    facts = tool::scan_source(text);
  }
  if (first->colours_forced &&
      ((facts & tool::kHoldsEscape) != 0 || holds_escape(first->source, engine))) {
    options.may_force_colours = false;
    classified = p.adapter->classify(p.command, options);
  }
  if (auto* last = std::get_if<tool::Invocation>(&classified); last != nullptr && reads_stdin)
    add_stdin(text, facts, *last);
  return classified;
}

}  // namespace

std::variant<Prepared, Declined> prepare(const Request& request, const Settings& settings,
                                         Engine& engine, Client* client) {
  auto located = locate(request, settings);
  if (auto* why = std::get_if<Bypass>(&located)) return Declined{std::move(*why), {}};
  Prepared out;
  out.command = std::move(std::get<Located>(located).command);
  out.adapter = std::get<Located>(located).adapter;
  out.looked_at = std::move(std::get<Located>(located).looked_at);

  auto classified = classify(out, settings, engine, client);
  if (auto* why = std::get_if<Bypass>(&classified))
    return Declined{std::move(*why), out.command.tool};
  out.invocation = std::move(std::get<tool::Invocation>(classified));
  // Where the tool's name leads to the front, argv[0] would lead a tool that looks for its own
  // files there, too.
  if (request.masquerade || std::get<Located>(located).behind_front)
    out.invocation.run_argv.front() = out.command.tool;

  const auto content = engine.digester.digest_file(out.command.tool, &out.tool_file);
  if (!content || !*content)
    return Declined{{BypassReason::internal_error, "cannot read the tool"}, out.command.tool};
  out.tool_content = **content;
  out.roots = find_roots(out.command, out.invocation.source, settings);
  out.probe = action::probe_key({out.command, out.invocation, out.roots, out.tool_content.digest,
                                 request.umask, settings.salt});
  return out;
}

}  // namespace deja::pipeline
