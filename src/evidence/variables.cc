// What a run asked its environment for: variables by value, what searches along them meet, the working
// directory as PWD names it. Tested by test/e2e/terminal_test.cc and trace_builder_test.cc.
#include <algorithm>
#include <iterator>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/searches.h"
#include "evidence/trace_builder.h"
#include "tool/variables.h"

namespace deja::evidence {

using action::Claim;
using observe::Event;

void TraceBuilder::on_getenv(const Event& e) {
  if (invocation_.key.has_variables) return;
  // Variables that a parent in the tree has set for its child come from the tree itself.
  const std::string& name = e.path;
  const auto now = command_.variable(name);
  const bool unset = (e.flags & DEJA_FLAG_UNSET) != 0;
  switch (use_of(e)) {
    case tool::VariableUse::ignored:
      return note_ignored_variable(name, now);
    case tool::VariableUse::searched:
      // Also where a parent has put more in front: what is found there is observed by its path.
      if (now && !unset) {
        searched_.insert(name);
        return;
      }
      break;
    case tool::VariableUse::listed:
      if (unset ? !now : now && *now == e.text) {
        listed_.insert(name);
        return;
      }
      break;
    case tool::VariableUse::directory:
      if (note_logical_directory(e, now)) return;
      break;
    case tool::VariableUse::value:
      break;
  }
  if (!shells_.empty() && tool::shell::is_passed_on_changed(name)) return claim_value(name);
  if (unset && !now) claim(Claim::unset, name);
  if (!unset && now && *now == e.text) claim(Claim::variable, name, roots_.tag(e.text));
  // A compiler believes this variable only while it leads to the directory it is in.
  if (name == "PWD" && now && now->starts_with('/') && *now != command_.cwd)
    ways_[std::string(*now)] = true;
}

// Of a child that has not reported in yet (vfork), its parent's: they are one program until then.
std::string_view TraceBuilder::program_of(std::int32_t pid) const {
  auto program = programs_.find(pid);
  if (program == programs_.end()) {
    const auto parent = parents_.find(pid);
    if (parent != parents_.end()) program = programs_.find(parent->second);
  }
  return program == programs_.end() ? std::string_view() : std::string_view(program->second);
}

tool::VariableUse TraceBuilder::use_of(const Event& e) const {
  const auto use = adapter_.variable_use(e.path, program_of(e.pid));
  // A plugin may do more with it than search.
  const bool may_be_plugins = invocation_.policy.runs_plugins && has_opened_library_;
  const bool is_list = use == tool::VariableUse::searched || use == tool::VariableUse::listed;
  if (is_list && (unknown_programs_.contains(e.pid) || may_be_plugins))
    return tool::VariableUse::value;
  return use;
}

// False: its text counts.
bool TraceBuilder::note_logical_directory(const Event& e, std::optional<std::string_view> now) {
  const bool unset = (e.flags & DEJA_FLAG_UNSET) != 0;
  const bool is_inherited = unset ? !now : now && *now == e.text;
  if (!is_inherited) return true;  // from the tree itself
  const std::string value = logical_directory_value(command_, roots_);
  if (value.empty()) return false;
  if (run_facts_.working_directory.empty())
    run_facts_.working_directory.push_back({Claim::logical_directory, e.path, value});
  return true;
}

// The names that were looked for along a variable's directories. A search begins with the first of
// them: what was only looked at in a later one was named by its path. (Some pass over "".)
void TraceBuilder::conclude_searches() {
  for (const std::string& variable : searched_) {
    const std::string_view list = command_.variable(variable).value_or("");
    const auto first = list.find_first_not_of(':');
    const std::string begin = tidy_path(
        search_candidates(first == list.npos ? "" : list.substr(first), "", command_.cwd).front());
    const std::string cwd(command_.cwd);
    std::set<std::string, std::less<>> names;
    const auto add = [&](const std::string& path) {
      const std::string directory = tidy_path(parent_path(path));
      if (directory == begin || (first != 0 && directory == cwd)) names.emplace(base_name(path));
    };
    const auto note = [&](const auto& looked_at) {
      for (const auto& [path, unused] : looked_at) add(path);
    };
    note(absent_), note(seen_), note(executed_), note(reads_);
    note(reals_), note(links_), note(link_stats_);
    for (const auto& [asked, unused] : refused_) add(asked.first);
    for (const std::string& name : names)
      claim(Claim::search, search_subject(variable, name),
            search_value(list, name, command_.cwd, roots_));
  }
}

namespace {

bool holds_word(std::string_view list, std::string_view word) {
  for (std::size_t at = list.find(word); at != list.npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ',') && (end == list.size() || list[end] == ',')) return true;
  }
  return false;
}

// By this a program may tell more than its result of where it looks: "-Wp,-v"; to a linker, "--verb"
// (clang hands it what LIBRARY_PATH lists) or a file of more arguments. And an overlay has directories
// that the file system has not.
bool tells_where_it_looks(std::string_view argument) {
  if (holds_word(argument, "-v")) return true;
  constexpr std::string_view kParts[] = {"verb", "@", "vfsoverlay"};
  return std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view part) {
    return argument.find(part) != std::string_view::npos;
  });
}

}  // namespace

// Where the names of directories may be kept or printed, a list counts as it is.
void TraceBuilder::conclude_listed() {
  const std::uint32_t facts = run_facts_.facts | invocation_.policy.argument_facts;
  const auto& arguments = invocation_.key.arguments;
  const bool is_told =
      invocation_.outputs.are_opaque || invocation_.policy.prints_commands ||
      (facts & (tool::kHoldsTree | tool::kHoldsBytecode)) != 0 ||
      std::any_of(arguments.begin(), arguments.end(), [](const tool::KeyArgument& argument) {
        return tells_where_it_looks(argument.text);
      });
  for (const std::string& variable : listed_) {
    if (is_told) {
      claim_value(variable);
    } else {
      claim(Claim::directories, variable,
            directories_value(variable, command_.variable(variable), roots_));
    }
  }
}

void TraceBuilder::note_ignored_variable(const std::string& name,
                                         std::optional<std::string_view> value) {
  if (value && value->starts_with('/')) {
    run_facts_.quiet.push_back({std::string(*value), {Claim::variable, name, roots_.tag(*value)}});
  } else if (!value &&
             (name.find("TMP") != std::string::npos || name.find("TEMP") != std::string::npos)) {
    run_facts_.quiet.push_back({"/tmp", {Claim::unset, name, {}}});
  }
}

void TraceBuilder::on_environ(const Event& e) {
  const auto program = programs_.find(e.pid);
  const std::string name = program == programs_.end() ? "" : program->second;
  // The supervisor cannot see what is read; whether an adapter vouches for the program is as ever.
  if ((e.flags & DEJA_ENVIRON_UNSEEN) == 0)
    unknown_programs_.try_emplace(e.pid, UnknownProgram{name});
  had_foreign_ = true;
  if (UnknownProgram* const known = unknown_program(e.pid)) known->is_unknown = true;
  if (!invocation_.key.has_variables && !knows_variables(e, name)) claim_environment();
}

// Whether it is there is nothing that a result depends on, unless the user names it: where temporary
// files lie, and the working directory by the name that PWD has (RunFacts::working_directory).
bool TraceBuilder::is_of_no_account(const std::string& path) const {
  const auto is_ignored = [&](std::string_view name) {
    return adapter_.variable_use(name, {}) == tool::VariableUse::ignored;
  };
  const std::string tidy = tidy_path(path);
  const bool is_default = tidy == "/tmp" || tidy == "/var/tmp" || tidy == "/usr/tmp";
  const bool is_one =
      std::any_of(std::begin(tool::kTemporaryDirectories), std::end(tool::kTemporaryDirectories),
                  [&](const tool::VariableRow& row) {
                    const auto value = command_.variable(row.name);
                    const bool is_named = value && !value->empty() && tidy_path(*value) == tidy;
                    return is_ignored(row.name) && (is_named || is_default);
                  });
  const bool is_working_directory =
      !run_facts_.working_directory.empty() && command_.variable("PWD") == path;
  if (!is_one && !is_working_directory) return false;
  const auto& arguments = invocation_.key.arguments;
  return std::none_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
    return argument.text.find(tidy) != std::string::npos;
  });
}

}  // namespace deja::evidence
