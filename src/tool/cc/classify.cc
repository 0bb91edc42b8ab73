// SPDX-License-Identifier: Apache-2.0
// Decides what a parsed command line is: a question, a bypass, or an invocation with its outputs,
// facts and key. The order of the checks matters, because a question takes precedence over an
// unsupported option. Tested by classify_test.cc (a table of command lines) and
// test/fuzz/arguments.cc.
#include "tool/cc/classify.h"

#include <algorithm>

#include "base/path.h"
#include "tool/cargo.h"
#include "tool/cc/emscripten.h"
#include "tool/cc/module_cache.h"
#include "tool/cc/native.h"
#include "tool/cc/parse.h"
#include "tool/link_time.h"
#include "tool/prefix_maps.h"
#include "tool/program_name.h"

namespace deja::tool::cc {
namespace {

// gcc since 4.9 and every clang still in use know this option, whether stderr is a terminal or not.
// adapter_test.cc checks that it does not change objects and depfiles.
constexpr std::string_view kForceColours = "-fdiagnostics-color=always";
constexpr std::string_view kColoursByReader = "-fdiagnostics-color=auto";

struct BypassVariable {
  std::string_view name;
  BypassReason reason;
  const char* why;
};

// Variables that change what a driver does, beyond its arguments.
constexpr BypassVariable kBypassVariables[] = {
    {"DEPENDENCIES_OUTPUT", BypassReason::environment_output, "appends to a depfile"},
    {"SUNPRO_DEPENDENCIES", BypassReason::environment_output, "appends to a depfile"},
    {"CC_PRINT_OPTIONS", BypassReason::environment_output, "appends command lines to a file"},
    {"CC_PRINT_HEADERS", BypassReason::environment_output, "appends names of headers to a file"},
    {"CC_LOG_DIAGNOSTICS", BypassReason::environment_output, "appends diagnostics to a file"},
    {"CC_PRINT_PROC_STAT", BypassReason::environment_output, "appends times to a file"},
    {"CC_PRINT_INTERNAL_STAT", BypassReason::environment_output, "appends counters to a file"},
    {"AS_SECURE_LOG_FILE", BypassReason::environment_output, "the assembler appends to a file"},
    {"CCC_OVERRIDE_OPTIONS", BypassReason::unsupported_option, "edits the arguments"},
    {"QA_OVERRIDE_GCC3_OPTIONS", BypassReason::unsupported_option, "edits the arguments"},
};

std::optional<Bypass> bypass_by_environment(const Command& command) {
  for (const EnvironmentVariable& variable : command.environment) {
    if (variable.name.empty() ||
        std::string_view("DSCAQ").find(variable.name[0]) == std::string_view::npos)
      continue;
    for (const BypassVariable& row : kBypassVariables)
      if (variable.name == row.name)
        return Bypass{row.reason, std::string(row.name) + ": " + row.why};
    if (variable.name == "CXX_MODULE_MAPPER" && asks_module_mapper(variable.value))
      return Bypass{BypassReason::unsupported_option,
                    "CXX_MODULE_MAPPER: asks another process for modules"};
  }
  return std::nullopt;
}

bool is_source(const Input& input) { return input.language != nullptr; }

// Configure scripts ask compilers about themselves many times, sometimes with options of another
// compiler. A command without an input only prints an error.
bool is_question(const Parsed& parsed) { return parsed.query || parsed.inputs.empty(); }

// gcc's front end formats its lists for the width of the terminal on its standard input, which
// cannot be observed. The variable COLUMNS takes precedence (get_terminal_width in gcc's
// diagnostic.cc).
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
  Bypass none{not_a_compile, parsed.query.value_or("-v")};
  // emcc runs checks and writes files before it answers
  const bool is_emcc = (program.dialect & kEmcc) != 0;
  if (parsed.has_no_answer || (is_emcc && (parsed.query || parsed.verbose))) return none;
  if (is_emcc) return parsed.bypass.value_or(Bypass{no_input, {}});
  if (parsed.bypass) return parsed.query ? none : *parsed.bypass;
  if (program.dialect != kClang && asks_for_width(parsed, command))
    return Bypass{not_a_compile,
                  *parsed.query + ": formatted for the terminal's width; set COLUMNS"};
  return std::nullopt;
}

// Does -v print the names of temporary files, which differ from run to run? (The output is searched
// for such names after the run anyway; this only saves a lookup.)
bool names_temporaries(const Parsed& parsed, const Program& program) {
  if (program.dialect == kClang) return !parsed.stops_before_link;
  return !parsed.preprocess && !parsed.syntax_only && !parsed.depend_only;
}

// Why a command that makes modules on demand is not looked up, or null. How such modules combine
// with other precompiled forms has not been checked.
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

// Why the command is not one bounded job that always gives the same outputs, if so.
std::optional<Bypass> bypass_by_kind(const Parsed& parsed, const Program& program) {
  using enum BypassReason;
  if (parsed.bypass) return parsed.bypass;
  const bool has_source = std::any_of(parsed.inputs.begin(), parsed.inputs.end(), is_source);
  if (parsed.stops_before_link && !has_source) {
    const std::string& name = parsed.inputs.front().text;
    const bool is_others = language_of_file(name, kGcc, false) != nullptr;  // clang runs gcc for it
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
           const MachineQueries& machine, Parsed parsed)
      : command_(command),
        program_(program),
        options_(options),
        machine_(machine),
        parsed_(std::move(parsed)),
        input_(parsed_.inputs.empty() ? no_input_ : first_source(parsed_.inputs)) {}

  // A question to the compiler. The answer may depend on the processor.
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
    if (out.identity.what.find("help") != std::string::npos)  // lists are formatted for a width
      out.key.fields.push_back({"columns", std::string(command_.variable("COLUMNS").value_or(""))});
    const auto cpu = machine_.cpu_identity();
    if (!cpu)
      return Bypass{BypassReason::not_a_compile, "/proc/cpuinfo does not describe the processor"};
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
    out.outputs.name_intermediates = names_intermediates();
    // Debug information (CGDebugInfo::createFile in clang's CGDebugInfo.cpp).
    out.outputs.split_paths = program_.dialect != kGcc;
    out.outputs.mapped_prefixes = mapped_prefixes();
    out.outputs.depfiles = depfiles();
    out.outputs.written = written();
    follow_languages(out);
    out.policy.prints_commands = parsed_.verbose;
    out.policy.argument_facts = parsed_.argument_facts;
    out.run.reads_stdin = parsed_.reads_stdin;
    out.key.arguments = parsed_.key_arguments;
    out.policy.defines_ndebug = defines_ndebug(out.key.arguments);
    name_sources(out);
    out.places.target_directory = target_directory_of_build_script(command_);
    if (parsed_.modules && !finds_module_cache(out))
      return Bypass{BypassReason::unsupported_option,
                    "-fmodules: the module cache's directory is unknown"};
    name_movable_outputs(out);
    if (parsed_.native) {
      const auto cpu = machine_.cpu_identity();
      if (!cpu) return Bypass{BypassReason::unsupported_option, kUnknownProcessor};
      out.key.arguments.push_back({"cpu:" + *cpu});
    }
    if (links()) add_jobserver(out);
    out.run.argv.emplace_back(command_.argv.front());
    // With -v, the name it was called with is printed.
    out.run.may_run_by_path = (program_.dialect & kEmcc) == 0 && !parsed_.verbose;
    force_colours(out);
    if (options_.portable && !parsed_.verbose)
      add_prefix_maps(options_.portable_roots, "-ffile-prefix-map=", out,
                      options_.portable_aliases);
    for (std::size_t i = 1; i < command_.argv.size(); ++i) {
      // This would override the forced colours, and the tool would see a pipe where the user has a
      // terminal.
      if (out.run.colours_forced && command_.argv[i] == kColoursByReader) continue;
      out.run.argv.emplace_back(command_.argv[i]);
    }
    return out;
  }

 private:
  // What the languages of the sources ask for.
  void follow_languages(Invocation& out) const {
    if (any_source([](const Language& l) { return l.fortran; })) {
      const std::string directory = parsed_.module_directory.value_or(".");
      out.outputs.updated_files.push_back(
          {tidy_path(join_path(command_.cwd, directory)), {".mod", ".smod"}});
    }
    for (const Input& input : parsed_.inputs)
      if (is_source(input) && input.language->timekeeper != nullptr)
        out.policy.timekeeper = input.language->timekeeper;
  }

  bool finds_module_cache(Invocation& out) const {
    out.places.module_cache = module_cache();
    const auto holds = [&](const std::string& path) {
      return is_within(path, out.places.module_cache);
    };
    return !out.places.module_cache.empty() && !holds(std::string(command_.cwd)) &&
           std::ranges::none_of(out.key.sources, holds);
  }

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

  // Since gcc 13 a link warns when it is told to use make's jobserver and there is none.
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

  // A precompiled header, or a module made from a header.
  bool makes_pch() const {
    if (makes_nothing_of_a_source()) return false;
    return parsed_.emits_pch || parsed_.precompile ||
           any_source([](const Language& l) { return l.header; });
  }

  // Any output in which clang stores declarations, with the options that made it. (gcc can make a
  // module from any source; it holds no options, and its paths are plain text.)
  bool makes_tree() const {
    if (makes_pch()) return true;
    return !makes_nothing_of_a_source() &&
           (parsed_.module_output || any_source([](const Language& l) { return l.module; }));
  }

  // emcc's JavaScript may hold the program, its data and files in base64 or compressed.
  bool packs_its_parts() const { return (program_.dialect & kEmcc) != 0 && links(); }

  bool links() const { return !parsed_.stops_before_link && !makes_pch(); }

  // Asked to preprocess what is preprocessed already, clang does nothing and warns about each option.
  bool is_nothing_to_do() const {
    return (program_.dialect & kClang) != 0 && (parsed_.preprocess || parsed_.depend_only) &&
           any_source(
               [](const Language& l) { return std::string_view(l.name).ends_with("cpp-output"); });
  }

  // False when the user chose; when the option would reach an output or change how messages are
  // wrapped; for plain assembly, where clang warns about an unused option; and for emcc, which
  // prints clang's command line on failure.
  bool may_force_colours() const {
    return options_.may_force_colours && (parsed_.effects & (kUserColour | kRecordsArgv)) == 0 &&
           !parsed_.wraps_messages && !parsed_.verbose && !makes_tree() && !parsed_.modules &&
           !is_nothing_to_do() && is_source(input_) &&
           !any_source([](const Language& l) { return l.plain_messages; }) &&
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

  // gcc and clang check TERM; clang also checks NO_COLOR (https://no-color.org), which gcc 12 does
  // not.
  bool terminal_has_colours() const {
    const auto term = command_.variable("TERM");
    if (!term || term->empty() || *term == "dumb") return false;
    const auto no_color = command_.variable("NO_COLOR");
    if (!no_color || no_color->empty()) return true;
    return program_.dialect == kGcc;
  }

  // With debug information clang writes the name and the MD5 of what its assembler read (DWARF 5, 6.2.4.1). Of a .S
  // that is a temporary file with the preprocessor's output, whose line markers no prefix map changes.
  bool names_intermediates() const {
    const auto asks_for_debugging = [](const KeyArgument& a) { return a.text.starts_with("-g"); };
    return program_.dialect != kGcc &&
           any_source([](const Language& l) { return l.preprocessed_assembly; }) &&
           std::ranges::any_of(parsed_.key_arguments, asks_for_debugging);
  }

  std::vector<std::string> mapped_prefixes() const {
    std::vector<std::string> mapped = parsed_.maps.files;
    const auto& macros = parsed_.maps.macros;
    for (const std::string& prefix : parsed_.maps.debug)
      if (std::find(macros.begin(), macros.end(), prefix) != macros.end()) mapped.push_back(prefix);
    return mapped;
  }

  // -MF names the depfile. Without it, -M writes to -o, and -MD writes next to the output, or
  // without -o into the current directory, with the extension .d.
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

  // -o names the output. Without it, an object is named after its source, and a program is a.out.
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

  // An object from one source, or a link without dependency files. What else these commands write
  // is observed, and then the name counts (sharing/output_name.h).
  bool may_move_output() const {
    if (!parsed_.output || (program_.dialect & kEmcc) != 0 || parsed_.loose_target) return false;
    if (any_source([](const Language& l) { return l.plain_messages; })) return false;
    if (makes_nothing_of_a_source() || makes_tree() || makes_assembly()) return false;
    // the depfile's target follows the source
    if (!parsed_.preprocessor_depfiles.empty()) return false;
    if (*parsed_.output == "-" || parsed_.output->starts_with("/dev/")) return false;
    const auto is_output = [&](const Input& i) {
      return absolute(i.text) == absolute(*parsed_.output);
    };
    if (std::any_of(parsed_.inputs.begin(), parsed_.inputs.end(), is_output)) return false;
    if (links()) return !parsed_.writes_depfile && !parsed_.depfile;
    return parsed_.inputs.size() == 1;
  }

  // Are the options that name the output and the dependency file given at most once?
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
    // A target equal to the output's name changes with the output.
    for (std::size_t i = 0; i < out.key.arguments.size(); ++i) {
      KeyArgument& argument = out.key.arguments[i];
      if (argument.is_target && argument.path() == out.outputs.spelled_main)
        argument.output = KeyArgument::Output::main;
    }
  }

  // Drivers and linkers know these extensions; an unknown one, such as a random suffix, counts as
  // none.
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
  const MachineQueries& machine_;
  Parsed parsed_;
  const Input no_input_;
  const Input& input_;
};

}  // namespace

Classified classify_command(const Command& command, const Program& program, const Options& options,
                            const MachineQueries& machine) {
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
  auto expanded = expand_arguments(arguments, machine.read_response);
  if (auto* bypass = std::get_if<Bypass>(&expanded)) return std::move(*bypass);
  Parsed parsed = parse_arguments(std::get<std::vector<std::string>>(expanded), program);
  if (is_question(parsed)) {
    if (auto bypass = bypass_of_question(parsed, program, command)) return *std::move(bypass);
    return Decision(command, program, options, machine, std::move(parsed)).question();
  }
  if (auto bypass = bypass_by_kind(parsed, program)) return *std::move(bypass);
  // From here on every input has a known language, and every option is supported.
  return Decision(command, program, options, machine, std::move(parsed)).invocation();
}

}  // namespace deja::tool::cc
