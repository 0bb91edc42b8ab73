// The table of settings: how each is read from a Raw value and written for people.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/toml_file.h"

namespace deja::config {

struct Given {
  Raw value;
  bool from_environment = false;
  std::string name;       // of "tools.NAME": the name, which is the user's
  std::string directory;  // relative paths in a file are relative to the file's directory
};

// Where a setting may stand. One engine serves all projects: what counts for it as a whole cannot be a
// project's.
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
  // False when the value makes no sense; the config is then unchanged.
  bool (*assign)(const Given& given, Config& config);
  std::string (*show)(const Config& config);
  Answers answers;
  Scope scope = Scope::any;
};

const std::vector<Setting>& setting_table();

}  // namespace deja::config
