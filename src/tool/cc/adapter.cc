// SPDX-License-Identifier: Apache-2.0
// The adapter for gcc and clang drivers.

#include "os/file.h"
#include "tool/cc/classify.h"
#include "tool/cc/depfile.h"
#include "tool/cc/emscripten.h"
#include "tool/cc/failure.h"
#include "tool/cc/native.h"
#include "tool/cc/program.h"
#include "tool/link_time.h"
#include "tool/program_name.h"
#include "tool/programs.h"
#include "tool/tool.h"
#include "tool/variables.h"

namespace deja::tool {
namespace cc {
namespace {

// gcc 12, clang 14 and clang 19 were seen to read these. Not in the table, because their values
// matter: GCC_EXEC_PREFIX, GCC_COLORS, LANG, LC_*, LANGUAGE, SOURCE_DATE_EPOCH.
constexpr VariableRow kVariables[] = {
    {"TERM", VariableUse::ignored, "decides the colours of a terminal; stderr is a pipe"},
    {"COLORTERM", VariableUse::ignored, "decides the links of a terminal; stderr is a pipe"},
    {"COLUMNS", VariableUse::ignored, "width of a terminal; stderr is a pipe"},
    {"NO_COLOR", VariableUse::ignored,
     "an explicit choice overrides it, and a pipe has no colours without one"},
    {"MAKEFLAGS", VariableUse::ignored,
     "jobserver of the link-time optimiser, which does not run before linking"},
    {"CLANG_CRASH_DIAGNOSTICS_DIR", VariableUse::ignored,
     "used when the compiler crashes; a crash is not stored"},
    {"bar", VariableUse::ignored, "LLVM reads it only to keep code in static links"},
    {"PATH", VariableUse::searched, "finds the assembler, the linker, and the driver itself"},
    {"CPATH", VariableUse::listed, "as -I, which drops duplicates of other directories"},
    {"C_INCLUDE_PATH", VariableUse::listed, "as -isystem"},
    {"CPLUS_INCLUDE_PATH", VariableUse::listed, "as -isystem"},
    {"OBJC_INCLUDE_PATH", VariableUse::listed, "as -isystem"},
    {"LIBRARY_PATH", VariableUse::listed, "as -L; finds -specs files, too"},
    {"COMPILER_PATH", VariableUse::listed, "as -B"},
    {"LD_LIBRARY_PATH", VariableUse::listed, "where a linker finds what libraries need"},
    {"PWD", VariableUse::directory, "names the working directory in debug information"},
};

// enum deja_clock in observe/preload/log_layout.h, which this module cannot include. gcc and clang
// call time() for __DATE__ and __TIME__; gcc calls gettimeofday() to seed names that must be
// unique.
constexpr std::uint64_t kClockRealtime = 2;
constexpr std::uint64_t kClockMonotonic = 3;

// gcc's driver refuses to write over its input (gcc.cc, canonical_filename_eq).
bool is_gcc_driver(std::string_view program) {
  const auto parsed = parse_program(program);
  return parsed && parsed->dialect == kGcc;
}

// The front ends compare real paths for the same reason (c-family/c-opts.cc), and write the shorter
// name of a system header (libcpp's maybe_shorter_path).
bool is_gcc_front_end(std::string_view program) {
  return program == "cc1" || program == "cc1plus" || program == "cc1obj" || program == "cc1objplus";
}

// Fortran, Ada, Go and D. They read the variables of the table through the code that all front ends share.
bool is_other_front_end(std::string_view program) {
  return program == "f951" || program == "gnat1" || program == "go1" || program == "d21";
}

// A program that comes with gcc or clang, or that they start.
bool is_own_program(std::string_view program) {
  return parse_program(program).has_value() || is_gcc_front_end(program) ||
         is_other_front_end(program) || is_linker(program) || is_called(program, "as");
}

// "cc" is a link to gcc or to clang. A script or a copy of that name stays unknown.
Dialect dialect_of_tool(const std::string& tool) {
  const auto real = os::real_path(tool);
  const auto program = parse_program(real ? *real : tool);
  return program ? program->dialect : kEither;
}

class CcAdapter final : public Adapter {
 public:
  bool knows(std::string_view program_name) const override {
    return parse_program(program_name).has_value();
  }

  Classified classify(const Command& command, const Options& options) const override {
    auto program = command.argv.empty() ? std::nullopt : program_of(command);
    if (!program) return Bypass{BypassReason::unknown_tool, command.tool};
    const MachineQueries machine{
        .read_response = [&](std::string_view name) { return read_response(command.cwd, name); },
        .cpu_identity = cpu_identity,
    };
    if (program->dialect == kEither) program->dialect = dialect_of_tool(command.tool);
    return classify_command(command, *program, options, machine);
  }

  VariableUse variable_use(std::string_view name, std::string_view program) const override {
    return find_variable_use(kVariables, name, is_own_program(program));
  }

  RealPathUse real_path_use(std::string_view program) const override {
    if (is_gcc_driver(program) || is_linker(program)) return RealPathUse::compares;
    return is_gcc_front_end(program) ? RealPathUse::compares_sources : RealPathUse::may_write;
  }

  bool clock_matters(std::uint64_t clock) const override {
    return clock != kClockRealtime && clock != kClockMonotonic;
  }

  // Checked in the sources of gcc 12, clang 14 and 19. (clang also writes the time into the header
  // of a COFF file, and newer gccs write it into reports; then they call time() more than once.)
  bool puts_date(std::string_view program) const override {
    const auto parsed = parse_program(program);
    return is_gcc_front_end(program) || (parsed && parsed->dialect == kClang);
  }

  std::span<const TrustedScript> trusted_script(const Invocation& invocation) const override {
    if (std::string_view(invocation.identity.dialect) == "emcc") return emscripten_programs();
    return link_time_programs();
  }

  bool proves_failure(const Invocation&, std::uint32_t exit_code,
                      std::string_view messages) const override {
    return cc::proves_failure(exit_code, messages);
  }

  std::optional<std::string> move_depfile(const Invocation& invocation, std::string_view text,
                                          const TextMoves& moves) const override {
    const std::string_view dialect = invocation.identity.dialect;
    std::vector<DepfileStyle> styles;
    if (dialect != "clang" && dialect != "emcc") styles.push_back(DepfileStyle::gcc);
    if (dialect != "gcc")
      styles.insert(styles.end(), {DepfileStyle::clang, DepfileStyle::clang_14});
    return cc::move_depfile(text, moves, styles);
  }

 private:
  // The name it is called with decides; a link with another name ("my-cc") is resolved.
  static std::optional<Program> program_of(const Command& command) {
    if (auto program = parse_program(command.name())) return program;
    return parse_program(command.tool);
  }
};

}  // namespace
}  // namespace cc

const Adapter& cc_adapter() {
  static const cc::CcAdapter adapter;
  return adapter;
}

}  // namespace deja::tool
