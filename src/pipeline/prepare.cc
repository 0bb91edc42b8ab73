#include "pipeline/prepare.h"

#include "action/recipe.h"

namespace deja::pipeline {

using tool::Bypass;
using tool::BypassReason;

namespace {

// A source that the compiler quotes with its own ESC bytes, which must not be taken for colour.
bool holds_escape(const std::string& source, Engine& engine) {
  const auto content = engine.digester.digest_file(source, nullptr);
  return content && *content && ((*content)->traits & tool::kHoldsEscape) != 0;
}

}  // namespace

std::variant<Prepared, Declined> prepare(const Request& request, const Settings& settings,
                                         Engine& engine) {
  auto located = locate(request, settings);
  if (auto* why = std::get_if<Bypass>(&located)) return Declined{std::move(*why), {}};
  Prepared out;
  out.command = std::move(std::get<Located>(located).command);
  out.adapter = std::get<Located>(located).adapter;
  out.looked_at = std::move(std::get<Located>(located).looked_at);

  tool::Options options = {settings.portable, settings.base_dirs};
  auto classified = out.adapter->classify(out.command, options);
  if (const auto* first = std::get_if<tool::Invocation>(&classified);
      first != nullptr && first->colours_forced && holds_escape(first->source, engine)) {
    options.may_force_colours = false;
    classified = out.adapter->classify(out.command, options);
  }
  if (auto* why = std::get_if<Bypass>(&classified))
    return Declined{std::move(*why), out.command.tool};
  out.invocation = std::move(std::get<tool::Invocation>(classified));
  // Where the tool's name leads to the front, argv[0] would lead a tool that looks for its own
  // files there, too.
  if (request.masquerade || std::get<Located>(located).behind_front)
    out.invocation.run_argv.front() = out.command.tool;

  const auto content = engine.digester.digest_file(out.command.tool, nullptr);
  if (!content || !*content)
    return Declined{{BypassReason::internal_error, "cannot read the tool"}, out.command.tool};
  out.tool_digest = (*content)->digest;
  out.roots = find_roots(out.command, out.invocation.source, settings);
  out.probe = action::probe_key(
      {out.command, out.invocation, out.roots, out.tool_digest, request.umask, settings.salt});
  return out;
}

}  // namespace deja::pipeline
