// SPDX-License-Identifier: Apache-2.0
// Command lines: lines of the input are NAME=value variables, then the arguments; "@x" reads what
// comes after an empty line.
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "tool/cc/classify.h"
#include "tool/cc/program.h"

namespace {

using deja::tool::Bypass;
using deja::tool::Command;
using deja::tool::Invocation;
using deja::tool::KeyArgument;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void check_invocation(const Invocation& invocation, const Command& command) {
  CHECK(invocation.run.argv.size() >= command.argv.size());
  CHECK(invocation.run.argv.front() == command.argv.front());
  // What the user gave comes last and as it was.
  for (std::size_t i = 1; i < command.argv.size(); ++i)
    CHECK(invocation.run.argv[invocation.run.argv.size() - i] ==
          command.argv[command.argv.size() - i]);
  for (const KeyArgument& argument : invocation.key.arguments) {
    if (!argument.has_path()) continue;
    CHECK(argument.path_at <= argument.text.size());
    CHECK(argument.path_end == KeyArgument::kNoPath ||
          (argument.path_at <= argument.path_end && argument.path_end <= argument.text.size()));
    CHECK(argument.path().size() <= argument.text.size());
  }
  CHECK(!invocation.identity.what.empty());
  CHECK(invocation.identity.source.empty() || invocation.identity.source.starts_with('/'));
  CHECK(invocation.key.sources.empty() ||
        !invocation.identity.source.empty());  // only a question has none
  CHECK(invocation.identity.what != "-" || invocation.run.reads_stdin);
  for (const std::string& path : invocation.outputs.depfiles) CHECK(path.starts_with('/'));
  for (const std::string& path : invocation.outputs.mapped_prefixes) CHECK(path.starts_with('/'));
  CHECK(!invocation.run.colours_on_terminal || invocation.run.colours_forced);
}

// Two command lines are told apart by the key unless they are the same: here, the text of the key's
// arguments is the expanded command line and nothing else.
void check_key(const Invocation& invocation, const std::vector<std::string>& expanded) {
  CHECK(invocation.key.arguments.size() >= expanded.size());
  for (std::size_t i = 0; i < expanded.size(); ++i)
    CHECK(invocation.key.arguments[i].text == expanded[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t split = std::min(text.find("\n\n"), text.size());
  const std::string response(text.substr(std::min(split + 2, text.size())));
  Command command;
  command.cwd = "/ws/build";
  for (const std::string_view line : lines_of(text.substr(0, split))) {
    const std::size_t equals = line.find('=');
    if (command.argv.empty() && equals != std::string_view::npos)
      command.environment.push_back({line.substr(0, equals), line.substr(equals + 1)});
    else
      command.argv.push_back(line);
  }
  if (command.argv.empty()) return 0;
  command.tool = std::string(command.argv.front());
  const deja::tool::cc::MachineQueries machine{
      .read_response = [&](std::string_view name) -> deja::Result<std::optional<std::string>> {
        return name == "x" ? std::optional<std::string>(response) : std::nullopt;
      },
      .cpu_identity = [] { return std::optional<std::string>("cpu"); },
  };
  const auto program = deja::tool::cc::parse_program(command.tool)
                           .value_or(deja::tool::cc::Program{deja::tool::cc::kEither, false});
  const deja::tool::Options options{.portable = size % 2 == 0, .portable_roots = {"/ws"}};
  const auto classified = deja::tool::cc::classify_command(command, program, options, machine);
  if (const auto* invocation = std::get_if<Invocation>(&classified)) {
    check_invocation(*invocation, command);
    const std::vector<std::string_view> arguments(command.argv.begin() + 1, command.argv.end());
    check_key(*invocation, std::get<std::vector<std::string>>(
                               deja::tool::cc::expand_arguments(arguments, machine.read_response)));
  } else {
    CHECK(deja::tool::bypass_name(std::get<Bypass>(classified).reason) != nullptr);
  }
  return 0;
}
