// SPDX-License-Identifier: Apache-2.0
// The interposer in small programs: its records, and that a program behaves as without it.
#include <sys/stat.h>

#include <set>

#include "observe/testing/fixture.h"
#include "os/file.h"

namespace deja::observe {
namespace {

using ::testing::HasSubstr;
using testing::interposer;
using testing::RunOptions;
using testing::ToolRun;

class Interposer : public testing::ObserveTest {
 protected:
  void SetUp() override {
    write("present", "text\n");
    chmod(at("present").c_str(), 0644);
    ASSERT_EQ(symlink("present", at("link").c_str()), 0);
    make_directory("sub");
  }
  ToolRun whole(const std::vector<std::string>& arguments, const RunOptions& options = {}) const {
    ToolRun result = probe(arguments, options);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_EQ(result.log.gap, "");
    return result;
  }
};

TEST_F(Interposer, KeepsErrnoAndResults) {
  const ToolRun run = whole({"errno"});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("present")));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("absent"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("present/below"), ENOTDIR));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, at("absent"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, at("present"), EACCES));
  EXPECT_TRUE(run.has(DEJA_OP_SPAWN, at("absent"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, "/usr/local/bin/absent-program", ENOENT));
  ASSERT_EQ(run.all(DEJA_OP_READLINK, at("link")).size(), 1u);
  EXPECT_EQ(run.all(DEJA_OP_READLINK, at("link"))[0].text, "present");
}

TEST_F(Interposer, RecordsTheIdentityOfWhatWasOpened) {
  const ToolRun run = whole({"errno"});
  const auto events = run.all(DEJA_OP_OPEN, at("present"));
  ASSERT_FALSE(events.empty());
  const auto now = os::stat_file(at("present"));
  ASSERT_TRUE(now && *now);
  EXPECT_TRUE(events[0].has_identity);
  EXPECT_EQ(events[0].identity.inode, (*now)->inode);
  EXPECT_EQ(events[0].identity.device, (*now)->device);
  EXPECT_EQ(events[0].identity.size, 5u);
  EXPECT_GT(events[0].when_ns, 0);
}

TEST_F(Interposer, RecordsChangesToTheTree) {
  const ToolRun run = whole({"files"});
  const auto made = run.all(DEJA_OP_OPEN, at("made"));
  ASSERT_EQ(made.size(), 3u);
  EXPECT_EQ(made[0].flags & 0xfff, DEJA_OPEN_WRITE | DEJA_OPEN_CREATE);
  EXPECT_EQ(made[1].flags & 0xfff, DEJA_OPEN_READ | DEJA_OPEN_WRITE | DEJA_OPEN_CREATE |
                                       DEJA_OPEN_APPEND | DEJA_OPEN_EXISTED | DEJA_OPEN_EMPTY);
  ASSERT_EQ(run.all(DEJA_OP_RENAME, at("made")).size(), 1u);
  EXPECT_EQ(run.all(DEJA_OP_RENAME, at("made"))[0].text, at("renamed"));
  EXPECT_EQ(run.all(DEJA_OP_RENAME, at("directory") + "/inside").at(0).text, at("outside"));
  EXPECT_EQ(run.all(DEJA_OP_LINK, at("renamed")).at(0).text, at("hard"));
  EXPECT_EQ(run.all(DEJA_OP_SYMLINK, at("soft")).at(0).text, "renamed");
  EXPECT_TRUE(run.has(DEJA_OP_CHANGE, at("renamed")));
  EXPECT_TRUE(run.has(DEJA_OP_MKDIR, at("directory")));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("directory/inside")));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("directory/inside")));
  EXPECT_TRUE(run.has(DEJA_OP_UNLINK, at("directory")));
  EXPECT_TRUE(run.has(DEJA_OP_UNLINK, at("outside")));
  EXPECT_TRUE(run.has(DEJA_OP_UNLINK, at("hard")));
  EXPECT_TRUE(run.all(DEJA_OP_STAT, at("soft")).at(0).flags & DEJA_FLAG_NOFOLLOW);
  // One record per file, written at close, after all writes; none for duplicated descriptors.
  std::vector<std::uint64_t> closed;
  for (const Event& e : run.log.events)
    if (e.op == DEJA_OP_CLOSE) closed.push_back(e.identity.size);
  EXPECT_EQ(closed, (std::vector<std::uint64_t>{0, 4}));
  bool temporary = false;
  for (const Event& e : run.log.events)
    temporary |=
        e.op == DEJA_OP_OPEN && (e.flags & DEJA_OPEN_TEMPORARY) && e.path.starts_with(at("temp"));
  EXPECT_TRUE(temporary);
}

TEST_F(Interposer, SeesCallsByNumber) {
  const ToolRun run = whole({"syscalls"});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("present")));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("present")));
  EXPECT_TRUE(run.has(DEJA_OP_LIST, directory_));
  EXPECT_TRUE(run.has(DEJA_OP_UNLINK, at("absent"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_MKDIR, at("by-number")));
  EXPECT_TRUE(run.has(DEJA_OP_HOST, "uname"));
  EXPECT_EQ(run.all(DEJA_OP_CLOCK, "").size(), 1u);
  EXPECT_EQ(run.all(DEJA_OP_RANDOM, "").size(), 1u);
}

TEST_F(Interposer, RecordsWhatIsNotAFile) {
  const ToolRun run = whole({"ambient"}, {.environment = {"PROBE_SET=value", "LANG=xx_YY.UTF-8"}});
  EXPECT_EQ(run.all(DEJA_OP_GETENV, "PROBE_SET").at(0).text, "value");
  EXPECT_TRUE(run.all(DEJA_OP_GETENV, "PROBE_UNSET").at(0).flags & DEJA_FLAG_UNSET);
  EXPECT_EQ(run.all(DEJA_OP_GETENV, "LANG").at(0).text, "xx_YY.UTF-8");
  EXPECT_TRUE(run.all(DEJA_OP_GETENV, "LC_MESSAGES").at(0).flags & DEJA_FLAG_UNSET);
  const auto clocks = run.all(DEJA_OP_CLOCK, "");
  ASSERT_EQ(clocks.size(), 2u);
  EXPECT_EQ(clocks[0].value, static_cast<std::uint64_t>(DEJA_CLOCK_TIME));
  EXPECT_EQ(clocks[1].value, static_cast<std::uint64_t>(DEJA_CLOCK_REALTIME));
  EXPECT_EQ(run.all(DEJA_OP_RANDOM, "").size(), 1u);
  EXPECT_TRUE(run.has(DEJA_OP_HOST, "uname"));
  EXPECT_TRUE(run.has(DEJA_OP_HOST, "hostname"));
  EXPECT_TRUE(run.has(DEJA_OP_HOST, "cpus"));
  EXPECT_TRUE(run.has(DEJA_OP_CONNECT, "unix:/nowhere/socket", ENOENT));
  EXPECT_FALSE(run.all(DEJA_OP_ENVIRON, "").empty());  // an unknown program may read environ
}

// The time that clang asks for after "modules.timestamp" is marked, and the next question is recorded too.
TEST_F(Interposer, MarksTheClockThatAgesModules) {
  const auto clocks = whole({"ages"}).all(DEJA_OP_CLOCK, "");
  ASSERT_EQ(clocks.size(), 3u);  // other clocks are recorded twice
  EXPECT_EQ(clocks[0].flags & DEJA_CLOCK_OF_MODULES, DEJA_CLOCK_OF_MODULES);
  EXPECT_EQ(clocks[1].flags & DEJA_CLOCK_OF_MODULES, 0);
  EXPECT_EQ(clocks[2].flags & DEJA_CLOCK_OF_MODULES, 0);
  ASSERT_EQ(::unlink(at("modules.timestamp").c_str()), 0);
  const auto unmarked = whole({"ages-new"}).all(DEJA_OP_CLOCK, "");
  ASSERT_EQ(unmarked.size(), 2u);
  for (const auto& clock : unmarked) EXPECT_EQ(clock.flags & DEJA_CLOCK_OF_MODULES, 0);
}

// The begin of the local day, if the program asks localtime() for the present.
TEST_F(Interposer, RecordsWhenTheDayBegan) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  for (const auto& [zone, ahead] : {std::pair("TZ=", 0),
                                    {"TZ=ABC-14", 14 * 3600},
                                    {"TZ=ABC+12", -12 * 3600},
                                    {"TZ=ABC-0:30:10", 1810}}) {
    const ToolRun run = whole({"day"}, {.environment = {zone}});
    const auto days = run.all(DEJA_OP_DAY, "");
    ASSERT_EQ(days.size(), 1u) << zone;
    EXPECT_EQ(static_cast<std::int32_t>(days[0].value), ahead);
    EXPECT_EQ((days[0].when_ns / kSecond + ahead) % 86400, 0);
    const auto clocks = run.all(DEJA_OP_CLOCK, "");
    ASSERT_EQ(clocks.size(), 1u);
    EXPECT_LE(days[0].when_ns, clocks[0].when_ns);
    EXPECT_GT(days[0].when_ns + 86400 * kSecond, clocks[0].when_ns);
  }
  EXPECT_TRUE(whole({"day", "3600"}).all(DEJA_OP_DAY, "").empty()) << "another time";
  // The zone changes today, and by going back, so that it is the same day before and after.
  const time_t now = ::time(nullptr);
  struct tm today = {};
  ASSERT_NE(::gmtime_r(&now, &today), nullptr);
  const std::string zone = "TZ=ABC0DEF1," + std::to_string(today.tm_yday) + "/12," +
                           std::to_string((today.tm_yday + 100) % 365);
  EXPECT_TRUE(whole({"day"}, {.environment = {zone}}).all(DEJA_OP_DAY, "").empty());
}

TEST_F(Interposer, RecordsASecondQuestionForTheTime) {
  const auto asked = [&](const char* times) {
    return whole({"times", times}).all(DEJA_OP_CLOCK, "").size();
  };
  EXPECT_EQ(asked("1"), 1u);
  EXPECT_EQ(asked("2"), 2u);
  EXPECT_EQ(asked("9"), 2u);
}

// An unknown program that reads a file: was the clock read before, or after it?
TEST_F(Interposer, RecordsQuestionsAgainAfterAFile) {
  const ToolRun run = whole({"interprets"});
  std::vector<std::string> said;
  for (const Event& e : run.log.events) {
    if (e.op == DEJA_OP_CLOCK) said.push_back("clock " + std::to_string(e.value));
    if (e.op == DEJA_OP_HOST) said.push_back(e.path);
    if (e.op == DEJA_OP_OPEN && e.path == at("present")) said.emplace_back("open");
  }
  EXPECT_EQ(said,
            (std::vector<std::string>{"clock 2", "uname", "open", "clock 2", "uname", "clock 1"}));
  for (const Event& e : run.log.events) EXPECT_EQ(e.flags & DEJA_FLAG_ONLY_ONCE, 0);
}

TEST_F(Interposer, RecordsExclusiveLocks) {
  const ToolRun run = whole({"locks"});
  EXPECT_EQ(run.all(DEJA_OP_LOCK, at("present")).size(), 1u) << "shared ones are not recorded";
  EXPECT_EQ(run.all(DEJA_OP_LOCK, at("fresh")).size(), 1u);
  const auto opened = run.all(DEJA_OP_OPEN, at("present"));
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_FALSE(opened[0].flags & DEJA_OPEN_EMPTY) << "it had content";
  EXPECT_TRUE(opened[1].flags & DEJA_OPEN_EMPTY);
  EXPECT_FALSE(run.all(DEJA_OP_OPEN, at("fresh")).at(0).flags & DEJA_OPEN_EMPTY);
}

TEST_F(Interposer, SeesWalksThroughDirectories) {
  for (const char* directory : {"tree/a", "tree/b", "tree2/c"}) make_directory(directory);
  write("tree/a/one.x", "");
  write("tree2/c/two.x", "");
  const ToolRun run = whole({"walks"});
  EXPECT_TRUE(run.has(DEJA_OP_LIST, at("tree")));
  EXPECT_TRUE(run.has(DEJA_OP_LIST, at("tree/a")));
  EXPECT_TRUE(run.has(DEJA_OP_LIST, at("tree/b")));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("tree/a/one.x")));  // nftw
  EXPECT_TRUE(run.has(DEJA_OP_LIST, at("tree2")));
  EXPECT_TRUE(run.has(DEJA_OP_LIST, at("tree2/c")) || run.has(DEJA_OP_LIST, at("tree2") + "/c"));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("tree2/c/two.x")));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("after-walk")));  // fts had changed the directory since
}

TEST_F(Interposer, FollowsEveryKindOfChild) {
  const ToolRun run = whole({"children"});
  for (const char* name : {"forked", "vforked", "spawned", "system", "popen", "no-environment",
                           "in-fork", "in-parent", "sub/by-fd"})
    EXPECT_TRUE(run.has(DEJA_OP_STAT, at(name), ENOENT)) << name;
}

TEST_F(Interposer, PathsBetweenVforkAndExecAreTheChildsOwn) {
  const ToolRun run = whole({"vfork"});
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("sub/in-vfork-child"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, at("sub/absent"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("sub/in-sub"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("in-vfork-parent"), ENOENT));
}

TEST_F(Interposer, TheSearchInPathIsRecorded) {
  ASSERT_EQ(symlink(testing::probe_program().c_str(), at("observe_probe_link").c_str()), 0);
  const ToolRun run = whole({"execvp"});
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, "/absent-one/observe_probe_link", ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, "/absent-two/observe_probe_link", ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC, at("./observe_probe_link")));
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("through-path"), ENOENT));
}

TEST_F(Interposer, ThreadsLoseNothing) {
  const ToolRun run = whole({"threads"});
  for (int t = 0; t < 8; ++t)
    for (int i = 0; i < 200; ++i)
      ASSERT_TRUE(run.has(DEJA_OP_STAT, at("thread-" + std::to_string(t) + "-" + std::to_string(i)),
                          ENOENT));
}

TEST_F(Interposer, AHundredChildrenAtOnceLoseNothing) {
  const ToolRun run = whole({"crowd"});
  std::set<std::int32_t> pids;
  for (int i = 0; i < 100; ++i) {
    const auto seen = run.all(DEJA_OP_STAT, at("crowd-" + std::to_string(i)));
    ASSERT_EQ(seen.size(), 1u);
    pids.insert(seen[0].pid);
  }
  EXPECT_EQ(pids.size(), 100u);
}

TEST_F(Interposer, SignalHandlersMayExamineFiles) {
  const ToolRun run = whole({"signals"});
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(run.has(DEJA_OP_STAT, at("signal-" + std::to_string(i)), ENOENT));
}

TEST_F(Interposer, NeedsNoDescriptor) {
  const ToolRun run = whole({"closefrom"});
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("after-close"), ENOENT));
}

TEST_F(Interposer, LeavesNoTraceInTheEnvironment) {
  EXPECT_EQ(whole({"environment"}).output, "(unset)");
}

TEST_F(Interposer, TheUsersPreloadStays) {
  // any library; this one is loaded by most programs anyway
  const std::string user =
      testing::find_tool("sh").empty() ? "" : "/lib/x86_64-linux-gnu/libm.so.6";
  if (access(user.c_str(), R_OK) != 0) GTEST_SKIP() << "no " << user << " on this machine";
  const ToolRun run = whole({"environment"}, {.environment = {"LD_PRELOAD=" + user}});
  EXPECT_EQ(run.output, user);
  EXPECT_TRUE(run.has(DEJA_OP_LIBRARY, user));
  const ToolRun child = whole({"exec", testing::probe_program(), "environment"},
                              {.environment = {"LD_PRELOAD=" + user}});
  EXPECT_EQ(child.output, user);
  EXPECT_EQ(child.all(DEJA_OP_LIBRARY, user).size(), 2u);  // in both programs
}

TEST_F(Interposer, AnEmptyPreloadStaysEmptyAndSet) {
  EXPECT_EQ(whole({"environment"}, {.environment = {"LD_PRELOAD="}}).output, "");
  EXPECT_EQ(
      whole({"exec", testing::probe_program(), "environment"}, {.environment = {"LD_PRELOAD="}})
          .output,
      "");
}

TEST_F(Interposer, DoesNotDisturbTheLoader) {
  const ToolRun run = whole({"loader", "/lib/x86_64-linux-gnu/libm.so.6"});
  EXPECT_TRUE(run.has(DEJA_OP_STAT, "/absent/library.so", ENOENT));
  EXPECT_FALSE(run.all(DEJA_OP_LIBRARY, "libabsent-bare.so").empty());
  EXPECT_FALSE(run.all(DEJA_OP_LIBRARY, "/lib/x86_64-linux-gnu/libm.so.6").empty());
}

TEST_F(Interposer, RecordsAnEqualOperationOnce) {
  const ToolRun run = whole({"again"});
  EXPECT_EQ(run.all(DEJA_OP_STAT, at("absent")).size(), 1u);
  EXPECT_EQ(run.all(DEJA_OP_OPEN, at("absent")).size(), 1u);
  EXPECT_EQ(run.all(DEJA_OP_GETENV, "PATH").size(), 1u);
}

TEST_F(Interposer, AFullLogIsAGap) {
  const ToolRun run = probe({"threads"}, {.capacity = 3 * 4096});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.log.gap, HasSubstr("too many records"));
}

TEST_F(Interposer, WithoutALogTheProgramRunsNormally) {
  const RunOptions options{
      .environment = {"LD_PRELOAD=" + interposer(), "DEJA_OBSERVE_LOG=/absent/log"},
      .observed = false};
  for (const char* what : {"errno", "environment", "children", "threads", "vfork"}) {
    const ToolRun run = probe({what}, options);
    EXPECT_EQ(run.exit_code, 0) << what << run.output;
    EXPECT_TRUE(run.log.events.empty());
  }
  write("no-log", std::string(8192, 'x'));
  const ToolRun run = probe(
      {"errno"}, {.environment = {"LD_PRELOAD=" + interposer(), "DEJA_OBSERVE_LOG=" + at("no-log")},
                  .observed = false});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(read("no-log"), std::string(8192, 'x'));
}

TEST_F(Interposer, AProgramThatCannotReportInIsAGap) {
  const ToolRun run = probe({"exec", DEJA_PROBE_STATIC, "look", "unseen"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.log.gap, HasSubstr("nothing was recorded of "));
}

TEST_F(Interposer, DejasOwnClientNeedNotReportIn) {
  const ToolRun run =
      probe({"exec", DEJA_PROBE_STATIC, "look", "unseen"}, {.client = DEJA_PROBE_STATIC});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.log.gap, "");
  // and the tool that it execs reports to the same log
  const ToolRun nested =
      probe({"exec", DEJA_PROBE_STATIC, "exec", testing::probe_program(), "look", "seen"},
            {.client = DEJA_PROBE_STATIC});
  EXPECT_EQ(nested.log.gap, "");
  EXPECT_TRUE(nested.has(DEJA_OP_STAT, at("seen"), ENOENT));
}

TEST_F(Interposer, AStaticRootIsAGap) {
  const ToolRun run = this->run({DEJA_PROBE_STATIC, "look", "unseen"});
  EXPECT_EQ(run.log.gap, "nothing was recorded of any process");
}

// The interposer leaves alone a program that would refuse to run or print an error; the log has a gap.
TEST_F(Interposer, SanitizedProgramsRunNormally) {
  const std::string gcc = testing::find_tool("gcc");
  if (gcc.empty()) GTEST_SKIP() << "NOT TESTED: gcc is not installed";
  write("empty.c",
        "#include <stdio.h>\nint main(void) { return fopen(\"missed\", \"r\") != 0; }\n");
  for (const char* kind : {"address", "thread", "leak", "undefined"}) {
    if (run({gcc, std::string("-fsanitize=") + kind, "empty.c", "-o", "sanitized"},
            {.observed = false})
            .exit_code)
      continue;  // that library is not installed
    const ToolRun result = probe({"exec", at("sanitized")});
    EXPECT_EQ(result.exit_code, 0) << kind;
    EXPECT_EQ(result.output, "") << kind;
    EXPECT_TRUE(!result.log.gap.empty() || result.has(DEJA_OP_OPEN, at("missed"), ENOENT)) << kind;
  }
}

TEST_F(Interposer, APlainFileIsNoProgram) {
  write("script", "#!" + testing::probe_program() + " environment\n");
  write("text", "exit 3\n");
  chmod(at("script").c_str(), 0755);
  chmod(at("text").c_str(), 0755);
  const ToolRun script = whole({"exec", at("script")});
  EXPECT_TRUE(script.has(DEJA_OP_EXEC, at("script")));
  EXPECT_EQ(script.all(DEJA_OP_PROCESS, testing::probe_program()).size(), 2u);
  EXPECT_TRUE(whole({"exec", at("text")}).has(DEJA_OP_EXEC_FAILED, at("text"), ENOEXEC));
}

TEST_F(Interposer, AKilledProcessLeavesAReadableLog) {
  const ToolRun run = probe({"killed"});
  EXPECT_EQ(run.exit_code, 128 + SIGKILL);
  EXPECT_EQ(run.log.gap, "");
}

}  // namespace
}  // namespace deja::observe
