// Programs that no adapter vouches for, and interpreters that one vouches for once their script is
// known. Tested by trace_builder_test.cc.
#include <algorithm>

#include "base/path.h"
#include "evidence/trace_builder.h"
#include "formats/file_pieces.h"
#include "os/file.h"
#include "tool/make_variables.h"
#include "tool/program_name.h"
#include "tool/programs.h"

namespace deja::evidence {

using tool::TrustedScript;

namespace {

std::string_view extension(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : name.substr(dot + 1);
}

// "js" is also spelled "mjs" and "cjs".
bool is_of_kind(std::string_view path, std::string_view script) {
  const auto kind = [](std::string_view name) {
    const std::string_view ending = extension(name);
    return ending.ends_with("js") ? std::string_view("js") : ending;
  };
  return kind(path) == kind(script);
}

Result<bool> names_start(const std::string& path) {
  const os::Fd fd = TRY(os::open_read(path));
  bool found = false;
  TRY(formats::for_each_piece(fd, tool::kTimeOfStart.size(), [&](std::string_view piece) {
    found = piece.find(tool::kTimeOfStart) != std::string_view::npos;
    return !found;
  }));
  return found;
}

}  // namespace

TraceBuilder::UnknownProgram* TraceBuilder::unknown_program(std::int32_t pid) {
  const auto it = unknown_programs_.find(pid);
  return it == unknown_programs_.end() ? nullptr : &it->second;
}

bool TraceBuilder::is_timekeeper(std::int32_t pid) const {
  const tool::Timekeeper* const keeper = invocation_.policy.timekeeper;
  const auto program = programs_.find(pid);
  if (keeper == nullptr || program == programs_.end()) return false;
  if (keeper->program != "sh") return tool::is_called(program->second, keeper->program);
  return tool::is_shell(program->second) &&
         !tool::has_fact(program->second, tool::ProgramFact::has_applets);
}

// Could a run have told the time, judged by the text of a file?
Result<bool> TraceBuilder::may_tell_time(const std::string& path) const {
  const os::Fd fd = TRY(os::open_read(path));
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size == 0) return false;
  return invocation_.policy.timekeeper->may_tell(TRY(formats::whole_content(fd, identity.size)));
}

// It has asked for the time; has somebody asked it?
void TraceBuilder::conclude_time() {
  std::vector<std::string> paths;
  for (const Input& input : run_facts_.inputs) paths.push_back(input.path);
  for (const Output& output : run_facts_.outputs)
    if (output.identity.is_regular()) paths.push_back(output.path);
  for (const std::string& path : paths) {
    const auto may_tell = may_tell_time(path);
    if (!may_tell) return fail("gone after the run: " + path);
    if (*may_tell) return fail("reads the clock, and may tell it: " + path);
  }
  for (const tool::KeyArgument& argument : invocation_.key.arguments)
    if (invocation_.policy.timekeeper->may_tell(argument.text)) return fail("reads the clock");
}

// It opens a file for reading: is it the script that an adapter knows?
void TraceBuilder::know_script(UnknownProgram& program, const observe::Event& e) {
  const std::string& path = e.path;
  for (const TrustedScript& row : adapter_.trusted_script(invocation_)) {
    if (row.asks == TrustedScript::Asks::told_by_this_run &&
        tool::is_interpreter(program.name, row.program))
      return take_orders(program, row, e);
  }
  if (program.trusted_script != nullptr || program.ran_others || tool::is_part_of_interpreter(path))
    return;
  for (const TrustedScript& row : adapter_.trusted_script(invocation_)) {
    if (!tool::is_interpreter(program.name, row.program)) continue;
    const bool is_early = row.asks == TrustedScript::Asks::before_its_script;
    if (!path.ends_with(row.script)) {
      // A script that ran before has asked, and may have left word.
      program.ran_others |= is_early && is_of_kind(path, row.script);
      continue;
    }
    if (is_early && program.may_ask_on) return fail(program.asked);
    if (is_early && !program.asked.empty())
      reticent_.push_back(path.substr(0, path.size() - row.script.size()));
    program.trusted_script = &row;
    program.ran_others = false;
    program.asked.clear();
    return;
  }
}

// What it does stands in a file that this run has written, and nowhere else. Were the file's time ahead
// of the clock, the program would say by how much.
void TraceBuilder::take_orders(UnknownProgram& program, const TrustedScript& row,
                               const observe::Event& e) {
  constexpr std::int64_t kTickNs = 10'000'000;  // of the clock that stamps files
  const Touched* const script = touched(e.path);
  const bool is_told = script != nullptr && script->written && script->is_temporary &&
                       e.path.ends_with(row.script) && !tool::has_eval_in_make_flags(command_) &&
                       e.has_identity && e.identity.mtime_ns <= e.when_ns + kTickNs;
  if (!is_told || program.ran_others ||
      (program.trusted_script != nullptr && program.script != e.path)) {
    if (program.trusted_script != nullptr)
      fail("is told what to do by more than this run: " + e.path);
    program.ran_others = true;
    return;
  }
  program.trusted_script = &row;
  program.script = e.path;
  program.asked.clear();
  own_scripts_.push_back(e.path);
}

// make looks for files from which it could make its makefile, all of that name and something more;
// nobody else has a name like that.
bool TraceBuilder::lists_around_its_script(const observe::Event& e) {
  const UnknownProgram* const program = unknown_program(e.pid);
  return program != nullptr && !program->script.empty() &&
         tidy_path(parent_path(program->script)) == tidy_path(e.path);
}

// It asks what cannot be asked again.
void TraceBuilder::ask(UnknownProgram& program, const std::string& problem, unsigned flags) {
  if (program.trusted_script != nullptr) {
    if (program.trusted_script->asks == TrustedScript::Asks::before_its_script) fail(problem);
    return;
  }
  const auto rows = adapter_.trusted_script(invocation_);
  if (program.ran_others || std::none_of(rows.begin(), rows.end(), [&](const TrustedScript& row) {
        return tool::is_interpreter(program.name, row.program);
      }))
    return fail(problem);
  program.asked = problem;
  program.may_ask_on |= (flags & DEJA_FLAG_ONLY_ONCE) != 0;
}

// Another program starts in its process, or the run has ended.
void TraceBuilder::leave(std::int32_t pid) {
  const auto it = unknown_programs_.find(pid);
  if (it == unknown_programs_.end()) return;
  if (!it->second.asked.empty()) fail(it->second.asked);
  unknown_programs_.erase(it);
}

void TraceBuilder::conclude_programs() {
  while (!unknown_programs_.empty()) leave(unknown_programs_.begin()->first);
  for (const std::string& script : own_scripts_) {
    const auto now = os::stat_file(script);
    if (!now || *now) return fail("leaves a file with a name that it has made up: " + script);
  }
  if (reticent_.empty()) return;
  for (const Input& input : run_facts_.inputs) {
    const bool is_own = std::any_of(reticent_.begin(), reticent_.end(), [&](const auto& directory) {
      return is_within(input.path, directory);
    });
    if (is_own) continue;
    const auto named = names_start(input.path);
    if (!named) return fail("gone after the run: " + input.path);
    if (*named) return fail("may tell when it was started: " + input.path);
  }
}

}  // namespace deja::evidence
