// The adapter for the programs of jobs.h.
#include <algorithm>

#include "base/path.h"
#include "tool/cc/arguments.h"
#include "tool/cc/failure.h"
#include "tool/cc/native.h"
#include "tool/job/jobs.h"
#include "tool/link_time.h"
#include "tool/linkers.h"
#include "tool/tool.h"
#include "tool/variables.h"

namespace deja::tool {
namespace job {
namespace {

constexpr VariableRow kVariables[] = {
    {"TERM", VariableUse::ignored, "about terminals, which none of these talks to"},
    {"COLORTERM", VariableUse::ignored, "as TERM"},
    {"COLUMNS", VariableUse::ignored, "as TERM"},
    {"PATH", VariableUse::searched, "finds the program itself, where plugins lie beside it"},
    {"PWD", VariableUse::directory, "names the working directory in debug information"},
};

// enum deja_clock in observe/preload/log_layout.h.
constexpr std::uint64_t kClockMonotonic = 3;

// emar and emranlib are Python around LLVM's programs.
constexpr Vouched kScripts[] = {
    {"python", "/emar.py", Vouched::Asks::never_tells, ".py", "as emcc.py (cc/emscripten.cc)"},
    {"python", "/emranlib.py", Vouched::Asks::never_tells, ".py", "as emcc.py"},
};

bool is_own_program(std::string_view program) {
  return find_job(program) != nullptr || is_linker(program);
}

class JobAdapter final : public Adapter {
 public:
  bool knows(std::string_view program_name) const override {
    return find_job(program_name) != nullptr;
  }

  Classified classify(const Command& command, const Options&) const override {
    const Job* job = command.argv.empty() ? nullptr : find_job(command.argv.front());
    if (job == nullptr) return Bypass{BypassReason::unknown_tool, command.tool};
    auto expanded = cc::expand_arguments(
        {command.argv.begin() + 1, command.argv.end()},
        [&](std::string_view name) { return cc::read_response(command.cwd, name); });
    if (auto* bypass = std::get_if<Bypass>(&expanded)) return std::move(*bypass);
    const auto& arguments = std::get<std::vector<std::string>>(expanded);
    Line line = read_line(*job, arguments);
    if (line.bypass) return *std::move(line.bypass);
    for (const std::string& argument : arguments) {
      const char* const why = why_not_linked(argument);
      if (job->label == std::string_view("link") && why != nullptr)
        return Bypass{BypassReason::unsupported_option, argument + ": " + why};
    }
    if (job->colours && command.talks_to_terminal) return Bypass{BypassReason::interactive, {}};
    Invocation out;
    out.adapter = "job";
    out.language = job->label;
    out.what = line.operands.empty() ? "-" : arguments[line.operands.front()];
    out.reads_stdin = line.reads_stdin;
    out.opaque_outputs = line.is_opaque;
    out.failures_count = job->failures_count;
    if (job->writes_operand && !line.operands.empty())
      out.updates.push_back(tidy_path(join_path(command.cwd, out.what)));
    else
      out.source = tidy_path(join_path(command.cwd, out.what));
    out.written = out.updates;
    for (const std::string_view argument : command.argv) out.run_argv.emplace_back(argument);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const bool is_path =
          std::find(line.operands.begin(), line.operands.end(), i) != line.operands.end();
      out.key_arguments.push_back({arguments[i], is_path ? 0 : KeyArgument::kNoPath});
    }
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_own_processor)) {
      const auto cpu = cc::cpu_identity();
      if (!cpu) return Bypass{BypassReason::unsupported_option, cc::kUnknownProcessor};
      out.key_fields.push_back({"cpu", *cpu});
    }
    return out;
  }

  VariableUse variable_use(std::string_view name, std::string_view program) const override {
    return find_variable_use(kVariables, name, is_own_program(program));
  }

  RealPathUse real_path_use(std::string_view program) const override {
    return is_linker(program) ? RealPathUse::compares : RealPathUse::may_write;
  }

  bool clock_matters(std::uint64_t clock) const override { return clock != kClockMonotonic; }

  std::span<const Vouched> vouched(const Invocation& invocation) const override {
    if (std::string_view(invocation.language) == "link") return link_time_programs();
    return kScripts;
  }

  bool proves_failure(const Invocation& invocation, std::uint32_t exit_code,
                      std::string_view messages) const override {
    return invocation.failures_count && cc::proves_failure(exit_code, messages);
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
