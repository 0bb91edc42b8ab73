// SPDX-License-Identifier: Apache-2.0
// Real tools, compared with `strace -f`: every file that a tool opened, examined or did not find is in
// the log. The exceptions in testing/strace_fixture.cc are calls of the loader or of libc on behalf of
// the tool; each exception names the record that covers it. Here: the C and C++ toolchains and scripts;
// other tools: strace_tools_test.cc.
#include "observe/testing/strace_fixture.h"

namespace deja::observe {
namespace {

using testing::find_tool;
using testing::StraceTest;
using testing::ToolRun;

TEST_F(StraceTest, GccC) {
  REQUIRE_TOOL("gcc");
  write_sources();
  const ToolRun run = compare({find_tool("gcc"), "-c", "a.c", "-o", "a.o", "-MD"}, "gcc -c -MD");
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.h")) || run.has(DEJA_OP_OPEN, directory_ + "/a.h"));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, "/usr/include/stdio.h"));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, "/usr/local/include/stdio.h", ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.o")));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.d")));
  EXPECT_TRUE(run.all(DEJA_OP_ENVIRON, "").empty());  // gcc, cc1 and as are known
}

TEST_F(StraceTest, GxxC) {
  REQUIRE_TOOL("g++");
  write_sources();
  compare({find_tool("g++"), "-c", "b.cc", "-o", "b.o"}, "g++ -c");
}

TEST_F(StraceTest, GxxLink) {
  REQUIRE_TOOL("g++");
  write_sources();
  compare({find_tool("g++"), "b.cc", "-o", "b"}, "g++, linked");
}

TEST_F(StraceTest, GccLtoLink) {
  REQUIRE_TOOL("gcc");
  write_sources();
  compare({find_tool("gcc"), "-O2", "-flto", "a.c", "-o", "a"}, "gcc -flto, linked");
}

TEST_F(StraceTest, GccPipe) {
  REQUIRE_TOOL("gcc");
  write_sources();
  compare({find_tool("gcc"), "-pipe", "-g", "-gsplit-dwarf", "-c", "a.c", "-o", "a.o"},
          "gcc -pipe -gsplit-dwarf");
}

TEST_F(StraceTest, Clang14) {
  REQUIRE_TOOL("clang-14");
  write_sources();
  compare({find_tool("clang-14"), "-c", "a.c", "-o", "a.o", "-MD"}, "clang-14 -c -MD");
  compare({find_tool("clang-14"), "-x", "c++", "b.cc", "-lstdc++", "-o", "b"}, "clang-14, linked");
}

TEST_F(StraceTest, Clang19) {
  REQUIRE_TOOL("clang-19");
  write_sources();
  compare({find_tool("clang-19"), "-c", "a.c", "-o", "a.o"}, "clang-19 -c");
  compare({find_tool("clang-19"), "-fno-integrated-as", "-x", "c++", "b.cc", "-c", "-o", "b.o"},
          "clang-19 -fno-integrated-as");
}

TEST_F(StraceTest, ShellScript) {
  write("script",
        "#!/bin/sh\ncd sub 2>/dev/null || mkdir sub && cd sub\ncat ../a.h > copy\n[ -e nothing ] "
        "|| ls .. "
        ">/dev/null\nfor f in ../*; do test -f \"$f\"; done\nmv copy moved\nenv -i /bin/cat moved "
        ">/dev/null\n");
  write_sources();
  chmod(at("script").c_str(), 0755);
  const ToolRun run = compare({at("script")}, "sh");
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

TEST_F(StraceTest, PythonCalls) {
  REQUIRE_TOOL("python3");
  write_sources();
  compare({find_tool("python3"), "-c",
           "import ctypes, fcntl, mmap, os, sqlite3, tempfile, threading\n"
           "cat = lambda **k: os.waitpid(os.posix_spawn('/bin/cat', ['cat', 'a.h'], os.environ, "
           "**k), 0)\n"
           "cat(); cat(file_actions=[(os.POSIX_SPAWN_OPEN, 0, 'a.c', os.O_RDONLY, 0)])\n"
           "os.waitpid(os.posix_spawnp('cat', ['cat', 'a.h'], os.environ), 0)\n"
           "d = os.open('.', os.O_PATH); os.open('a.h', os.O_RDONLY, dir_fd=d)\n"
           "f = open('a.c', 'rb'); mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[0]\n"
           "o = open('o', 'wb'); os.sendfile(o.fileno(), f.fileno(), 0, 3); o.close()\n"
           "os.link('o', 'p'); os.rename('p', 'q'); os.symlink('q', 's'); os.chmod('q', 0o600)\n"
           "os.utime('q'); os.truncate('q', 1); os.mkfifo('r'); os.unlink('s'); os.rmdir"
           "(tempfile.mkdtemp(dir='.'))\n"
           "t = threading.Thread(target=lambda: [os.scandir('.'), os.path.exists('in-thread')])\n"
           "t.start(); t.join()\n"
           "c = sqlite3.connect('x.db'); c.execute('create table t(i)'); c.commit(); c.close()\n"
           "if os.fork() == 0:\n  os.stat('a.h'); os.path.exists('in-fork'); os._exit(0)\n"
           "os.wait(); os.execvp('cat', ['cat', 'a.h'])\n"},
          "python3, calls");
}

TEST_F(StraceTest, MakeAndAr) {
  REQUIRE_TOOL("make");
  REQUIRE_TOOL("ar");
  write_sources();
  write("Makefile", "lib.a: a.o\n\tar rcs $@ $<\na.o: a.c a.h\n\tgcc -c $< -o $@\n");
  compare({find_tool("make")}, "make, gcc, ar");
}

TEST_F(StraceTest, Cmake) {
  REQUIRE_TOOL("cmake");
  write("x.cmake",
        "file(GLOB_RECURSE all *)\nfile(WRITE out \"${all}\")\nexecute_process(COMMAND cat out)\n"
        "if(EXISTS nothing)\nendif()\n");
  compare({find_tool("cmake"), "-P", "x.cmake"}, "cmake -P");
}

}  // namespace
}  // namespace deja::observe
