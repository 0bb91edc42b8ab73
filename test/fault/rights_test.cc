// SPDX-License-Identifier: Apache-2.0
// Programs of other users, with more or fewer rights, or behind a chroot, must run as without deja.
#include <grp.h>
#include <sys/resource.h>

#include "fault/programs.h"

namespace deja::test {
namespace {

// --- places where the interposer cannot be read --------------------------------------------------

class AsRoot : public Programs {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    Programs::SetUp();
  }
};

// Changes its root to the working directory, where a program with the same name has no such
// library.
constexpr const char* kChroot = R"(
#include <stdio.h>
#include <unistd.h>
int main(int argc, char** argv) {
  if (chroot(".") || chdir("/")) return 9;
  execv("/shell", argv);
  return 8;
}
)";

TEST_P(AsRoot, ProgramsBehindChroot) {
  ASSERT_TRUE(build(kChroot, {"gcc"}));
  ws.make_directory("lib64");
  ws.make_directory("lib/x86_64-linux-gnu");
  const char* loader = "lib64/ld-linux-x86-64.so.2";
  std::error_code failed;
  std::filesystem::copy_file(std::string("/") + loader, ws.path(loader), failed);
  for (const char* library : {"libc.so.6"})
    std::filesystem::copy_file(std::string("/lib/x86_64-linux-gnu/") + library,
                               ws.path(std::string("lib/x86_64-linux-gnu/") + library), failed);
  std::filesystem::copy_file("/bin/dash", ws.path("shell"), failed);
  if (failed) GTEST_SKIP() << "needs dash and libc where Debian has them";
  const Argv in_there = {"program/tool", "-c", "echo here; echo woe >&2"};
  ASSERT_EQ(ws.run(in_there).err, "woe\n");
  expect_like_bare(in_there);
}

// The library is below a directory that this user may not enter.
TEST_P(AsRoot, OtherUsersWhoMayNotEnter) {
  NEEDS_TOOL("setpriv");
  const std::string there = ws.base() + "/closed";
  std::filesystem::create_directories(there + "/libexec/deja");
  std::filesystem::create_directories(there + "/bin");
  std::filesystem::copy(Workspace::program(), there + "/bin/deja");
  for (const char* name : {"dejad", "deja-cli", "deja-supervise", "libdeja-observe.so"})
    std::filesystem::copy(Workspace::companion(name), there + "/libexec/deja/" + name);
  ::chmod(there.c_str(), 0700);
  const Argv as_nobody = {
      "setpriv", "--reuid=65534",          "--regid=65534", "--clear-groups", "sh",
      "-c",      "echo here; echo woe >&2"};
  const Result bare = ws.run(as_nobody);
  ASSERT_EQ(bare.err, "woe\n");
  Argv argv = {there + "/bin/deja", "exec", "--env", "observed", "--"};
  argv.insert(argv.end(), as_nobody.begin(), as_nobody.end());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ws.run(argv), bare);
  ws.run({there + "/bin/deja", "daemon", "stop"});
}

// --- programs with more rights -------------------------------------------------------------------

// A static program starts ./helper.
constexpr const char* kStarter = R"(
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  int status = 0;
  const pid_t pid = fork();
  if (pid == 0) { execl("program/helper", "helper", (char*)0); _exit(99); }
  waitpid(pid, &status, 0);
  FILE* out = fopen("out.txt", "w");
  if (!out) return 7;
  fprintf(out, "%d\n", status);
  fclose(out);
  return status >> 8;
}
)";
// Does something that only root may do.
constexpr const char* kHelper = R"(
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void) {
  struct stat st;
  printf("%d", geteuid());
  printf(" %d", open("closed/new", O_RDWR | O_CREAT, 0644) >= 0 ? 0 : errno);
  printf(" %d", open("closed/secret", O_WRONLY | O_TRUNC) >= 0 ? 0 : errno);
  printf(" %d", open("closed/secret", O_RDONLY) >= 0 ? 0 : errno);
  printf(" %d", unlink("closed/secret") ? errno : 0);
  printf(" %d", rename("closed/secret", "closed/other") ? errno : 0);
  printf(" %d", mkdir("closed/directory", 0755) ? errno : 0);
  printf(" %d", symlink("x", "closed/link") ? errno : 0);
  printf(" %d\n", stat("closed/secret", &st) ? errno : 0);
  return 3;
}
)";

TEST_P(AsRoot, AHelperWithFewerRights) {
  ASSERT_TRUE(build(kStarter, {"gcc", "-static"}));
  ASSERT_TRUE(build(kHelper, {"gcc"}, "program/helper"));
  ws.write("closed/secret", "secret\n");
  ::chmod(ws.path("closed").c_str(), 0700);
  const auto make_setuid = [&] {
    ASSERT_EQ(::chown(ws.path("program/helper").c_str(), 65534, 0), 0);
    ASSERT_EQ(::chmod(ws.path("program/helper").c_str(), 04755), 0);
  };
  make_setuid();
  for (const std::string& directory : {ws.base(), ws.work()}) ::chmod(directory.c_str(), 0755);
  const Tree before = ws.tree();
  const Result bare = ws.run(tool);
  ASSERT_EQ(bare.exit_code, 3) << bare;
  ASSERT_NE(bare.out.find("65534 13 13 13 13 13 13 13 13"), std::string::npos) << bare;
  const Tree left = ws.tree();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ws.deja({"exec", "--", "program/tool"}), bare) << i;
    EXPECT_EQ(difference(left, ws.tree()), "") << i;
  }
}

// A user's static program starts setuid helpers in every possible way. It prints what the helper
// gets (rights, descriptors, umask, signals, environment), how it ends, and how its end is
// reported.
constexpr const char* kAsker = R"(
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
static void start(const char* how) {
  int status = 0;
  const pid_t pid = vfork();
  if (pid == 0) { execl("program/helper", "the helper", how, (char*)0); _exit(99); }
  if (!strcmp(how, "wait")) { usleep(200000); kill(pid, SIGTERM); }
  waitpid(pid, &status, 0);
  printf("%s: %d\n", how, status);
  fflush(stdout);
}
int main(int argc, char** argv) {
  char text[400];
  struct rlimit limit = {300, 400};
  for (int i = 3; i < 40; ++i) dup2(open("in.txt", i % 3 ? O_RDONLY : O_RDONLY | O_CLOEXEC), i * 5);
  umask(0123);
  setrlimit(RLIMIT_NOFILE, &limit);
  setenv("NAME", "value", 1);
  signal(SIGUSR1, SIG_IGN);
  start("7");
  start("kill");
  start("wait");
  FILE* f = popen("program/helper 5 <in.txt", "r");
  while (fgets(text, sizeof text, f)) printf("> %s", text);
  printf("pclose: %d\n", pclose(f));
  for (int i = 0; i < 8; ++i)
    if (fork() == 0) { for (int k = 0; k < 4; ++k) start("0"); _exit(0); }
  while (wait(NULL) > 0) continue;
  if (fork() == 0) { setsid(); start("0"); _exit(0); }
  wait(NULL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* from here on it gains none */
  start("8");
  execl("program/helper", "last", "6", (char*)0);
  return 99;
}
)";
constexpr const char* kPrivileged = R"(
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char** argv) {
  char out[4000];
  int at = 0;
  struct sigaction usr1;
  struct rlimit limit;
  sigaction(SIGUSR1, NULL, &usr1);
  getrlimit(RLIMIT_NOFILE, &limit);
  at += sprintf(out + at, "%s %s %d %d %o %d %d %s", argv[0], argv[1], getuid(), geteuid(), umask(0),
                usr1.sa_handler == SIG_IGN, (int)limit.rlim_cur, getenv("NAME"));
  for (int i = 3; i < 256; ++i)
    if (fcntl(i, F_GETFD) >= 0) at += sprintf(out + at, " %d:%ld", i, (long)lseek(i, 0, SEEK_CUR));
  out[at++] = '\n';
  write(1, out, at);
  if (!strcmp(argv[1], "kill")) raise(SIGKILL);
  if (!strcmp(argv[1], "wait")) pause();
  return atoi(argv[1]);
}
)";

TEST_P(AsRoot, AHelperWithMoreRights) {
  ASSERT_TRUE(build(kAsker, {"gcc", "-static"}));
  ASSERT_TRUE(build(kPrivileged, {"gcc"}, "program/helper"));
  const Options as_user{.in_child = [] {
    ::syscall(SYS_close_range, 3u, ~0u, 0u);  // descriptors that the test itself inherited
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(99);
  }};
  ws.run({"chown", "-R", "65534:65534", ws.base()});
  ws.run({"chown", "0:0", "program/helper"});
  ws.run({"chmod", "4755", "program/helper"});
  ws.let_settle("program/tool");
  const auto sorted = [](Result result) {  // eight helpers print at the same time
    std::istringstream lines(result.out);
    std::multiset<std::string> in_order;
    for (std::string line; std::getline(lines, line);) in_order.insert(line + "\n");
    result.out.clear();
    for (const std::string& line : in_order) result.out += line;
    return result;
  };
  const Result bare = sorted(ws.run(tool, as_user));
  ASSERT_EQ(bare.exit_code, 6) << bare;
  ASSERT_NE(bare.out.find("the helper 7 65534 0 123 1 300 value 4:0 "), std::string::npos) << bare;
  ASSERT_NE(bare.out.find("the helper 8 65534 65534 "), std::string::npos) << bare;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(sorted(ws.deja({"exec", "--pass-env", "PATH", "--", "program/tool"}, as_user)), bare)
        << ws.last_event();
}

// Started directly, it is not observed.
TEST_P(AsRoot, AToolWithMoreRights) {
  ASSERT_TRUE(build(kHelper, {"gcc"}));
  const Options as_user{.in_child = [] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(99);
  }};
  ws.make_directory("closed");
  ws.run({"chown", "-R", "65534:65534", ws.base()});
  ws.run({"chown", "0:0", "program/tool", "closed"});
  ws.run({"chmod", "4755", "program/tool"});
  ws.run({"chmod", "0700", "closed"});
  const Result bare = ws.run(tool, as_user);
  ASSERT_TRUE(bare.out.starts_with("0 0 2 2 2")) << bare;
  ws.run({"rm", "-r", "closed/new", "closed/directory", "closed/link"});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ws.deja({"exec", "--", "program/tool"}, as_user), bare) << ws.last_event();
    EXPECT_EQ(ws.last_event().outcome, "failure");
    ws.run({"rm", "-r", "closed/new", "closed/directory", "closed/link"});
  }
}

// Keeps all of its memory from being paged out, with threads that are looked at meanwhile.
constexpr const char* kLocker = R"(
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static int stop;
static void* look(void* unused) {
  struct stat st;
  char name[64];
  for (long i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); ++i) {
    snprintf(name, sizeof name, "nowhere/%ld", i % 1000);
    stat(name, &st);
  }
  return unused;
}
int main(int argc, char** argv) {
  pthread_t threads[3];
  pthread_attr_t small;
  char text[100] = {0};
  const int count = argc > 1 ? 3 : 0;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  for (int i = 0; i < count; ++i) pthread_create(&threads[i], &small, look, NULL);
  for (int i = 0; i < 20; ++i) {
#ifdef BY_NUMBER
    const int failed = syscall(SYS_mlockall, MCL_CURRENT | MCL_FUTURE);
#else
    const int failed = mlockall(MCL_CURRENT | MCL_FUTURE);
#endif
    if (failed) return errno == ENOMEM ? 3 : 4;
  }
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  FILE* in = fopen("in.txt", "r");
  if (!in || !fgets(text, sizeof text, in)) return 5;
  fclose(in);
  if (system("cat in.txt >other.txt")) return 6;
  FILE* out = fopen("out.txt", "w");
  if (!out || fputs(text, out) < 0 || fclose(out)) return 7;
  return 0;
}
)";

class AsUser : public AsRoot {
 protected:
  void SetUp() override {
    AsRoot::SetUp();
    if (!IsSkipped()) ws.run({"chown", "-R", "65534:65534", ws.base()});
  }
  // Without root's rights, and with little memory to lock.
  const Options as_user{.in_child = [] {
    const struct rlimit little = {8 << 20, 8 << 20};
    if (::setrlimit(RLIMIT_MEMLOCK, &little) != 0 || ::setgroups(0, nullptr) != 0 ||
        ::setgid(65534) != 0 || ::setuid(65534) != 0)
      ::_exit(99);
  }};
};

TEST_P(AsUser, ProgramsThatLockTheirMemory) {
  for (const char* how : {"-DBY_NAME", "-DBY_NUMBER"}) {
    ASSERT_TRUE(build(kLocker, {"gcc", "-pthread", how}));
    ws.let_settle("program/tool");
    for (const Argv& command : {Argv{"program/tool"}, Argv{"program/tool", "threads"}}) {
      ASSERT_EQ(ws.run(command, as_user).exit_code, 0);
      expect_like_bare(command, {"--pass-env", "PATH"}, as_user);
    }
    // Supervised, there is nothing in its memory.
    ws.expect_hit({"exec", "--pass-env", "PATH", "--", "program/tool"}, as_user);
    ws.write("in.txt", std::string("other ") + how + "\n");
    ws.expect_miss({"exec", "--pass-env", "PATH", "--", "program/tool"}, as_user);
  }
}

EVERY_MODE(AsRoot);
EVERY_MODE(AsUser);

}  // namespace
}  // namespace deja::test
