// Real tools, with `strace -f` as the truth: what a tool itself opened, looked at, or missed is in
// the log. What is left to exceptions() was not done by the tool but by the loader or by libc on
// its behalf; each line says what stands in the log for it.
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "observe/testing/fixture.h"
#include "os/file.h"

namespace deja::observe {
namespace {

using testing::find_tool;
using testing::ToolRun;

struct Call {
  std::string name;
  std::string path;  // absolute, else as given
  bool failed = false;
  std::string line;
};

// Undoes strace's C escapes.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    if (text[i] == 'n') {
      out += '\n';
    } else if (text[i] == 't') {
      out += '\t';
    } else if (std::isdigit(static_cast<unsigned char>(text[i])) != 0) {
      int value = 0;
      for (int n = 0;
           n < 3 && i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0; ++n)
        value = value * 8 + (text[i++] - '0');
      out += static_cast<char>(value);
      --i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// "openat(3</usr/include>, "a.h", O_RDONLY) = -1 ENOENT (…)": the n-th quoted string, and the
// directory in angle brackets just before it.
bool quoted(const std::string& line, int n, std::string& text, std::string& base) {
  std::size_t at = line.find('(');
  for (;; --n) {
    const std::size_t open = line.find('"', at);
    if (open == std::string::npos) return false;
    std::size_t close = open + 1;
    while (close < line.size() && line[close] != '"') close += line[close] == '\\' ? 2 : 1;
    if (close >= line.size()) return false;
    if (n == 0) {
      text = unescape(std::string_view(line).substr(open + 1, close - open - 1));
      const std::size_t less = line.rfind('<', open);
      const std::size_t greater = line.rfind(">, ", open);
      base =
          less != std::string::npos && less >= at && greater != std::string::npos && greater > less
              ? unescape(std::string_view(line).substr(less + 1, greater - less - 1))
              : "";
      return true;
    }
    at = close + 1;
  }
}

class StraceTest : public testing::ObserveTest {
 protected:
  void SetUp() override {
    ObserveTest::SetUp();
    if (find_tool("strace").empty())
      GTEST_SKIP() << "NOT TESTED: strace is not installed, so there is no truth to compare with";
    if (run({"/bin/true"}, {.before = {find_tool("strace"), "-o", "/dev/null"}}).exit_code != 0)
      GTEST_SKIP() << "NOT TESTED: strace is not allowed to trace here";
  }

  // The calls that the tools made themselves: of each program, those after the interposer opened
  // its log, that is after the loader was done.
  std::vector<Call> calls(const std::string& trace) const {
    std::vector<Call> out;
    std::map<std::string, std::string> halves;  // "<unfinished ...>" lines, by pid
    std::set<std::string> running;              // pids whose loader is done
    std::istringstream lines(trace);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t space = line.find(' ');
      const std::string pid = line.substr(0, space);
      std::string rest = line.substr(line.find_first_not_of(' ', space));
      if (const std::size_t cut = rest.find(" <unfinished ...>"); cut != std::string::npos) {
        halves[pid] = rest.substr(0, cut);
        continue;
      }
      if (rest.starts_with("<... ")) rest = halves[pid] + rest.substr(rest.find("resumed>") + 8);
      add_call(pid, rest, running, out);
    }
    return out;
  }

  void add_call(const std::string& pid, const std::string& line, std::set<std::string>& running,
                std::vector<Call>& out) const {
    const std::size_t paren = line.find('(');
    const std::size_t equals = line.rfind(") = ");
    if (paren == std::string::npos || equals == std::string::npos) return;
    const std::string name = line.substr(0, paren);
    const bool failed = line.compare(equals + 4, 2, "-1") == 0;
    if (name == "execve" && !failed) running.erase(pid);
    if (name == "vfork" || name == "fork" || name == "clone" || name == "clone3") {
      running.insert(
          line.substr(equals + 4, line.find_first_not_of("0123456789", equals + 4) - equals - 4));
      return;
    }
    std::string path, base;
    if (!quoted(line, name == "symlink" || name == "symlinkat" ? 1 : 0, path, base)) return;
    if (name == "openat" && path.starts_with("/proc/") && path.find("/fd/") != std::string::npos) {
      running.insert(pid);  // the interposer begins
      return;
    }
    if (!running.contains(pid) && name != "execve") return;
    if (path.empty()) return;
    if (!path.starts_with('/'))
      path = (base.empty() ? folder_ : base == "/" ? "" : base) + "/" + path;
    out.push_back({name, path, failed, line});
  }

  using Ways = std::set<std::filesystem::path>;

  // Every name on the way of a path, and on the way of the symlinks met there.
  static void add_ways(const std::filesystem::path& path, Ways& out, int depth = 0) {
    std::filesystem::path walked;
    for (const auto& part : path) {
      walked /= part;
      if (!out.insert(walked.lexically_normal()).second || depth == 8) continue;
      auto target = os::read_symlink(walked);
      if (target && *target) add_ways(walked.parent_path() / **target, out, depth + 1);
    }
  }

  static Ways ways(const ToolRun& run) {
    Ways out;
    for (const Event& event : run.log.events)
      if (event.op == DEJA_OP_REALPATH) {
        add_ways(event.path, out);
        add_ways(event.text, out);
      }
    return out;
  }

  // Calls that no record stands for by name.
  static bool excepted(const Call& call, const ToolRun& run, const Ways& realpaths) {
    const std::string& p = call.path;
    // the working directory: in the PROCESS and CHDIR records
    if (call.name == "getcwd") return true;
    // the interposer itself: also its look before a file is created (DEJA_OPEN_EXISTED says what it
    // saw)
    if (call.name == "newfstatat" && call.failed && run.has(DEJA_OP_OPEN, p)) return true;
    if (p == "/proc/self/exe" || p.starts_with("/proc/self/fd/")) return true;
    // locale data, catalogues, conversions: read by libc; GETENV of the variables that choose them,
    // STAT of the archive and of the catalogues that could be there
    for (const char* folder :
         {"/usr/lib/locale/", "/usr/share/locale/", "/usr/share/locale-langpack/",
          "/usr/lib/x86_64-linux-gnu/gconv/", "/usr/share/zoneinfo/"})
      if (p.starts_with(folder)) return true;
    // the loader at dlopen: LIBRARY records of what it found, and of a bare name it was asked for
    if (p == "/etc/ld.so.cache" || p.find(".so") != std::string::npos) return true;
    // sysconf, malloc and getaffinity inside libc: HOST "cpus", "memory"
    if (p.starts_with("/sys/devices/system/cpu") || p.starts_with("/sys/fs/cgroup") ||
        p.starts_with("/proc/sys/vm/") || p.starts_with("/sys/kernel/mm/") ||
        p == "/proc/cpuinfo" || p == "/proc/self/maps" || p == "/proc/meminfo")
      return true;
    // user tables: HOST "users"
    if (p == "/etc/passwd" || p == "/etc/nsswitch.conf" || p == "/etc/group") return true;
    // realpath looks at each component of its way: REALPATH with its result stands for all
    if (call.name.starts_with("readlink") || (call.name == "faccessat2" && p.ends_with('/')))
      return realpaths.contains(
          std::filesystem::path(p.ends_with('/') ? p.substr(0, p.size() - 1) : p)
              .lexically_normal());
    // the loader's search below a library folder, for one that is in the log or was not found
    if (call.name == "newfstatat" && call.failed &&
        (p.find("/glibc-hwcaps/") != std::string::npos || p.find("/../lib") != std::string::npos))
      return true;
    return false;
  }

  ToolRun compare(const std::vector<std::string>& command) const {
    const std::string file = folder_ + ".strace";
    const ToolRun run =
        this->run(command, {.before = {find_tool("strace"), "-f", "-y", "-s", "8192", "-e",
                                       "trace=file,process", "-o", file}});
    auto text = os::read_file(file);
    unlink(file.c_str());
    EXPECT_TRUE(text);
    EXPECT_EQ(run.exit_code, 0) << run.output;
    EXPECT_EQ(run.log.gap, "");
    std::set<std::pair<std::string, bool>> known;  // path, failed
    for (const Event& event : run.log.events) {
      known.insert({event.path, event.error != 0});
      if (event.op == DEJA_OP_RENAME || event.op == DEJA_OP_LINK)
        known.insert({event.text, event.error != 0});
    }
    std::size_t compared = 0;
    const Ways realpaths = ways(run);
    bool first = true;
    for (const Call& call : text ? calls(*text) : std::vector<Call>{}) {
      if (std::exchange(first, false)) continue;  // strace's own exec of the tool
      if (known.contains({call.path, call.failed})) {
        ++compared;
        continue;
      }
      if (excepted(call, run, realpaths)) continue;
      // EINVAL of readlink, EEXIST of mkdir … are failures, but of the same name
      ADD_FAILURE() << "not in the log: " << call.line << "\n  (" << call.path << ")";
    }
    EXPECT_GT(compared, 5u);
    return run;
  }

  void write_sources() const {
    write("a.h", "#define A 1\n");
    write(
        "a.c",
        "#include <stdio.h>\n#include \"a.h\"\nint main(void) { return A - 1 + !puts(\"x\"); }\n");
    write("b.cc",
          "#include <iostream>\n#include <vector>\nint main() { std::vector<int> v{1}; std::cout "
          "<< v[0]; }\n");
  }
};

#define REQUIRE_TOOL(name) \
  if (find_tool(name).empty()) GTEST_SKIP() << "NOT TESTED: " << (name) << " is not installed"

TEST_F(StraceTest, GccC) {
  REQUIRE_TOOL("gcc");
  write_sources();
  const ToolRun run = compare({find_tool("gcc"), "-c", "a.c", "-o", "a.o", "-MD"});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.h")) || run.has(DEJA_OP_OPEN, folder_ + "/a.h"));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, "/usr/include/stdio.h"));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, "/usr/local/include/stdio.h", ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.o")));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.d")));
  EXPECT_TRUE(run.all(DEJA_OP_ENVIRON, "").empty());  // gcc, cc1 and as are known
}

TEST_F(StraceTest, GxxC) {
  REQUIRE_TOOL("g++");
  write_sources();
  compare({find_tool("g++"), "-c", "b.cc", "-o", "b.o"});
}

TEST_F(StraceTest, GxxLink) {
  REQUIRE_TOOL("g++");
  write_sources();
  compare({find_tool("g++"), "b.cc", "-o", "b"});
}

TEST_F(StraceTest, GccLtoLink) {
  REQUIRE_TOOL("gcc");
  write_sources();
  compare({find_tool("gcc"), "-O2", "-flto", "a.c", "-o", "a"});
}

TEST_F(StraceTest, GccPipe) {
  REQUIRE_TOOL("gcc");
  write_sources();
  compare({find_tool("gcc"), "-pipe", "-g", "-gsplit-dwarf", "-c", "a.c", "-o", "a.o"});
}

TEST_F(StraceTest, Clang14) {
  REQUIRE_TOOL("clang-14");
  write_sources();
  compare({find_tool("clang-14"), "-c", "a.c", "-o", "a.o", "-MD"});
  compare({find_tool("clang-14"), "-x", "c++", "b.cc", "-lstdc++", "-o", "b"});
}

TEST_F(StraceTest, Clang19) {
  REQUIRE_TOOL("clang-19");
  write_sources();
  compare({find_tool("clang-19"), "-c", "a.c", "-o", "a.o"});
  compare({find_tool("clang-19"), "-fno-integrated-as", "-x", "c++", "b.cc", "-c", "-o", "b.o"});
}

TEST_F(StraceTest, ShellScript) {
  write("script",
        "#!/bin/sh\ncd sub 2>/dev/null || mkdir sub && cd sub\ncat ../a.h > copy\n[ -e nothing ] "
        "|| ls .. "
        ">/dev/null\nfor f in ../*; do test -f \"$f\"; done\nmv copy moved\nenv -i /bin/cat moved "
        ">/dev/null\n");
  write_sources();
  chmod(at("script").c_str(), 0755);
  const ToolRun run = compare({at("script")});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("sub/../a.h")) || run.has(DEJA_OP_OPEN, at("a.h")));
  EXPECT_FALSE(run.all(DEJA_OP_ENVIRON, "").empty());
}

TEST_F(StraceTest, Bash) {
  REQUIRE_TOOL("bash");
  write_sources();
  compare({find_tool("bash"), "-c",
           "x=$(< a.h); for f in *.c; do [[ -r $f ]] && cat \"$f\"; done | sort >o; (cd / && ls "
           ">/dev/null)"});
}

TEST_F(StraceTest, Python) {
  REQUIRE_TOOL("python3");
  write_sources();
  compare(
      {find_tool("python3"), "-c",
       "import os, json, subprocess, tempfile, shutil, glob\n"
       "open('a.h').read(); os.listdir('.'); list(os.scandir('.')); glob.glob('*.c')\n"
       "subprocess.run(['cat', 'a.h'], stdout=subprocess.DEVNULL, cwd='/', check=False)\n"
       "subprocess.run(['cat', 'a.h'], stdout=subprocess.DEVNULL, check=True)\n"
       "os.makedirs('d/e', exist_ok=True); shutil.copy('a.h', 'd/e/x'); os.replace('d/e/x', 'y')\n"
       "shutil.rmtree('d'); os.path.exists('absent'); os.path.realpath('y')\n"
       "os.stat('y', dir_fd=os.open('.', os.O_RDONLY))\n"});
}

TEST_F(StraceTest, MakeAndAr) {
  REQUIRE_TOOL("make");
  REQUIRE_TOOL("ar");
  write_sources();
  write("Makefile", "lib.a: a.o\n\tar rcs $@ $<\na.o: a.c a.h\n\tgcc -c $< -o $@\n");
  compare({find_tool("make")});
}

TEST_F(StraceTest, Cmake) {
  REQUIRE_TOOL("cmake");
  write("x.cmake",
        "file(GLOB_RECURSE all *)\nfile(WRITE out \"${all}\")\nexecute_process(COMMAND cat out)\n"
        "if(EXISTS nothing)\nendif()\n");
  compare({find_tool("cmake"), "-P", "x.cmake"});
}

}  // namespace
}  // namespace deja::observe
