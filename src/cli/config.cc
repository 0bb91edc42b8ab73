// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"

namespace deja::cli {
namespace {

Json as_json(const Context& context) {
  Json settings = Json::array();
  const auto& infos = config::settings();
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const config::Origin& origin = context.loaded.origins[i];
    settings.push_back({{"key", origin.key},
                        {"value", origin.value},
                        {"origin", origin.origin},
                        {"environment", infos[i].environment},
                        {"default", infos[i].preset},
                        {"doc", infos[i].doc}});
  }
  Json problems = Json::array();
  for (const config::Problem& problem : context.loaded.problems) problems.push_back(problem.text());
  return {{"dir", context.places.dir},
          {"files", context.loaded.files},
          {"settings", std::move(settings)},
          {"problems", std::move(problems)}};
}

std::string as_text(const Context& context) {
  Table table;
  for (const config::Origin& origin : context.loaded.origins)
    table.row({origin.key, printable(origin.value), printable(origin.origin)});
  std::string out = table.text();
  out += "\ndirectory  " + (context.has_dir() ? printable(context.places.dir) : "none") + "\n";
  for (const std::string& file : context.loaded.files) out += "file    " + printable(file) + "\n";
  if (!context.loaded.problems.empty()) out += "\n";
  for (const config::Problem& problem : context.loaded.problems)
    out += "problem  " + printable(problem.text()) + "\n";
  return out;
}

std::string details() {
  Table table;
  for (const config::SettingInfo& info : config::settings()) {
    table.row({info.key, *info.environment == '\0' ? "-" : info.environment, info.preset});
    table.row({"", info.doc});
    table.row({"", std::string("[") + info.type + "]"});
  }
  return "Settings, with their environment variable and default:\n" + table.text("  ") +
         "\nThe environment wins over the nearest .deja.toml at or above the current directory, "
         "and "
         "that\n"
         "over $XDG_CONFIG_HOME/deja/config.toml. DEJA_CONFIG=<file> replaces both files. A value "
         "that\n"
         "makes no sense is a problem, shown here and by 'deja doctor', but never an error: the "
         "next\n"
         "source, at last the default, is used.\n";
}

}  // namespace

int run_config(const Context& context, Args args) {
  Format format = Format::text;
  OptionTable options(
      "config",
      "Every setting, its value and where it comes from. Exits with 1 when there are problems.",
      details());
  options.format(format);
  if (const auto code = options.parse(args)) return *code;
  print(format == Format::json ? pretty(as_json(context)) : as_text(context));
  return context.loaded.problems.empty() ? kDone : kProblems;
}

}  // namespace deja::cli
