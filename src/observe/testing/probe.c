// SPDX-License-Identifier: Apache-2.0
/* The program that the interposer's tests observe: `observe_probe WHAT [ARGS]` does one thing and exits 0
 * if the results are those of a program without an interposer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

#define REQUIRE(x)                                                             \
  do {                                                                         \
    if (!(x)) {                                                                \
      fprintf(stderr, "probe: line %d: %s (errno %d)\n", __LINE__, #x, errno); \
      exit(9);                                                                 \
    }                                                                          \
  } while (0)

static int reap(pid_t pid) {
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void touch(const char* path) {
  const int fd = open(path, O_CREAT | O_WRONLY, 0600);
  REQUIRE(fd >= 0);
  close(fd);
}

/* A call that succeeds leaves errno as it was. */
static void do_errno(void) {
  struct stat st;
  char text[64];
  errno = 77;
  const int fd = open("present", O_RDONLY);
  REQUIRE(fd >= 0 && errno == 77);
  REQUIRE(stat("present", &st) == 0 && errno == 77);
  REQUIRE(access("present", F_OK) == 0 && errno == 77);
  REQUIRE(readlink("link", text, sizeof text) == 7 && errno == 77);
  REQUIRE(getenv("PROBE_NOT_SET") == NULL && errno == 77);
  REQUIRE(time(NULL) > 0 && errno == 77);
  REQUIRE(fchmod(fd, 0600) == 0 && errno == 77);
  REQUIRE(chdir(".") == 0 && errno == 77);
  REQUIRE(open("absent", O_RDONLY) == -1 && errno == ENOENT);
  REQUIRE(stat("present/below", &st) == -1 && errno == ENOTDIR);
  REQUIRE(fopen("absent", "r") == NULL && errno == ENOENT);
  REQUIRE(opendir("absent") == NULL && errno == ENOENT);
  REQUIRE(readlink("present", text, sizeof text) == -1 && errno == EINVAL);
  REQUIRE(realpath("absent", NULL) == NULL && errno == ENOENT);
  REQUIRE(execl("absent", "absent", (char*)NULL) == -1 && errno == ENOENT);
  REQUIRE(execl("present", "present", (char*)NULL) == -1 && errno == EACCES);
  REQUIRE(unlink("absent") == -1 && errno == ENOENT);
  REQUIRE(mkdir("present", 0700) == -1 && errno == EEXIST);
  REQUIRE(rename("absent", "x") == -1 && errno == ENOENT);
  REQUIRE(open(NULL, O_RDONLY) == -1 && errno == EFAULT);
  REQUIRE(stat((const char*)8, &st) == -1 && errno == EFAULT);
  REQUIRE(syscall(SYS_openat, AT_FDCWD, "absent", O_RDONLY) == -1 && errno == ENOENT);
  pid_t pid;
  char* argv[] = {(char*)"absent", NULL};
  REQUIRE(posix_spawn(&pid, "absent", NULL, NULL, argv, environ) == ENOENT);
  REQUIRE(posix_spawnp(&pid, "absent-program", NULL, NULL, argv, environ) == ENOENT);
}

static void do_files(void) {
  struct stat st;
  touch("made");
  FILE* file = fopen("made", "a+");
  REQUIRE(file && fputs("text", file) >= 0 && fclose(file) == 0);
  const int copied = open("made", O_WRONLY | O_APPEND);
  REQUIRE(copied >= 0 && dup(copied) >= 0 && close(copied) == 0);
  REQUIRE(rename("made", "renamed") == 0);
  REQUIRE(link("renamed", "hard") == 0);
  REQUIRE(symlink("renamed", "soft") == 0);
  REQUIRE(chmod("renamed", 0640) == 0);
  REQUIRE(mkdir("directory", 0700) == 0);
  const int at = open("directory", O_RDONLY | O_DIRECTORY);
  const int in = openat(at, "inside", O_CREAT | O_WRONLY, 0600);
  REQUIRE(at >= 0 && in >= 0);
  REQUIRE(fstatat(at, "inside", &st, 0) == 0);
  REQUIRE(renameat(at, "inside", AT_FDCWD, "outside") == 0);
  REQUIRE(unlinkat(AT_FDCWD, "outside", 0) == 0);
  REQUIRE(rmdir("directory") == 0);
  REQUIRE(truncate("renamed", 1) == 0);
  char temporary[] = "tempXXXXXX";
  REQUIRE(mkstemp(temporary) >= 0 && unlink(temporary) == 0);
  REQUIRE(lstat("soft", &st) == 0 && S_ISLNK(st.st_mode));
  REQUIRE(remove("hard") == 0);
}

static void do_syscalls(void) {
  struct timespec now;
  struct utsname name;
  char byte;
  char text[8192];
  const long fd = syscall(SYS_openat, AT_FDCWD, "present", O_RDONLY, 0);
  REQUIRE(fd >= 0);
  const long directory = syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0);
  REQUIRE(syscall(SYS_getdents64, directory, text, sizeof text) > 0);
  REQUIRE(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0);
  REQUIRE(syscall(SYS_uname, &name) == 0);
  REQUIRE(syscall(SYS_getrandom, &byte, 1, 0) == 1);
  REQUIRE(syscall(SYS_unlinkat, AT_FDCWD, "absent", 0) == -1 && errno == ENOENT);
  REQUIRE(syscall(SYS_faccessat, AT_FDCWD, "present", R_OK) == 0);
  REQUIRE(syscall(SYS_gettid) == getpid());
  REQUIRE(syscall(SYS_mkdirat, AT_FDCWD, "by-number", 0700) == 0);
}

static void do_ambient(void) {
  struct timeval tv;
  struct timespec ts;
  struct utsname name;
  char text[256];
  REQUIRE(getenv("PROBE_SET") && strcmp(getenv("PROBE_SET"), "value") == 0);
  REQUIRE(secure_getenv("PROBE_UNSET") == NULL);
  const time_t one = time(NULL);
  gettimeofday(&tv, NULL);
  clock_gettime(CLOCK_REALTIME, &ts);
  REQUIRE(labs(one - tv.tv_sec) <= 1 && labs(tv.tv_sec - ts.tv_sec) <= 1);
  REQUIRE(getrandom(text, 8, 0) == 8);
  REQUIRE(uname(&name) == 0 && gethostname(text, sizeof text) == 0);
  REQUIRE(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/nowhere/socket"};
  REQUIRE(connect(fd, (struct sockaddr*)&address, sizeof address) == -1 && errno == ENOENT);
  setlocale(LC_ALL, "");
}

static void do_times(const char* count) {
  for (long i = strtol(count, NULL, 10); i > 0; --i) REQUIRE(time(NULL) > 0);
}

/* Calls localtime() with the result of time() plus this number of seconds. */
static void do_day(char** seconds) {
  time_t when = time(NULL);
  if (seconds[0]) when += strtol(seconds[0], NULL, 10);
  const struct tm* const shown = localtime(&when); /* tidy-allow: volatile-time compilers call it */
  REQUIRE(shown != NULL);
  const struct tm kept = *shown;
  errno = 77;
  REQUIRE(localtime(&when) == shown && errno == 77); /* tidy-allow: volatile-time as above */
  REQUIRE(shown->tm_mday == kept.tm_mday && shown->tm_sec == kept.tm_sec);
}

/* In this order: the record of one clock must not replace that of the next. */
static void do_clocks(char** then) {
  struct timeval tv;
  gettimeofday(&tv, NULL);
  REQUIRE(time(NULL) > 0);
  if (then[0]) execv(then[0], then);
}

/* An interpreter: reads the clock for itself, opens its script, reads the clock for the script. */
static void do_interprets(void) {
  struct timeval tv;
  struct utsname name;
  for (int i = 0; i < 3; ++i) REQUIRE(gettimeofday(&tv, NULL) == 0);
  REQUIRE(uname(&name) == 0);
  REQUIRE(open("present", O_RDONLY) >= 0);
  for (int i = 0; i < 3; ++i) REQUIRE(gettimeofday(&tv, NULL) == 0);
  REQUIRE(uname(&name) == 0);
  REQUIRE(open("absent", O_RDONLY) == -1);
  REQUIRE(gettimeofday(&tv, NULL) == 0);
  REQUIRE(time(NULL) != -1);
}

/* As clang with its cache of modules; is_new: with a cache that it has just made. */
static void do_ages(bool is_new) {
  static const char name[] = "./modules.timestamp";
  struct stat st;
  if (is_new) REQUIRE(stat(name, &st) == -1);
  REQUIRE(open(name, O_WRONLY | O_CREAT, 0666) >= 0);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(stat(name, &st) == 0);
    REQUIRE(time(NULL) != -1 && time(NULL) != -1);
  }
}

static void do_locks(void) {
  const int how = O_RDWR | O_CREAT | O_TRUNC;
  struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  const int old = open("present", how, 0666);
  REQUIRE(flock(old, LOCK_SH) == 0 && fcntl(old, F_SETLK, &whole) == 0);
  close(old);
  const int again = open("present", how, 0666);
  REQUIRE(flock(again, LOCK_EX | LOCK_NB) == 0);
  const int fresh = open("fresh", how, 0666);
  REQUIRE(flock(fresh, LOCK_EX) == 0 && flock(fresh, LOCK_UN) == 0);
}

static int on_entry(const char* path, const struct stat* st, int kind, struct FTW* where) {
  (void)path, (void)st, (void)kind, (void)where;
  return 0;
}

static void do_walks(void) {
  glob_t found;
  REQUIRE(glob("tree/*/*.x", 0, NULL, &found) == 0 && found.gl_pathc == 1);
  globfree(&found);
  REQUIRE(nftw("tree", on_entry, 8, FTW_PHYS) == 0);
  char* paths[] = {(char*)"tree2", NULL};
  FTS* fts = fts_open(paths, FTS_PHYSICAL, NULL);
  FTSENT* entry;
  int files = 0;
  REQUIRE(fts != NULL);
  while ((entry = fts_read(fts)) != NULL) files += entry->fts_info == FTS_F;
  REQUIRE(files == 1);
  fts_close(fts);
  struct dirent** list;
  REQUIRE(scandir("tree", &list, NULL, NULL) >= 3);
  DIR* directory = fdopendir(open("tree2", O_RDONLY));
  REQUIRE(directory && readdir(directory));
  touch("after-walk");
}

static void run_child(int how, char** argv) {
  pid_t pid = 0;
  if (how == 'f') pid = fork();
  if (how == 'v') pid = vfork();
  if (how == 's') {
    REQUIRE(posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0);
  } else if (pid == 0) {
    execv(argv[0], argv);
    _exit(99);
  }
  REQUIRE(reap(pid) == 0);
}

static void do_children(char** argv) {
  char* look[] = {argv[0], (char*)"look", NULL, NULL};
  look[2] = (char*)"forked";
  run_child('f', look);
  look[2] = (char*)"vforked";
  run_child('v', look);
  look[2] = (char*)"spawned";
  run_child('s', look);
  char command[4096];
  snprintf(command, sizeof command, "%s look system", argv[0]);
  REQUIRE(system(command) == 0);
  snprintf(command, sizeof command, "%s look popen", argv[0]);
  FILE* pipe = popen(command, "r");
  REQUIRE(pipe && pclose(pipe) == 0);
  char* none[] = {NULL};
  pid_t pid = fork();
  if (pid == 0) {
    look[2] = (char*)"no-environment";
    execve(argv[0], look, none);
    _exit(99);
  }
  REQUIRE(reap(pid) == 0);
  pid = fork();
  if (pid == 0) {
    REQUIRE(access("in-fork", F_OK) == -1);
    REQUIRE(chdir("sub") == 0);
    fexecve(open(argv[0], O_RDONLY), (char*[]){argv[0], "look", "by-fd", NULL}, environ);
    _exit(99);
  }
  REQUIRE(reap(pid) == 0);
  REQUIRE(access("in-parent", F_OK) == -1);
}

/* Between vfork and exec: relative paths of the child, in its own directory. */
static void do_vfork_paths(char** argv) {
  const pid_t pid = vfork();
  if (pid == 0) {
    if (chdir("sub") != 0) _exit(98);
    access("in-vfork-child", F_OK);
    execl("absent", "absent", (char*)NULL);
    execl(argv[0], argv[0], "look", "in-sub", (char*)NULL);
    _exit(99);
  }
  REQUIRE(reap(pid) == 0);
  REQUIRE(access("in-vfork-parent", F_OK) == -1);
}

static void do_execvp(char** argv) {
  setenv("PATH", "/absent-one:/absent-two:.", 1);
  execvp("observe_probe_link", (char*[]){argv[0], "look", "through-path", NULL});
  exit(99);
}

static void* thread(void* number) {
  char path[64];
  for (int i = 0; i < 200; ++i) {
    snprintf(path, sizeof path, "thread-%ld-%d", (long)number, i);
    if (access(path, F_OK) == 0) abort();
  }
  return NULL;
}

static void do_threads(void) {
  pthread_t threads[8];
  for (long i = 0; i < 8; ++i) REQUIRE(pthread_create(&threads[i], NULL, thread, (void*)i) == 0);
  for (int i = 0; i < 8; ++i) pthread_join(threads[i], NULL);
}

static void do_crowd(char** argv) {
  pid_t children[100];
  char name[32];
  for (int i = 0; i < 100; ++i) {
    snprintf(name, sizeof name, "crowd-%d", i);
    char* look[] = {argv[0], (char*)"look", name, NULL};
    REQUIRE(posix_spawn(&children[i], argv[0], NULL, NULL, look, environ) == 0);
  }
  for (int i = 0; i < 100; ++i) REQUIRE(reap(children[i]) == 0);
}

static volatile sig_atomic_t rings;
static void ring(int signal) {
  char name[32] = "signal-0";
  (void)signal;
  name[7] = (char)('0' + rings % 10);
  access(name, F_OK);
  ++rings;
}

/* Signal handlers that examine files while the main program does, too. */
static void do_signals(void) {
  struct itimerval often = {.it_interval = {.tv_usec = 200}, .it_value = {.tv_usec = 200}};
  signal(SIGALRM, ring);
  setitimer(ITIMER_REAL, &often, NULL);
  char name[32];
  for (int i = 0; rings < 200; ++i) {
    snprintf(name, sizeof name, "loop-%d", i % 100);
    access(name, F_OK);
  }
}

static void do_environment(void) {
  for (char** e = environ; *e; ++e) {
    REQUIRE(strstr(*e, "DEJA") == NULL);
    REQUIRE(strstr(*e, "libdeja-observe") == NULL);
  }
  const char* preload = getenv("LD_PRELOAD");
  printf("%s", preload ? preload : "(unset)");
}

/* Loads into a process whose dlerror is pending: looking up libc functions must not clear it. */
static void do_loader(const char* library) {
  REQUIRE(dlopen("/absent/library.so", RTLD_NOW) == NULL);
  REQUIRE(access("absent", F_OK) == -1);
  REQUIRE(getenv("PROBE_NOT_SET") == NULL);
  REQUIRE(dlerror() != NULL);
  REQUIRE(dlopen("libabsent-bare.so", RTLD_NOW) == NULL);
  if (library) {
    void* handle = dlopen(library, RTLD_NOW);
    REQUIRE(handle != NULL);
    dlclose(handle);
  }
}

/* Many records after every descriptor above 2 was closed. */
static void do_closefrom(void) {
  for (int fd = 3; fd < 256; ++fd) close(fd);
  REQUIRE(access("after-close", F_OK) == -1);
  const int fd = open("present", O_RDONLY);
  REQUIRE(fd == 3);
}

/* One system call by number. Each word is a number ("=N"), a text (":TEXT") or a pointer to zeros ("room"). */
static void do_call(char** words) {
  static char room[4096];
  long a[7] = {0};
  for (int i = 0; i < 7 && words[i]; ++i)
    a[i] = words[i][0] == '=' ? strtol(words[i] + 1, NULL, 10)
                              : (long)(words[i][0] == ':' ? words[i] + 1 : room);
  syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "look") == 0) access(argv[2], F_OK);
  if (strcmp(what, "errno") == 0) do_errno();
  if (strcmp(what, "call") == 0) do_call(argv + 2);
  if (strcmp(what, "files") == 0) do_files();
  if (strcmp(what, "syscalls") == 0) do_syscalls();
  if (strcmp(what, "ambient") == 0) do_ambient();
  if (strcmp(what, "clocks") == 0) do_clocks(argv + 2);
  if (strcmp(what, "day") == 0) do_day(argv + 2);
  if (strcmp(what, "times") == 0) do_times(argv[2]);
  if (strcmp(what, "interprets") == 0) do_interprets();
  if (strcmp(what, "ages") == 0) do_ages(false);
  if (strcmp(what, "ages-new") == 0) do_ages(true);
  if (strcmp(what, "locks") == 0) do_locks();
  if (strcmp(what, "walks") == 0) do_walks();
  if (strcmp(what, "children") == 0) do_children(argv);
  if (strcmp(what, "vfork") == 0) do_vfork_paths(argv);
  if (strcmp(what, "execvp") == 0) do_execvp(argv);
  if (strcmp(what, "threads") == 0) do_threads();
  if (strcmp(what, "crowd") == 0) do_crowd(argv);
  if (strcmp(what, "signals") == 0) do_signals();
  if (strcmp(what, "environment") == 0) do_environment();
  if (strcmp(what, "loader") == 0) do_loader(argc > 2 ? argv[2] : NULL);
  if (strcmp(what, "closefrom") == 0) do_closefrom();
  if (strcmp(what, "exec") == 0) execv(argv[2], argv + 2);
  if (strcmp(what, "again") == 0)
    for (int i = 0; i < 1000; ++i) access("absent", F_OK), open("absent", O_RDONLY), getenv("PATH");
  if (strcmp(what, "killed") == 0) raise(SIGKILL);
  return 0;
}
