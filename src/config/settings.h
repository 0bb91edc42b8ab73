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
};

// Where a setting may be given. One engine serves all projects, so a project cannot change what
// applies to the whole engine.
enum class Scope { any, user };

struct Setting {
  const char* key;          // "tools.*": any name, one value for each
  const char* environment;  // "" when there is none
  const char* type;         // completes "expected a …"
  const char* doc;
  // False when the value is not valid; config is then unchanged.
  bool (*assign)(const Given& given, Config& config);
  std::string (*show)(const Config& config);
  Scope scope = Scope::any;
};

const std::vector<Setting>& setting_table();

}  // namespace deja::config
