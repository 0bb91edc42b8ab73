// SPDX-License-Identifier: Apache-2.0
// The table of settings: how each is read from a Raw value, and written for users.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/toml_file.h"

namespace deja::config {

struct Given {
  Raw value;
  bool from_environment = false;
  std::string name;       // for "tools.NAME": the user's NAME
  std::string directory;  // the file's directory, to which relative paths in it are relative
  bool is_users = false;  // from the user's own file, which belongs to no project
};

// Where a setting may be given. One engine serves all projects, so a project cannot change what
// applies to the whole engine.
enum class Scope { any, user };

// Can the setting change what a request is answered? Those that can are part of the request's name in the
// request cache (Loaded::answer_text), so that an answer given under one value is never given under another.
enum class Answers {
  change,     // other outputs, another key, another line for the user, or no look-up at all
  unchanged,  // where and how long things are kept, who else is asked, what is logged
};

struct Setting {
  const char* key;          // "tools.*": any name, one value for each
  const char* environment;  // "" when there is none
  const char* type;         // completes "expected a …"
  const char* doc;
  // False when the value is not valid; config is then unchanged.
  bool (*assign)(const Given& given, Config& config);
  std::string (*show)(const Config& config);
  Answers answers;
  Scope scope = Scope::any;
};

const std::vector<Setting>& setting_table();

}  // namespace deja::config
