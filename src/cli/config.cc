// SPDX-License-Identifier: Apache-2.0
// `deja config`: shows settings, and changes them in a file of the user's. Tested by config_test.cc.

#include "config/config.h"

#include <algorithm>

#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/surroundings.h"
#include "config/settings.h"
#include "setup/toml_edit.h"

namespace deja::cli {
namespace {

constexpr std::string_view kWords[] = {"list", "get", "set", "unset", "path"};

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
  return "list              every setting, its value and where it comes from\n"
         "get KEY           the value\n"
         "set KEY VALUE     writes it into the user's file; --project: into ./.deja.toml\n"
         "unset KEY         takes it out of that file\n"
         "path              the path of that file\n\n"
         "Settings, with their environment variable and default:\n" +
         table.text("  ") +
         "\nThe environment wins over the nearest .deja.toml at or above the current directory,\n"
         "and that over $XDG_CONFIG_HOME/deja/config.toml. DEJA_CONFIG=<file> replaces both "
         "files.\n"
         "A wrong value never stops a build: 'deja config' and 'deja doctor' report it, and the\n"
         "next source, or the default, is used.\n";
}

struct ConfigRequest {
  std::string word = "list";
  std::vector<std::string> words;  // behind it: key, value
  bool project = false;
};

const config::Setting* find_setting(const std::string& key) {
  for (const config::Setting& setting : config::setting_table()) {
    const std::string_view name = setting.key;
    const bool any_name = name.ends_with('*');
    const std::string_view begin = name.substr(0, name.size() - 1);
    if (key == name || (any_name && key.starts_with(begin) && key.size() > begin.size()))
      return key.ends_with('*') ? nullptr : &setting;
  }
  return nullptr;
}

// Does the setting take this TOML value?
bool is_valid(const config::Setting& setting, const std::string& key, const std::string& toml) {
  std::vector<config::Problem> problems;
  const auto entries = config::parse_toml("x = " + toml + "\n", "value", problems);
  if (entries.size() != 1 || entries.front().key != "x" || !problems.empty()) return false;
  config::Given given;
  given.value = entries.front().value;
  given.directory = "/";
  given.name = key.substr(std::min(key.find('.') + 1, key.size()));
  config::Config config;
  return setting.assign(given, config);
}

// The user's word as TOML: as it is when it is quoted or a list, else as a text if the setting takes one.
Result<std::string> as_toml(const config::Setting& setting, const std::string& key,
                            const std::string& value) {
  const bool is_toml = value.starts_with('[') || value.starts_with('"') || value.starts_with('\'');
  const std::string quoted = setup::toml_quoted(value);
  for (const std::string& toml :
       is_toml ? std::vector<std::string>{value, quoted} : std::vector<std::string>{quoted, value})
    if (is_valid(setting, key, toml)) return toml;
  return invalid("'" + value + "' is not a value of " + key + ": expected " + setting.type);
}

Result<std::string> file_of(const Context& context, const ConfigRequest& asked) {
  if (asked.project) return context.cwd + "/.deja.toml";
  const std::string path = surroundings_of(context).config_file;
  if (path.empty())
    return invalid("there is no place for a configuration file: set XDG_CONFIG_HOME or HOME");
  if (path == "/dev/null") return invalid("DEJA_CONFIG is /dev/null: name a file, or unset it");
  return path;
}

Status change(const Context& context, const ConfigRequest& asked) {
  const std::string& key = asked.words[0];
  const config::Setting* setting = find_setting(key);
  if (setting == nullptr)
    return invalid("there is no setting '" + key + "'; 'deja config list' shows all");
  const std::string path = TRY(file_of(context, asked));
  const std::string before = TRY(setup::text_of(path));
  const auto toml_key = setup::toml_key(key);
  Result<std::string> after = before;
  if (asked.word == "set") {
    if (asked.project && setting->scope == config::Scope::user)
      return invalid(key + " works only in the user's own file; leave out --project");
    after = setup::toml_set(before, toml_key, TRY(as_toml(*setting, key, asked.words[1])));
  } else {
    after = setup::toml_unset(before, toml_key);
  }
  if (!after) return std::move(after).error().context(path);
  setup::Plan plan;
  plan.steps = TRY(setup::change_file(path, *after));
  // An address or a salt may be a secret.
  for (setup::Step& step : plan.steps) step.new_mode = asked.project ? 0644 : 0600;
  TRY(setup::apply(plan));
  print(path + (plan.steps.empty() ? ": nothing to change\n" : "\n"));
  return {};
}

Status get(const Context& context, const std::string& key) {
  for (const config::Origin& origin : context.loaded.origins) {
    if (origin.key != key) continue;
    const std::string& value = origin.value;
    const bool is_quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
    return print(printable(is_quoted ? value.substr(1, value.size() - 2) : value) + "\n"), Status();
  }
  return invalid("there is no setting '" + key + "'; 'deja config list' shows all");
}

Status run_word(const Context& context, const ConfigRequest& asked) {
  const std::size_t wanted = asked.word == "set" ? 2 : asked.word == "path" ? 0 : 1;
  if (asked.words.size() != wanted)
    return invalid(wanted == 0   ? "takes no argument"
                   : wanted == 1 ? "takes one key"
                                 : "takes a key and a value");
  if (asked.word == "get") return get(context, asked.words[0]);
  if (asked.word == "path") return print(TRY(file_of(context, asked)) + "\n"), Status();
  return change(context, asked);
}

}  // namespace

int run_config(const Context& context, Args args) {
  Format format = Format::text;
  ConfigRequest asked;
  // The word and what belongs to it stand before the options.
  std::vector<std::string> rest(args.begin(), args.end());
  const bool has_word = !rest.empty() && std::ranges::find(kWords, rest[0]) != std::end(kWords);
  if (has_word) {
    asked.word = rest[0];
    rest.erase(rest.begin());
    while (!rest.empty() && asked.word != "list" && !rest[0].starts_with("--")) {
      asked.words.push_back(rest[0]);
      rest.erase(rest.begin());
    }
  }
  OptionTable options(
      "config", "Shows settings and changes them. 'list' exits with 1 when there are problems.",
      details());
  options.choices("list|get|set|unset|path", "What to do (default: list)",
                  {kWords, std::end(kWords)});
  options.flag("--project", "set, unset and path: the file .deja.toml in this directory",
               asked.project);
  options.format(format);
  if (const auto code = options.parse(rest)) return *code;
  if (asked.word != "list") {
    const auto done = run_word(context, asked);
    if (done) return kDone;
    print_error("config " + asked.word + ": " + printable(done.error().message));
    return done.error().code == Code::invalid ? kUsage : kProblems;
  }
  print(format == Format::json ? pretty(as_json(context)) : as_text(context));
  return context.loaded.problems.empty() ? kDone : kProblems;
}

}  // namespace deja::cli
