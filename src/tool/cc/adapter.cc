// The adapter for gcc and clang drivers.
#include <algorithm>

#include "os/file.h"
#include "tool/cc/classify.h"
#include "tool/cc/depfile.h"
#include "tool/cc/emscripten.h"
#include "tool/cc/failure.h"
#include "tool/cc/native.h"
#include "tool/cc/program.h"
#include "tool/linkers.h"
#include "tool/tool.h"

namespace deja::tool {
namespace cc {
namespace {

struct IgnoredVariable {
  std::string_view name;
  const char* why;
};

// Seen to be read by gcc 12, clang 14 and clang 19, and without influence when stderr is a pipe and
// the colours are ours or the user's. Not here, because they do matter: PATH, COMPILER_PATH,
// GCC_EXEC_PREFIX, LIBRARY_PATH (also finds -specs files), CPATH and its kin, PWD (the folder's
// name in debug information), TMPDIR and its kin (clang's debug information of assembly names its
// temporary file), GCC_COLORS, LANG, LC_*, LANGUAGE, SOURCE_DATE_EPOCH.
constexpr IgnoredVariable kIgnored[] = {
    {"TERM", "asked whether a terminal has colours; stderr is none"},
    {"COLORTERM", "asked whether a terminal has links; stderr is none"},
    {"COLUMNS", "width of a terminal; stderr is none"},
    {"NO_COLOR", "loses against an explicit choice, and a pipe has no colours without one"},
    {"MAKEFLAGS", "jobserver of the link-time optimiser, which does not run before linking"},
    {"CLANG_CRASH_DIAGNOSTICS_DIR", "used when the compiler crashes; that is not remembered"},
    {"bar", "LLVM asks for it only to keep code alive in static links"},
};

// enum deja_clock in observe/preload/log_layout.h (a door this room does not have). gcc's and
// clang's __DATE__ and __TIME__ call time(); gcc's gettimeofday() seeds names that must be unique.
constexpr std::uint64_t kClockRealtime = 2;
constexpr std::uint64_t kClockMonotonic = 3;

// gcc's driver refuses to write over its input (gcc.cc, canonical_filename_eq).
bool is_gcc_driver(std::string_view program) {
  const auto parsed = parse_program(program);
  return parsed && parsed->dialect == kGcc;
}

// They refuse, too (c-family/c-opts.cc), and write the shorter name of a system header (libcpp's
// maybe_shorter_path).
bool is_gcc_front_end(std::string_view program) {
  return program == "cc1" || program == "cc1plus" || program == "cc1obj" || program == "cc1objplus";
}

// "cc" is a link to one or the other; scripts and copies of that name stay unknown.
Dialect dialect_of_tool(const std::string& tool) {
  const auto real = os::real_path(tool);
  const auto program = parse_program(real ? *real : tool);
  return program ? program->dialect : kEither;
}

class CcAdapter final : public Adapter {
 public:
  using Adapter::move_depfile;

  bool knows(std::string_view program_name) const override {
    return parse_program(program_name).has_value();
  }

  Classified classify(const Command& command, const Options& options) const override {
    auto program = command.argv.empty() ? std::nullopt : program_of(command);
    if (!program) return Bypass{BypassReason::unknown_tool, command.tool};
    const World world{
        .read_response = [&](std::string_view name) { return read_response(command.cwd, name); },
        .cpu_identity = cpu_identity,
    };
    if (program->dialect == kEither) program->dialect = dialect_of_tool(command.tool);
    return classify_command(command, *program, options, world);
  }

  bool ignores_variable(std::string_view name) const override {
    return std::any_of(std::begin(kIgnored), std::end(kIgnored),
                       [&](const IgnoredVariable& row) { return row.name == name; });
  }

  RealPathUse real_path_use(std::string_view program) const override {
    if (is_gcc_driver(program) || is_linker(program)) return RealPathUse::compares;
    return is_gcc_front_end(program) ? RealPathUse::compares_sources : RealPathUse::may_write;
  }

  bool clock_matters(std::uint64_t clock) const override {
    return clock != kClockRealtime && clock != kClockMonotonic;
  }

  std::span<const Vouched> vouched(const Invocation& invocation) const override {
    if (std::string_view(invocation.dialect) == "emcc") return emscripten_programs();
    return {};
  }

  bool proves_failure(const Invocation&, std::uint32_t exit_code,
                      std::string_view messages) const override {
    return cc::proves_failure(exit_code, messages);
  }

  std::optional<std::string> move_depfile(const Invocation& invocation, std::string_view text,
                                          std::string_view from,
                                          std::string_view to) const override {
    const std::string_view dialect = invocation.dialect;
    std::vector<DepfileStyle> styles;
    if (dialect != "clang" && dialect != "emcc") styles.push_back(DepfileStyle::gcc);
    if (dialect != "gcc")
      styles.insert(styles.end(), {DepfileStyle::clang, DepfileStyle::clang_14});
    return cc::move_depfile(text, from, to, styles);
  }

 private:
  // By the name it is called with; a link named otherwise ("my-cc") by what it is.
  static std::optional<Program> program_of(const Command& command) {
    if (auto program = parse_program(command.argv.front())) return program;
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
