// SPDX-License-Identifier: Apache-2.0
// The supervisor must record for a static program what the interposer records for a dynamic one, and the
// program must behave as without it.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>

#include "observe/preload/observed_calls.h"
#include "observe/testing/fixture.h"
#include "os/file.h"

namespace deja::observe {
namespace {

using testing::static_probe_program;
using testing::supervisor;
using testing::ToolRun;

class SuperviseTest : public testing::ObserveTest {
 protected:
  ToolRun supervise(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), static_probe_program());
    return run(std::move(arguments), {.supervised = true});
  }
  ToolRun supervise_shell(const std::string& script) const {
    return run({"/bin/sh", "-c", script}, {.supervised = true});
  }

  // The facts that both observers must agree on: the operations on files of the scratch directory.
  std::set<std::string> facts(const ToolRun& run) const {
    std::set<std::string> out;
    for (const Event& e : run.log.events) {
      if (!e.path.starts_with(directory_ + "/")) continue;
      std::string text = e.path.substr(directory_.size() + 1) + " " + std::to_string(e.error);
      switch (e.op) {
        case DEJA_OP_OPEN:
          text = "open " + text + ((e.flags & DEJA_OPEN_WRITE) != 0 ? " for writing" : "") +
                 ((e.flags & DEJA_OPEN_EXISTED) != 0 ? " there" : "");
          break;
        case DEJA_OP_STAT:
        case DEJA_OP_REALPATH:
          text = "look at " + text;
          break;
        case DEJA_OP_READLINK:
          text = "link " + text + " " + e.text;
          break;
        case DEJA_OP_LIST:
          text = "list " + text;
          break;
        case DEJA_OP_UNLINK:
          text = "unlink " + text;
          break;
        case DEJA_OP_RENAME:
          text = "rename " + text + " " + e.text;
          break;
        case DEJA_OP_MKDIR:
          text = "mkdir " + text;
          break;
        case DEJA_OP_SYMLINK:
        case DEJA_OP_LINK:
          text = "name " + text + " " + e.text;
          break;
        case DEJA_OP_EXEC:
          text = "exec " + text;
          break;
        default:
          continue;
      }
      if (text.find("temp") == std::string::npos) out.insert(text);  // not the random names
    }
    return out;
  }
};

TEST_F(SuperviseTest, RecordsForAStaticProgramWhatTheInterposerRecordsForADynamicOne) {
  for (const std::string what : {"files", "walks", "look", "syscalls"}) {
    SCOPED_TRACE(what);
    const auto prepare = [&] {
      EXPECT_TRUE(os::remove_tree(directory_));
      make_directory("tree/sub");
      make_directory("tree2");
      write("tree/sub/a.x", "");
      write("tree2/file", "");
      write("present", "");
    };
    prepare();
    const ToolRun dynamic = probe({what, "absent"});
    prepare();
    const ToolRun fixed = supervise({what, "absent"});
    EXPECT_EQ(dynamic.exit_code, 0) << dynamic.output;
    EXPECT_EQ(fixed.exit_code, 0) << fixed.output;
    EXPECT_EQ(dynamic.log.gap, "");
    EXPECT_EQ(fixed.log.gap, "");
    const std::set<std::string> seen = facts(fixed);
    EXPECT_FALSE(seen.empty());
    for (const std::string& fact : facts(dynamic)) EXPECT_TRUE(seen.contains(fact)) << fact;
  }
}

TEST_F(SuperviseTest, ACallThatIsNewerThanTheTableIsAGap) {
  const std::string newer = std::to_string(DEJA_NEWEST_CALL + 1);
  EXPECT_EQ(supervise({"call", "=" + newer}).log.gap, "an unknown system call was made");
  const std::string plain = "=" + std::to_string(SYS_getppid);
  EXPECT_EQ(supervise({"call", plain}).log.gap, "");
}

TEST_F(SuperviseTest, RecordsTheFileThatWasMade) {
  const ToolRun r = supervise({"files"});
  ASSERT_EQ(r.exit_code, 0) << r.output;
  const auto made = r.all(DEJA_OP_OPEN, at("made"));
  ASSERT_FALSE(made.empty());
  EXPECT_EQ(made[0].flags & ~DEJA_FLAG_IDENTITY, DEJA_OPEN_WRITE | DEJA_OPEN_CREATE);
  ASSERT_TRUE(made[0].has_identity);
  const auto now = os::stat_file(at("renamed"));
  ASSERT_TRUE(now && *now);
  EXPECT_EQ(made[0].identity.inode, (*now)->inode);
  EXPECT_TRUE(r.has(DEJA_OP_CHANGE, at("renamed")));
}

TEST_F(SuperviseTest, RecordsWhenAFileWasWrittenInFull) {
  const ToolRun r = supervise_shell("echo one > out; echo two >> out");
  ASSERT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.log.gap, "");
  const auto closed = r.all(DEJA_OP_CLOSE, "");
  ASSERT_EQ(closed.size(), 2u);
  const auto now = os::stat_file(at("out"));
  ASSERT_TRUE(now && *now);
  EXPECT_EQ(closed[1].identity, **now);
  EXPECT_EQ(closed[0].identity.size, 4u);
}

// An unobserved process writes to the same file.
TEST_F(SuperviseTest, AFileThatOthersWriteToIsNotRecordedAsWritten) {
  ASSERT_EQ(::mkfifo(at("go").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(at("done").c_str(), 0600), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    const int go = ::open(at("go").c_str(), O_RDONLY);
    char byte;
    if (::read(go, &byte, 1) != 1) ::_exit(1);
    const int out = ::open(at("out").c_str(), O_WRONLY | O_APPEND);
    const bool written = ::write(out, "more", 4) == 4;
    ::close(out);
    ::close(::open(at("done").c_str(), O_WRONLY));
    ::_exit(written ? 0 : 1);
  }
  const ToolRun r = supervise_shell("echo one > out; echo > go; read line < done");
  int status = 0;
  ::waitpid(other, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read("out"), "one\nmore");
  EXPECT_NE(r.log.gap, "");
}

TEST_F(SuperviseTest, UmaskDirectoryAndErrorsAreTheTools) {
  make_directory("sub");
  const ToolRun r = supervise_shell(
      "umask 027; cd sub; echo x > made; mkdir directory; ln -s made link; mkdir directory; rm "
      "absent; "
      "echo y > absent/made; mv made moved");
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.log.gap, "");
  EXPECT_EQ(read("sub/moved"), "x\n");
  EXPECT_EQ((*os::stat_file(at("sub/moved")))->mode & 07777, 0640u);
  EXPECT_EQ((*os::stat_file(at("sub/directory")))->mode & 07777, 0750u);
  EXPECT_EQ(*os::read_symlink(at("sub/link")), "made");
  EXPECT_TRUE(r.has(DEJA_OP_MKDIR, at("sub/directory"), EEXIST));
  EXPECT_TRUE(r.has(DEJA_OP_UNLINK, at("sub/absent"), ENOENT) ||
              r.has(DEJA_OP_STAT, at("sub/absent"), ENOENT));
  EXPECT_TRUE(r.has(DEJA_OP_OPEN, at("sub/absent/made"), ENOENT));
  // The same, with the tool's own output compared.
  const std::string script = "umask 027; mkdir sub; rm absent; echo y > absent/made; cat absent";
  EXPECT_EQ(supervise_shell(script).output,
            run({"/bin/sh", "-c", script}, {.observed = false}).output);
}

TEST_F(SuperviseTest, ProgramsScriptsAndTheirInterpretersAreInputs) {
  write("script", "#!/bin/sh\n: < present\n");
  write("present", "");
  ASSERT_EQ(::chmod(at("script").c_str(), 0755), 0);
  const ToolRun r = run({at("script")}, {.supervised = true});
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.log.gap, "");
  EXPECT_TRUE(r.has(DEJA_OP_EXEC, at("script")));
  EXPECT_TRUE(r.has(DEJA_OP_OPEN, "/bin/sh"));
  EXPECT_TRUE(r.has(DEJA_OP_PROCESS, *os::real_path("/bin/sh")));
  EXPECT_TRUE(r.has(DEJA_OP_OPEN, at("present")));
}

TEST_F(SuperviseTest, ClocksAndHostsAreRecordedThoughLibcNeedsNoCallForThem) {
  const ToolRun r = supervise({"ambient"});
  EXPECT_EQ(r.exit_code, 9) << "it wants PROBE_SET";
  const ToolRun set = run({static_probe_program(), "ambient"},
                          {.environment = {"PROBE_SET=value"}, .supervised = true});
  ASSERT_EQ(set.exit_code, 0) << set.output;
  std::set<std::uint64_t> clocks;
  std::set<std::string> asked;
  for (const Event& e : set.log.events) {
    if (e.op == DEJA_OP_CLOCK) clocks.insert(e.value);
    if (e.op == DEJA_OP_HOST) asked.insert(e.path);
    if (e.op == DEJA_OP_CONNECT) asked.insert(e.path);
  }
  EXPECT_TRUE(clocks.contains(DEJA_CLOCK_TIME));
  EXPECT_TRUE(clocks.contains(DEJA_CLOCK_REALTIME));
  EXPECT_TRUE(asked.contains("uname"));
  EXPECT_TRUE(asked.contains("unix:/nowhere/socket"));
  for (const Event& e : supervise({"look", "absent"}).log.events) EXPECT_NE(e.op, DEJA_OP_CLOCK);
}

// Clocks are recorded for each program separately.
TEST_F(SuperviseTest, EachClockOfEachProgramIsRecorded) {
  const std::string probe = static_probe_program();
  const ToolRun r = supervise({"clocks", probe, "clocks"});
  EXPECT_EQ(r.exit_code, 0) << r.output;
  std::vector<std::uint64_t> clocks;
  for (const Event& e : r.log.events)
    if (e.op == DEJA_OP_CLOCK) clocks.push_back(e.value);
  const std::vector<std::uint64_t> once = {DEJA_CLOCK_REALTIME, DEJA_CLOCK_TIME};
  EXPECT_EQ(clocks, (std::vector<std::uint64_t>{once[0], once[1], once[0], once[1]}));
}

// A later kind of clock must not be dropped because another kind was recorded.
TEST_F(SuperviseTest, EveryKindOfClockIsRecorded) {
  write("present", "");
  const ToolRun r = supervise({"interprets"});
  ASSERT_EQ(r.exit_code, 0) << r.output;
  std::set<std::uint64_t> clocks;
  for (const Event& e : r.log.events) {
    if (e.op != DEJA_OP_CLOCK) continue;
    clocks.insert(e.value);
    EXPECT_NE(e.flags & DEJA_FLAG_ONLY_ONCE, 0) << "or the next file would seem to change it";
  }
  EXPECT_EQ(clocks, (std::set<std::uint64_t>{DEJA_CLOCK_TIME, DEJA_CLOCK_REALTIME}));
}

TEST_F(SuperviseTest, LocksAndEmptyFilesAreRecorded) {
  write("present", "12345");
  const ToolRun r = supervise({"locks"});
  ASSERT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.all(DEJA_OP_LOCK, at("present")).size(), 1u);
  EXPECT_EQ(r.all(DEJA_OP_LOCK, at("fresh")).size(), 1u);
  const auto opened = r.all(DEJA_OP_OPEN, at("present"));
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_FALSE(opened[0].flags & DEJA_OPEN_EMPTY);
  EXPECT_TRUE(opened[1].flags & DEJA_OPEN_EMPTY);
}

TEST_F(SuperviseTest, TheEnvironmentIsTheUsersAndCounts) {
  const ToolRun r = run({static_probe_program(), "environment"}, {.supervised = true});
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.output, "(unset)");
  int whole = 0;
  for (const Event& e : r.log.events) whole += e.op == DEJA_OP_ENVIRON;
  EXPECT_EQ(whole, 1);
}

TEST_F(SuperviseTest, ThreadsAndSignalHandlers) {
  const ToolRun threads = supervise({"threads"});
  EXPECT_EQ(threads.exit_code, 0) << threads.output;
  EXPECT_EQ(threads.log.gap, "");
  int seen = 0;
  std::set<int> processes;
  for (const Event& e : threads.log.events) {
    if (e.op != DEJA_OP_STAT || e.path.find("/thread-") == std::string::npos) continue;
    ++seen;
    processes.insert(e.pid);
  }
  EXPECT_EQ(seen, 8 * 200);
  EXPECT_EQ(processes.size(), 1u);
  const ToolRun signals = supervise({"signals"});
  EXPECT_EQ(signals.exit_code, 0) << signals.output;
  EXPECT_EQ(signals.log.gap, "");
}

TEST_F(SuperviseTest, ManyChildren) {
  const ToolRun crowd = supervise({"crowd"});
  EXPECT_EQ(crowd.exit_code, 0) << crowd.output;
  EXPECT_EQ(crowd.log.gap, "");
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(crowd.has(DEJA_OP_STAT, at("crowd-" + std::to_string(i)), ENOENT)) << i;
  make_directory("sub");
  EXPECT_EQ(supervise({"children"}).exit_code, 0);
  const ToolRun child = supervise({"vfork"});
  EXPECT_EQ(child.exit_code, 0) << child.output;
  EXPECT_TRUE(child.has(DEJA_OP_STAT, at("sub/in-vfork-child"), ENOENT));
  EXPECT_TRUE(child.has(DEJA_OP_STAT, at("in-vfork-parent"), ENOENT));
  EXPECT_TRUE(child.has(DEJA_OP_EXEC_FAILED, at("sub/absent"), ENOENT));
}

TEST_F(SuperviseTest, EndsAsTheToolEnds) {
  EXPECT_EQ(supervise_shell("exit 42").exit_code, 42);
  EXPECT_EQ(supervise_shell("kill -SEGV $$").exit_code, 128 + SIGSEGV);
  EXPECT_EQ(supervise_shell("kill -TERM $$").exit_code, 128 + SIGTERM);
  EXPECT_EQ(supervise({"killed"}).exit_code, 128 + SIGKILL);
  EXPECT_EQ(supervise({"closefrom"}).exit_code, 9);  // there is no file of the name it wants
  EXPECT_EQ(run({at("absent")}, {.supervised = true}).exit_code, 127);
}

TEST_F(SuperviseTest, AProcessLeftBehindContinuesAndMakesAGap) {
  const auto start = std::chrono::steady_clock::now();
  const ToolRun r = supervise_shell("(exec sleep 9 > log 2>&1) & exit 3");
  EXPECT_EQ(r.exit_code, 3) << r.output;
  EXPECT_NE(r.log.gap, "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(SuperviseTest, ProcessesLeftBehindCanStillOpenFiles) {
  write("present", "text");
  ASSERT_EQ(::mkfifo(at("go").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(at("done").c_str(), 0600), 0);
  const ToolRun r = supervise_shell(
      "(exec > log 2>&1; read line < go; cat present > copy; mv copy late; echo > done) & exit 0");
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_NE(r.log.gap, "");
  const os::Fd go(::open(at("go").c_str(), O_WRONLY));
  ASSERT_EQ(::write(go.get(), "\n", 1), 1);
  const os::Fd done(::open(at("done").c_str(), O_RDONLY));
  char byte;
  EXPECT_EQ(::read(done.get(), &byte, 1), 1);
  EXPECT_EQ(read("late"), "text") << read("log");
}

TEST_F(SuperviseTest, AProcessThatEndsRightAfterTheToolIsNotAGap) {
  EXPECT_EQ(supervise_shell("(: < absent) & (: < absent) & exit 0").log.gap, "");
}

// Starts the supervisor with a tool that waits; its pid is the supervisor's.
class SignalledTest : public SuperviseTest {
 protected:
  pid_t start(const std::string& script) {
    auto log = LogFile::create();
    EXPECT_TRUE(log);
    log_.emplace(*std::move(log));
    EXPECT_EQ(::mkfifo(at("ready").c_str(), 0600), 0);
    const std::string all = "cd '" + directory_ + "'; " + script;
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::setpgid(0, 0);
      ::execl(supervisor().c_str(), "s", log_->path().c_str(), "/bin/sh", "sh", "-c", all.c_str(),
              nullptr);
      ::_exit(99);
    }
    const os::Fd ready(::open(at("ready").c_str(), O_RDONLY));
    char byte;
    EXPECT_EQ(::read(ready.get(), &byte, 1), 1);
    return pid;
  }
  static int wait(pid_t pid, int options = 0) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, options), pid);
    return status;
  }
  std::optional<LogFile> log_;
};

TEST_F(SignalledTest, PassesSignalsOn) {
  const pid_t pid = start(
      "exec 2> log; trap 'echo term > got; exit 5' TERM; echo > ready; while :; do read x < ready; "
      "done");
  ::kill(pid, SIGTERM);
  const int status = wait(pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5) << status;
  EXPECT_EQ(read("got"), "term\n");
}

TEST_F(SignalledTest, DiesOfTheToolsSignal) {
  const pid_t pid = start("echo > ready; exec sleep 100");
  ::kill(pid, SIGUSR2);
  const int status = wait(pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2) << status;
}

TEST_F(SignalledTest, StopsAndContinuesWithItsGroup) {
  const pid_t pid = start("echo > ready; read line < ready; exit 6");
  ::kill(-pid, SIGTSTP);
  EXPECT_TRUE(WIFSTOPPED(wait(pid, WUNTRACED)));
  ::kill(-pid, SIGCONT);
  EXPECT_TRUE(WIFCONTINUED(wait(pid, WCONTINUED)));
  const os::Fd go(::open(at("ready").c_str(), O_WRONLY));
  ASSERT_EQ(::write(go.get(), "\n", 1), 1);
  const int status = wait(pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 6) << status;
}

TEST_F(SignalledTest, TheToolDoesNotOutliveIt) {
  const pid_t pid = start("exec 2> log; echo $$ > pid; echo > ready; exec sleep 100");
  const int tool = std::stoi(read("pid"));
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(wait(pid)));
  // It dies with its parent; the process that adopts it then reaps it at some time.
  std::string state;
  for (int i = 0; i < 5000; ++i) {
    auto stat = os::read_file_if_exists("/proc/" + std::to_string(tool) + "/stat");
    state = stat && *stat ? (*stat)->substr((*stat)->rfind(')') + 2, 1) : "gone";
    if (state == "gone" || state == "Z" || state == "X") break;
    ::sched_yield();
  }
  EXPECT_TRUE(state == "gone" || state == "Z" || state == "X") << state;
}

// A filter that refuses seccomp(2), as container runtimes install it.
void refuse_seccomp() {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog program = {std::size(code), code};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(98);
}

TEST_F(SuperviseTest, WhereItIsForbiddenTheToolRunsAndTheLogHasAGap) {
  auto log = LogFile::create();
  ASSERT_TRUE(log);
  const std::string made = at("made");
  const pid_t pid = ::fork();
  if (pid == 0) {
    refuse_seccomp();
    ::execl(supervisor().c_str(), "s", log->path().c_str(), "/bin/sh", "sh", "-c",
            ("echo x > '" + made + "'; exit 8").c_str(), nullptr);
    ::_exit(99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 8) << status;
  EXPECT_EQ(read("made"), "x\n");
  const auto read = log->read();
  ASSERT_TRUE(read);
  EXPECT_NE(read->gap, "");
}

// The kernel allows only one listener.
TEST_F(SuperviseTest, InsideAnotherSupervisorItOnlyRunsTheTool) {
  auto inner = LogFile::create();
  ASSERT_TRUE(inner);
  const ToolRun r = run({supervisor(), inner->path(), "/bin/sh", "sh", "-c", "echo x > made"},
                        {.supervised = true});
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.log.gap, "");
  EXPECT_TRUE(r.has(DEJA_OP_OPEN, at("made")));
  const auto log = inner->read();
  ASSERT_TRUE(log);
  EXPECT_NE(log->gap, "");
}

TEST_F(SuperviseTest, ManyOutputsWithFewDescriptors) {
  const std::string script = at("many");
  write("many", "i=0; while [ $i -lt 60 ]; do echo $i > out-$i || exit 1; i=$((i+1)); done\n");
  auto log = LogFile::create();
  ASSERT_TRUE(log);
  const ToolRun limited =
      run({"/bin/sh", "-c",
           "ulimit -n 20; exec " + supervisor() + " " + log->path() + " /bin/sh sh " + script},
          {.observed = false});
  EXPECT_EQ(limited.exit_code, 0) << limited.output;
  EXPECT_EQ(read("out-59"), "59\n");
}

TEST_F(SuperviseTest, WithoutALogTheToolRuns) {
  const ToolRun r =
      run({supervisor(), "/absent/log", "/bin/sh", "sh", "-c", "exit 4"}, {.observed = false});
  EXPECT_EQ(r.exit_code, 4);
}

TEST_F(SuperviseTest, AFullLogIsAGap) {
  const ToolRun r = run({static_probe_program(), "crowd"},
                        {.capacity = DEJA_LOG_HEADER_BYTES + 1000, .supervised = true});
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_NE(r.log.gap, "");
}

TEST_F(SuperviseTest, ChangedMeaningOfNamesIsAGap) {
  EXPECT_NE(supervise_shell("unshare -m true; true").log.gap, "");
  EXPECT_NE(supervise_shell("/usr/sbin/chroot / /bin/true; true").log.gap, "");
}

}  // namespace
}  // namespace deja::observe
