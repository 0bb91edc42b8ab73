// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/test_command.h"

#include "tool/cc/classify.h"
#include "tool/cc/program.h"

namespace deja::tool::cc {

TestCommand::TestCommand(std::string text) : text_(std::move(text)) {
  command_.cwd = "/ws/build";
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, space);
    rest.remove_prefix(std::min(space + 1, rest.size()));
    const std::size_t equals = word.find('=');
    if (command_.argv.empty() && equals != std::string_view::npos)
      command_.environment.push_back({word.substr(0, equals), word.substr(equals + 1)});
    else
      command_.argv.push_back(word);
  }
  if (command_.argv.empty()) return;
  const std::string name(command_.argv.front());
  command_.tool = name.find('/') == std::string::npos ? "/usr/bin/" + name : name;
}

Classified classify_text(const std::string& text, const std::map<std::string, std::string>& files,
                         const Options& options) {
  const TestCommand test(text);
  const auto program = parse_program(test.command().argv.front());
  if (!program) return Bypass{BypassReason::unknown_tool, test.command().tool};
  const MachineQueries machine{
      .read_response = [&](std::string_view name) -> Result<std::optional<std::string>> {
        const auto file = files.find(std::string(name));
        if (file == files.end()) return std::optional<std::string>();
        return std::optional<std::string>(file->second);
      },
      .cpu_identity = [] { return std::optional<std::string>("test"); },
  };
  return classify_command(test.command(), *program, options, machine);
}

std::string summary(const Classified& classified) {
  if (const auto* bypass = std::get_if<Bypass>(&classified))
    return std::string("bypass ") + bypass_name(bypass->reason);
  const auto& invocation = std::get<Invocation>(classified);
  std::string text = invocation.identity.what + " " + invocation.identity.language;
  if (invocation.run.colours_forced) text += " colour";
  for (const auto& files : invocation.outputs.updated_files)
    text += " updates " + files.directory + "/*" + files.endings.front();
  if (invocation.policy.timekeeper != nullptr) text += " clock";
  if (invocation.outputs.are_opaque) text += " opaque";
  if (invocation.outputs.name_intermediates) text += " names-intermediates";
  if (invocation.run.reads_stdin) text += " stdin";
  for (const std::string& depfile : invocation.outputs.depfiles) text += " dep=" + depfile;
  for (const std::string& prefix : invocation.outputs.mapped_prefixes) text += " map=" + prefix;
  if (invocation.policy.argument_facts != 0)
    text += " facts=" + std::to_string(invocation.policy.argument_facts);
  return text;
}

Invocation invocation_of(const std::string& text, const Options& options) {
  return std::get<Invocation>(classify_text(text, {}, options));
}

std::string keys(const Invocation& invocation) {
  std::string text;
  for (const KeyArgument& argument : invocation.key.arguments) {
    if (!text.empty()) text += ' ';
    if (!argument.has_path()) {
      text += argument.text;
      continue;
    }
    text += argument.text.substr(0, argument.path_at) + "<" + std::string(argument.path()) + ">";
    if (argument.path_end != KeyArgument::kNoPath) text += argument.text.substr(argument.path_end);
  }
  return text;
}

}  // namespace deja::tool::cc
