// Which variables a shell may read, told from the texts that it runs.
//
// A shell takes over all variables when it starts, and what it does with them is not seen. But what it
// reads it must name: a text that holds no way to make a name at run time (eval, arithmetic, ${!x} …)
// reads the names that it holds and those that the shell itself knows. The texts are read word by word,
// not parsed: where this is in doubt, the shell takes all.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::shell {

enum class Kind { dash, bash, busybox };
// By the name of the executable.
std::optional<Kind> kind_of(std::string_view program);

// The command line of a shell.
struct Call {
  std::string_view script;  // the file to run; empty: command is the text
  std::string_view command;
  std::vector<std::string_view> arguments;  // of the script
};
// None: an option whose meaning is not known here, an interactive shell, a text from standard input,
// another applet of busybox.
std::optional<Call> read_call(std::span<const std::string_view> argv, Kind kind);

using Names = std::set<std::string, std::less<>>;

struct Reading {
  Names names;             // of variables that may be read
  bool takes_all = false;  // any other may be, too
  // What a variable or an argument holds may become the name of a command of the shell's own.
  bool runs_values = false;
};
// text: all that one shell runs, one text after the other.
Reading read_code(std::string_view text, Kind kind);
// Can this value be a command that reads more than its words say?
bool may_be_command(std::string_view value);

// What a shell reads for itself, whatever it runs. is_command: `-c`.
std::vector<std::string_view> own_variables(Kind kind, bool is_command);
// Those of them whose values are run.
inline constexpr std::string_view kRunVariables[] = {"BASH_ENV", "PS4"};
// How names of functions in the environment begin: whether there are any counts, and what they hold.
inline constexpr std::string_view kFunctions = "BASH_FUNC_";
// A shell sets them for its children out of what it has got.
bool is_passed_on_changed(std::string_view variable);

// Small tools that scripts start: they ask for variables one by one, and never for all. (By name; the
// executable must not name `environ` either, see kNamesEnviron.)
bool asks_one_by_one(std::string_view program);
// It shows the environment when it starts nothing; else it hands it on.
bool hands_on(std::string_view program);

inline constexpr std::size_t kTextMax = std::size_t{1} << 20;
inline constexpr std::size_t kNamesMax = 2000;

}  // namespace deja::tool::shell
