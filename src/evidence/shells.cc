// SPDX-License-Identifier: Apache-2.0
// What counts of the environment of a shell: the variables that its texts may read, where all of
// its texts are known; else the whole environment. Tested by test/diff/script_test.cc.
#include <algorithm>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/rules.h"
#include "os/file.h"

namespace deja::evidence {

namespace shell = tool::shell;
using action::Claim;

namespace {

std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    out.push_back(text.substr(0, text.find('\0')));
    text.remove_prefix(std::min(out.back().size() + 1, text.size()));
  }
  return out;
}

// All that the shell runs. None: some text cannot be read any more.
std::optional<std::string> read_texts(const Conclusion& c, const Shell& shell,
                                      const shell::Call& call) {
  std::string out(call.command);
  bool has_script = call.script.empty();
  for (const std::string& path : shell.texts) {
    const PathFacts* const row = c.find(path);
    if (row == nullptr || !row->read || row->is_own()) return std::nullopt;
    if (row->read->identity.size > shell::kTextMax) return std::nullopt;
    const auto text = os::read_file(path, shell::kTextMax);
    const auto now = os::stat_file(path);
    if (!text || !now || !*now || !(**now == row->read->identity)) return std::nullopt;
    out.append("\n").append(*text);
    has_script = has_script || base_name(path) == base_name(call.script);
  }
  if (!has_script) return std::nullopt;
  return out;
}

// The variables that the shell may read. None: it may read any.
std::optional<shell::Names> variables_of(const Conclusion& c, const Shell& shell) {
  const auto arguments = split_arguments(shell.arguments);
  const auto call = shell::read_call(arguments, shell.kind);
  auto text = call ? read_texts(c, shell, *call) : std::nullopt;
  if (!text) return std::nullopt;
  for (const std::string_view name : shell::kRunVariables)
    text->append("\n").append(c.variable(name).value_or(""));
  shell::Reading reading = shell::read_code(*text, shell.kind);
  for (const std::string_view name : shell::own_variables(shell.kind, !call->command.empty()))
    reading.names.emplace(name);
  bool takes_all = reading.takes_all;
  if (reading.runs_values) {
    const auto may_be_command = [](std::string_view value) { return shell::may_be_command(value); };
    takes_all |= std::any_of(call->arguments.begin(), call->arguments.end(), may_be_command);
    for (const std::string& name : reading.names)
      takes_all |= may_be_command(c.variable(name).value_or(""));
  }
  if (takes_all) return std::nullopt;
  return std::move(reading.names);
}

void conclude_shell(Conclusion& c, const Shell& shell) {
  auto names = variables_of(c, shell);
  if (!names) return c.claim_environment();
  // Where PWD leads to counts below; a shell uses no other text of it.
  names->erase("PWD");
  const std::string place = logical_directory_value(c.run.command, c.run.roots);
  if (place.empty()) names->insert("PWD");
  if (!place.empty()) c.claim(Claim::logical_directory, "PWD", place);
  for (const std::string& name : *names) {
    // As it is, not as a path below a root: a script can compute from its text ("${#PATH}").
    if (const auto now = c.variable(name))
      c.claim(Claim::variable, name, std::string(*now));
    else
      c.claim(Claim::unset, name);
  }
  // A shell finds programs by PATH without asking for the variable as others do.
  if (!c.facts.variables.searched.contains("PATH")) claim_searches(c, "PATH");
  const std::string functions(shell::kFunctions);
  c.claim(Claim::variables_like, functions,
          std::string(variables_like_digest(c.run.command, functions, c.run.roots).view()));
}

}  // namespace

void conclude_shells(Conclusion& c) {
  for (const Shell& shell : c.facts.processes.shells()) conclude_shell(c, shell);
  if (c.facts.processes.shows_environment()) c.claim_environment();
}

}  // namespace deja::evidence
