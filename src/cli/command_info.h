// SPDX-License-Identifier: Apache-2.0
// The table of subcommands with their options, for completions and man pages. It is collected from the same
// declarations that parse the options (OptionTable).
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"

namespace deja::cli {

struct OptionInfo {
  std::vector<std::string> names;   // "-n", "--limit"
  std::string value;                // "N", "text|json"; "": takes none
  std::vector<std::string> values;  // if it is one of some words
  std::string doc;
};

struct ArgumentInfo {
  std::string name;
  std::vector<std::string> values;
  std::string doc;
};

struct CommandInfo {
  std::string name, summary, details;
  std::vector<OptionInfo> options;
  std::vector<ArgumentInfo> arguments;
  bool takes_command = false;  // ends in a command line of another program
};

// All subcommands, in the order of the help.
std::vector<CommandInfo> command_infos();

// completions.cc: a script for the shell "bash", "zsh" or "fish".
std::string completion_script(const std::string& shell, const std::vector<CommandInfo>& commands);
// man_pages.cc: the pages of section 1 as roff, by name: "deja", "deja-stats", …
struct ManPage {
  std::string name, text;
};
std::vector<ManPage> man_pages(const std::vector<CommandInfo>& commands);

}  // namespace deja::cli
