// SPDX-License-Identifier: Apache-2.0
// Nothing is forgotten: every function of libc that a tool on this machine (or a library it is linked with)
// imports and that has to do with files, processes, or what a result could depend on, and every system call
// of the kernel, is in the table of observed calls or is ignored for a reason; and both observers do what
// the table says.
#include <cstdio>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "observe/preload/observed_calls.h"
#include "observe/testing/fixture.h"
#include "observe/testing/ignored_calls.h"

namespace deja::observe {
namespace {

using testing::find_tool;
using testing::interposer;
using testing::ToolRun;

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

// The table of observed calls.
struct Observed {
  std::string call;
  int number;
  deja_call_kind kind;
  int at, path;
  std::string functions;
};
const Observed kObserved[] = {
#define OBSERVED(call, kind, at, path, data, fixed, functions) \
  {#call, SYS_##call, DEJA_CALL_##kind, at, path, functions},
    DEJA_OBSERVED_CALLS(OBSERVED)
#undef OBSERVED
};
struct Alone {
  std::string calls, functions;
};
const Alone kOfTheInterposerAlone[] = {
#define ALONE(what, reason, calls, functions) {calls, functions},
    DEJA_INTERPOSER_ALONE(ALONE)
#undef ALONE
};
// Calls that newer headers than these have.
const char* const kNewer =
    "cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount "
    "lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat "
    "removexattrat open_tree_attr file_getattr file_setattr";

void add_words(const std::string& text, std::multiset<std::string>& out) {
  std::istringstream list(text);
  for (std::string word; list >> word;) out.insert(word);
}

std::multiset<std::string> observed_functions() {
  std::multiset<std::string> out;
  for (const Observed& row : kObserved) add_words(row.functions, out);
  for (const Alone& row : kOfTheInterposerAlone) add_words(row.functions, out);
  return out;
}

std::multiset<std::string> ignored_functions() {
  std::multiset<std::string> out;
  for (const testing::Ignored& row : testing::ignored_calls()) add_words(row.functions, out);
  return out;
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
  const std::multiset<std::string> known_to_be_ignored = ignored_functions();
  std::size_t covered = 0;
  for (const auto& [name, object] : imports) {
    if (!std::regex_search(name, fileish)) continue;
    if (ours.contains(name)) ++covered;
    EXPECT_TRUE(ours.contains(name) || known_to_be_ignored.contains(name))
        << name << " is imported by " << object
        << ": add it to preload/observed_calls.h or testing/ignored_calls.cc";
  }
  EXPECT_GT(covered, 100u);
}

TEST(Coverage, TheInterposerHasTheFunctionsOfTheTableAndNoOther) {
  if (find_tool("nm").empty()) GTEST_SKIP() << "NOT TESTED: nm is not installed";
  const std::multiset<std::string> table = observed_functions();
  const std::multiset<std::string> not_observed = ignored_functions();
  const std::set<std::string> ours = symbols(interposer(), true);
  for (const std::string& name : ours) {
    EXPECT_EQ(table.count(name), 1u) << name << " is interposed: preload/observed_calls.h";
    EXPECT_FALSE(not_observed.contains(name)) << name << " is interposed, and ignored";
  }
  for (const std::string& name : table)
    EXPECT_TRUE(ours.contains(name)) << name << " of preload/observed_calls.h is not interposed";
}

TEST(Coverage, EverySystemCallIsObservedOrIgnoredForAReason) {
  if (find_tool("gcc").empty()) GTEST_SKIP() << "NOT TESTED: gcc is not installed";
  std::multiset<std::string> observed;
  std::multiset<std::string> alone;
  std::multiset<std::string> not_observed;
  for (const Observed& row : kObserved) observed.insert(row.call);
  for (const Alone& row : kOfTheInterposerAlone) add_words(row.calls, alone);
  for (const testing::Ignored& row : testing::ignored_calls()) add_words(row.calls, not_observed);
  std::multiset<std::string> kernel;
  add_words(kNewer, kernel);
  const std::regex definition("#define __NR_(\\w+) (\\d+)");
  for (const std::string& line : lines_of("echo '#include <sys/syscall.h>' | gcc -E -dM -")) {
    std::smatch found;
    if (std::regex_match(line, found, definition) && std::stoi(found[2]) <= DEJA_NEWEST_CALL)
      kernel.insert(found[1]);
  }
  ASSERT_GT(kernel.size(), 250u);
  for (const std::string& call : kernel) {
    EXPECT_TRUE(observed.contains(call) || alone.contains(call) || not_observed.contains(call))
        << call << " is neither in preload/observed_calls.h nor in testing/ignored_calls.cc";
    EXPECT_LE(observed.count(call) + not_observed.count(call), 1u) << call;
  }
}

class EveryCall : public testing::ObserveTest {
 protected:
  // A call by number of which the path does not exist; see do_call() of probe.c.
  static std::vector<std::string> words_of(const Observed& row) {
    const std::string number = "=" + std::to_string(row.number), here = "=-100" /* AT_FDCWD */;
    std::vector<std::string> words = {"call", number, "=0", "=0", "=0", "=0", "=0", "=0"};
    const auto argument = [&](int index) -> std::string& {
      return words[2 + static_cast<std::size_t>(index)];
    };
    if (row.at >= 0) argument(row.at) = here;
    argument(row.path) = ":absent/it";
    const int next = row.path + 1;
    if (row.kind == DEJA_CALL_rename || row.kind == DEJA_CALL_link) {
      if (row.at >= 0) argument(next) = here;
      argument(row.at >= 0 ? next + 1 : next) = ":absent/other";
    }
    if (row.kind == DEJA_CALL_symlink) argument(0) = ":text";
    if (row.kind == DEJA_CALL_openat2 || row.kind == DEJA_CALL_exec) argument(next) = "room";
    if (row.kind == DEJA_CALL_openat2) argument(next + 1) = "=24";
    if (row.kind == DEJA_CALL_exec) argument(next + 1) = "room";
    if (row.kind == DEJA_CALL_readlink) argument(next) = "room", argument(next + 1) = "=100";
    if (row.call.find("xattr") != std::string::npos)
      argument(row.at >= 0 ? next + 1 : next) = ":user.x";
    return words;
  }

  bool has_record(const ToolRun& run) const {
    for (const Event& event : run.log.events)
      if (event.path == at("absent/it") && event.op != DEJA_OP_PROCESS) return true;
    return false;
  }
};

// What the interposer forgets, the supervisor would see, and the reverse: so the same for both.
TEST_F(EveryCall, WithAPathIsRecordedByTheInterposerAndByTheSupervisor) {
  std::size_t paths = 0;
  for (const Observed& row : kObserved) {
    if (row.path < 0) continue;
    ++paths;
    SCOPED_TRACE(row.call);
    std::vector<std::string> words = words_of(row);
    const ToolRun dynamic = probe(words);
    EXPECT_EQ(dynamic.exit_code, 0) << dynamic.output;
    EXPECT_EQ(dynamic.log.gap, "") << "syscall.c has no function for this call";
    EXPECT_TRUE(has_record(dynamic)) << "no record of the interposer";
    words.insert(words.begin(), testing::static_probe_program());
    const ToolRun fixed = run(words, {.supervised = true});
    EXPECT_EQ(fixed.exit_code, 0) << fixed.output;
    EXPECT_EQ(fixed.log.gap, "");
    EXPECT_TRUE(has_record(fixed)) << "no record of the supervisor";
  }
  EXPECT_GT(paths, 30u);
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
