// What counts of the environment of a shell. Tested by trace_builder_test.cc and test/diff/script_test.cc.
#include <algorithm>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/trace_builder.h"
#include "os/file.h"
#include "tool/programs.h"

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

}  // namespace

void TraceBuilder::claim_environment() {
  claim(Claim::environment, {}, std::string(environment_digest(command_, roots_).view()));
}

// As the request has it, whatever a program has made of it.
void TraceBuilder::claim_value(const std::string& variable) {
  const auto now = command_.variable(variable);
  if (now) {
    claim(Claim::variable, variable, roots_.tag(*now));
  } else {
    claim(Claim::unset, variable);
  }
}

// Will it be known which of its variables a program reads?
bool TraceBuilder::knows_variables(const observe::Event& e, std::string_view program) {
  UnknownProgram* const known = unknown_program(e.pid);
  if (known == nullptr || (e.flags & DEJA_ENVIRON_SUPERVISED) != 0) return false;
  if (tool::has_fact(program, tool::ProgramFact::reads_single_variables)) {
    one_by_one_.insert(executables_[e.pid]);
    return true;
  }
  if (tool::has_fact(program, tool::ProgramFact::passes_environment_on)) {
    known->shows_all = true;
    return true;
  }
  const auto kind = shell::kind_of(program);
  if (!kind || e.text.empty()) return false;
  known->shell = shells_.size();
  shells_.push_back({*kind, e.text, {}});
  return true;
}

// Whatever a shell opens may be a text that it runs. (Of a child that has not reported in, its parent.)
void TraceBuilder::note_text(const observe::Event& e) {
  const UnknownProgram* program = unknown_program(e.pid);
  if (const auto parent = parents_.find(e.pid); program == nullptr && parent != parents_.end())
    program = unknown_program(parent->second);
  if (program != nullptr && program->shell != kNoShell)
    shells_[program->shell].texts.insert(e.path);
}

// None: some text cannot be read any more.
std::optional<std::string> TraceBuilder::read_texts(const Shell& shell, const shell::Call& call) {
  std::string out(call.command);
  bool has_script = call.script.empty();
  for (const std::string& path : shell.texts) {
    const auto read = reads_.find(path);
    if (read == reads_.end() || is_own(path)) return std::nullopt;
    if (read->second.identity.size > shell::kTextMax) return std::nullopt;
    const auto text = os::read_file(path, shell::kTextMax);
    const auto now = os::stat_file(path);
    if (!text || !now || !*now || !(**now == read->second.identity)) return std::nullopt;
    out.append("\n").append(*text);
    has_script = has_script || base_name(path) == base_name(call.script);
  }
  if (!has_script) return std::nullopt;
  return out;
}

void TraceBuilder::conclude_shell(const Shell& shell) {
  const auto arguments = split_arguments(shell.arguments);
  const auto call = shell::read_call(arguments, shell.kind);
  auto text = call ? read_texts(shell, *call) : std::nullopt;
  if (!text) return claim_environment();
  for (const std::string_view name : shell::kRunVariables)
    text->append("\n").append(command_.variable(name).value_or(""));
  shell::Reading reading = shell::read_code(*text, shell.kind);
  for (const std::string_view name : shell::own_variables(shell.kind, !call->command.empty()))
    reading.names.emplace(name);
  bool takes_all = reading.takes_all;
  if (reading.runs_values) {
    const auto may_be_command = [](std::string_view value) { return shell::may_be_command(value); };
    takes_all |= std::any_of(call->arguments.begin(), call->arguments.end(), may_be_command);
    for (const std::string& name : reading.names)
      takes_all |= may_be_command(command_.variable(name).value_or(""));
  }
  if (takes_all) return claim_environment();
  // What it leads to counts below; a shell believes no other text.
  reading.names.erase("PWD");
  const std::string place = logical_directory_value(command_, roots_);
  if (place.empty()) reading.names.insert("PWD");
  if (!place.empty()) claim(Claim::logical_directory, "PWD", place);
  for (const std::string& name : reading.names) claim_value(name);
  const std::string functions(shell::kFunctions);
  claim(Claim::variables_like, functions,
        std::string(variables_like_digest(command_, functions, roots_).view()));
}

void TraceBuilder::conclude_shells() {
  for (const Shell& shell : shells_) {
    if (run_facts_.problem.empty()) conclude_shell(shell);
  }
}

void TraceBuilder::conclude_shows() {
  if (std::any_of(unknown_programs_.begin(), unknown_programs_.end(),
                  [](const auto& known) { return known.second.shows_all; }))
    claim_environment();
}

}  // namespace deja::evidence
