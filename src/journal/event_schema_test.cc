// SPDX-License-Identifier: Apache-2.0
// docs/event.schema.json against what is written, by a checker for the part of JSON Schema that it uses.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "journal/event.h"
#include "os/file.h"

namespace deja::journal {
namespace {

using Json = nlohmann::json;

bool is_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return false;
}

// The violations, one per line. A keyword that the checker does not know is one.
std::string violations(const Json& schema, const Json& value, const std::string& path) {
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
    } else if (!std::set<std::string>{"$schema", "title", "description", "additionalProperties"}
                    .contains(keyword)) {
      bad("the schema has a keyword that this checker does not know: " + keyword);
    }
  }
  return out;
}

const Json& schema() {
  static const Json kSchema = Json::parse(*os::read_file(DEJA_DOCS "/event.schema.json"));
  return kSchema;
}

Json line_of(const Event& event) {
  std::string line;
  append_line(event, line);
  return Json::parse(line);
}

std::string check(const Event& event) { return violations(schema(), line_of(event), "event"); }

TEST(EventSchema, AllowsWhatIsWritten) {
  Event e;
  EXPECT_EQ(check(e), "");
  for (const Outcome outcome : {Outcome::hit, Outcome::miss, Outcome::bypass, Outcome::failure}) {
    e.outcome = outcome;
    e.time_ns = 1'756'029'600'123'456'000;
    e.probe_key = e.action_key = std::string(64, 'a');
    e.reason = std::string(5000, 'x');
    e.what = "\xff\"";
    e.not_stored = "clock_read";
    e.tool_runs = 3;
    EXPECT_EQ(check(e), "");
  }
}

TEST(EventSchema, DescribesEveryMember) {
  const Json line = line_of(Event());
  EXPECT_EQ(line.size(), schema()["properties"].size());
  for (const auto& [name, value] : line.items()) {
    EXPECT_TRUE(schema()["properties"].contains(name)) << name;
    Json without = line;
    without.erase(name);
    EXPECT_NE(violations(schema(), without, "event"), "") << name;
  }
}

TEST(EventSchema, RefusesWhatIsWrong) {
  const Json wrong = {{"time", "now"},
                      {"outcome", "lost"},
                      {"dup", 1},
                      {"probe_key", "xyz"},
                      {"cost_us", -1},
                      {"tool_runs", 1.5},
                      {"not_stored", "A B"},
                      {"cwd", std::string(5000, 'x')}};
  for (const auto& [name, value] : wrong.items()) {
    Json line = line_of(Event());
    line[name] = value;
    EXPECT_NE(violations(schema(), line, "event"), "") << name;
  }
}

}  // namespace
}  // namespace deja::journal
