// SPDX-License-Identifier: Apache-2.0
// For each tool on this machine, and each library it is linked with: every function of libc that it
// imports and that has to do with files, processes, or what a result could depend on, is either
// interposed or ignored here with a reason.
#include <cstdio>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "observe/testing/fixture.h"

namespace deja::observe {
namespace {

using testing::find_tool;
using testing::interposer;

// A generous pattern of functions that could matter.
const char* const kFileish =
    "open|stat|access|readlink|path|dir|glob|ftw|fts_|mkd|mkn|mkf|rmd|rename|link|remove|trunc|"
    "chmod|chown|utime|"
    "mkst|mktemp|tmp|temp|creat|exec|spawn|popen|system|fork|clone|^dl|getenv|environ|locale|time|"
    "clock|random|"
    "entropy|uname|host|connect|syscall|_exit|_Exit|xattr|getpw|getgr|getsp|daemon|pty|wordexp|"
    "mount|root|bind|send|"
    "cpu|sched_get|nprocs|sysconf|sysinfo|pages|loadavg|auxv|swap|acct|quota|uid|gid|pid|shm|^sem_"
    "open|^mq_|"
    "^msg|^shm|^semget|notify|handle_at|mnt|tty|login|unshare|setns|addrinfo|nameinfo|servby|"
    "protoby|netby|"
    "^res_|^__res_|if_name|ifaddrs|tzset|iconv_open|textdomain|catopen|process_vm|getdents|io_"
    "uring|ptrace|copy_file|"
    "sendfile|splice|fallocate|ioctl|prctl";

struct Ignored {
  const char* reason;
  const char* names;
};
constexpr Ignored kIgnored[] = {
    {"of a descriptor, whose opening is recorded",
     "fdopen fstat fstat64 __fxstat __fxstat64 fstatfs fstatfs64 fstatvfs fstatvfs64 ftruncate "
     "ftruncate64 "
     "fallocate fallocate64 posix_fallocate posix_fallocate64 fgetxattr flistxattr fpathconf "
     "dirfd "
     "copy_file_range sendfile sendfile64 splice _IO_fdopen"},
    {"of an open directory",
     "closedir readdir readdir64 readdir_r readdir64_r rewinddir seekdir telldir"},
    {"memory",
     "fmemopen open_memstream open_wmemstream fopencookie globfree globfree64 freeaddrinfo "
     "freeifaddrs if_freenameindex fts_set __sched_cpualloc __sched_cpucount __sched_cpufree"},
    {"text only",
     "dirname strptime timegm gmtime gmtime_r __gmtime_r asctime difftime glob_pattern_p "
     "hasmntopt if_indextoname"},
    {"a name without a file: what is made with it is recorded when it is opened",
     "mktemp tmpnam tmpnam_r"},
    {"leaves no name behind", "tmpfile tmpfile64 memfd_create"},
    {"of a stream whose opening is recorded",
     "getmntent __getmntent_r getmntent_r endmntent fgetpwent "
     "fgetgrent"},
    {"variables: only what is read, and what a child is given, matters",
     "setenv putenv unsetenv clearenv"},
    {"data, read unseen: programs that are not known to use getenv alone get an ENVIRON record",
     "environ __environ _environ"},
    {"what setlocale chose, which is recorded",
     "uselocale __uselocale duplocale __duplocale freelocale __freelocale localeconv"},
    {"catalogues: recorded by bindtextdomain", "textdomain bind_textdomain_codeset"},
    {"how long, not when",
     "clock clock_getres clock_nanosleep times timer_create timer_settime "
     "timer_delete timerfd_create timerfd_settime setitimer getitimer clock_settime"},
    {"waiting for a change, not looking",
     "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch "
     "sem_timedwait sem_clockwait sigtimedwait __sigtimedwait "
     "pthread_cond_timedwait pthread_mutex_timedlock "
     "pthread_getcpuclockid pthread_condattr_setclock "
     "pthread_mutex_clocklock pthread_timedjoin_np waitpid "
     "pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock"},
    {"a pseudo-random sequence of the program's own seed",
     "random random_r srandom srandom_r initstate "
     "setstate initstate_r"},
    {"the terminal is no input (the client treats it)",
     "isatty ttyname ttyname_r openpty login_tty tcgetattr ctermid posix_openpt ioctl getsid"},
    {"the program's own session and rights; what cannot report in afterwards is a gap",
     "setuid setgid seteuid setegid setreuid setregid setresuid setresgid setgroups setpgid "
     "getpgid "
     "sethostname"},
    {"scheduling",
     "sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min"},
    {"an end that runs destructors, and one of them looks at the libraries", "__cxa_at_quick_exit"},
    {"the loader's own table; what it finds is no file",
     "dl_iterate_phdr dladdr dladdr1 dlerror dlsym dlvsym dlinfo _dl_find_object"},
    {"after msgget or shmget", "msgctl msgrcv msgsnd shmat shmctl shmdt"},
    {"after bind or connect", "send __send recvmsg"},
    {"the end of a table",
     "endpwent endgrent setpwent setgrent endspent setspent endhostent sethostent "
     "gethostent_r"},
    {"of addresses in memory",
     "__res_init __res_ninit __res_nclose __res_iclose __res_get_nsaddr "
     "__res_context_hostalias __resp res_dnok res_hnok __res_state "
     "__libc_res_nameinquery __libc_res_queriesmatch"},
    {"called by libresolv, which a program reaches through names that are recorded",
     "__res_context_query __res_context_search __res_context_send"},
    {"file actions that open nothing",
     "posix_spawn_file_actions_init posix_spawn_file_actions_destroy "
     "posix_spawn_file_actions_addclose "
     "posix_spawn_file_actions_adddup2 posix_spawn_file_actions_addclosefrom_np"},
    {"threads and their attributes",
     "pthread_create pthread_exit thrd_exit pthread_getspecific pthread_key_create "
     "__pthread_key_create "
     "pthread_attr_setdetachstate pthread_mutexattr_init pthread_mutexattr_destroy "
     "pthread_mutexattr_gettype pthread_mutexattr_settype __register_atfork"},
    {"spawn attributes",
     "posix_spawnattr_init posix_spawnattr_destroy posix_spawnattr_getflags "
     "posix_spawnattr_setflags "
     "posix_spawnattr_getpgroup posix_spawnattr_setpgroup posix_spawnattr_getsigmask "
     "posix_spawnattr_setsigmask posix_spawnattr_getsigdefault posix_spawnattr_setsigdefault "
     "posix_spawnattr_setschedparam posix_spawnattr_setschedpolicy"},
    {"the same on every machine of an architecture that runs this binary", "getpagesize"},
    {"no more than the letters of its name in common",
     "regexec sigemptyset epoll_create epoll_create1 "
     "__libc_unwind_link_get"},
    {"a message, not an input", "openlog closelog"},
    {"data that tzset fills", "timezone __timezone"},
};

const std::map<std::string, std::string>& ignored() {
  static const std::map<std::string, std::string> table = [] {
    std::map<std::string, std::string> out;
    for (const Ignored& row : kIgnored) {
      std::istringstream list(row.names);
      for (std::string name; list >> name;) out[name] = row.reason;
    }
    return out;
  }();
  return table;
}

std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> out;
  FILE* pipe = popen(command.c_str(), "r");
  char line[4096];
  while (pipe && fgets(line, sizeof line, pipe)) out.emplace_back(line, strcspn(line, "\n"));
  if (pipe) pclose(pipe);
  return out;
}

// Names without versions; of defined or of undefined symbols.
std::set<std::string> symbols(const std::string& file, bool defined) {
  std::set<std::string> out;
  for (const std::string& line :
       lines_of("nm -D " + std::string(defined ? "--defined-only " : "--undefined-only ") + file +
                " 2>/dev/null")) {
    std::string name = line.substr(line.rfind(' ') + 1);
    out.insert(name.substr(0, name.find('@')));
  }
  return out;
}

std::vector<std::string> tools() {
  std::vector<std::string> out;
  for (const char* name :
       {"gcc",     "g++",   "as",       "ld",       "ld.gold",   "ar",    "ranlib", "nm",
        "objcopy", "strip", "clang-14", "clang-19", "ld.lld-19", "rustc", "cargo",  "python3",
        "perl",    "cmake", "ninja",    "make",     "protoc",    "sh",    "bash",   "cp",
        "ls",      "mv",    "cat",      "env",      "install",   "find",  "sort",   "sed",
        "gawk",    "mawk",  "grep",     "xargs",    "m4",        "tar"})
    if (const std::string path = find_tool(name); !path.empty()) out.push_back(path);
  for (const char* name : {"cc1", "cc1plus", "collect2", "lto1", "lto-wrapper", "liblto_plugin.so"})
    for (const std::string& path :
         lines_of(std::string("gcc -print-prog-name=") + name + " 2>/dev/null"))
      if (path.starts_with("/")) out.push_back(path);
  for (const std::string& path : lines_of("ls -d $HOME/.rustup/toolchains/*/bin/rustc 2>/dev/null"))
    out.push_back(path);
  return out;
}

TEST(Coverage, EveryImportOfEveryToolIsInterposedOrIgnoredForAReason) {
  if (find_tool("nm").empty()) GTEST_SKIP() << "NOT TESTED: nm is not installed";
  const std::set<std::string> ours = symbols(interposer(), true);
  ASSERT_GT(ours.size(), 200u);
  const std::regex fileish(kFileish);
  std::set<std::string> libc;
  std::set<std::string> objects;
  for (const std::string& tool : tools()) {
    objects.insert(tool);
    for (const std::string& line : lines_of("ldd " + tool + " 2>/dev/null")) {
      const std::size_t slash = line.find('/');
      if (slash == std::string::npos) continue;
      const std::string path = line.substr(slash, line.find(' ', slash) - slash);
      if (path.find("/libc.so") != std::string::npos) {
        libc = libc.empty() ? symbols(path, true) : libc;
      } else if (path.find("/ld-linux") == std::string::npos) {
        objects.insert(path);
      }
    }
  }
  ASSERT_FALSE(libc.empty());
  std::map<std::string, std::string> imports;  // with one object that imports it
  for (const std::string& object : objects)
    for (const std::string& name : symbols(object, false))
      if (libc.contains(name)) imports.emplace(name, object);
  std::size_t covered = 0;
  for (const auto& [name, object] : imports) {
    if (!std::regex_search(name, fileish)) continue;
    if (ours.contains(name)) ++covered;
    EXPECT_TRUE(ours.contains(name) || ignored().contains(name))
        << name << " is imported by " << object;
  }
  EXPECT_GT(covered, 100u);
}

TEST(Coverage, NothingIsBothInterposedAndIgnored) {
  if (find_tool("nm").empty()) GTEST_SKIP() << "NOT TESTED: nm is not installed";
  for (const std::string& name : symbols(interposer(), true))
    EXPECT_FALSE(ignored().contains(name)) << name << ": " << ignored().at(name);
}

TEST(Coverage, TheInterposerNeedsNoNewLibc) {
  if (find_tool("objdump").empty()) GTEST_SKIP() << "NOT TESTED: objdump is not installed";
  const std::regex version("GLIBC_2\\.([0-9]+)");
  for (const std::string& line : lines_of("objdump -T " + interposer())) {
    std::smatch found;
    if (line.find("*UND*") == std::string::npos || !std::regex_search(line, found, version))
      continue;
    EXPECT_LE(std::stoi(found[1]), 17) << line;
  }
}

}  // namespace
}  // namespace deja::observe
