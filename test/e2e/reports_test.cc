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
using ::testing::Not;

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
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
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
    EXPECT_TRUE(event["phases"].contains("send")) << line;
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

// A tool that runs for long is seen while it runs, and is one command afterwards.
TEST_F(Reports, AToolThatRunsForLongLeavesHeartbeats) {
  ws.script("gcc", "#!/bin/sh\nuntil [ -e go ]; do :; done\nexec /usr/bin/gcc \"$@\"\n");
  ws.write("a.c", "int a;\n");
  Process client =
      ws.start(Workspace::with_deja({"gcc", "-c", "a.c"}), {.env = {"DEJA_HEARTBEAT=1"}});
  const auto beats = [&] {
    return lines_of(ws.deja({"events", "--outcome", "running", "--format", "json"}).out);
  };
  ASSERT_TRUE(wait_until([&] { return beats().size() >= 2; }));
  const json beat = json::parse(beats().at(1));
  EXPECT_EQ(beat["what"], "a.c");
  EXPECT_GE(beat["elapsed_us"], 2'000'000);
  EXPECT_EQ(beat["tool_runs"], 0);
  EXPECT_EQ(ask({"stats", "--format", "json"})["misses"], 0);
  EXPECT_THAT(ws.deja({"why", "--last-build"}).out, Not(HasSubstr("a.c")));
  ws.write("go", "");
  EXPECT_TRUE(client.wait().ok());
  EXPECT_EQ(ask({"stats", "--format", "json"})["misses"], 1);
  EXPECT_EQ(ws.last_event().outcome, "miss");
  EXPECT_EQ(ask({"report", "--json"})["totals"]["misses"], 1);
}

// What `why` and `events` say of files has paths, not the tags of keys.
TEST_F(Reports, ReasonsNamePaths) {
  ws.write(".git/HEAD", "ref: refs/heads/main\n");
  ws.write("inc/x.h", "#define X 1\n");
  ws.write("a.c", "#include \"inc/x.h\"\nint a = X;\n");
  ws.write("out/.keep", "");
  const Argv argv = {"gcc", "-c", "../a.c"};
  const Options options{.cwd = ws.path("out")};
  ASSERT_TRUE(ws.deja(argv, options).ok());
  ws.write("inc/x.h", "#define X 2\n");
  ASSERT_TRUE(ws.deja(argv, options).ok());
  for (const Argv& question :
       {Argv{"events"}, Argv{"why", "out/a.o"}, Argv{"why", "--last-build"}}) {
    const Result result = ws.deja(question);
    EXPECT_THAT(result.out, AllOf(HasSubstr("inc/x.h"), Not(HasSubstr("<workspace>"))))
        << question.front();
  }
}

}  // namespace
}  // namespace deja::test
