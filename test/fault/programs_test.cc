// SPDX-License-Identifier: Apache-2.0
// Programs that do not work under observation must run as without deja. Each runs without deja and
// several times through deja, because a run changes how the next one is observed.
#include "fault/programs.h"

namespace deja::test {
namespace {

// --- programs that cannot be preloaded -----------------------------------------------------------

class Sanitized : public Programs {
 protected:
  void expect_sanitized_like_bare(const Argv& compiler) {
    if (!build(kCopier, compiler)) GTEST_SKIP() << "cannot build with " << compiler[1];
    // Not every machine can run each of these.
    if (const Result bare = ws.run(tool); !bare.ok()) GTEST_SKIP() << bare;
    ws.remove("out.txt");
    expect_like_bare(tool);
    expect_like_bare({"sh", "-c", "program/tool && echo done"}, {"--env", "observed"});
  }
};

TEST_P(Sanitized, AddressSanitizerShared) {
  expect_sanitized_like_bare({"gcc", "-fsanitize=address"});
}
TEST_P(Sanitized, AddressSanitizerInside) {
  expect_sanitized_like_bare({"gcc", "-fsanitize=address", "-static-libasan"});
}
TEST_P(Sanitized, ThreadSanitizer) { expect_sanitized_like_bare({"gcc", "-fsanitize=thread"}); }
TEST_P(Sanitized, LeakSanitizer) { expect_sanitized_like_bare({"gcc", "-fsanitize=leak"}); }
TEST_P(Sanitized, UndefinedBehaviour) {
  expect_sanitized_like_bare({"gcc", "-fsanitize=undefined"});
}
TEST_P(Sanitized, MemorySanitizerOfClang) {
  for (const char* clang : {"clang-14", "clang-19"})
    if (!find_program(clang).empty()) expect_sanitized_like_bare({clang, "-fsanitize=memory"});
}
TEST_P(Sanitized, MemorySanitizerWithTheOlderHashTable) {
  expect_sanitized_like_bare({"clang-14", "-fsanitize=memory", "-Wl,--hash-style=sysv"});
}
TEST_P(Sanitized, AddressSanitizerOfClang) {
  expect_sanitized_like_bare({"clang-14", "-fsanitize=address"});
}
TEST_P(Sanitized, AddressSanitizerOfClangShared) {
  const std::string runtime =
      ws.run({"clang-14", "-print-file-name=libclang_rt.asan-x86_64.so"}).out;
  expect_sanitized_like_bare({"clang-14", "-fsanitize=address", "-shared-libasan",
                              "-Wl,-rpath," + runtime.substr(0, runtime.rfind('/'))});
}
TEST_P(Sanitized, ThreadSanitizerOfClang) {
  expect_sanitized_like_bare({"clang-14", "-fsanitize=thread"});
}

TEST_P(Programs, AnotherLibc) {
  if (!build(kCopier, {"musl-gcc"})) GTEST_SKIP() << "needs musl-gcc";
  ws.let_settle("program/tool");
  expect_like_bare(tool);
  expect_to_become_a_hit(tool);
  expect_like_bare({"sh", "-c", "program/tool; echo done"}, {"--env", "observed"});
  // A script whose interpreter is the tool.
  ws.write("program/script", "#!program/tool\n", 0755);
  expect_like_bare({"program/script"});
  expect_to_become_a_hit({"program/script"});
}

// A change of an input must change the output.
TEST_P(Programs, AnotherLibcIsObserved) {
  if (!build(kCopier, {"musl-gcc"})) GTEST_SKIP() << "needs musl-gcc";
  const Argv argv = {"exec", "--", "program/tool"};
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  ws.write("in.txt", "other\n");
  EXPECT_EQ(ws.expect_miss(argv).out, "copied other\n");
}

// The first run fails because of the observation; later runs are observed differently.
TEST_P(Programs, WhatAFailureTeachesIsKept) {
  if (!build(kCopier, {"musl-gcc"})) GTEST_SKIP() << "needs musl-gcc";
  const Argv fails = {"exec", "--env",   "observed", "--cache-failures",
                      "--",   "/bin/sh", "-c",       "program/tool; exit 3"};
  EXPECT_EQ(ws.deja(fails).exit_code, 3);
  ws.expect_failure(fails);
  EXPECT_EQ(ws.deja({"events", "--format", "json"}).out.find("no supervisor"), std::string::npos);
  ws.expect_miss({"exec", "--env", "observed", "--", "/bin/sh", "-c", "program/tool"});
  ws.expect_hit({"exec", "--env", "observed", "--", "/bin/sh", "-c", "program/tool"});
}

// --- the environment in threads ------------------------------------------------------------------

constexpr const char* kThreads = R"(
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
static int bad, rounds;
static void check(int good) {
  if (!good) __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
}
static void* look(void* stop) {
  while (!__atomic_load_n((int*)stop, __ATOMIC_RELAXED)) {
    const char* mark = getenv("MARK");
    check(mark && strncmp(mark, "here", 4) == 0);
    check(getenv("LD_PRELOAD") == NULL);
    setenv("MARK", "here, again", 1);
    setenv("MARK", "here", 1);
  }
  return NULL;
}
static void* pipe_in(void* unused) {
  for (int i = 0; i < rounds; ++i) {
    char text[9] = "";
    FILE* f = popen("echo x", "r");
    check(f && fgets(text, sizeof text, f) && strcmp(text, "x\n") == 0 && pclose(f) == 0);
  }
  return unused;
}
static void* start(void* unused) {
  char* argv[] = {"sh", "-c", "exit 7", NULL};
  for (int i = 0; i < rounds; ++i) {
    int status = 0;
    pid_t pid = 0;
    check(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0);
    check(waitpid(pid, &status, 0) == pid && status == 7 << 8);
    check(system("exit 6") == 6 << 8);
    pid = vfork();
    if (pid == 0) { execv("/bin/sh", argv); _exit(1); }
    check(waitpid(pid, &status, 0) == pid && status == 7 << 8);
    pid = fork();
    if (pid == 0) { execlp("sh", "sh", "-c", "exit 5", (char*)0); _exit(1); }
    check(waitpid(pid, &status, 0) == pid && status == 5 << 8);
  }
  return unused;
}
int main(int argc, char** argv) {
  int stop = 0;
  pthread_t threads[6];
  rounds = argc > 1 ? atoi(argv[1]) : 1;
  setenv("MARK", "here", 1);
  for (int i = 0; i < 6; ++i)
    pthread_create(&threads[i], NULL, i < 3 ? pipe_in : i < 5 ? start : look, &stop);
  for (int i = 0; i < 5; ++i) pthread_join(threads[i], NULL);
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  pthread_join(threads[5], NULL);
  printf("bad %d\n", bad);
  return bad != 0;
}
)";

// Once in the suite; in ./dev hunt for this many seconds, each time as a separate run.
TEST_P(Programs, ProcessesOfManyThreads) {
  ASSERT_TRUE(build(kThreads, {"gcc", "-pthread"}));
  const char* const seconds = std::getenv("DEJA_HUNT_SECONDS");
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::seconds(seconds == nullptr ? 0 : std::stoi(seconds));
  int rounds = 40;
  do {
    const std::string count = std::to_string(rounds++);
    for (const char* environment : {"declared", "observed"})
      expect_like_bare({"program/tool", count}, {"--pass-env", "PATH", "--env", environment});
  } while (!HasFailure() && std::chrono::steady_clock::now() < end);
}

// The promises of libc about popen.
constexpr const char* kPipes = R"(
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  char text[100];
  printf("%d %d\n", popen("true", "x") == NULL, errno);
  printf("%d %d\n", popen("true", "rw") == NULL, errno);
  FILE* out = popen("cat >out.txt", "w");
  fprintf(out, "text");
  /* the first one's end is closed in the second one's child */
  FILE* in = popen("ls /proc/self/fd | wc -l; exit 4", "r");
  while (fgets(text, sizeof text, in)) printf("%s", text);
  printf("%d %d\n", fcntl(fileno(in), F_GETFD), fcntl(fileno(out), F_GETFD));
  printf("%d\n", WEXITSTATUS(pclose(in)));
  printf("%d\n", pclose(out));
  FILE* quick = popen("kill -9 $$", "re");
  printf("%d\n", fcntl(fileno(quick), F_GETFD));
  printf("%d\n", WTERMSIG(fclose(quick)));
  printf("%s", getenv("LD_PRELOAD") ? "seen\n" : "");
  fflush(stdout);
  close(1); /* the child's end is the child's standard output already */
  in = popen("echo late", "r");
  fgets(text, sizeof text, in);
  fprintf(stderr, "%s%d\n", text, pclose(in));
  for (int i = 0; i < 300; ++i) if (!popen("exit 0", "r")) return 9;
  return 0;
}
)";

TEST_P(Programs, Popen) {
  ASSERT_TRUE(build(kPipes, {"gcc"}));
  expect_like_bare(tool, {"--pass-env", "PATH"});
}

// --- programs that restrict themselves -----------------------------------------------------------

// Allows what a copier needs, and kills for anything else. FLAGS: of seccomp(2), not prctl(2).
constexpr const char* kSandbox = R"(
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static const int allowed[] = {SYS_read, SYS_write, SYS_close, SYS_fstat, SYS_newfstatat, SYS_openat,
                              SYS_mmap, SYS_munmap, SYS_brk, SYS_exit_group, SYS_lseek, SYS_dup,
#ifdef EXEC
 SYS_execve, SYS_arch_prctl, SYS_set_tid_address, SYS_set_robust_list, SYS_mprotect, SYS_pread64, SYS_getrandom,
 SYS_prlimit64, SYS_access, SYS_readlink, SYS_readlinkat, SYS_uname, SYS_rseq,
#endif
};
int main(void) {
  struct sock_filter f[64];
  int n = 0;
  f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (unsigned i = 0; i < sizeof allowed / sizeof *allowed; i++) {
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog program = {n, f};
  struct stat st;
  char text[4096];
  close(dup(open("in.txt", O_RDONLY)));
  if (vfork() == 0) _exit(0);
  free(malloc(1));
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL);  /* a look whether there is such a thing */
#ifdef FLAGS
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, FLAGS, &program) < 0) return 1;
#else
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 1;
#endif
  int in = open("in.txt", O_RDONLY), out = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ssize_t size = read(in, text, sizeof text);
  if (in < 0 || out < 0 || write(dup(out), text, size) != size) return 4;
  if (stat("in.txt", &st) || stat("nowhere", &st) == 0) return 5;
  getenv("HOME");
  struct timespec now;
  if (time(NULL) <= 0 || clock_gettime(CLOCK_REALTIME, &now)) return 8;
#ifdef EXEC
  execl("program/copier", "copier", "again", (char*)0);
#endif
  FILE* f2 = fopen("in.txt", "r");
  if (!f2 || fclose(f2) || close(in) || close(out)) return 6;
  return access != NULL ? 0 : 7;
}
)";

TEST_P(Programs, ThatLockThemselvesIn) {
  ASSERT_TRUE(build(kSandbox, {"gcc"}));
  ws.let_settle("program/tool");
  expect_like_bare(tool);
  expect_to_become_a_hit(tool);  // supervised: the supervisor makes no calls inside the tool
  ws.write("in.txt", "other\n");
  ws.expect_miss({"exec", "--", "program/tool"});
  EXPECT_EQ(ws.read("out.txt"), "other\n");
  ASSERT_TRUE(build(kSandbox, {"gcc", "-DFLAGS=0"}));
  expect_like_bare(tool);
  ASSERT_TRUE(build(kSandbox, {"gcc", "-DFLAGS=SECCOMP_FILTER_FLAG_TSYNC"}));
  expect_like_bare(tool);
}

// It starts another program under the same filter, and that program reads the clock.
TEST_P(Programs, ThatLockInWhatTheyStart) {
  ASSERT_TRUE(build(kSandbox, {"gcc", "-DEXEC"}));
  const std::string clock = "#include <time.h>\nint main(void) { return time(0) < 9; }\n";
  for (const char* how : {"-static", "-pie"}) {
    ASSERT_TRUE(build(clock, {"gcc", how}, "program/copier"));
    expect_like_bare(tool);
    ASSERT_NE(ws.last_event().not_stored, "tool_killed");
  }
  ASSERT_TRUE(build(kSandbox, {"gcc", "-DEXEC", "-static"}));
  expect_like_bare(tool);
  ASSERT_NE(ws.last_event().not_stored, "tool_killed");
}

// The tool is a supervisor itself, and there can be only one.
TEST_P(Programs, ThatSuperviseThemselves) {
  ASSERT_TRUE(build(kSandbox, {"gcc", "-DFLAGS=SECCOMP_FILTER_FLAG_NEW_LISTENER"}));
  expect_like_bare(tool);
  EXPECT_EQ(ws.last_event().outcome, "miss");
}

// After this, directories cannot be read and this library cannot be loaded.
constexpr const char* kLandlock = R"(
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
  int set = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules.handled_access_fs, 0);
  if (set < 0) return 77;
  const char* below[] = {".", "/lib", "/lib64", "/usr/lib", "/bin", "/usr/bin", "/etc", "/dev", "/proc"};
  for (int i = 0; i < 9; ++i) {
    struct landlock_path_beneath_attr b = {LANDLOCK_ACCESS_FS_READ_FILE, open(below[i], O_PATH)};
    syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &b, 0);
  }
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_landlock_restrict_self, set, 0)) return 78;
  return system("cat in.txt") || system("sh -c 'cat in.txt >out.txt'");
}
)";

TEST_P(Programs, ThatUseLandlock) {
  ASSERT_TRUE(build(kLandlock, {"gcc"}));
  if (ws.run(tool).exit_code == 77) GTEST_SKIP() << "this kernel has no Landlock";
  expect_like_bare(tool, {"--pass-env", "PATH"});
}

// --- very many calls -----------------------------------------------------------------------------------------

constexpr const char* kMany = R"(
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
int main(int argc, char** argv) {
  char name[64];
  struct stat st;
  for (long i = 0, n = atol(argv[1]); i < n; ++i) {
    snprintf(name, sizeof name, "nowhere/%0*ld", argc > 2 ? 40 : 1, i);
    stat(name, &st);
  }
  FILE* out = fopen("out.txt", "w");
  fputs("x", out);
  return fclose(out);
}
)";

TEST_P(Programs, ThatLookAtVeryMuch) {
  ASSERT_TRUE(build(kMany, {"gcc", "-O1"}));
  ws.expect_miss({"exec", "--", "program/tool", "100000"});
  ws.expect_hit({"exec", "--", "program/tool", "100000"});
  // More records than are read, and more than fit the log.
  for (const Argv& many :
       {Argv{"program/tool", "400000"}, Argv{"program/tool", "1200000", "long"}}) {
    expect_like_bare(many);
    EXPECT_EQ(ws.last_event().not_stored, "too_many_records");
  }
}

EVERY_MODE(Programs);
ONLY_DAEMON(Sanitized);

}  // namespace
}  // namespace deja::test
