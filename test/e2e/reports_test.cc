// SPDX-License-Identifier: Apache-2.0
// Reports, lists and the journal's schema after real builds.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "journal/test_schema.h"
#include "os/file.h"
#include "support/workspace.h"

namespace deja::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Reports : public ::testing::Test {
 protected:
  // A miss, a hit, a miss because of a header, a failure and a bypass.
  void build() {
    ws.write("x.h", "#define X 1\n");
    ws.write("a.c", "#include \"x.h\"\nint a = X;\n");
    ws.write("bad.c", "int\n");
    ws.expect_miss({"gcc", "-c", "a.c"});
    ws.expect_hit({"gcc", "-c", "a.c"});
    ws.write("x.h", "#define X 2\n");
    ws.expect_miss({"gcc", "-c", "a.c"});
    ws.expect_failure({"gcc", "-c", "bad.c"});
    ws.deja({"gcc", "-ftime-report", "-c", "a.c"});
  }
  json ask(const Argv& argv) {
    const Result result = ws.deja(argv);
    EXPECT_EQ(result.exit_code, 0) << result;
    return json::parse(result.out);
  }
  Workspace ws{Mode::one_shot};
};

TEST_F(Reports, CountWhatHasHappened) {
  build();
  const json report = ask({"report", "--json"});
  EXPECT_EQ(report["totals"]["hits"], 1);
  EXPECT_EQ(report["totals"]["misses"], 2);
  EXPECT_EQ(report["totals"]["failures"], 1);
  EXPECT_EQ(report["totals"]["bypasses"], 1);
  EXPECT_EQ(report["bypass_reasons"][0]["name"], "unsupported_option");
  EXPECT_THAT(report["changes"][0]["name"].get<std::string>(), ::testing::EndsWith("x.h"));
  EXPECT_EQ(report["store"]["results"], 3);  // the failure, too
  EXPECT_GT(report["totals"]["saved_us"], 0);
}

TEST_F(Reports, ListsWhatIsStored) {
  build();
  const json list = ask({"list", "--format", "json", "--match", "a.c"});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["tool"], "gcc");
  EXPECT_EQ(list[0]["what"], "a.c");
  EXPECT_GT(list[0]["bytes"], 0);
  EXPECT_GT(list[0]["last_use"], 0);
  EXPECT_EQ(ask({"list", "--format", "json", "-n", "1"}).size(), 1U);
  EXPECT_EQ(ask({"list", "--format", "json", "--match", "b.c"}).size(), 0U);
  EXPECT_THAT(ws.deja({"list", "--match", "a.c", "-n", "1"}).out,
              AllOf(HasSubstr("last used"), HasSubstr("a.c"), HasSubstr("1 of 2 results")));
}

TEST_F(Reports, EventsAreWhatTheSchemaSays) {
  build();
  const json schema = json::parse(*os::read_file(DEJA_DOCS "/event.schema.json"));
  std::istringstream lines(ws.deja({"events", "--format", "json"}).out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_EQ(journal::violations(schema, json::parse(line), "event"), "") << line;
  EXPECT_EQ(count, 5);
}

// Each phase once, none for what did not happen, and together no longer than the command.
TEST_F(Reports, EventsTellWhereTheTimeWent) {
  build();
  std::istringstream lines(ws.deja({"events", "--format", "json"}).out);
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line);
    std::uint64_t sum = 0;
    for (const auto& [name, us] : event["phases"].items()) sum += us.get<std::uint64_t>();
    EXPECT_LE(sum, event["elapsed_us"]) << line;
    const bool has_run = event["outcome"] == "miss" || event["outcome"] == "failure";
    EXPECT_EQ(event["phases"].contains("run"), has_run) << line;
    EXPECT_EQ(event["phases"].contains("publish"), has_run) << line;
    EXPECT_EQ(event["phases"].contains("place"), event["outcome"] == "hit") << line;
    if (has_run) {
      EXPECT_GE(event["phases"]["run"], event["cost_us"]) << line;
    }
  }
  const json report = ask({"report", "--json"});
  std::map<std::string, int> counts;
  for (const json& phase : report["phases"]) counts[phase["name"]] = phase["count"];
  EXPECT_EQ(counts["run"], 3);
  EXPECT_EQ(counts["place"], 1);
  EXPECT_THAT(ws.deja({"why", "bad.c"}).out, AllOf(HasSubstr("phases"), HasSubstr(", run ")));
}

}  // namespace
}  // namespace deja::test
