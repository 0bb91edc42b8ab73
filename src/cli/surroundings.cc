// SPDX-License-Identifier: Apache-2.0
#include "cli/surroundings.h"

#include <algorithm>

#include "base/path.h"
#include "os/file.h"

namespace deja::cli {
namespace {

// The program as a build names it: "deja" when PATH finds this installation, else the whole path.
std::string own_name(const std::string& own, std::string_view path) {
  const auto id = os::stat_file(own);
  while (id && *id && !path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const auto there = os::stat_file(std::string(path.substr(0, end)) + "/deja");
    if (there && *there)
      return (*there)->inode == (*id)->inode && (*there)->device == (*id)->device ? "deja" : own;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return own;
}

}  // namespace

setup::Surroundings surroundings_of(const Context& context) {
  setup::Surroundings out;
  out.cwd = context.cwd;
  out.environment = [&context](const std::string& name) -> std::optional<std::string> {
    const auto value = context.sources.environment(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  out.home = out.variable("HOME");
  const auto below_home = [&](const char* variable, const char* usual) {
    std::string value = out.variable(variable);
    if (value.starts_with('/')) return value;
    return out.home.empty() ? std::string() : out.home + usual;
  };
  out.config_home = below_home("XDG_CONFIG_HOME", "/.config");
  out.data_home = below_home("XDG_DATA_HOME", "/.local/share");
  out.program_path = join_path(parent_path(parent_path(context.libexec)), "bin/deja");
  out.program = own_name(out.program_path, out.variable("PATH"));
  out.config_file = out.variable("DEJA_CONFIG");
  if (out.config_file.empty() && !out.config_home.empty())
    out.config_file = out.config_home + "/deja/config.toml";
  return out;
}

}  // namespace deja::cli
