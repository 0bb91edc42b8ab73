// SPDX-License-Identifier: Apache-2.0
// Facts about the shells themselves. Tested by script_test.cc.
#include <iterator>

#include "base/path.h"
#include "tool/shell/script.h"
#include "tool/shell/words.h"

namespace deja::tool::shell {
namespace {

// From the sources: dash 0.5.12 (var.c, main.c, cd.c), busybox 1.35 (shell/ash.c).
constexpr std::string_view kEveryShell[] = {"IFS", "PS4", "POSIXLY_CORRECT"};
// bash 5.2: variables.c, shell.c, and the pages "Bash Variables" and "Bash Startup Files".
constexpr std::string_view kBash[] = {
    "BASHOPTS",  "BASH_ARGV0", "BASH_COMPAT",    "BASH_ENV",   "BASH_LOADABLES_PATH",
    "CHILD_MAX", "EXECIGNORE", "BASH_XTRACEFD",  "FUNCNEST",   "GLOBIGNORE",
    "GLOBSORT",  "SHELLOPTS",  "POSIX_PEDANTIC", "TEXTDOMAIN", "TEXTDOMAINDIR",
};
// bash -c reads ~/.bashrc when it believes that it was started over the network (shell.c,
// run_startup_files).
constexpr std::string_view kBashCommand[] = {"SSH_CLIENT", "SSH2_CLIENT", "SHLVL"};

// "-e", "+u", "-ec": without a script from standard input, a prompt, or an option with its own
// file.
constexpr std::string_view kLetters = "abefhmnpuvxBCEPTc";
constexpr std::string_view kOptionNames[] = {"errexit", "nounset",   "pipefail", "noglob",
                                             "xtrace",  "noclobber", "posix"};

// Reads the options before the command or script; `i` is then after them. False: one of them is not known.
bool skip_options(std::span<const std::string_view> argv, std::size_t& i, bool& has_command) {
  for (; i < argv.size() && argv[i].size() > 1 && (argv[i][0] == '-' || argv[i][0] == '+'); ++i) {
    if (argv[i] == "--") {
      ++i;
      return true;
    }
    if (argv[i] == "--norc" || argv[i] == "--noprofile") continue;
    std::string_view letters = argv[i].substr(1);
    if (letters.ends_with('o')) {  // a name follows
      letters.remove_suffix(1);
      if (i + 1 == argv.size() || !is_in(argv[i + 1], kOptionNames)) return false;
      ++i;
    }
    if (letters.find_first_not_of(kLetters) != letters.npos) return false;
    has_command |= letters.find('c') != letters.npos;
  }
  return true;
}

}  // namespace

std::optional<Call> read_call(std::span<const std::string_view> argv, Kind kind) {
  if (argv.empty() || argv[0].empty() || argv[0].starts_with('-')) return std::nullopt;
  if (kind == Kind::busybox) {  // argv[0] selects the applet
    if (base_name(argv[0]) == "busybox") argv = argv.subspan(1);
    if (argv.empty() || (base_name(argv[0]) != "sh" && base_name(argv[0]) != "ash"))
      return std::nullopt;
  }
  bool has_command = false;
  std::size_t i = 1;
  if (!skip_options(argv, i, has_command)) return std::nullopt;
  if (i >= argv.size() || argv[i].empty() || argv[i] == "-") return std::nullopt;
  Call call;
  (has_command ? call.command : call.script) = argv[i];
  call.arguments.assign(argv.begin() + static_cast<std::ptrdiff_t>(i) + 1, argv.end());
  return call;
}

std::vector<std::string_view> own_variables(Kind kind, bool is_command) {
  std::vector<std::string_view> out(std::begin(kEveryShell), std::end(kEveryShell));
  if (kind != Kind::bash) return out;
  out.insert(out.end(), std::begin(kBash), std::end(kBash));
  if (is_command) out.insert(out.end(), std::begin(kBashCommand), std::end(kBashCommand));
  return out;
}

bool is_passed_on_changed(std::string_view variable) {
  static constexpr std::string_view kVariables[] = {
      "PWD", "OLDPWD", "SHLVL", "_", "SHELLOPTS", "BASHOPTS", "LINES", "COLUMNS", "OPTIND"};
  return is_in(variable, kVariables);
}

}  // namespace deja::tool::shell
