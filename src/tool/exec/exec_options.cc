// SPDX-License-Identifier: Apache-2.0
// The table of `deja exec` options, their parser and the checks between them. Tested by
// exec_options_test.cc.
#include "tool/exec/exec_options.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/bool_text.h"
#include "base/unit_text.h"

namespace deja::tool::exec {
namespace {

using List = std::vector<std::string> ExecOptions::*;
using Text = std::string ExecOptions::*;
using Flag = bool ExecOptions::*;
using Time = std::uint64_t ExecOptions::*;
// A function that parses a value. It returns what is wrong with the value, or "".
using ParseValue = std::string (*)(std::string_view value, ExecOptions& options);

struct Option {
  std::string_view name;
  std::string_view value;  // its name in the help; empty: the option takes none
  std::variant<List, Text, Flag, Time, ParseValue> target;
  std::string_view doc;
  std::string_view default_value =
      {};  // the value when none is given with "="; then a value is never a separate word
};

struct Section {
  std::string_view title;
  std::span<const Option> options;
};

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

template <typename T>
struct Word {
  std::string_view word;
  T value;
};

template <typename T, std::size_t N>
std::optional<T> find_word(const std::array<Word<T>, N>& words, std::string_view text) {
  for (const Word<T>& w : words)
    if (w.word == text) return w.value;
  return std::nullopt;
}

template <bool ExecOptions::* kFlag>
std::string read_flag(std::string_view value, ExecOptions& options) {
  const auto is_set = parse_bool(value);
  if (!is_set) return in_quotes(value) + " is neither true nor false; give one of them";
  options.*kFlag = *is_set;
  return {};
}

std::string read_extra(std::string_view value, ExecOptions& options) {
  options.extra.emplace_back(value);  // an empty value counts, too
  return {};
}

std::string read_variables(std::string_view value, ExecOptions& options) {
  static constexpr std::array<Word<GivenVariables>, 3> kWords = {
      {{"declared", GivenVariables::declared},
       {"observed", GivenVariables::observed},
       {"all", GivenVariables::all}}};
  const auto given = find_word(kWords, value);
  if (!given) return in_quotes(value) + " is not one of declared, observed, all";
  options.variables = *given;
  return {};
}

std::string read_input(std::string_view value, ExecOptions& options) {
  static constexpr std::array<Word<GivenStdin>, 3> kWords = {
      {{"none", GivenStdin::none}, {"inherit", GivenStdin::inherit}, {"keyed", GivenStdin::keyed}}};
  const auto given = find_word(kWords, value);
  if (!given) return in_quotes(value) + " is not one of none, inherit, keyed";
  options.input = *given;
  return {};
}

std::string read_hash(std::string_view value, ExecOptions& options) {
  std::string digits(value);
  for (char& c : digits)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    return in_quotes(value) + " is not a hash; give 64 hexadecimal digits";
  options.tool_hash = std::move(digits);
  return {};
}

constexpr std::uint64_t kLongestNs = 100ULL * 365 * 86400 * 1'000'000'000;

constexpr Option kInputs[] = {
    {"--input-file", "PATH", &ExecOptions::input_files, "its content is part of the key"},
    {"--input-file-list", "PATH", &ExecOptions::input_lists, "one input file per line"},
    {"--input-file-stdin", "", &ExecOptions::input_list_from_stdin,
     "one input file per line, from standard input"},
    {"--input-glob", "PATTERN", &ExecOptions::input_globs,
     "input files by pattern: * ? [a-z], and ** for any directories"},
    {"--input-env", "NAME", &ExecOptions::input_variables,
     "given to the tool, and its value is part of the key"},
    {"--input-extra", "BYTES", &read_extra, "part of the key"},
};
constexpr Option kOutputs[] = {
    {"--output-file", "PATH", &ExecOptions::output_files, "the tool writes it"},
    {"--optional-output", "PATH", &ExecOptions::optional_outputs, "the tool may write it"},
    {"--output-dir", "PATH", &ExecOptions::output_directories, "the tool writes files below it"},
    {"--output-stdout", "BOOL", &read_flag<&ExecOptions::wants_stdout>,
     "show standard output (default true)", "true"},
    {"--output-stderr", "BOOL", &read_flag<&ExecOptions::wants_stderr>,
     "show standard error (default true)", "true"},
};
constexpr Option kTool[] = {
    {"--pass-env", "NAME", &ExecOptions::passed_variables,
     "given to the tool, not part of the key"},
    {"--env", "WHICH", &read_variables,
     "variables that it gets: declared (default), observed (all; those it reads count), all"},
    {"--stdin", "WHICH", &read_input, "standard input: none (default), inherit, keyed"},
    {"--timeout", "TIME", &ExecOptions::timeout_ns,
     "stop it when it takes longer, with exit code 124"},
};
constexpr Option kKey[] = {
    {"--tool-hash", "HEX", &read_hash, "replaces the hash of the tool's own file"},
    {"--key-args-filter", "REGEX", &ExecOptions::filters,
     "leave matching arguments out of the key (RE2)"},
    {"--no-cwd-in-key", "", &ExecOptions::no_cwd_in_key,
     "share results between directories, unless outputs hold paths"},
};
constexpr Option kEvidence[] = {
    {"--strict", "", &ExecOptions::strict,
     "fail when it reads or writes what is not declared (exit code 1)"},
    {"--declared-only", "", &ExecOptions::declared_only,
     "do not observe: only what is declared counts"},
    {"--clock-counts", "", &ExecOptions::clock_counts, "do not store a run that reads the clock"},
    {"--include-scan", "PATH", &ExecOptions::seeds,
     "the files that this one includes are inputs, too"},
    {"--include-dir", "PATH", &ExecOptions::include_directories, "where --include-scan searches"},
    {"--system-include", "PATH", &ExecOptions::system_directories, "where it searches after those"},
    {"--iquote-dir", "PATH", &ExecOptions::quote_directories,
     "where it searches for \"names\" first"},
    {"--depfile", "PATH", &ExecOptions::depfile,
     "the tool writes make rules here; they name more inputs"},
};
constexpr Option kPolicy[] = {
    {"--no-cache", "", &ExecOptions::no_cache, "only run the tool"},
    {"--non-deterministic", "", &ExecOptions::non_deterministic,
     "as --no-cache, because its outputs differ each time"},
    {"--read-only", "", &ExecOptions::read_only, "use what is stored, store nothing"},
    {"--cache-failures", "", &ExecOptions::cache_failures, "store and use results of failed runs"},
    {"--ttl", "TIME", &ExecOptions::ttl_ns, "do not use a result that is older (90s, 15m, 7d)"},
};
constexpr Option kReport[] = {
    {"--print-key", "", &ExecOptions::print_key, "print the key, run nothing"},
    {"--explain", "", &ExecOptions::explain, "print what was done with the command, and why"},
    {"--json", "", &ExecOptions::json, "like --explain, as one JSON object; also for --print-key"},
};

constexpr Section kSections[] = {
    {"Inputs", kInputs},     {"Outputs", kOutputs}, {"The tool", kTool},  {"The key", kKey},
    {"Evidence", kEvidence}, {"Results", kPolicy},  {"Reports", kReport},
};

constexpr std::string_view kUsage =
    R"(Usage: deja exec [options] -- tool [arguments…]

Runs any tool, or restores what it left when it ran before: its files, its text and its exit code.
The tool is observed, so everything that it reads counts, declared or not; what is declared
always counts.

)";

constexpr std::string_view kExamples =
    R"(Also: deja exec --batch reads commands as JSON lines (docs/exec.md).

A code generator: its outputs are restored when they were deleted.
  deja exec --output-file a.pb.h --output-file a.pb.cc -- protoc --cpp_out=. a.proto

A linter: its findings are printed again, and its exit code is the same.
  deja exec --cache-failures -- shellcheck build.sh

A test: not run again while the program and its data are the same.
  deja exec --input-glob 'testdata/**' --timeout 5m -- ./parser_test

A formatter that only checks:
  deja exec --cache-failures --input-file .clang-format -- clang-format --dry-run -Werror a.cc
)";

const Option* find_option(std::string_view name) {
  for (const Section& section : kSections)
    for (const Option& option : section.options)
      if (option.name == name) return &option;
  return nullptr;
}

// Empty: no error.
std::string assign(const Option& option, std::string_view value, ExecOptions& options) {
  if (const auto* list = std::get_if<List>(&option.target)) {
    if (value.empty()) return "needs a value that is not empty";
    (options.*(*list)).emplace_back(value);
  } else if (const auto* text = std::get_if<Text>(&option.target)) {
    if (value.empty()) return "needs a value that is not empty";
    if (!(options.*(*text)).empty()) return in_quotes(value) + " is a second value; give one";
    options.*(*text) = value;
  } else if (const auto* flag = std::get_if<Flag>(&option.target)) {
    options.*(*flag) = true;
  } else if (const auto* time = std::get_if<Time>(&option.target)) {
    const auto ns = parse_duration_ns(value);
    if (!ns || *ns == 0) return in_quotes(value) + " is not a time; give one like 90s, 15m or 7d";
    options.*(*time) = std::min(*ns, kLongestNs);
  } else {
    return std::get<ParseValue>(option.target)(value, options);
  }
  return {};
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Options that contradict each other. Empty: none.
std::string contradiction(const ExecOptions& o) {
  struct Row {
    bool both;
    const char *one, *other;
  };
  const bool observes = o.variables == GivenVariables::observed;
  const Row rows[] = {
      {o.strict && o.declared_only, "--strict", "--declared-only"},
      {o.strict && o.no_cache, "--strict", "--no-cache"},
      {o.strict && o.non_deterministic, "--strict", "--non-deterministic"},
      {o.no_cache && o.read_only, "--no-cache", "--read-only"},
      {observes && o.declared_only, "--env=observed", "--declared-only"},
      {o.input_list_from_stdin && o.input != GivenStdin::none, "--input-file-stdin", "--stdin"},
      {o.declared_only && o.input == GivenStdin::inherit, "--stdin=inherit", "--declared-only"},
  };
  for (const Row& row : rows) {
    if (row.both) return std::string(row.one) + ": contradicts " + row.other + "; give one of them";
  }
  for (const std::string& name : o.passed_variables) {
    if (contains(o.input_variables, name))
      return "--pass-env: '" + name + "' is in --input-env, too; give one of them";
  }
  return {};
}

std::string bad_name(const ExecOptions& options) {
  for (const auto& [option, names] : {std::pair{"--input-env", &options.input_variables},
                                      std::pair{"--pass-env", &options.passed_variables}}) {
    for (const std::string& name : *names) {
      if (name.find('=') != std::string::npos)
        return std::string(option) + ": " + in_quotes(name) +
               " is not a variable's name; give it without '='";
    }
  }
  return {};
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// Does the name occur in the text, and not as part of a longer word?
bool names(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !is_name_char(text[at - 1])) &&
        (end == text.size() || !is_name_char(text[end])))
      return true;
  }
  return false;
}

bool mentions_output(const ExecOptions& options, std::string_view argument) {
  for (const auto* outputs :
       {&options.output_files, &options.optional_outputs, &options.output_directories}) {
    for (const std::string& output : *outputs)
      if (names(argument, output)) return true;
  }
  return false;
}

// Decides which arguments are part of the key. The name of an output always is, even when a filter
// matches: two commands that write to different places must not share a key.
std::string apply_filters(ExecOptions& options) {
  options.is_keyed.assign(options.argv.size(), true);
  for (const std::string& pattern : options.filters) {
    const RE2 filter(pattern, RE2::Quiet);
    if (!filter.ok())
      return "--key-args-filter: invalid regex: \"" + pattern + "\": " + filter.error();
    for (std::size_t i = 1; i < options.argv.size(); ++i) {
      const std::string& argument = options.argv[i];
      if (!mentions_output(options, argument) && RE2::PartialMatch(argument, filter))
        options.is_keyed[i] = false;
    }
  }
  return {};
}

// Reads the options up to "--"; then i is its index. Empty: no error.
std::string read_options(std::span<const std::string_view> argv, std::size_t& i,
                         ExecOptions& options) {
  for (; i < argv.size() && argv[i] != "--"; ++i) {
    const std::string_view word = argv[i];
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const Option* option = find_option(name);
    if (option == nullptr)
      return word.starts_with("-")
                 ? in_quotes(name) + " is not an option; see deja exec --help"
                 : in_quotes(word) +
                       " is not an option; the command comes after --, see deja exec --help";
    std::string_view value = option->default_value;
    if (equals != std::string_view::npos) {
      if (option->value.empty())
        return std::string(name) + ": takes no value, and got: " + in_quotes(word);
      value = word.substr(equals + 1);
    } else if (!option->value.empty() && option->default_value.empty()) {
      if (i + 1 >= argv.size()) return std::string(name) + ": needs a value";
      value = argv[++i];
    }
    if (const std::string wrong = assign(*option, value, options); !wrong.empty())
      return std::string(name) + ": " + wrong;
  }
  return {};
}

}  // namespace

std::string error_line(std::string_view what) {
  std::string line = "deja exec: ";
  for (const char c : what) line += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return line + "\n";
}

std::variant<ExecOptions, std::string> parse_command_line(std::span<const std::string_view> argv) {
  ExecOptions options;
  std::size_t i = 1;
  if (std::string wrong = read_options(argv, i, options); !wrong.empty()) return wrong;
  if (i + 1 >= argv.size()) return "no command: deja exec [options] -- tool [arguments…]";
  for (const std::string_view argument : argv.subspan(i + 1)) options.argv.emplace_back(argument);
  if (options.argv.front().empty()) return "'' is not the name of a tool";
  for (const std::string& wrong :
       {contradiction(options), bad_name(options), apply_filters(options)}) {
    if (!wrong.empty()) return wrong;
  }
  return options;
}

std::string help_text() {
  std::string out(kUsage);
  for (const Section& section : kSections) {
    out.append(section.title).append(":\n");
    for (const Option& option : section.options) {
      std::string left = "  " + std::string(option.name);
      if (!option.value.empty())
        left.append(option.default_value.empty() ? " " : "=").append(option.value);
      left.resize(std::max<std::size_t>(left.size() + 2, 28), ' ');
      out.append(left).append(option.doc).append("\n");
    }
    out.append("\n");
  }
  return out.append(kExamples);
}

Given given_variables(const ExecOptions& options, std::span<const EnvironmentVariable> users) {
  Given given;
  for (const EnvironmentVariable& v : users) {
    const std::string name(v.name);
    const bool is_passed = contains(options.passed_variables, name);
    const bool is_input = contains(options.input_variables, name);
    // When a name occurs twice the first value counts, as for getenv.
    const bool is_double = std::any_of(given.all.begin(), given.all.end(),
                                       [&](const auto& g) { return g.name == v.name; });
    if (is_double || (options.variables == GivenVariables::declared && !is_passed && !is_input))
      continue;
    given.all.push_back(v);
    if (!is_passed) given.counting.push_back(v);
  }
  return given;
}

std::optional<Bypass> read_command(Command& command) {
  auto order = parse_command_line(command.argv);
  if (auto* wrong = std::get_if<std::string>(&order))
    return Bypass{BypassReason::not_run, std::move(*wrong)};
  auto options = std::make_shared<const ExecOptions>(std::get<ExecOptions>(std::move(order)));
  command.exec_options = options;
  command.argv.assign(options->argv.begin(), options->argv.end());
  if (options->bypasses() && !options->print_key) return Bypass{BypassReason::no_cache, ""};
  return std::nullopt;
}

void give_variables(Command& command) {
  Given given = given_variables(*command.exec_options, command.environment);
  command.given = std::move(given.all);
  command.environment = std::move(given.counting);
}

}  // namespace deja::tool::exec
