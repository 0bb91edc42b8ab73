// SPDX-License-Identifier: Apache-2.0
#include "cli/command_info.h"

#include "cli/options.h"
#include "tool/exec/exec_options.h"

namespace deja::cli {
namespace {

// `deja exec` has a table of its own, because the engine reads it too. A line of its help is
// "  --name VALUE   what it does".
CommandInfo exec_info(const Subcommand& subcommand) {
  CommandInfo info;
  info.name = subcommand.name;
  info.summary = subcommand.summary;
  info.takes_command = true;
  std::string text = tool::exec::help_text();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("  --")) continue;
    const std::size_t name_end = std::min(line.find_first_of(" =", 2), line.size());
    const std::size_t gap = std::min(line.find("  ", name_end), line.size());
    const std::size_t doc = std::min(line.find_first_not_of(' ', gap), line.size());
    OptionInfo option;
    option.names = {line.substr(2, name_end - 2)};
    option.value = line.substr(std::min(name_end + 1, gap), gap - std::min(name_end + 1, gap));
    option.doc = line.substr(doc);
    info.options.push_back(std::move(option));
  }
  return info;
}

}  // namespace

std::vector<CommandInfo> command_infos() {
  std::vector<CommandInfo> all;
  for (const Subcommand& subcommand : subcommands()) {
    const std::string name = subcommand.name;
    if (name == "exec") {
      all.push_back(exec_info(subcommand));
      continue;
    }
    CommandInfo info;
    {
      const OptionTable::Collecting collecting(info);
      subcommand.run(Context(), {});
    }
    info.name = name;
    if (info.summary.empty()) info.summary = subcommand.summary;
    all.push_back(std::move(info));
  }
  return all;
}

}  // namespace deja::cli
