// SPDX-License-Identifier: Apache-2.0
// What a run asked its environment for: variables by value, what searches along them meet, the
// working directory as PWD names it. Tested by trace_builder_test.cc, conclude_test.cc and
// test/e2e/terminal_test.cc.
#include <algorithm>
#include <iterator>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/collect.h"
#include "evidence/rules.h"
#include "evidence/searches.h"
#include "tool/variables.h"

namespace deja::evidence {

using action::Claim;
using tool::VariableUse;

namespace {

VariableUse use_of(const Collecting& c) {
  const auto use = c.run.adapter.variable_use(c.e.path, c.facts.processes.program_of(c.e.pid));
  // A plugin may do more with it than search.
  const bool may_be_plugins = c.run.invocation.policy.runs_plugins && c.facts.has_opened_library;
  const bool is_list = use == VariableUse::searched || use == VariableUse::listed;
  return is_list && (c.unknown() != nullptr || may_be_plugins) ? VariableUse::value : use;
}

// As the request has it. A variable that a parent in the run set for its child comes from the run.
bool is_inherited(const Collecting& c, std::optional<std::string_view> now) {
  return c.has(DEJA_FLAG_UNSET) ? !now : now && *now == c.e.text;
}

// False: its text counts.
bool note_logical_directory(const Collecting& c, std::optional<std::string_view> now) {
  if (!is_inherited(c, now)) return true;
  const std::string value = logical_directory_value(c.run.command, c.run.roots);
  if (value.empty()) return false;
  auto& claims = c.facts.variables.working_directory;
  if (claims.empty()) claims.push_back({Claim::logical_directory, c.e.path, value});
  return true;
}

void note_ignored(const Collecting& c, std::optional<std::string_view> value) {
  const std::string& name = c.e.path;
  auto& ignored = c.facts.variables.ignored;
  if (value && !value->empty()) {
    // A search for a relative name would find it everywhere.
    const std::string text = value->starts_with('/') ? std::string(*value) : "";
    ignored.push_back({text, {Claim::variable, name, c.run.roots.tag(*value)}});
  } else if (!value &&
             (name.find("TMP") != std::string::npos || name.find("TEMP") != std::string::npos)) {
    ignored.push_back({"/tmp", {Claim::unset, name, {}}});
  }
}

}  // namespace

void on_getenv(const Collecting& c) {
  if (c.run.invocation.key.has_variables) return;
  const std::string& name = c.e.path;
  const auto now = c.run.command.variable(name);
  VariableFacts& variables = c.facts.variables;
  switch (use_of(c)) {
    case VariableUse::ignored:
      return note_ignored(c, now);
    case VariableUse::searched:
      // Also where a parent has put more in front: what is found there is observed by its path.
      if (now && !c.has(DEJA_FLAG_UNSET)) {
        variables.searched.insert(name);
        return;
      }
      break;
    case VariableUse::listed:
      if (is_inherited(c, now)) {
        variables.listed.insert(name);
        return;
      }
      break;
    case VariableUse::directory:
      if (note_logical_directory(c, now)) return;
      break;
    case VariableUse::value:
      break;
  }
  const bool may_be_changed =
      !c.facts.processes.shells().empty() && tool::shell::is_passed_on_changed(name);
  if (may_be_changed || is_inherited(c, now)) variables.by_value.insert(name);
  // A compiler uses this variable only while it leads to the directory that the compiler is in.
  if (!may_be_changed && name == "PWD" && now && now->starts_with('/') && *now != c.run.command.cwd)
    c.facts.by_path[std::string(*now)].is_named_by_pwd = true;
}

void on_environ(const Collecting& c) {
  const bool takes_all = c.facts.processes.takes_environment(c.e);
  if (takes_all && !c.run.invocation.key.has_variables) c.facts.variables.all = true;
}

void conclude_environment(Conclusion& c) {
  // The loader's own search, of every program. What it looks for is observed.
  c.claim(Claim::directories, "LD_LIBRARY_PATH",
          directories_value("LD_LIBRARY_PATH", c.variable("LD_LIBRARY_PATH"), c.run.roots));
  if (c.facts.variables.all) c.claim_environment();
  for (const std::string& name : c.facts.variables.by_value) c.claim_value(name);
}

// The names that were looked for along a variable's directories. A search begins with the first of
// them: what was only looked at in a later one was named by its path. (Some programs skip "".)
void claim_searches(Conclusion& c, const std::string& variable) {
  const std::string cwd(c.run.command.cwd);
  const std::string_view list = c.variable(variable).value_or("");
  const auto first = list.find_first_not_of(':');
  const std::string begin =
      tidy_path(search_candidates(first == list.npos ? "" : list.substr(first), "", cwd).front());
  std::set<std::string, std::less<>> names;
  for (const auto& [path, facts] : c.facts.by_path) {
    if (!facts.was_looked_for()) continue;
    const std::string directory = tidy_path(parent_path(path));
    if (directory == begin || (first != 0 && directory == cwd)) names.emplace(base_name(path));
  }
  for (const std::string& name : names)
    c.claim(Claim::search, search_subject(variable, name),
            search_value(list, name, cwd, c.run.roots));
}

void conclude_searches(Conclusion& c) {
  for (const std::string& variable : c.facts.variables.searched) claim_searches(c, variable);
}

namespace {

bool holds_word(std::string_view list, std::string_view word) {
  for (std::size_t at = list.find(word); at != list.npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ',') && (end == list.size() || list[end] == ',')) return true;
  }
  return false;
}

// With such an argument a program may print where it searches: "-Wp,-v"; of a linker "--verb" (clang passes
// on to it what LIBRARY_PATH lists) and a file of more arguments. And an overlay has directories that the
// file system does not have.
bool may_print_directories(std::string_view argument) {
  if (holds_word(argument, "-v")) return true;
  constexpr std::string_view kParts[] = {"verb", "@", "vfsoverlay"};
  return std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view part) {
    return argument.find(part) != std::string_view::npos;
  });
}

}  // namespace

// Where an output may hold or the tool may print the names of the directories, the list counts as
// it is.
void conclude_listed_variables(Conclusion& c) {
  const tool::Invocation& invocation = c.invocation();
  const std::uint32_t facts = c.out.facts | invocation.policy.argument_facts;
  const auto& arguments = invocation.key.arguments;
  const bool may_be_written =
      invocation.outputs.are_opaque || invocation.policy.prints_commands ||
      (facts & (tool::kHoldsTree | tool::kHoldsBytecode)) != 0 ||
      std::any_of(arguments.begin(), arguments.end(), [](const tool::KeyArgument& argument) {
        return may_print_directories(argument.text);
      });
  for (const std::string& name : c.facts.variables.listed) {
    if (may_be_written) {
      c.claim_value(name);
    } else {
      c.claim(Claim::directories, name, directories_value(name, c.variable(name), c.run.roots));
    }
  }
}

// No result depends on whether these are there, unless the user names them: the directory for
// temporary files, and the working directory by the name that PWD has
// (RunFacts::working_directory).
bool is_of_no_account(const Conclusion& c, const std::string& path) {
  const auto is_ignored = [&](std::string_view name) {
    return c.run.adapter.variable_use(name, {}) == VariableUse::ignored;
  };
  const std::string tidy = tidy_path(path);
  const bool is_default = tidy == "/tmp" || tidy == "/var/tmp" || tidy == "/usr/tmp";
  const bool is_for_temporaries =
      std::any_of(std::begin(tool::kTemporaryDirectories), std::end(tool::kTemporaryDirectories),
                  [&](const tool::VariableRow& row) {
                    const auto value = c.variable(row.name);
                    const bool is_value = value && !value->empty() && tidy_path(*value) == tidy;
                    return is_ignored(row.name) && (is_value || is_default);
                  });
  const bool is_working_directory = !c.out.working_directory.empty() && c.variable("PWD") == path;
  if (!is_for_temporaries && !is_working_directory) return false;
  const auto& arguments = c.invocation().key.arguments;
  return std::none_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
    return argument.text.find(tidy) != std::string::npos;
  });
}

}  // namespace deja::evidence
