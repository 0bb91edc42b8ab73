// SPDX-License-Identifier: Apache-2.0
// docs/event.schema.json against what is written; against real builds: test/e2e/reports_test.cc.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "journal/event.h"
#include "journal/test_schema.h"
#include "os/file.h"

namespace deja::journal {
namespace {

using Json = nlohmann::json;

const Json& schema() {
  static const Json kSchema = Json::parse(*os::read_file(DEJA_DOCS "/event.schema.json"));
  return kSchema;
}

Json json_of(const Event& event) {
  std::string line;
  append_line(event, line);
  return Json::parse(line);
}

std::string check(const Event& event) { return violations(schema(), json_of(event), "event"); }

TEST(EventSchema, AllowsWhatIsWritten) {
  Event e;
  EXPECT_EQ(check(e), "");
  for (const Outcome outcome :
       {Outcome::hit, Outcome::miss, Outcome::bypass, Outcome::failure, Outcome::running}) {
    e.outcome = outcome;
    e.time_ns = 1'756'029'600'123'456'000;
    e.probe_key = e.action_key = std::string(64, 'a');
    e.reason = std::string(5000, 'x');
    e.what = "\xff\"";
    e.not_stored = "clock_read";
    e.tool_runs = 3;
    e.made_by = "ci@example";
    e.roots = {{"workspace", "/src"}, {"cargo home", "/root/.cargo"}};
    e.phases = {{"send", 8},   {"prepare", 1}, {"look_up", 2}, {"wait", 3},
                {"remote", 4}, {"place", 5},   {"run", 6},     {"publish", 7}};
    EXPECT_EQ(check(e), "");
  }
}

TEST(EventSchema, DescribesEveryMember) {
  const Json line = json_of(Event());
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
                      {"phases", {{"run", -1}}},
                      {"phases", {{"unknown", 1}}},
                      {"tool_runs", 1.5},
                      {"not_stored", "A B"},
                      {"cwd", std::string(5000, 'x')}};
  for (const auto& [name, value] : wrong.items()) {
    Json line = json_of(Event());
    line[name] = value;
    EXPECT_NE(violations(schema(), line, "event"), "") << name;
  }
}

}  // namespace
}  // namespace deja::journal
