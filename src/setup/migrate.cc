// SPDX-License-Identifier: Apache-2.0
// From the settings of another cache to deja's configuration file. The tables of the other caches are in
// migrate_<cache>.cc. Tested by migrate_test.cc.

#include "setup/migrate.h"

#include <algorithm>
#include <cctype>

#include "base/secrets.h"
#include "config/value.h"
#include "setup/toml_edit.h"

namespace deja::setup {
namespace {

struct Cache {
  const char* name;
  std::vector<Foreign> (*read)(const Surroundings&);
  std::span<const ForeignRow> (*rows)();
};
constexpr Cache kCaches[] = {{"ccache", read_ccache, ccache_rows},
                             {"sccache", read_sccache, sccache_rows},
                             {"kache", read_kache, kache_rows}};

const ForeignRow* row_of(const Foreign& found, std::span<const ForeignRow> rows) {
  const auto row = std::ranges::find_if(rows, [&](const ForeignRow& r) {
    return found.where == "environment" ? found.name == r.variable
                                        : *r.name != '\0' && found.name == r.name;
  });
  return row == rows.end() ? nullptr : &*row;
}

std::string part(const Draft& draft, const std::string& name) {
  const auto found = draft.parts.find(name);
  return found == draft.parts.end() ? "" : found->second;
}

std::string without_slashes(std::string text) {
  while (text.starts_with('/')) text.erase(0, 1);
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::string s3_address(const Draft& draft) {
  std::string out = "s3://" + part(draft, "bucket");
  if (const std::string prefix = without_slashes(part(draft, "prefix")); !prefix.empty())
    out += "/" + prefix;
  std::string parameters;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) parameters += (parameters.empty() ? "?" : "&") + name + "=" + value;
  };
  add("region", part(draft, "region"));
  std::string endpoint = without_slashes(part(draft, "endpoint"));
  const bool is_aws = endpoint.find("amazonaws.com") != std::string::npos;
  if (!endpoint.empty() && !is_aws) {
    if (endpoint.find("://") == std::string::npos)
      endpoint =
          (part(draft, "ssl").empty() || is_true(part(draft, "ssl")) ? "https://" : "http://") +
          endpoint;
    add("endpoint", endpoint);
    if (!is_true(part(draft, "virtual"))) add("style", "path");
  }
  if (is_true(part(draft, "anonymous"))) add("anonymous", "1");
  return out + parameters;
}

std::string redis_address(const Draft& draft) {
  std::string address = part(draft, "redis");
  if (address.starts_with("tcp://")) address.replace(0, 3, "redis");
  if (address.find("://") == std::string::npos) address = "redis://" + address;
  if (const std::string user = part(draft, "redis user"); !user.empty())
    address.insert(address.find("://") + 3, user + "@");
  if (const std::string database = part(draft, "redis database"); !database.empty())
    address = without_slashes(address) + "/" + database;
  if (const std::string variable = part(draft, "redis password variable"); !variable.empty())
    address += "?password_variable=" + variable;
  return address;
}

std::string web_address(const Draft& draft) {
  std::string address = without_slashes(part(draft, "webdav"));
  if (const std::string prefix = without_slashes(part(draft, "webdav prefix")); !prefix.empty())
    address += "/" + prefix;
  if (const std::string variable = part(draft, "webdav token variable"); !variable.empty())
    address += "?token_variable=" + variable;
  return address;
}

// The parts of remotes become the setting `remote`.
void assemble_remote(Draft& draft) {
  std::vector<std::string> addresses;
  if (!part(draft, "bucket").empty()) addresses.push_back(s3_address(draft));
  if (!part(draft, "redis").empty()) addresses.push_back(redis_address(draft));
  if (!part(draft, "webdav").empty()) addresses.push_back(web_address(draft));
  if (!part(draft, "directory").empty()) addresses.push_back("file://" + part(draft, "directory"));
  if (addresses.empty() || draft.settings.contains("remote")) return;
  std::string list;
  for (const std::string& address : addresses)
    list += (list.empty() ? "" : ", ") + toml_quoted(address);
  draft.current = "its remote";
  draft.set("remote", "[" + list + "]");
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void take_limit(const std::string& text, Draft& draft) {
  const auto bytes = config::parse_size(text);
  if (!bytes) return draft.leave("'" + text + "' is not a size that deja reads");
  if (*bytes == 0) return draft.leave("deja's store always has a limit; set store.limit");
  draft.set("store.limit", toml_quoted(config::format_size(*bytes)));
}

std::string shown(const Draft& draft, const std::string& key) {
  return key + " = " + without_passwords(draft.settings.at(key)) + "   (" + draft.from.at(key) +
         ")";
}

}  // namespace

void Draft::set(const std::string& key, std::string toml) {
  settings[key] = std::move(toml);
  from[key] = current;
}

void Draft::leave(std::string_view why) { left.push_back(current + ": " + std::string(why)); }

bool is_true(std::string_view value) {
  const std::string word = lower(std::string(value));
  return word == "true" || word == "1" || word == "on" || word == "yes";
}

void take_limit_1000(const Foreign& found, Draft& draft) { take_limit(found.value, draft); }

void take_limit_1024(const Foreign& found, Draft& draft) {
  std::string text = found.value;
  const bool has_unit =
      !text.empty() && std::string_view("kKmMgGtT").find(text.back()) != std::string_view::npos;
  take_limit(has_unit ? text + "i" : text, draft);
}

void take_base_dirs(const Foreign& found, Draft& draft) {
  std::string list;
  for (const char separator : {':', ','})
    for (const std::string& directory : config::split_list(found.value, separator)) {
      if (separator == ',' && found.value.find(',') == std::string::npos) continue;
      if (separator == ':' && found.value.find(',') != std::string::npos) continue;
      if (!directory.starts_with('/') || directory == "/")
        return draft.leave("'" + directory + "' is not an absolute path other than /");
      list += (list.empty() ? "" : ", ") + toml_quoted(directory);
    }
  if (!list.empty()) draft.set("paths.base_dirs", "[" + list + "]");
}

void take_disable(const Foreign& found, Draft& draft) {
  if (is_true(found.value)) draft.set("disable", "true");
}

void take_salt(const Foreign& found, Draft& draft) {
  if (!found.value.empty()) draft.set("key.salt", toml_quoted(found.value));
}

void take_idle_exit(const Foreign& found, Draft& draft) {
  const auto seconds = config::parse_duration(found.value);
  if (found.value == "0") return draft.set("daemon.idle_exit", "0");
  if (!seconds) return draft.leave("'" + found.value + "' is not a time that deja reads");
  draft.set("daemon.idle_exit", toml_quoted(config::format_duration(*seconds)));
}

void take_log(const Foreign& found, Draft& draft) {
  if (found.value.starts_with('/')) return draft.set("log", toml_quoted(found.value));
  draft.leave("only a file with an absolute path is taken over; see the setting log");
}

void take_read_only_remote(const Foreign& found, Draft& draft) {
  if (is_true(found.value) || lower(found.value) == "read_only")
    draft.set("remote_mode", toml_quoted("ro"));
}

std::vector<Foreign> read_variables(const Surroundings& surroundings,
                                    std::span<const ForeignRow> rows) {
  std::vector<Foreign> found;
  for (const ForeignRow& row : rows) {
    if (*row.variable == '\0') continue;
    const auto value = surroundings.environment(row.variable);
    if (value && !value->empty()) found.push_back({row.variable, *value, "environment"});
  }
  return found;
}

std::vector<Foreign> read_toml(const std::string& path) {
  std::vector<Foreign> found;
  const auto text = text_of(path);
  const auto values = text ? toml_values(*text) : Result<TomlValues>(text.error());
  if (!values) return {{"", values.error().message, path}};
  for (const auto& [name, value] : *values) found.push_back({name, value, path});
  return found;
}

Draft draft_from(std::span<const Foreign> found, std::span<const ForeignRow> rows) {
  // The last one of a row wins, as if the others were not there.
  std::map<const ForeignRow*, const Foreign*> winners;
  Draft draft;
  for (const Foreign& foreign : found) {
    draft.current = foreign.name.empty() ? foreign.where : foreign.name;
    if (foreign.name.empty()) {
      draft.leave(foreign.value);
    } else if (const ForeignRow* row = row_of(foreign, rows)) {
      winners[row] = &foreign;
    } else {
      draft.leave("deja does not know this setting");
    }
  }
  for (const ForeignRow& row : rows) {
    const auto winner = winners.find(&row);
    if (winner == winners.end()) continue;
    draft.current = winner->second->name;
    if (row.take != nullptr) {
      row.take(*winner->second, draft);
    } else {
      draft.leave(row.why);
    }
  }
  assemble_remote(draft);
  return draft;
}

namespace {

// Adds what the draft sets and the file does not; what was done with each setting goes to the plan.
Result<std::string> add_settings(const Draft& draft, std::string text, const std::string& mark,
                                 Plan& plan) {
  for (const auto& [key, value] : draft.settings) {
    if (TRY(toml_value(text, toml_key(key)))) {
      plan.notes.push_back(shown(draft, key) + ": not taken over, because the file sets " + key +
                           " already");
      continue;
    }
    text = TRY(toml_set(text, toml_key(key), value, mark));
    plan.notes.push_back(shown(draft, key));
  }
  return text;
}

}  // namespace

Result<Plan> plan_migration(const Surroundings& surroundings, const std::string& cache,
                            bool remove) {
  const auto* row = std::ranges::find_if(kCaches, [&](const Cache& c) { return cache == c.name; });
  const std::string& path = surroundings.config_file;
  if (row == std::end(kCaches)) return Error{Code::invalid, 0, "no cache is called " + cache};
  if (path.empty())
    return Error{Code::invalid, 0,
                 "there is no place for a configuration file: set XDG_CONFIG_HOME or HOME"};
  const std::string mark = "  # by deja init --from " + cache;
  const auto named = [&](Error error) { return std::move(error).context(path); };

  const std::string before = TRY(text_of(path));
  auto text = toml_remove_marked(before, mark);
  if (!text) return named(std::move(text).error());
  Plan plan;
  plan.state = path + (remove ? ": no settings of " : ": already has all settings of ") + cache;
  if (!remove) {
    const auto found = row->read(surroundings);
    if (found.empty()) plan.state = cache + " has no settings in variables or files";
    const Draft draft = draft_from(found, row->rows());
    text = add_settings(draft, *std::move(text), mark, plan);
    if (!text) return named(std::move(text).error());
    for (const std::string& left : draft.left) plan.notes.push_back("no counterpart: " + left);
    plan.next.push_back("deja config");
  }
  plan.steps = TRY(change_file(path, *text));
  // An address may hold a password.
  for (Step& step : plan.steps) step.new_mode = 0600;
  return plan;
}

}  // namespace deja::setup
