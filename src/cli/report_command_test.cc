// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_test.h"
#include "journal/journal.h"
#include "os/clock.h"

namespace deja::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReportCommandTest : public CliTest {
 protected:
  // An event that ended so long ago.
  void record(std::int64_t age_s, const std::string& what,
              journal::Outcome outcome = journal::Outcome::miss) {
    if (!journal_) journal_ = journal::Journal::open(cache_);
    journal::Event e;
    e.time_ns = os::wall_ns() - age_s * 1'000'000'000;
    e.outcome = outcome;
    e.what = what;
    e.tool = "/usr/bin/gcc";
    e.cwd = "/src";
    e.cost_us = 1'000'000;
    journal_->record(e);
  }
  std::unique_ptr<journal::Journal> journal_;
};

TEST_F(ReportCommandTest, TheLastBuildIsTheDefault) {
  EXPECT_THAT(run({"report"}).out, HasSubstr("no commands"));
  record(7200, "old.c");
  record(100, "a.c");
  record(99, "b.c", journal::Outcome::hit);
  const Ran ran = run({"report"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("last build (session "), HasSubstr("commands    2"),
                             HasSubstr("50.0 %"), HasSubstr("a.c"), Not(HasSubstr("old.c"))));
  EXPECT_EQ(run({"report", "--last-build"}).out, ran.out);
  EXPECT_THAT(run({"report", "--all"}).out, HasSubstr("commands    3"));
  EXPECT_THAT(run({"report", "--since", "1h"}).out, HasSubstr("commands    2"));
  EXPECT_THAT(run({"report", "--since", "5h"}).out, HasSubstr("commands    3"));
}

TEST_F(ReportCommandTest, SessionsHaveNames) {
  record(7200, "old.c");
  record(100, "a.c");
  const Ran list = run({"report", "--sessions", "--json"});
  const auto sessions = nlohmann::json::parse(list.out);
  ASSERT_EQ(sessions.size(), 2U);
  const std::string id = sessions[1]["id"];
  EXPECT_THAT(run({"report", "--sessions"}).out, HasSubstr(id));
  EXPECT_THAT(run({"report", "--session", id}).out,
              AllOf(HasSubstr("session " + id), HasSubstr("old.c"), Not(HasSubstr("a.c  "))));
  EXPECT_THAT(run({"report", "--session", "x"}).err, HasSubstr("--sessions' lists them"));
}

TEST_F(ReportCommandTest, HasOtherForms) {
  record(10, "a.c");
  EXPECT_EQ(nlohmann::json::parse(run({"report", "--json"}).out)["totals"]["misses"], 1);
  EXPECT_THAT(run({"report", "--markdown"}).out, HasSubstr("### deja"));
  const Ran files = run({"report", "--html", "r.html", "--trace", "t.json"});
  EXPECT_EQ(files.code, 0) << files.err;
  EXPECT_EQ(files.out, "");
  EXPECT_THAT(*os::read_file(dir_ + "/work/r.html"), HasSubstr("</html>"));
  const auto trace = nlohmann::json::parse(*os::read_file(dir_ + "/work/t.json"));
  EXPECT_EQ(trace["traceEvents"].size(), 2U);
}

TEST_F(ReportCommandTest, MistakesAreOneLine) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--since", "soon"},
                                                {"--html", "."},
                                                {"--html", "no/such/place"},
                                                {"--all", "--since", "1h"},
                                                {"--json", "--markdown"},
                                                {"--top", "x"}}) {
    std::vector<std::string> args = {"report"};
    args.insert(args.end(), words.begin(), words.end());
    const Ran ran = run(args);
    EXPECT_GT(ran.code, 0) << words[0];
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
}

TEST_F(CliTest, MonitorNeedsATerminal) {
  const Ran ran = run({"monitor"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, AllOf(HasSubstr("must be a terminal"), HasSubstr("events --follow")));
}

TEST_F(CliTest, ListIsEmptyWithoutAStore) {
  EXPECT_EQ(run({"list"}).out, "no results\n");
  EXPECT_EQ(json({"list"}).size(), 0U);
  EXPECT_EQ(run({"list", "--sort", "luck"}).code, 2);
}

}  // namespace
}  // namespace deja::cli
