// SPDX-License-Identifier: Apache-2.0
// What a setup will change, as data: it is shown to the user first and applied afterwards.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace deja::setup {

// What a plan is made from.
struct Surroundings {
  std::string cwd;
  std::string home;         // $HOME; "" when unset, as the next ones
  std::string config_home;  // $XDG_CONFIG_HOME, else $HOME/.config
  std::string data_home;    // $XDG_DATA_HOME, else $HOME/.local/share
  std::string program;      // how a command names deja: "deja" when PATH finds it, else its path
  std::string program_path;
  std::string config_file;  // the user's configuration file of deja
  std::function<std::optional<std::string>(const std::string&)> environment;
  // The variable's value; "" when it is not set.
  std::string variable(const std::string& name) const { return environment(name).value_or(""); }
};

struct Step {
  enum class Kind {
    write,   // the file gets `text`
    remove,  // the file or link is removed
    link,    // a symlink with the text `text` is made
  };
  Kind kind = Kind::write;
  std::string path;
  std::string text;
  std::string before = {};   // the file's present text, for write and remove of a file
  bool is_new = false;       // the file is not there yet
  unsigned new_mode = 0644;  // of a new file
};

struct Plan {
  std::vector<Step> steps;         // none: nothing has to be changed
  std::string state;               // why there is nothing to change; one line
  std::vector<std::string> notes;  // what was left out, and why
  std::vector<std::string> next;   // what the user does then: commands, and sentences about them
};

// A step that gives a file this text; none when it has it. An empty text removes the file.
Result<std::vector<Step>> change_file(const std::string& path, const std::string& text);
// The file's text; "" when it is not there. An error names the path.
Result<std::string> text_of(const std::string& path);

// The changes in lines: "/x/a.toml (new)", "+ line", "- line". Secrets in addresses are hidden.
std::string describe(const Plan& plan);
// Writes through symlinks that the user has made of a file. Below the bases it removes directories that removed files
// leave empty.
Status apply(const Plan& plan, const std::vector<std::string>& bases = {});

}  // namespace deja::setup
