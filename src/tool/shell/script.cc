// SPDX-License-Identifier: Apache-2.0
// Reads shell scripts word by word for the variables that they may use. Whatever a script could do
// beyond the words that are recognised here makes the answer "all variables". Tested by
// script_test.cc, test/diff/script_test.cc and test/fuzz/shell_script.cc.
#include "tool/shell/script.h"

#include <algorithm>
#include <iterator>

#include "tool/shell/words.h"

namespace deja::tool::shell {
namespace {

// The rest of a command, up to the first character that may end it.
std::string_view rest_of_command(std::string_view text) {
  return text.substr(0, text.find_first_of("\n;&|)"));
}
std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}
bool has_expansion(std::string_view text) {
  return text.find_first_of("$`") != std::string_view::npos;
}

// --- builtin commands ----------------------------------------------------------------------------

// rest: what follows the command's name. Does the command read no more than its words show?
bool is_plain_set(std::string_view rest) {  // without arguments it prints all variables
  rest = skip_blanks(rest);
  return !rest.empty() && is_one_of(rest[0], "-+");
}

// "export NAME=…". Without a name, or with -p, it prints all variables.
bool is_plain_declaration(std::string_view rest) {
  rest = skip_blanks(rest);
  if (rest.starts_with("-")) {  // -i is arithmetic, -n a reference to a name, -p prints
    const std::string_view flags = rest.substr(1, rest.find_first_of(" \t\n") - 1);
    if (flags.find_first_not_of("aAgrx") != flags.npos) return false;
    rest = skip_blanks(rest.substr(std::min(flags.size() + 1, rest.size())));
  }
  if (rest.starts_with('"') || rest.starts_with('\'')) rest.remove_prefix(1);
  if (rest.empty() || !is_name_start(rest[0])) return false;
  const std::string_view operands = rest_of_command(rest);
  for (std::size_t i = 1; i < operands.size(); ++i) {  // an operand whose name is computed
    const bool begins =
        is_blank(operands[i - 1]) || (operands[i - 1] == '"' && i > 1 && is_blank(operands[i - 2]));
    if (begins && is_one_of(operands[i], "$`")) return false;
  }
  return true;
}

bool is_plain_trap(std::string_view rest) {  // its text is part of the script
  rest = skip_blanks(rest);
  if (rest.starts_with('\'') || rest.starts_with('"')) {
    const std::size_t end = rest.find(rest[0], 1);
    if (end == rest.npos || end + 1 == rest.size()) return false;
    if (is_one_of(rest[1], "$`'\" ")) return false;  // the command is the value of a variable
    if (rest[0] == '"' && rest.substr(0, end).find_first_of("$`\\") != rest.npos) return false;
    return is_one_of(rest[end + 1], " \t\n");
  }
  if (rest == "-" || rest.starts_with("- ")) return true;
  const std::size_t end = std::min(rest.find_first_of(" \t\n;"), rest.size());
  const std::string_view word = rest.substr(0, end);
  return !word.empty() && std::all_of(word.begin(), word.end(), is_name_char);
}

// A computed name may hold a subscript, which is arithmetic.
bool is_plain_naming(std::string_view rest) {
  rest = rest.substr(0, std::min(rest.find_first_of("\n;&|)<"), rest.size()));
  return !has_expansion(rest) && rest.find('[') == rest.npos;
}

bool is_plain_printf(std::string_view rest) {
  return rest_of_command(rest).find("-v") == std::string_view::npos;
}

bool is_never_plain(std::string_view) { return false; }

struct Builtin {
  std::string_view name;
  bool (*is_plain)(std::string_view rest);
};
constexpr Builtin kBuiltins[] = {
    {"eval", is_never_plain},
    {"let", is_never_plain},
    {"compgen", is_never_plain},
    {"complete", is_never_plain},
    {"mapfile", is_never_plain},  // -C runs a text as a command
    {"readarray", is_never_plain},
    {"alias", is_never_plain},
    {"enable", is_never_plain},
    {"bind", is_never_plain},
    {"fc", is_never_plain},
    {"history", is_never_plain},
    {"set", is_plain_set},
    {"export", is_plain_declaration},
    {"readonly", is_plain_declaration},
    {"declare", is_plain_declaration},
    {"typeset", is_plain_declaration},
    {"local", is_plain_declaration},
    {"trap", is_plain_trap},
    {"read", is_plain_naming},
    {"unset", is_plain_naming},
    {"printf", is_plain_printf},
};
// Other commands that read more than their arguments show, when a variable holds their name.
constexpr std::string_view kOtherCommands[] = {"cd", "pushd",   "popd",    "test",
                                               "[",  "getopts", "command", "source",
                                               ".",  "type",    "builtin", "dirs"};
// Busybox may run these in the shell's own process.
constexpr std::string_view kApplets[] = {"env",   "printenv", "awk",     "xargs", "find",
                                         "chpst", "sh",       "busybox", "time",  "nohup"};

const Builtin* find_builtin(std::string_view word) {
  const auto it = std::find_if(std::begin(kBuiltins), std::end(kBuiltins),
                               [&](const Builtin& b) { return b.name == word; });
  return it == std::end(kBuiltins) ? nullptr : it;
}

bool may_end_command(std::string_view text, std::size_t at) {
  return at == text.size() || is_blank(text[at]) || is_one_of(text[at], "\n;&|()<>'\"`}$\\");
}
// As part of a name ("/bin/set", "--set", "set.c") it is not a command.
bool may_begin_command(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  const char c = text[at - 1];
  if (c == '-') return at > 1 && (text[at - 2] == ':' || is_name_char(text[at - 2]));
  return !is_one_of(c, "/.,+@%~#*?]:");
}

// --- one script ----------------------------------------------------------------------------------

class ScriptReader {
 public:
  ScriptReader(Kind kind, Reading& out) : kind_(kind), out_(out) {}

  void read_words(std::string_view code);
  void read_split_words(std::string_view code);
  void read_names(std::string_view text);
  void read_expansions(std::string_view code);
  void read_brackets(std::string_view code);
  void read_commands(std::string_view code);
  void read_run_variables(std::string_view code);
  bool done() const { return out_.takes_all; }

 private:
  void all() { out_.takes_all = true; }
  void read_word(std::string_view code, std::size_t from, std::size_t end);
  void read_option(std::string_view code, std::size_t at);
  void read_parameter(std::string_view code, std::size_t at);
  void read_arithmetic(std::string_view code, std::size_t at);
  void read_command(std::string_view code, std::size_t at);
  void trace_variables(std::string_view code);
  void trace(std::string_view code, const std::string& name);
  void trace_value(std::string_view code, std::size_t at);
  bool is_loop_variable(std::string_view code, std::size_t at) const;

  const Kind kind_;
  Reading& out_;
  bool all_words_ = false;  // arithmetic reads names without a "$"
  bool runs_arguments_ = false;
  Names run_, traced_;  // variables whose values are commands
};

void ScriptReader::read_word(std::string_view code, std::size_t from, std::size_t end) {
  const std::string_view word = code.substr(from, end - from);
  if (kind_ == Kind::busybox && is_in(word, kApplets)) return all();
  const Builtin* const builtin = find_builtin(word);
  if (builtin == nullptr || !may_begin_command(code, from) || !may_end_command(code, end)) return;
  if (!builtin->is_plain(code.substr(end))) all();
}

void ScriptReader::read_words(std::string_view code) {
  for (std::size_t i = 0; i < code.size() && !done();) {
    std::size_t end = i;
    while (end < code.size() && is_name_char(code[end])) ++end;
    if (end != i) read_word(code, i, end);
    i = std::max(end, i + 1);
  }
}

// "ev\\al" and "ev''al" are eval.
void ScriptReader::read_split_words(std::string_view code) {
  const auto is_part = [&](std::size_t at) {
    return is_name_char(code[at]) || is_one_of(code[at], "'\"\\") ||
           (code[at] == '\n' && at > 0 && code[at - 1] == '\\');
  };
  for (std::size_t i = 0; i < code.size() && !done();) {
    std::size_t end = i;
    while (end < code.size() && is_part(end)) ++end;
    const std::string word = without_quotes(code.substr(i, end - i));
    const bool is_split = code.substr(i, end - i).find(word) == code.npos;
    if (is_split && (find_builtin(word) != nullptr || is_in(word, kApplets))) all();
    i = std::max(end, i + 1);
  }
}

// Records every word that could be a variable. (Words in lower case without "$" before them are
// not.)
void ScriptReader::read_names(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (!is_name_char(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const bool is_read = i > 0 && is_one_of(text[i - 1], "${#!");
    const bool is_set = end < text.size() && is_one_of(text[end], "=+");
    const bool is_large = std::any_of(word.begin(), word.end(),
                                      [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); });
    if (is_name_start(word[0]) && (is_read || is_set || is_large || all_words_))
      out_.names.emplace(word);
    i = end;
  }
}

// "[ -v NAME ]" reads a variable; other commands (gcc, grep) have their own -v.
void ScriptReader::read_option(std::string_view code, std::size_t at) {
  if (at == 0 || !is_blank(code[at - 1]) || !may_end_command(code, at + 2)) return;
  std::size_t end = at;
  while (end > 0 && is_blank(code[end - 1])) --end;
  const std::size_t from = word_start(code, end);
  const std::string_view before = code.substr(from, end - from);
  const bool is_command =
      !before.empty() && before != "test" && is_name_start(before[0]) &&
      std::all_of(before.begin(), before.end(), [](char c) { return is_name_char(c) || c == '-'; });
  if (!is_command) all();
}

// "${x:1}" and "${x[1]}" are arithmetic; "${!x}" reads a variable whose name is computed.
void ScriptReader::read_parameter(std::string_view code, std::size_t at) {
  std::size_t i = at + 2;
  if (i < code.size() && code[i] == '#') ++i;
  if (i < code.size() && code[i] == '!') return all();
  if (i < code.size() && is_one_of(code[i], "@*?-$")) ++i;
  while (i < code.size() && is_name_char(code[i])) ++i;
  if (i < code.size() && code[i] == '[') {
    const std::size_t end = code.find(']', i);
    if (end == code.npos) return all();
    i = end + 1;  // read_brackets reads what is inside
  }
  if (i >= code.size()) return;
  if (code[i] == '@') return all();
  if (code[i] != ':' || (i + 1 < code.size() && is_one_of(code[i + 1], "-=?+"))) return;
  const std::string_view range = code.substr(i, code.find('}', i) - i);
  if (range.find_first_not_of("0123456789: -") != range.npos) all();
}

// Names in arithmetic may hold further expressions. dash accepts only numbers in them.
void ScriptReader::read_arithmetic(std::string_view code, std::size_t at) {
  const bool is_expansion = at > 0 && code[at - 1] == '$';
  const std::size_t end = code.find("))", at);
  if (!is_expansion || end == code.npos) return all();
  std::string inside(code.substr(at + 2, end - at - 2));
  if (kind_ == Kind::dash && !has_expansion(inside)) {
    all_words_ = true;
    return;
  }
  for (const std::string_view known : {"$#", "OPTIND", "LINENO"}) {
    for (std::size_t i = inside.find(known); i != inside.npos; i = inside.find(known))
      inside.erase(i, known.size());
  }
  if (inside.find_first_not_of("0123456789 +-*/%<>=!&|()") != inside.npos) all();
}

// "$'\x2f'" may spell any letter.
static bool has_numbered_letters(std::string_view quoted) {
  for (std::size_t at = quoted.find('\\'); at < quoted.size(); at = quoted.find('\\', at + 2))
    if (at + 1 >= quoted.size() || is_one_of(quoted[at + 1], "01234567xuUc")) return true;
  return false;
}

void ScriptReader::read_expansions(std::string_view code) {
  const bool has_tests = code.find("[[") != code.npos;
  for (std::size_t i = 0; i < code.size() && !done(); ++i) {
    const std::string_view here = code.substr(i);
    if (here.starts_with("${")) read_parameter(code, i);
    if (here.starts_with("$[")) all();
    if (here.starts_with("((")) read_arithmetic(code, i);
    if (here.starts_with("-v") || here.starts_with("-R")) read_option(code, i);
    if (has_tests && here[0] == '-') {
      static constexpr std::string_view kCompare[] = {"eq", "ne", "lt", "le", "gt", "ge"};
      if (is_in(here.substr(1, 2), kCompare) && may_end_command(here, 3)) all();
    }
    if (here.starts_with("$'") && has_numbered_letters(here.substr(2, here.find('\'', 2) - 2)))
      all();
  }
}

void ScriptReader::read_brackets(std::string_view code) {
  for (std::size_t i = 1; i < code.size() && !done(); ++i) {
    if (code[i] == '[' && is_name_char(code[i - 1])) {  // a subscript is arithmetic
      const std::string_view inside = code.substr(i + 1, code.find(']', i) - i - 1);
      const bool is_number = inside.find_first_not_of("0123456789") == inside.npos;
      if (!is_number && inside != "@" && inside != "*") all();
    }
    // "{se,}t" expands to several words.
    if (code[i] != '{' || code[i - 1] == '$') continue;
    const std::string_view inside = code.substr(i, code.find_first_of("}\n", i) - i);
    const bool makes_words = inside.find(',') != inside.npos || inside.find("..") != inside.npos;
    if (makes_words && is_at_command(code, word_start(code, i))) all();
  }
}

// --- commands whose names are variables' values --------------------------------------------------

void ScriptReader::read_command(std::string_view code, std::size_t at) {
  const Word word = shell::read_word(code, at);
  if (!word.has_expansion || word.has_slash || word.is_assignment) return;
  out_.runs_values = true;
  if (word.is_positional) {
    runs_arguments_ = true;
  } else if (word.variable.empty()) {
    all();
  } else {
    run_.emplace(word.variable);
  }
}

void ScriptReader::read_commands(std::string_view code) {
  for (std::size_t i = code.find_first_of("$`"); i != code.npos && !done();
       i = code.find_first_of("$`", i + 1)) {
    const std::size_t start = word_start(code, i);
    if (is_at_command(code, start)) read_command(code, start);
  }
  if (out_.runs_values) trace_variables(code);
}

// The script must assign literal text to these variables.
void ScriptReader::read_run_variables(std::string_view code) {
  for (const std::string_view name : kRunVariables) {
    for (std::size_t at = code.find(name); at != code.npos; at = code.find(name, at + 1)) {
      const std::size_t end = std::min(code.find_first_not_of("+:", at + name.size()), code.size());
      if (end < code.size() && code[end] == '=' && shell::read_word(code, end + 1).has_expansion)
        all();
    }
  }
}

// Can the variable get a value without NAME=…?
bool ScriptReader::is_loop_variable(std::string_view code, std::size_t at) const {
  std::size_t end = at;
  while (end > 0 && is_blank(code[end - 1])) --end;
  const std::size_t from = word_start(code, end);
  return code.substr(from, end - from) == "for";
}

// An assigned value must be literal text, a path, or the value of another variable.
void ScriptReader::trace_value(std::string_view code, std::size_t at) {
  const Word value = shell::read_word(code, at);
  if (!value.has_expansion || value.has_slash) return;
  if (value.is_positional) {
    runs_arguments_ = true;
  } else if (value.variable.empty()) {
    all();
  } else {
    run_.emplace(value.variable);
  }
}

void ScriptReader::trace(std::string_view code, const std::string& name) {
  for (std::size_t at = code.find(name); at != code.npos && !done(); at = code.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool is_whole = (at == 0 || !is_name_char(code[at - 1])) &&
                          (end == code.size() || !is_name_char(code[end]));
    if (!is_whole) continue;
    const std::string_view rest = code.substr(end);
    if (is_loop_variable(code, at) || rest.starts_with("+=") || rest.starts_with("[")) return all();
    if (rest.starts_with("=")) trace_value(code, end + 1);
    if (rest.starts_with(":=") || (at > 0 && code[at - 1] == '{' && rest.starts_with("="))) {
      const std::string_view value = rest.substr(0, rest.find('}'));
      if (has_expansion(value)) all();
    }
  }
}

void ScriptReader::trace_variables(std::string_view code) {
  // Assignments that are not traced, and a change of word splitting.
  static constexpr std::string_view kAssigners[] = {"read", "select", "getopts", "IFS"};
  for (const std::string_view assigner : kAssigners) {
    for (std::size_t at = code.find(assigner); at != code.npos; at = code.find(assigner, at + 1)) {
      const std::size_t end = at + assigner.size();
      if ((at == 0 || (!is_name_char(code[at - 1]) && code[at - 1] != '-')) &&
          (end == code.size() || !is_name_char(code[end])))
        return all();
    }
  }
  while (!done() && traced_.size() != run_.size()) {
    const Names now = run_;
    for (const std::string& name : now)
      if (traced_.insert(name).second) trace(code, name);
  }
  if (!runs_arguments_) return;
  // Arguments set by the script: of a function, or by "set --".
  if (code.find("()") != code.npos || code.find("function") != code.npos ||
      code.find("set ") != code.npos)
    all();
}

// Variables that a shell reads implicitly because of a word in a script.
struct Implied {
  std::string_view word;
  std::string_view names[4];
};
constexpr Implied kImplied[] = {
    {"~", {"HOME"}},
    {"cd", {"HOME", "CDPATH"}},
    {"pushd", {"HOME", "CDPATH", "OLDPWD"}},
    {"popd", {"OLDPWD"}},
    {"getopts", {"OPTIND", "OPTERR", "OPTARG"}},
    {"select", {"PS3", "TMOUT", "COLUMNS", "LINES"}},
    {"read", {"TMOUT", "INPUTRC"}},
    {"time", {"TIMEFORMAT"}},
};

// "cd -" goes to OLDPWD; can any operand be "-"?
bool may_go_back(std::string_view text) {
  for (std::size_t at = text.find("cd"); at != text.npos; at = text.find("cd", at + 1)) {
    const std::string_view rest = skip_blanks(text.substr(at + 2));
    if (rest.starts_with("-")) return true;
    const Word word = shell::read_word(rest, 0);
    const std::string_view operand = rest.substr(0, word.end);
    const bool is_directory =
        operand.starts_with("$(dirname ") || operand.starts_with("\"$(dirname ");
    if (word.has_expansion && !word.has_slash && !is_directory) return true;
  }
  return false;
}

}  // namespace

std::optional<Kind> kind_of(std::string_view program) {
  if (program == "dash") return Kind::dash;
  if (program == "bash") return Kind::bash;
  if (program == "busybox") return Kind::busybox;
  return std::nullopt;
}

Reading read_code(std::string_view text, Kind kind) {
  Reading out;
  if (text.size() > kTextMax || text.find('\0') != text.npos) {
    out.takes_all = true;
    return out;
  }
  ScriptReader reader(kind, out);
  const std::string code = "\n" + without_comments(text);
  reader.read_words(code);
  reader.read_split_words(code);
  reader.read_expansions(code);
  reader.read_brackets(code);
  reader.read_commands(code);
  reader.read_run_variables(code);
  reader.read_names(text);
  reader.read_names(without_quotes(text));
  for (const Implied& row : kImplied) {
    if (text.find(row.word) == text.npos) continue;
    for (const std::string_view name : row.names)
      if (!name.empty()) out.names.emplace(name);
  }
  if (may_go_back(text)) out.names.emplace("OLDPWD");
  out.takes_all |= out.names.size() > kNamesMax;
  return out;
}

bool may_be_command(std::string_view value) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(" \t\n"), value.size());
    const std::string_view word = value.substr(0, end);
    if (find_builtin(word) != nullptr || is_in(word, kOtherCommands) || is_in(word, kApplets))
      return true;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return false;
}

}  // namespace deja::tool::shell
