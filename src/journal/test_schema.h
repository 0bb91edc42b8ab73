// SPDX-License-Identifier: Apache-2.0
// A checker for the part of JSON Schema that docs/event.schema.json uses.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

namespace deja::journal {

inline bool is_type(const nlohmann::json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return false;
}

// The violations, one per line. A keyword that the checker does not know is one.
inline std::string violations(const nlohmann::json& schema, const nlohmann::json& value,
                              const std::string& path) {
  std::string out;
  const auto bad = [&](const std::string& what) { out += path + ": " + what + "\n"; };
  for (const auto& [keyword, rule] : schema.items()) {
    if (keyword == "type") {
      if (!is_type(value, rule)) bad("not of type " + rule.get<std::string>());
    } else if (keyword == "enum") {
      if (std::find(rule.begin(), rule.end(), value) == rule.end()) bad("not in the list");
    } else if (keyword == "minimum") {
      if (value.is_number() && value.get<double>() < rule.get<double>()) bad("too small");
    } else if (keyword == "maxLength") {
      if (value.is_string() && value.get<std::string>().size() > rule) bad("too long");
    } else if (keyword == "pattern") {
      if (value.is_string() &&
          !std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>())))
        bad("does not match");
    } else if (keyword == "required") {
      for (const auto& name : rule)
        if (!value.contains(name)) bad("lacks " + name.get<std::string>());
    } else if (keyword == "properties") {
      for (const auto& [name, inner] : rule.items())
        if (value.contains(name)) out += violations(inner, value[name], path + "." + name);
    } else if (keyword == "additionalProperties" && rule.is_object()) {
      for (const auto& [name, inner] : value.items())
        if (!schema.contains("properties") || !schema["properties"].contains(name))
          out += violations(rule, inner, path + "." + name);
    } else if (keyword == "additionalProperties" && rule == false) {
      for (const auto& [name, inner] : value.items())
        if (!schema["properties"].contains(name)) bad("has a member " + name);
    } else if (!std::set<std::string>{"$schema", "title", "description", "additionalProperties"}
                    .contains(keyword)) {
      bad("the schema has a keyword that this checker does not know: " + keyword);
    }
  }
  return out;
}

}  // namespace deja::journal
