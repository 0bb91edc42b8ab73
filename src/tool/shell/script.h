// SPDX-License-Identifier: Apache-2.0
// Finds out from a shell's scripts which variables the shell may read.
//
// A shell copies all variables when it starts, and its later use of them cannot be observed. But it
// must name what it reads. A text that cannot compute a name at run time (eval, arithmetic, ${!x}
// …) reads only the names that it contains and those that the shell itself uses. The texts are read
// word by word, not parsed: in doubt the answer is "all variables".
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
// Empty: an option that is unknown here, an interactive shell, a script from standard input, or
// another applet of busybox.
std::optional<Call> read_call(std::span<const std::string_view> argv, Kind kind);

using Names = std::set<std::string, std::less<>>;

struct Reading {
  Names names;             // variables that may be read
  bool takes_all = false;  // any other variable may be read, too
  // The value of a variable or an argument may become the name of a builtin command.
  bool runs_values = false;
};
// text: everything that one shell runs, concatenated.
Reading read_code(std::string_view text, Kind kind);
// May a command with this name read more than its arguments show?
bool may_be_command(std::string_view value);

// The variables that a shell reads for itself, whatever it runs. is_command: `-c`.
std::vector<std::string_view> own_variables(Kind kind, bool is_command);
// Those of them whose values the shell runs.
inline constexpr std::string_view kRunVariables[] = {"BASH_ENV", "PS4"};
// The prefix of exported functions. Both their number and their content count.
inline constexpr std::string_view kFunctions = "BASH_FUNC_";
// A shell sets these for its children, derived from its own values.
bool is_passed_on_changed(std::string_view variable);

inline constexpr std::size_t kTextMax = std::size_t{1} << 20;
inline constexpr std::size_t kNamesMax = 2000;

}  // namespace deja::tool::shell
