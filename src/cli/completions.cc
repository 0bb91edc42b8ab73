// SPDX-License-Identifier: Apache-2.0
// `deja completions`: scripts that complete subcommands, options and their values. A first word that is no
// subcommand is a program's name. Tested by completions_test.cc.

#include "cli/command_info.h"
#include "cli/options.h"

namespace deja::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// In single quotes, for all three shells.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> all_names(const CommandInfo& command) {
  std::vector<std::string> names = {"--help"};
  for (const OptionInfo& option : command.options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::vector<std::string> argument_words(const CommandInfo& command) {
  std::vector<std::string> words;
  for (const ArgumentInfo& argument : command.arguments)
    words.insert(words.end(), argument.values.begin(), argument.values.end());
  return words;
}

std::vector<std::string> command_names(const std::vector<CommandInfo>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CommandInfo& command : commands) names.push_back(command.name);
  return names;
}

std::string bash(const std::vector<CommandInfo>& commands) {
  std::string out =
      "# bash completion of deja; made by 'deja completions bash'\n_deja() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local options='' values=''\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W " +
      quoted(joined(command_names(commands)) + " --help --version") +
      " -- \"$word\") $(compgen -c -- \"$word\"))\n    return\n  fi\n"
      "  case \"${COMP_WORDS[1]}\" in\n";
  for (const CommandInfo& command : commands) {
    out += "    " + command.name + ")\n      options=" + quoted(joined(all_names(command))) +
           "\n      values=" + quoted(joined(argument_words(command))) + "\n";
    std::string cases;
    for (const OptionInfo& option : command.options) {
      if (option.value.empty()) continue;
      std::string names;
      for (const std::string& name : option.names) names += (names.empty() ? "" : "|") + name;
      cases += "        " + names + ") " +
               (option.values.empty() ? "COMPREPLY=($(compgen -f -- \"$word\"))"
                                      : "COMPREPLY=($(compgen -W " + quoted(joined(option.values)) +
                                            " -- \"$word\"))") +
               "; return ;;\n";
    }
    if (!cases.empty()) out += "      case \"$before\" in\n" + cases + "      esac\n";
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  case \"$word\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
         "    *) COMPREPLY=($(compgen -W \"$values\" -- \"$word\") $(compgen -f -- \"$word\")) ;;\n"
         "  esac\n}\ncomplete -o filenames -F _deja deja\n";
}

// Colons and brackets end the parts of a specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh(const std::vector<CommandInfo>& commands) {
  std::string out =
      "#compdef deja\n# zsh completion of deja; made by 'deja completions zsh'\n_deja() {\n"
      "  if (( CURRENT == 2 )); then\n    local -a names=(\n";
  for (const CommandInfo& command : commands)
    out += "      " + quoted(command.name + ":" + zsh_text(command.summary)) + "\n";
  out +=
      "    )\n    _describe subcommand names\n    _command_names -e\n    return\n  fi\n"
      "  local name=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $name in\n";
  for (const CommandInfo& command : commands) {
    out += "    " + command.name + ")\n      _arguments";
    for (const OptionInfo& option : command.options) {
      for (const std::string& name : option.names) {
        std::string spec = name + "[" + zsh_text(option.doc) + "]";
        if (!option.values.empty()) {
          spec += ":value:(" + joined(option.values) + ")";
        } else if (!option.value.empty()) {
          spec += ":" + zsh_text(option.value) + ":_files";
        }
        out += " \\\n        " + quoted(spec);
      }
    }
    const std::string words = joined(argument_words(command));
    out += " \\\n        " + quoted(words.empty() ? "*:file:_files" : "1:what:(" + words + ")") +
           "\n      ;;\n";
  }
  return out + "    *) _normal ;;\n  esac\n}\n_deja \"$@\"\n";
}

std::string fish(const std::vector<CommandInfo>& commands) {
  std::string out = "# fish completion of deja; made by 'deja completions fish'\n";
  for (const CommandInfo& command : commands)
    out += "complete -c deja -n __fish_use_subcommand -a " + command.name + " -d " +
           quoted(command.summary) + "\n";
  for (const CommandInfo& command : commands) {
    const std::string when =
        "complete -c deja -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const OptionInfo& option : command.options) {
      std::string line = when;
      for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.values.empty()) {
        line += " -x -a " + quoted(joined(option.values));
      } else if (!option.value.empty()) {
        line += " -r";
      }
      out += line + " -d " + quoted(option.doc) + "\n";
    }
    for (const ArgumentInfo& argument : command.arguments)
      if (!argument.values.empty())
        out += when + " -f -a " + quoted(joined(argument.values)) + "\n";
  }
  return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const std::vector<CommandInfo>& commands) {
  if (shell == "bash") return bash(commands);
  return shell == "zsh" ? zsh(commands) : fish(commands);
}

int run_completions(const Context& /*context*/, Args args) {
  std::string shell;
  OptionTable options("completions",
                      "Prints a script that completes deja's subcommands and options in a shell.",
                      "bash: source <(deja completions bash)\n"
                      "zsh:  deja completions zsh > \"${fpath[1]}/_deja\"\n"
                      "fish: deja completions fish > ~/.config/fish/completions/deja.fish");
  options.word("SHELL", "The shell", {"bash", "zsh", "fish"}, shell);
  if (const auto code = options.parse(args)) return *code;
  print(completion_script(shell, command_infos()));
  return kDone;
}

}  // namespace deja::cli
