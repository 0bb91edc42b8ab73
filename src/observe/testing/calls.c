// SPDX-License-Identifier: Apache-2.0
/* Rare calls of real tools, for the comparison with strace: `observe_calls GROUP` makes one group of them
 * in a directory that contains "file", "link" (to it) and "directory". */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

extern char** environ;

#define REQUIRE(x)                                                             \
  do {                                                                         \
    if (!(x)) {                                                                \
      fprintf(stderr, "calls: line %d: %s (errno %d)\n", __LINE__, #x, errno); \
      exit(9);                                                                 \
    }                                                                          \
  } while (0)

struct how {
  unsigned long long flags, mode, resolve;
};

static int at_directory(void) { return open("directory", O_RDONLY | O_DIRECTORY); }

/* By number, as libraries do for calls newer than their libc. */
static void by_number(void) {
  struct statx sx;
  struct how how = {.flags = O_RDONLY};
  char text[4096];
  const int at = at_directory();
  REQUIRE(syscall(SYS_statx, at, "absent", 0, STATX_ALL, &sx) == -1);
  REQUIRE(syscall(SYS_statx, AT_FDCWD, "file", 0, STATX_ALL, &sx) == 0);
  REQUIRE(syscall(SYS_openat2, AT_FDCWD, "file", &how, sizeof how) >= 0);
  REQUIRE(syscall(SYS_openat2, at, "absent2", &how, sizeof how) == -1);
  REQUIRE(syscall(SYS_faccessat2, AT_FDCWD, "link", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
  REQUIRE(syscall(SYS_readlinkat, AT_FDCWD, "link", text, sizeof text) == 4);
  REQUIRE(syscall(SYS_getdents64, at, text, sizeof text) > 0);
  REQUIRE(syscall(SYS_mkdirat, at, "made", 0700) == 0);
  REQUIRE(syscall(SYS_symlinkat, "there", at, "soft") == 0);
  REQUIRE(syscall(SYS_linkat, AT_FDCWD, "file", at, "hard", 0) == 0);
  REQUIRE(syscall(SYS_renameat2, at, "hard", AT_FDCWD, "hard", 1 /* RENAME_NOREPLACE */) == 0);
  REQUIRE(syscall(SYS_renameat2, AT_FDCWD, "hard", AT_FDCWD, "file", 2 /* EXCHANGE */) == 0);
  REQUIRE(syscall(SYS_unlinkat, AT_FDCWD, "hard", 0) == 0);
  REQUIRE(syscall(SYS_fchmodat, AT_FDCWD, "file", 0600) == 0);
  REQUIRE(syscall(SYS_utimensat, AT_FDCWD, "file", NULL, 0) == 0);
  REQUIRE(syscall(SYS_truncate, "file", 3L) == 0);
  REQUIRE(syscall(SYS_mknodat, at, "pipe", S_IFIFO | 0600, 0) == 0);
  syscall(SYS_setxattr, "file", "user.x", "1", 1L, 0);
  syscall(SYS_getxattr, "file", "user.x", text, sizeof text);
  syscall(SYS_lgetxattr, "link", "user.x", text, sizeof text);
  syscall(SYS_removexattr, "file", "user.x");
  REQUIRE(syscall(SYS_chdir, "directory") == 0);
  REQUIRE(syscall(SYS_faccessat, AT_FDCWD, "absent3", F_OK) == -1);
#ifdef SYS_open
  REQUIRE(syscall(SYS_open, "absent4", O_RDONLY) == -1);
  REQUIRE(syscall(SYS_stat, "absent5", text) == -1);
  REQUIRE(syscall(SYS_rmdir, "made") == 0);
#endif
}

#define NEW_FCHMODAT2 452
#define NEW_SETXATTRAT 463
#define NEW_GETXATTRAT 464
#define NEW_LISTXATTRAT 465
#define NEW_REMOVEXATTRAT 466
#define NEW_FILE_GETATTR 468

/* Calls without a wrapper in any libc. An old kernel does not have them either. */
static void by_new_number(void) {
  struct {
    unsigned long long value;
    unsigned size, flags;
  } attribute = {.value = (unsigned long long)(size_t)"1", .size = 1};
  char text[64];
  syscall(NEW_FCHMODAT2, AT_FDCWD, "file", 0640, 0);
  syscall(NEW_FCHMODAT2, AT_FDCWD, "link", 0640, AT_SYMLINK_NOFOLLOW);
  syscall(NEW_SETXATTRAT, AT_FDCWD, "file", 0, "user.y", &attribute, sizeof attribute);
  attribute.value = (size_t)text;
  attribute.size = sizeof text;
  syscall(NEW_GETXATTRAT, AT_FDCWD, "directory", 0, "user.y", &attribute, sizeof attribute);
  syscall(NEW_LISTXATTRAT, AT_FDCWD, "absent", 0, text, sizeof text);
  syscall(NEW_REMOVEXATTRAT, AT_FDCWD, "file", 0, "user.y");
  syscall(NEW_FILE_GETATTR, AT_FDCWD, "absent2", text, 24, 0);
}

static void by_descriptor(void) {
  struct stat st;
  char text[4096];
  const int at = open("directory", O_PATH);
  REQUIRE(at >= 0);
  REQUIRE(openat(at, "absent", O_RDONLY) == -1);
  REQUIRE(openat(at, "made", O_CREAT | O_WRONLY, 0600) >= 0);
  const int soft = open("link", O_PATH | O_NOFOLLOW);
  REQUIRE(soft >= 0 && readlinkat(soft, "", text, sizeof text) == 4);
  REQUIRE(fstatat(soft, "", &st, AT_EMPTY_PATH) == 0 && S_ISLNK(st.st_mode));
  const int file = open("file", O_PATH);
  REQUIRE(file >= 0 && linkat(file, "", AT_FDCWD, "hard", AT_EMPTY_PATH) == 0);
  const int real = open("file", O_RDONLY);
  REQUIRE(fchmod(real, 0600) == 0 && fchown(real, getuid(), getgid()) == 0);
  REQUIRE(futimens(real, NULL) == 0);
  fsetxattr(real, "user.x", "1", 1, 0);
  fremovexattr(real, "user.x");
  REQUIRE(fchdir(at) == 0 && access("absent2", F_OK) == -1);
  DIR* directory = fdopendir(open(".", O_RDONLY));
  REQUIRE(directory && readdir(directory) && closedir(directory) == 0);
}

/* Files without a name that get one later. */
static void unnamed(void) {
  char name[64];
  const int one = open("directory", O_TMPFILE | O_RDWR, 0600);
  const int two = open(".", O_TMPFILE | O_WRONLY, 0600);
  REQUIRE(one >= 0 && two >= 0);
  snprintf(name, sizeof name, "/proc/self/fd/%d", one);
  REQUIRE(write(one, "x", 1) == 1 && write(two, "y", 1) == 1);
  REQUIRE(linkat(AT_FDCWD, name, AT_FDCWD, "directory/one", AT_SYMLINK_FOLLOW) == 0);
  REQUIRE(linkat(two, "", AT_FDCWD, "two", AT_EMPTY_PATH) == 0);
}

/* Bytes that are moved without read() and write(). */
static void copies(void) {
  const int in = open("file", O_RDONLY);
  const int out = open("copy", O_CREAT | O_RDWR, 0600);
  const int memory = memfd_create("memory", 0);
  REQUIRE(in >= 0 && out >= 0 && memory >= 0);
  REQUIRE(copy_file_range(in, NULL, out, NULL, 2, 0) == 2);
  REQUIRE(sendfile(out, in, NULL, 2) == 2);
  const char* from = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, in, 0);
  REQUIRE(from != MAP_FAILED && from[0] == 't');
  char* to = mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
  REQUIRE(to != MAP_FAILED);
  memcpy(to, from, 4);
  REQUIRE(write(memory, from, 4) == 4);
  REQUIRE(renameat2(AT_FDCWD, "copy", AT_FDCWD, "renamed", 0) == 0);
}

static void wait_for(pid_t pid) {
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

static void programs(void) {
  char* look[] = {(char*)"cat", (char*)"file", NULL};
  char* none[] = {(char*)"PATH=/absent-one:/usr/bin", NULL};
  pid_t pid = fork();
  if (pid == 0) {
    execv("absent-program", look);
    execve("file", look, environ); /* not executable */
    fexecve(open("/bin/cat", O_RDONLY | O_CLOEXEC), look, environ);
    _exit(99);
  }
  wait_for(pid);
  pid = fork();
  if (pid == 0) {
    syscall(SYS_execveat, open("/usr/bin", O_PATH), "cat", look, none, 0);
    _exit(99);
  }
  wait_for(pid);
  pid = fork();
  if (pid == 0) {
    syscall(SYS_execveat, open("/bin/cat", O_PATH), "", look, none, AT_EMPTY_PATH);
    _exit(99);
  }
  wait_for(pid);
  setenv("PATH", "/absent-two:directory:/usr/bin", 1);
  REQUIRE(posix_spawnp(&pid, "cat", NULL, NULL, look, none) == 0);
  wait_for(pid);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "spawned", O_CREAT | O_WRONLY, 0600);
  REQUIRE(posix_spawn(&pid, "/bin/cat", &actions, NULL, look, environ) == 0);
  wait_for(pid);
  REQUIRE(posix_spawnp(&pid, "absent-everywhere", NULL, NULL, look, environ) == ENOENT);
  execvp("cat", look);
}

static void libraries(void) {
  REQUIRE(dlopen("./absent.so", RTLD_NOW) == NULL);
  REQUIRE(dlopen("libabsent-everywhere.so", RTLD_NOW) == NULL);
  REQUIRE(dlopen("libm.so.6", RTLD_NOW) != NULL);
}

static void handle(void) {
  struct {
    struct file_handle head;
    char bytes[128];
  } handle = {.head = {.handle_bytes = 128}};
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, "file", &handle.head, &mount, 0) != 0) exit(77);
  const int at = open(".", O_RDONLY);
  if (open_by_handle_at(at, &handle.head, O_RDONLY) < 0) exit(77);
}

static void uring(void) {
  char parameters[120] = {0};
  if (syscall(SYS_io_uring_setup, 1, parameters) < 0) exit(77);
}

static void stolen(void) {
  const long self = syscall(434 /* pidfd_open */, getpid(), 0);
  if (self < 0 || syscall(438 /* pidfd_getfd */, self, 1, 0) < 0) exit(77);
}

static void tree(void) {
  int (*const open_tree)(int, const char*, unsigned) =
      (int (*)(int, const char*, unsigned))dlsym(RTLD_DEFAULT, "open_tree");
  if (!open_tree || open_tree(AT_FDCWD, "directory", 1 /* OPEN_TREE_CLONE */) < 0) exit(77);
}

static void queue(void) { REQUIRE(mq_open("/deja-absent-queue", O_RDONLY) == -1); }

static void namespace(void) { REQUIRE(dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW) != NULL); }

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*make)(void);
  } groups[] = {{"by-number", by_number},
                {"by-new-number", by_new_number},
                {"by-descriptor", by_descriptor},
                {"unnamed", unnamed},
                {"copies", copies},
                {"programs", programs},
                {"libraries", libraries},
                {"handle", handle},
                {"uring", uring},
                {"namespace", namespace},
                {"stolen", stolen},
                {"tree", tree},
                {"queue", queue}};
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; ++i)
    if (argc > 1 && strcmp(argv[1], groups[i].name) == 0) {
      groups[i].make();
      return 0;
    }
  return 9;
}
