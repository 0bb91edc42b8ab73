// Tested by order_test.cc.
#include "tool/exec/exec_options.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace deja::tool::exec {
namespace {

using List = std::vector<std::string> ExecOptions::*;
using Text = std::string ExecOptions::*;
using Flag = bool ExecOptions::*;
using Time = std::uint64_t ExecOptions::*;
// What a value is read into by a function; a string says what is wrong with it.
using Reader = std::string (*)(std::string_view value, ExecOptions& order);

struct Option {
  std::string_view name;
  std::string_view value;  // what help calls it; empty: the option takes none
  std::variant<List, Text, Flag, Time, Reader> target;
  std::string_view doc;
  std::string_view bare =
      {};  // the value when none is given with "="; such a value is never a word
};

struct Family {
  std::string_view title;
  std::span<const Option> options;
};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

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

std::optional<bool> read_bool(std::string_view text) {
  static constexpr std::array<Word<bool>, 8> kWords = {{{"true", true},
                                                        {"1", true},
                                                        {"yes", true},
                                                        {"on", true},
                                                        {"false", false},
                                                        {"0", false},
                                                        {"no", false},
                                                        {"off", false}}};
  return find_word(kWords, text);
}

template <bool ExecOptions::* kFlag>
std::string read_flag(std::string_view value, ExecOptions& order) {
  const auto is_set = read_bool(value);
  if (!is_set) return quoted(value) + " is neither true nor false";
  order.*kFlag = *is_set;
  return {};
}

std::string read_extra(std::string_view value, ExecOptions& order) {
  order.extra.emplace_back(value);  // nothing is something, too
  return {};
}

std::string read_variables(std::string_view value, ExecOptions& order) {
  static constexpr std::array<Word<GivenVariables>, 3> kWords = {
      {{"declared", GivenVariables::declared},
       {"observed", GivenVariables::observed},
       {"all", GivenVariables::all}}};
  const auto given = find_word(kWords, value);
  if (!given) return quoted(value) + " is none of declared, observed, all";
  order.variables = *given;
  return {};
}

std::string read_input(std::string_view value, ExecOptions& order) {
  static constexpr std::array<Word<GivenStdin>, 3> kWords = {
      {{"none", GivenStdin::none}, {"inherit", GivenStdin::inherit}, {"keyed", GivenStdin::keyed}}};
  const auto given = find_word(kWords, value);
  if (!given) return quoted(value) + " is none of none, inherit, keyed";
  order.input = *given;
  return {};
}

std::string read_hash(std::string_view value, ExecOptions& order) {
  std::string digits(value);
  for (char& c : digits)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    return quoted(value) + " is not 64 hexadecimal digits";
  order.tool_hash = std::move(digits);
  return {};
}

// "90", "1.5s", "10m", "12h", "7d", "250ms".
std::optional<std::uint64_t> read_time(std::string_view text) {
  static constexpr std::array<Word<double>, 6> kUnits = {
      {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const auto unit = find_word(kUnits, text.substr(static_cast<std::size_t>(end - text.data())));
  if (!unit || !std::isfinite(number) || number * *unit < 1) return std::nullopt;
  constexpr double kYearsMax = 100 * 365 * 86400e9;
  return static_cast<std::uint64_t>(std::min(number * *unit, kYearsMax));
}

constexpr Option kInputs[] = {
    {"--input-file", "PATH", &ExecOptions::input_files, "its content is part of the key"},
    {"--input-file-list", "PATH", &ExecOptions::input_lists, "one input file a line"},
    {"--input-file-stdin", "", &ExecOptions::input_list_from_stdin,
     "one input file a line, from standard input"},
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
     "variables it is given: declared (default), observed (all; what it reads counts), all"},
    {"--stdin", "WHICH", &read_input, "standard input: none (default), inherit, keyed"},
    {"--timeout", "TIME", &ExecOptions::timeout_ns,
     "end it when it takes longer, with exit code 124"},
};
constexpr Option kKey[] = {
    {"--tool-hash", "HEX", &read_hash, "stands for the tool's own file"},
    {"--key-args-filter", "REGEX", &ExecOptions::filters,
     "leave matching arguments out of the key (RE2)"},
    {"--no-cwd-in-key", "", &ExecOptions::no_cwd_in_key,
     "share results between directories, where nothing speaks against it"},
};
constexpr Option kEvidence[] = {
    {"--strict", "", &ExecOptions::strict,
     "fail when it reads or writes what is not declared (exit code 1)"},
    {"--declared-only", "", &ExecOptions::declared_only,
     "do not observe: what is declared is all that counts"},
    {"--clock-counts", "", &ExecOptions::clock_counts,
     "do not keep what a tool left that asks for the time"},
    {"--include-scan", "PATH", &ExecOptions::seeds, "what this file includes is input, too"},
    {"--include-dir", "PATH", &ExecOptions::include_directories, "where --include-scan looks"},
    {"--system-include", "PATH", &ExecOptions::system_directories, "where it looks after those"},
    {"--iquote-dir", "PATH", &ExecOptions::quote_directories, "where it looks for \"names\" first"},
    {"--depfile", "PATH", &ExecOptions::depfile, "the tool writes make rules here: more inputs"},
};
constexpr Option kPolicy[] = {
    {"--no-cache", "", &ExecOptions::no_cache, "only run the tool"},
    {"--non-deterministic", "", &ExecOptions::non_deterministic, "as --no-cache: says why"},
    {"--read-only", "", &ExecOptions::read_only, "use what is stored, store nothing"},
    {"--cache-failures", "", &ExecOptions::cache_failures, "store and use results of failed runs"},
    {"--ttl", "TIME", &ExecOptions::ttl_ns,
     "neither use nor keep a result that is older (90s, 15m, 7d)"},
};
constexpr Option kReport[] = {
    {"--print-key", "", &ExecOptions::print_key, "print the key, run nothing"},
    {"--explain", "", &ExecOptions::explain, "say what became of the command, and why"},
    {"--json", "", &ExecOptions::json, "as --explain, one JSON object; with --print-key, too"},
};

constexpr Family kFamilies[] = {
    {"Inputs", kInputs},       {"Outputs", kOutputs},   {"The tool", kTool},
    {"The key", kKey},         {"Evidence", kEvidence}, {"What is done with results", kPolicy},
    {"What is said", kReport},
};

constexpr std::string_view kUsage =
    R"(Usage: deja exec [options] -- tool [arguments…]

Runs any tool, or puts back what it left when it ran before: its files, its text and its exit code.
The tool is observed, so that what it reads counts though nobody declared it; what is declared
always counts.

)";

constexpr std::string_view kExamples =
    R"(Also: deja exec --batch reads commands as JSON lines (docs/exec.md).

A code generator: its outputs come back when they were deleted.
  deja exec --output-file a.pb.h --output-file a.pb.cc -- protoc --cpp_out=. a.proto

A linter: its findings are printed again, and its exit code is the same.
  deja exec --cache-failures -- shellcheck build.sh

A test: not run again while the program and its data are the same.
  deja exec --input-glob 'testdata/**' --timeout 5m -- ./parser_test

A formatter that only checks:
  deja exec --cache-failures --input-file .clang-format -- clang-format --dry-run -Werror a.cc
)";

const Option* find_option(std::string_view name) {
  for (const Family& family : kFamilies)
    for (const Option& option : family.options)
      if (option.name == name) return &option;
  return nullptr;
}

// Empty: fine.
std::string assign(const Option& option, std::string_view value, ExecOptions& order) {
  if (const auto* list = std::get_if<List>(&option.target)) {
    if (value.empty()) return "needs a value that is not empty";
    (order.*(*list)).emplace_back(value);
  } else if (const auto* text = std::get_if<Text>(&option.target)) {
    if (value.empty()) return "needs a value that is not empty";
    if (!(order.*(*text)).empty()) return quoted(value) + " is the second of its kind";
    order.*(*text) = value;
  } else if (const auto* flag = std::get_if<Flag>(&option.target)) {
    order.*(*flag) = true;
  } else if (const auto* time = std::get_if<Time>(&option.target)) {
    const auto ns = read_time(value);
    if (!ns) return quoted(value) + " is no time like 90s, 15m or 7d";
    order.*(*time) = *ns;
  } else {
    return std::get<Reader>(option.target)(value, order);
  }
  return {};
}

bool repeats(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Options that cannot both be meant. Empty: none.
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
    if (repeats(o.input_variables, name))
      return "--pass-env: '" + name + "' is in --input-env, too; give one of them";
  }
  return {};
}

std::string bad_name(const ExecOptions& order) {
  for (const auto& [option, names] : {std::pair{"--input-env", &order.input_variables},
                                      std::pair{"--pass-env", &order.passed_variables}}) {
    for (const std::string& name : *names) {
      if (name.find('=') != std::string::npos)
        return std::string(option) + ": " + quoted(name) + " is no name of a variable";
    }
  }
  return {};
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// Does the name stand in the text, and not as a part of another?
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

bool names_output(const ExecOptions& order, std::string_view argument) {
  for (const auto* outputs :
       {&order.output_files, &order.optional_outputs, &order.output_directories}) {
    for (const std::string& output : *outputs)
      if (names(argument, output)) return true;
  }
  return false;
}

// Which arguments are keyed. A name of an output stays, whatever matches: two commands that write
// to different places must not share a key.
std::string apply_filters(ExecOptions& order) {
  order.is_keyed.assign(order.argv.size(), true);
  for (const std::string& pattern : order.filters) {
    const RE2 filter(pattern, RE2::Quiet);
    if (!filter.ok())
      return "--key-args-filter: invalid regex: \"" + pattern + "\": " + filter.error();
    for (std::size_t i = 1; i < order.argv.size(); ++i) {
      const std::string& argument = order.argv[i];
      if (!names_output(order, argument) && RE2::PartialMatch(argument, filter))
        order.is_keyed[i] = false;
    }
  }
  return {};
}

// Reads the options up to "--", where i is then. Empty: fine.
std::string read_options(std::span<const std::string_view> argv, std::size_t& i,
                         ExecOptions& order) {
  for (; i < argv.size() && argv[i] != "--"; ++i) {
    const std::string_view word = argv[i];
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const Option* option = find_option(name);
    if (option == nullptr)
      return word.starts_with("-")
                 ? quoted(name) + " is no option; see deja exec --help"
                 : quoted(word) + " is no option; the command comes after --, see deja exec --help";
    std::string_view value = option->bare;
    if (equals != std::string_view::npos) {
      if (option->value.empty()) return std::string(name) + ": takes no value: " + quoted(word);
      value = word.substr(equals + 1);
    } else if (!option->value.empty() && option->bare.empty()) {
      if (i + 1 >= argv.size()) return std::string(name) + ": needs a value";
      value = argv[++i];
    }
    if (const std::string wrong = assign(*option, value, order); !wrong.empty())
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

std::variant<ExecOptions, std::string> read_order(std::span<const std::string_view> argv) {
  ExecOptions order;
  std::size_t i = 1;
  if (std::string wrong = read_options(argv, i, order); !wrong.empty()) return wrong;
  if (i + 1 >= argv.size()) return "no command: deja exec [options] -- tool [arguments…]";
  for (const std::string_view argument : argv.subspan(i + 1)) order.argv.emplace_back(argument);
  if (order.argv.front().empty()) return "'' is no name of a tool";
  for (const std::string& wrong : {contradiction(order), bad_name(order), apply_filters(order)}) {
    if (!wrong.empty()) return wrong;
  }
  return order;
}

std::string help_text() {
  std::string out(kUsage);
  for (const Family& family : kFamilies) {
    out.append(family.title).append(":\n");
    for (const Option& option : family.options) {
      std::string left = "  " + std::string(option.name);
      if (!option.value.empty()) left.append(option.bare.empty() ? " " : "=").append(option.value);
      left.resize(std::max<std::size_t>(left.size() + 2, 28), ' ');
      out.append(left).append(option.doc).append("\n");
    }
    out.append("\n");
  }
  return out.append(kExamples);
}

Given given_variables(const ExecOptions& order, std::span<const EnvironmentVariable> users) {
  Given given;
  for (const EnvironmentVariable& v : users) {
    const std::string name(v.name);
    const bool is_passed = repeats(order.passed_variables, name);
    const bool is_input = repeats(order.input_variables, name);
    // Of two with one name the first counts, to getenv and here.
    const bool is_double = std::any_of(given.all.begin(), given.all.end(),
                                       [&](const auto& g) { return g.name == v.name; });
    if (is_double || (order.variables == GivenVariables::declared && !is_passed && !is_input))
      continue;
    given.all.push_back(v);
    if (!is_passed) given.counting.push_back(v);
  }
  return given;
}

std::optional<Bypass> read_command(Command& command) {
  auto order = read_order(command.argv);
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
