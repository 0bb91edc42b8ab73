// Tested by classify_test.cc (a table of command lines) and test/fuzz/arguments.cc.
#include "tool/cc/classify.h"

#include <algorithm>

#include "base/path.h"
#include "tool/cc/emscripten.h"
#include "tool/cc/module_cache.h"
#include "tool/cc/native.h"
#include "tool/cc/parse.h"
#include "tool/link_time.h"
#include "tool/prefix_maps.h"
#include "tool/program_name.h"

namespace deja::tool::cc {
namespace {

// Works for gcc since 4.9 and for every clang that is still in use, whether stderr is a terminal or
// not; checked by adapter_test.cc to leave objects and depfiles as they are.
constexpr std::string_view kForceColours = "-fdiagnostics-color=always";
constexpr std::string_view kColoursByReader = "-fdiagnostics-color=auto";

struct VariableRow {
  std::string_view name;
  BypassReason reason;
  const char* why;
};

// Variables that make a driver do what its arguments do not say.
constexpr VariableRow kVariables[] = {
    {"DEPENDENCIES_OUTPUT", BypassReason::environment_output, "a depfile is appended to"},
    {"SUNPRO_DEPENDENCIES", BypassReason::environment_output, "a depfile is appended to"},
    {"CC_PRINT_OPTIONS", BypassReason::environment_output, "command lines are appended to a file"},
    {"CC_PRINT_HEADERS", BypassReason::environment_output, "headers are appended to a file"},
    {"CC_LOG_DIAGNOSTICS", BypassReason::environment_output, "diagnostics are appended to a file"},
    {"CC_PRINT_PROC_STAT", BypassReason::environment_output, "times are appended to a file"},
    {"CC_PRINT_INTERNAL_STAT", BypassReason::environment_output, "counters are appended to a file"},
    {"AS_SECURE_LOG_FILE", BypassReason::environment_output, "the assembler appends to a file"},
    {"CCC_OVERRIDE_OPTIONS", BypassReason::unsupported_option, "arguments are edited"},
    {"QA_OVERRIDE_GCC3_OPTIONS", BypassReason::unsupported_option, "arguments are edited"},
};

std::optional<Bypass> bypass_by_environment(const Command& command) {
  for (const EnvironmentVariable& variable : command.environment) {
    if (variable.name.empty() ||
        std::string_view("DSCAQ").find(variable.name[0]) == std::string_view::npos)
      continue;
    for (const VariableRow& row : kVariables)
      if (variable.name == row.name)
        return Bypass{row.reason, std::string(row.name) + ": " + row.why};
    if (variable.name == "CXX_MODULE_MAPPER" && asks_module_mapper(variable.value))
      return Bypass{BypassReason::unsupported_option,
                    "CXX_MODULE_MAPPER: another process is asked for modules"};
  }
  return std::nullopt;
}

bool is_source(const Input& input) { return input.language != nullptr; }

// Configure scripts ask compilers about themselves again and again, some in ways that only other
// compilers know; and a command without an input does nothing but say so.
bool is_question(const Parsed& parsed) { return parsed.query || parsed.inputs.empty(); }

// gcc's front end lays its lists out for the width of the terminal that it has as standard input,
// which nobody observes; a variable goes first (get_terminal_width in gcc's diagnostic.cc).
bool asks_for_width(const Parsed& parsed, const Command& command) {
  const bool lists =
      parsed.query && (parsed.query->starts_with("--help=") || *parsed.query == "--target-help" ||
                       (parsed.verbose && parsed.query->ends_with("-help")));
  const std::string_view columns = command.variable("COLUMNS").value_or("");
  return lists && !(columns.size() < 6 && is_version(columns) && columns.front() != '0');
}

std::optional<Bypass> bypass_of_question(const Parsed& parsed, const Program& program,
                                         const Command& command) {
  using enum BypassReason;
  const Bypass none{not_a_compile, parsed.query.value_or("-v")};
  const bool is_emcc = (program.dialect & kEmcc) != 0;  // its answers come with checks and writes
  if (parsed.has_no_answer || (is_emcc && (parsed.query || parsed.verbose))) return none;
  if (is_emcc) return parsed.bypass.value_or(Bypass{no_input, {}});
  if (parsed.bypass) return parsed.query ? none : *parsed.bypass;
  if (program.dialect != kClang && asks_for_width(parsed, command))
    return Bypass{not_a_compile, *parsed.query + ": asks the terminal for its width"};
  return std::nullopt;
}

// Does -v say the names of files between two programs, which are made up each time? (What is
// printed is searched for them after the run; that only saves the search.)
bool names_temporaries(const Parsed& parsed, const Program& program) {
  if (program.dialect == kClang) return !parsed.stops_before_link;
  return !parsed.preprocess && !parsed.syntax_only && !parsed.depend_only;
}

// Of a command that makes modules on demand: why it is not looked up, or null. What such modules are
// to other forms of precompiled headers is not known.
const char* why_not_with_modules(const Parsed& parsed) {
  if (!parsed.modules) return nullptr;
  const bool is_precompiled =
      parsed.precompile || parsed.emits_pch || parsed.module_output ||
      std::ranges::any_of(parsed.inputs, [](const Input& input) {
        return is_source(input) && (input.language->header || input.language->module);
      });
  if (is_precompiled) return "makes another module";
  if (parsed.preprocess || parsed.syntax_only || parsed.depend_only) return "makes no object";
  static constexpr std::string_view kOthers[] = {
      "-fmodule-file=", "-fprebuilt-module-path=", "-fmodules-ts", "-include-pch"};
  for (const KeyArgument& argument : parsed.key_arguments) {
    if (argument.text == "-gmodules") return "-gmodules: objects name the modules";
    if (std::ranges::any_of(kOthers, [&](auto o) { return argument.text.starts_with(o); }))
      return "reads other modules or a precompiled header";
  }
  return nullptr;
}

// One bounded job that gives the same outputs every time, or not?
std::optional<Bypass> bypass_by_kind(const Parsed& parsed, const Program& program) {
  using enum BypassReason;
  if (parsed.bypass) return parsed.bypass;
  const bool has_source = std::any_of(parsed.inputs.begin(), parsed.inputs.end(), is_source);
  if (parsed.stops_before_link && !has_source) {
    const std::string& name = parsed.inputs.front().text;
    const bool is_others = language_of_file(name, kGcc, false) != nullptr;  // clang has gcc do it
    return Bypass{no_input, name + (is_for_linker(name) ? " is for the linker"
                                    : is_others         ? " is for another compiler"
                                                        : ": no language is known by this name")};
  }
  for (const Input& input : parsed.inputs)
    if (is_source(input) && input.language->why_not != nullptr)
      return Bypass{unsupported_option, input.text + ": " + input.language->why_not};
  if (const char* why = why_not_with_modules(parsed))
    return Bypass{unsupported_option, std::string("-fmodules: ") + why};
  if (parsed.verbose && ((program.dialect & kEmcc) != 0 || names_temporaries(parsed, program)))
    return Bypass{unsupported_option, "-v: prints names of temporary files"};
  for (const KeyArgument& argument : parsed.key_arguments)
    if (const char* why = why_not_linked(argument.text))
      return Bypass{unsupported_option, argument.text + ": " + why};
  return std::nullopt;
}

class Decision {
 public:
  Decision(const Command& command, const Program& program, const Options& options,
           const ClaimChecker& checker, Parsed parsed)
      : command_(command),
        program_(program),
        options_(options),
        world_(checker),
        parsed_(std::move(parsed)),
        input_(parsed_.inputs.empty() ? no_input_ : first_source(parsed_.inputs)) {}

  // What the compiler says about itself. It may tell what processor it runs on.
  Classified question() && {
    Invocation out;
    out.identity.adapter = "cc";
    out.identity.dialect = dialect_name(program_.dialect);
    out.identity.language = "question";
    out.identity.what = parsed_.query.value_or(parsed_.verbose ? "-v" : "no input");
    out.run.reads_stdin = parsed_.reads_stdin;
    out.policy.prints_commands = true;
    out.policy.argument_facts = parsed_.argument_facts;
    if (parsed_.inputs.empty() && !parsed_.query && !parsed_.stops_before_link)
      out.outputs.written = {tidy_path(join_path(command_.cwd, parsed_.output.value_or("a.out")))};
    out.key.arguments = std::move(parsed_.key_arguments);
    if (out.identity.what.find("help") != std::string::npos)  // lists are laid out
      out.key.fields.push_back({"columns", std::string(command_.variable("COLUMNS").value_or(""))});
    const auto cpu = world_.cpu_identity();
    if (!cpu) return Bypass{BypassReason::not_a_compile, "this machine does not say what it is"};
    out.key.fields.push_back({"cpu", *cpu});
    for (const std::string_view word : command_.argv) out.run.argv.emplace_back(word);
    return out;
  }

  Classified invocation() && {
    Invocation out;
    out.identity.adapter = "cc";
    out.identity.dialect = dialect_name(program_.dialect);
    out.identity.language = is_source(input_) ? input_.language->name : "link";
    out.identity.what =
        !links() || parsed_.output == "-" ? input_.text : parsed_.output.value_or("a.out");
    out.identity.source = tidy_path(join_path(command_.cwd, input_.text));
    out.outputs.are_opaque = (parsed_.effects & kOpaque) != 0 || makes_tree() ||
                             packs_its_parts() ||
                             any_source([](const Language& l) { return l.hides_paths; });
    out.outputs.mapped_prefixes = mapped_prefixes();
    out.outputs.depfiles = depfiles();
    out.outputs.written = written();
    if (any_source([](const Language& l) { return l.fortran; })) {
      const std::string directory = parsed_.module_directory.value_or(".");
      out.outputs.updated_files.push_back(
          {tidy_path(join_path(command_.cwd, directory)), {".mod", ".smod"}});
    }
    for (const Input& input : parsed_.inputs)
      if (is_source(input) && input.language->timekeeper != nullptr)
        out.policy.timekeeper = input.language->timekeeper;
    out.policy.prints_commands = parsed_.verbose;
    out.policy.argument_facts = parsed_.argument_facts;
    out.run.reads_stdin = parsed_.reads_stdin;
    out.key.arguments = parsed_.key_arguments;
    out.policy.defines_ndebug = defines_ndebug(out.key.arguments);
    name_sources(out);
    if (parsed_.modules) {
      out.places.module_cache = module_cache();
      const auto holds = [&](const std::string& path) {
        return is_within(path, out.places.module_cache);
      };
      if (out.places.module_cache.empty() || holds(std::string(command_.cwd)) ||
          std::ranges::any_of(out.key.sources, holds))
        return Bypass{BypassReason::unsupported_option, "-fmodules: no directory of its own"};
    }
    name_movable_outputs(out);
    if (parsed_.native) {
      const auto cpu = world_.cpu_identity();
      if (!cpu) return Bypass{BypassReason::unsupported_option, kUnknownProcessor};
      out.key.arguments.push_back({"cpu:" + *cpu});
    }
    if (links()) add_jobserver(out);
    out.run.argv.emplace_back(command_.argv.front());
    // -v says by what name it was called.
    out.run.may_run_by_path = (program_.dialect & kEmcc) == 0 && !parsed_.verbose;
    force_colours(out);
    if (options_.portable && !parsed_.verbose)
      add_prefix_maps(options_.portable_roots, "-ffile-prefix-map=", out,
                      options_.portable_aliases);
    for (std::size_t i = 1; i < command_.argv.size(); ++i) {
      // It would win over ours, and the tool would see a pipe where the user has a terminal.
      if (out.run.colours_forced && command_.argv[i] == kColoursByReader) continue;
      out.run.argv.emplace_back(command_.argv[i]);
    }
    return out;
  }

 private:
  static const Input& first_source(const std::vector<Input>& inputs) {
    const auto it = std::find_if(inputs.begin(), inputs.end(), is_source);
    return it != inputs.end() ? *it : inputs.front();
  }

  template <typename Test>
  bool any_source(Test test) const {
    return std::any_of(parsed_.inputs.begin(), parsed_.inputs.end(),
                       [&](const Input& i) { return is_source(i) && test(*i.language); });
  }

  bool makes_nothing_of_a_source() const {
    return parsed_.preprocess || parsed_.syntax_only || parsed_.depend_only;
  }

  // Since gcc 13 the link says so when it is told to share make's jobs and there is no make to share
  // them with.
  void add_jobserver(Invocation& out) const {
    const auto& arguments = out.key.arguments;
    if (std::none_of(arguments.begin(), arguments.end(),
                     [](const KeyArgument& a) { return a.text == "-flto=jobserver"; }))
      return;
    const auto flags = command_.variable("MAKEFLAGS");
    const bool is_there = flags && (flags->find("--jobserver-auth=") != std::string_view::npos ||
                                    flags->find("--jobserver-fds=") != std::string_view::npos);
    out.key.fields.push_back({"jobserver", is_there ? "there" : flags ? "none" : "no make"});
  }

  // A precompiled header, or a module made of a header.
  bool makes_pch() const {
    if (makes_nothing_of_a_source()) return false;
    return parsed_.emits_pch || parsed_.precompile ||
           any_source([](const Language& l) { return l.header; });
  }

  // Any output of a form that clang keeps declarations in, with the options that made it. (gcc makes
  // modules of any source; they hold no options, and their paths can be seen.)
  bool makes_tree() const {
    if (makes_pch()) return true;
    return !makes_nothing_of_a_source() &&
           (parsed_.module_output || any_source([](const Language& l) { return l.module; }));
  }

  // emcc's JavaScript may hold the program, its data and files in base64 or compressed.
  bool packs_its_parts() const { return (program_.dialect & kEmcc) != 0 && links(); }

  bool links() const { return !parsed_.stops_before_link && !makes_pch(); }

  // Not when the user chose; not where the flag would be part of an output or change how messages
  // are wrapped; not for plain assembly, where clang would warn that nothing uses it; and not for
  // emcc, which says clang's command when that fails.
  bool may_force_colours() const {
    return options_.may_force_colours && (parsed_.effects & (kUserColour | kRecordsArgv)) == 0 &&
           !parsed_.wraps_messages && !parsed_.verbose && !makes_tree() && !parsed_.modules &&
           is_source(input_) && !any_source([](const Language& l) { return l.plain_messages; }) &&
           (program_.dialect & kEmcc) == 0 &&
           !((program_.dialect & kClang) != 0 &&
             any_source([](const Language& l) { return l.assembly; }));
  }

  void force_colours(Invocation& out) const {
    if (!may_force_colours()) return;
    out.run.argv.emplace_back(kForceColours);
    out.run.colours_forced = true;
    out.run.colours_on_terminal = terminal_has_colours();
  }

  // gcc and clang ask TERM; clang also obeys NO_COLOR (https://no-color.org), which gcc 12 does
  // not.
  bool terminal_has_colours() const {
    const auto term = command_.variable("TERM");
    if (!term || term->empty() || *term == "dumb") return false;
    const auto no_color = command_.variable("NO_COLOR");
    if (!no_color || no_color->empty()) return true;
    return program_.dialect == kGcc;
  }

  std::vector<std::string> mapped_prefixes() const {
    std::vector<std::string> mapped = parsed_.maps.files;
    const auto& macros = parsed_.maps.macros;
    for (const std::string& prefix : parsed_.maps.debug)
      if (std::find(macros.begin(), macros.end(), prefix) != macros.end()) mapped.push_back(prefix);
    return mapped;
  }

  // -MF names it; -M without -MF writes it to -o; -MD without -MF puts it beside the output, or
  // without -o into the current directory, with the extension d.
  std::vector<std::string> depfiles() const {
    std::vector<std::string> names = parsed_.preprocessor_depfiles;
    if (parsed_.depfile)
      names.push_back(*parsed_.depfile);
    else if (parsed_.writes_depfile)
      for (const Input& input : parsed_.inputs)
        if (is_source(input)) names.push_back(default_depfile(input));
    if (parsed_.depend_only && !parsed_.depfile && parsed_.output) names.push_back(*parsed_.output);
    std::vector<std::string> paths;
    if (parsed_.loose_target) return paths;
    for (const std::string& name : names)
      if (!name.empty() && name != "-" && !name.starts_with("/dev/"))
        paths.push_back(tidy_path(join_path(command_.cwd, name)));
    return paths;
  }

  // -o names it; without, an object has its source's name, and a program is a.out.
  std::vector<std::string> written() const {
    std::vector<std::string> names;
    if (parsed_.output) {
      names.push_back(*parsed_.output);
    } else if (links()) {
      names.emplace_back("a.out");
    } else if (!makes_nothing_of_a_source()) {
      for (const Input& input : parsed_.inputs)
        names.push_back(makes_pch() ? input.text + ".gch"
                                    : default_name(input, makes_assembly() ? ".s" : ".o"));
    }
    std::vector<std::string> paths;
    for (const std::string& name : names)
      if (name != "-" && !name.starts_with("/dev/"))
        paths.push_back(tidy_path(join_path(command_.cwd, name)));
    return paths;
  }

  std::string absolute(const std::string& name) const {
    return tidy_path(join_path(command_.cwd, name));
  }

  static bool defines_ndebug(const std::vector<KeyArgument>& arguments) {
    bool defined = false;
    std::string_view option;
    for (const KeyArgument& argument : arguments) {
      const std::string_view text = argument.text;
      const bool is_value = option == "-D" || option == "-U" || option == "--define-macro";
      const std::string_view name = is_value ? text
                                    : text.starts_with("-D") || text.starts_with("-U")
                                        ? text.substr(2)
                                        : "";
      if (text == "-undef" || (name == "NDEBUG" && (is_value ? option : text).starts_with("-U")))
        return false;
      defined |= name == "NDEBUG" || name.starts_with("NDEBUG=");
      option = text;
    }
    return defined;
  }

  std::string module_cache() const {
    return parsed_.module_cache ? absolute(*parsed_.module_cache) : default_module_cache(command_);
  }

  void name_sources(Invocation& out) const {
    for (const Input& input : parsed_.inputs)
      if (is_source(input) && input.text != "-") out.key.sources.push_back(absolute(input.text));
  }

  // An object of one source, or a link without dependency files: what else these commands leave is
  // seen, and then the name counts (sharing/output_name.h).
  bool may_move_output() const {
    if (!parsed_.output || (program_.dialect & kEmcc) != 0 || parsed_.loose_target) return false;
    if (any_source([](const Language& l) { return l.plain_messages; })) return false;
    if (makes_nothing_of_a_source() || makes_tree() || makes_assembly()) return false;
    if (!parsed_.preprocessor_depfiles.empty()) return false;  // their target is the source's
    if (*parsed_.output == "-" || parsed_.output->starts_with("/dev/")) return false;
    const auto is_output = [&](const Input& i) {
      return absolute(i.text) == absolute(*parsed_.output);
    };
    if (std::any_of(parsed_.inputs.begin(), parsed_.inputs.end(), is_output)) return false;
    if (links()) return !parsed_.writes_depfile && !parsed_.depfile;
    return parsed_.inputs.size() == 1;
  }

  // Whether options that name the output and the dependency file are given once at most.
  static bool are_named_once(const std::vector<KeyArgument>& arguments) {
    using Output = KeyArgument::Output;
    const auto count = [&](Output output) {
      return std::count_if(arguments.begin(), arguments.end(),
                           [&](const KeyArgument& a) { return a.output == output; });
    };
    return count(Output::main) == 1 && count(Output::depfile) <= 1;
  }

  void name_movable_outputs(Invocation& out) const {
    const bool may_move = may_move_output() && are_named_once(out.key.arguments);
    std::string depfile;
    if (may_move && parsed_.writes_depfile)
      depfile = parsed_.depfile ? *parsed_.depfile : default_depfile(input_);
    const bool has_odd_depfile =
        depfile == "-" || depfile.starts_with("/dev/") ||
        (may_move && !depfile.empty() && absolute(depfile) == absolute(*parsed_.output));
    if (!may_move || has_odd_depfile) return;
    out.outputs.spelled_main = *parsed_.output;
    out.outputs.main = absolute(out.outputs.spelled_main);
    if (!depfile.empty()) out.outputs.main_depfile = absolute(depfile);
    out.key.fields.push_back({"output extension", std::string(known_extension(out.outputs.main))});
    // A target that is the output's own name follows it.
    for (std::size_t i = 0; i < out.key.arguments.size(); ++i) {
      KeyArgument& argument = out.key.arguments[i];
      if (argument.is_target && argument.path() == out.outputs.spelled_main)
        argument.output = KeyArgument::Output::main;
    }
  }

  // Drivers and linkers look at some of these; one that is made up each time is none.
  static std::string_view known_extension(std::string_view path) {
    static constexpr std::string_view kKnown[] = {".o",  ".lo",  ".obj", ".so",  ".a",  ".exe",
                                                  ".ko", ".dll", ".bc",  ".mod", ".elf"};
    const auto it = std::find_if(std::begin(kKnown), std::end(kKnown),
                                 [&](std::string_view e) { return path.ends_with(e); });
    return it == std::end(kKnown) ? std::string_view() : *it;
  }

  bool makes_assembly() const {
    const auto& words = parsed_.key_arguments;
    return std::any_of(words.begin(), words.end(), [](const KeyArgument& word) {
      return word.text == "-S" || word.text == "--assemble";
    });
  }

  std::string default_depfile(const Input& input) const {
    if (!parsed_.output) return default_name(input, ".d");
    return parsed_.output->starts_with("/dev/") ? "" : with_extension(*parsed_.output, ".d");
  }

  static std::string default_name(const Input& input, std::string_view extension) {
    return with_extension(std::string(base_name(input.text)), extension);
  }

  static std::string with_extension(std::string name, std::string_view extension) {
    const std::size_t base_at = name.size() - base_name(name).size();
    const std::size_t dot = name.rfind('.');
    if (dot != std::string::npos && dot >= base_at) name.resize(dot);
    return name.append(extension);
  }

  const Command& command_;
  const Program& program_;
  const Options& options_;
  const ClaimChecker& world_;
  Parsed parsed_;
  const Input no_input_;
  const Input& input_;
};

}  // namespace

Classified classify_command(const Command& command, const Program& program, const Options& options,
                            const ClaimChecker& checker) {
  if (command.argv.empty()) return Bypass{BypassReason::no_input, {}};
  if (auto bypass = bypass_by_environment(command)) return *std::move(bypass);
  std::vector<std::string_view> arguments(command.argv.begin() + 1, command.argv.end());
  std::vector<std::string> added;
  if ((program.dialect & kEmcc) != 0) {
    if (auto bypass = bypass_by_emscripten_variables(command)) return *std::move(bypass);
    auto words = split_response(command.variable("EMCC_CFLAGS").value_or(""));
    if (!words) return Bypass{BypassReason::unsupported_option, "EMCC_CFLAGS: cannot be read"};
    added = *std::move(words);
    arguments.insert(arguments.end(), added.begin(), added.end());
  }
  auto expanded = expand_arguments(arguments, checker.read_response);
  if (auto* bypass = std::get_if<Bypass>(&expanded)) return std::move(*bypass);
  Parsed parsed = parse_arguments(std::get<std::vector<std::string>>(expanded), program);
  if (is_question(parsed)) {
    if (auto bypass = bypass_of_question(parsed, program, command)) return *std::move(bypass);
    return Decision(command, program, options, checker, std::move(parsed)).question();
  }
  if (auto bypass = bypass_by_kind(parsed, program)) return *std::move(bypass);
  // From here on: inputs in languages we know, and every option is one we can live with.
  return Decision(command, program, options, checker, std::move(parsed)).invocation();
}

}  // namespace deja::tool::cc
