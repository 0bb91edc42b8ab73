// SPDX-License-Identifier: Apache-2.0
// The adapter for the programs in the table of jobs.h.
#include <algorithm>

#include "base/path.h"
#include "tool/cargo.h"
#include "tool/cc/arguments.h"
#include "tool/cc/failure.h"
#include "tool/cc/native.h"
#include "tool/job/jobs.h"
#include "tool/link_time.h"
#include "tool/programs.h"
#include "tool/tool.h"
#include "tool/variables.h"

namespace deja::tool {
namespace job {
namespace {

constexpr VariableRow kVariables[] = {
    {"TERM", VariableUse::ignored, "about terminals, which none of these talks to"},
    {"COLORTERM", VariableUse::ignored, "as TERM"},
    {"COLUMNS", VariableUse::ignored, "as TERM"},
    {"PATH", VariableUse::searched, "finds the program itself, which has plugins next to it"},
    {"PWD", VariableUse::directory, "names the working directory in debug information"},
};

// enum deja_clock in observe/preload/log_layout.h.
constexpr std::uint64_t kClockMonotonic = 3;

// emar and emranlib are Python scripts around LLVM's programs.
constexpr TrustedScript kScripts[] = {
    {"python", "/emar.py", TrustedScript::Asks::never_tells, ".py",
     "as emcc.py (cc/emscripten.cc)"},
    {"python", "/emranlib.py", TrustedScript::Asks::never_tells, ".py", "as emcc.py"},
};

bool is_own_program(std::string_view program) {
  return find_job(program) != nullptr || is_linker(program);
}

std::vector<std::size_t> rewritten(const Job& job, const Line& line) {
  const std::vector<std::size_t>& all = line.operands;
  const bool has_output = std::any_of(line.paths.begin(), line.paths.end(),
                                      [](const Line::Part& part) { return part.is_output; });
  switch (job.rewrites) {
    case Rewrites::none:
      break;
    case Rewrites::first:
      return {all.begin(), all.begin() + (all.empty() ? 0 : 1)};
    case Rewrites::only:
      return all.size() == 1 ? all : std::vector<std::size_t>();
    case Rewrites::all_without_output:
      return has_output ? std::vector<std::size_t>() : all;
  }
  return {};
}

// LLVM's programs print the processor's name, and a list may be formatted for a terminal width.
Classified question(const Command& command, Invocation invocation) {
  const auto cpu = cc::cpu_identity();
  if (!cpu)
    return Bypass{BypassReason::not_a_compile, "/proc/cpuinfo does not describe the processor"};
  invocation.key.fields.push_back({"cpu", *cpu});
  invocation.key.fields.push_back(
      {"columns", std::string(command.variable("COLUMNS").value_or(""))});
  return invocation;
}

std::optional<Bypass> unlinkable(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments)
    if (const char* const why = why_not_linked(argument); why != nullptr)
      return Bypass{BypassReason::unsupported_option, argument + ": " + why};
  return std::nullopt;
}

// The arguments with the paths in them, and the outputs that they name.
template <typename Absolute>
void key_arguments(const std::vector<std::string>& arguments, const Line& line,
                   const Absolute& absolute, Invocation& out) {
  out.key.arguments.reserve(arguments.size());
  for (const std::string& argument : arguments) out.key.arguments.push_back({argument});
  for (const std::size_t i : line.operands) out.key.arguments[i].path_at = 0;
  for (const Line::Part& part : line.paths) {
    out.key.arguments[part.argument].path_at = part.at;
    if (part.is_output)
      out.outputs.written.push_back(
          absolute(std::string_view(arguments[part.argument]).substr(part.at)));
  }
}

class JobAdapter final : public Adapter {
 public:
  bool knows(std::string_view program_name) const override {
    return find_job(program_name) != nullptr;
  }

  Classified classify(const Command& command, const Options&) const override {
    const Job* job = command.argv.empty() ? nullptr : find_job(command.name());
    if (job == nullptr) return Bypass{BypassReason::unknown_tool, command.tool};
    auto expanded = cc::expand_arguments(
        {command.argv.begin() + 1, command.argv.end()},
        [&](std::string_view name) { return cc::read_response(command.cwd, name); });
    if (auto* bypass = std::get_if<Bypass>(&expanded)) return std::move(*bypass);
    const auto& arguments = std::get<std::vector<std::string>>(expanded);
    Line line = read_line(*job, arguments);
    if (line.bypass) return *std::move(line.bypass);
    if (job->label == std::string_view("link"))
      if (auto why = unlinkable(arguments)) return *std::move(why);
    if (job->colours && command.talks_to_terminal) return Bypass{BypassReason::interactive, {}};
    Invocation out;
    out.identity.adapter = "job";
    out.identity.language = line.is_question ? "question" : job->label;
    out.identity.what = !line.operands.empty() ? arguments[line.operands.front()]
                        : line.is_question     ? arguments.front()
                                               : "-";
    out.run.reads_stdin = line.reads_stdin;
    out.outputs.are_opaque = line.is_opaque;
    out.places.target_directory = target_directory_of_build_script(command);
    out.policy.failures_count = job->failures_count;
    out.outputs.relate_paths = job->relates_paths || line.relates_paths;
    // Standard input cannot be read again.
    if (job->timekeeper != nullptr && !line.reads_stdin)
      out.policy.timekeeper = job->timekeeper(command, arguments);
    const auto absolute = [&](std::string_view path) {
      return tidy_path(join_path(command.cwd, path));
    };
    for (const std::size_t i : rewritten(*job, line))
      out.outputs.updates.push_back(absolute(arguments[i]));
    if (out.outputs.updates.empty() && !line.is_question)
      out.identity.source = absolute(out.identity.what);
    out.outputs.written = out.outputs.updates;
    for (const std::string_view argument : command.argv) out.run.argv.emplace_back(argument);
    key_arguments(arguments, line, absolute, out);
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_own_processor)) {
      const auto cpu = cc::cpu_identity();
      if (!cpu) return Bypass{BypassReason::unsupported_option, cc::kUnknownProcessor};
      out.key.fields.push_back({"cpu", *cpu});
    }
    if (line.is_question) return question(command, std::move(out));
    return out;
  }

  VariableUse variable_use(std::string_view name, std::string_view program) const override {
    return find_variable_use(kVariables, name, is_own_program(program));
  }

  RealPathUse real_path_use(std::string_view program) const override {
    return is_linker(program) ? RealPathUse::compares : RealPathUse::may_write;
  }

  bool clock_matters(std::uint64_t clock) const override { return clock != kClockMonotonic; }

  std::span<const TrustedScript> trusted_script(const Invocation& invocation) const override {
    if (std::string_view(invocation.identity.language) == "link") return link_time_programs();
    return kScripts;
  }

  bool proves_failure(const Invocation& invocation, std::uint32_t exit_code,
                      std::string_view messages) const override {
    return invocation.policy.failures_count && cc::proves_failure(exit_code, messages);
  }

  std::optional<std::string> move_depfile(const Invocation&, std::string_view,
                                          const TextMoves&) const override {
    return std::nullopt;
  }
};

}  // namespace
}  // namespace job

const Adapter& job_adapter() {
  static const job::JobAdapter adapter;
  return adapter;
}

}  // namespace deja::tool
