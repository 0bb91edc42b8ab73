// SPDX-License-Identifier: Apache-2.0
// Variables that list directories count by what they lead to (evidence/searches.h). Each test names a
// way in which another text of one leads to something else.
#include <filesystem>

#include "diff/family.h"

namespace deja::test {
namespace {

class SearchVariables : public Family {
 protected:
  std::string path_behind(const std::string& front) const {
    return "PATH=" + front + ":" + ws.bin() + ":/usr/bin:/bin";
  }
  // The same command under two environments.
  Verdict under(const Argv& argv, const std::string& first, const std::string& then) {
    warm_up(ws, {argv, {.env = {first}}});
    const Command other = {argv, {.env = {then}}};
    const Verdict verdict = judge(ws, other);
    EXPECT_FALSE(verdict.is_wrong()) << first << "; " << as_shell(other) << "\n"
                                     << verdict.event << "\n"
                                     << verdict.difference;
    return verdict;
  }
  void write_asking() {
    ws.write("a.c", "#if __has_include(<h.h>)\n#include <h.h>\nint h = H;\n#endif\nint a;\n");
  }
};

// --- what leads elsewhere in another process ---

TEST_F(SearchVariables, AHeaderBelowTheProcessesOwnName) {
  write_asking();
  ws.write("late/h.h", "#define H 1\n");
  under(kCompile, "CPATH", "CPATH=/proc/self/cwd/late");
  under({"gcc", "-O1", "-c", "a.c"}, "CPATH", "CPATH=/proc/thread-self/cwd/late");
  std::filesystem::create_symlink("/proc/self/cwd", ws.path("here"));
  under({"gcc", "-O2", "-c", "a.c"}, "CPATH", "CPATH=" + ws.path("here/late"));
}

TEST_F(SearchVariables, AnAssemblerBelowTheProcessesOwnName) {
  ws.write("a.c", "int a;\n");
  ws.write("late/as", marking_as(3), 0755);
  under(kCompile, path_behind("/nowhere"), path_behind("/proc/self/cwd/late"));
}

TEST_F(SearchVariables, TheWorkingDirectoryByTheProcessesOwnName) {
  ws.write("a.c", "int a;\n");
  for (const char* level : {"-g", "-g1", "-g3"})
    under({"gcc", level, "-c", "a.c"}, "PWD=" + ws.work(), "PWD=/proc/self/cwd");
}

// It is deja itself that looks for this one.
TEST_F(SearchVariables, ACompilerBelowTheProcessesOwnName) {
  ws.write("a.c", "int a;\n");
  ws.write("late/gcc", "#!/bin/sh\nexec /usr/bin/gcc -DLATE -Da=b \"$@\"\n", 0755);
  const Options options = {.env = {path_behind("/proc/self/cwd/late")}};
  const auto by_shell = [&](const std::string& front) {
    const Result run = ws.run({"sh", "-c", front + "gcc -c a.c && cat a.o"}, options);
    EXPECT_TRUE(run.ok()) << run;
    return run.out;
  };
  const std::string bare = by_shell("");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(by_shell("'" + Workspace::program() + "' "), bare);
}

// --- what leads to nothing, and yet counts ---

TEST_F(SearchVariables, AFileOnTheWayIsAnErrorOfGcc) {
  write_asking();
  ws.write("file", "");
  under(kCompile, "CPATH", "CPATH=" + ws.path("file/x"));
}

TEST_F(SearchVariables, AFileTakesThePlaceOfNothing) {
  write_asking();
  after({{"gcc", "-Id/x", "-c", "a.c"}, {}}, [&] { ws.write("d", ""); });
}

TEST_F(SearchVariables, AFileTakesThePlaceOfNothingInAVariable) {
  write_asking();
  after({kCompile, {.env = {"CPATH=" + ws.path("d/x")}}}, [&] { ws.write("d", ""); });
}

// gcc complains of what is missing for another reason than that there is no such name.
TEST_F(SearchVariables, ReasonsWhyNothingIsThere) {
  write_asking();
  const std::string too_long = "d/" + std::string(300, 'x');
  const auto make = [&](const std::string& what) {
    ws.remove("d");
    if (what == "file") ws.write("d", "");
    if (what == "circle") std::filesystem::create_symlink("d", ws.path("d"));
    if (what == "directory") ws.make_directory("d");
  };
  int n = 0;
  for (const std::string& searched : {std::string("d"), std::string("d/x"), too_long}) {
    for (const char* what : {"file", "circle", "directory"}) {
      const Command command = {{"gcc", "-DN=" + std::to_string(++n), "-I" + searched, "-c", "a.c"},
                               {}};
      make("");
      after(command, [&] { make(what); });
      after(command, [&] { make(""); });
    }
  }
}

TEST_F(SearchVariables, ANameThatIsTooLongIsSearchedFor) {
  NEEDS_TOOL("clang-19");
  ws.write("a.c", "int a;\n");
  ws.write("front/as", marking_as(3), 0755);
  const std::string first = ws.path(std::string(300, 'x'));
  under({"clang-19", "-fno-integrated-as", "-c", "a.c"}, path_behind(first),
        path_behind(first + ":" + ws.path("front")));
}

TEST_F(SearchVariables, TheBeginningOfAProgramsName) {
  NEEDS_TOOL("clang-19");
  ws.write("a.c", "int a;\n");
  ws.write("pre-as", marking_as(3), 0755);
  under({"clang-19", "-fno-integrated-as", "-c", "a.c"}, "COMPILER_PATH",
        "COMPILER_PATH=" + ws.path("pre-"));
}

TEST_F(SearchVariables, ADirectoryOfAnOverlay) {
  NEEDS_TOOL("clang-19");
  write_asking();
  ws.write("real.h", "#define H 1\n");
  ws.write("o.yaml",
           "{\"version\": 0, \"roots\": [{\"type\": \"directory\", \"name\": \"/virtual\", "
           "\"contents\": [{\"type\": \"file\", \"name\": \"h.h\", \"external-contents\": \"" +
               ws.path("real.h") + "\"}]}]}\n");
  under({"clang-19", "-ivfsoverlay", "o.yaml", "-c", "a.c"}, "CPATH", "CPATH=/virtual");
}

TEST_F(SearchVariables, ATreeHoldsTheSearchPath) {
  NEEDS_TOOL("clang-19");
  ws.write("m.cppm", "export module m;\nexport int a = 1;\n");
  under({"clang++-19", "-std=c++20", "-fmodule-output=m.pcm", "-c", "m.cppm"}, "CPATH",
        "CPATH=/nowhere");
  under({"clang++-19", "-std=c++20", "--precompile", "m.cppm", "-o", "m.pcm"}, "CPATH",
        "CPATH=/nowhere");
  ws.write("a.h", "int h;\n");
  under({"clang-19", "-x", "c-header", "a.h", "-o", "a.h.pch"}, "CPATH", "CPATH=/nowhere");
  under({"gcc", "-x", "c-header", "a.h", "-o", "a.h.gch"}, "CPATH", "CPATH=/nowhere");
  under({"g++", "-std=c++20", "-fmodules-ts", "-x", "c++", "-c", "m.cppm"}, "CPATH",
        "CPATH=/nowhere");
}

TEST_F(SearchVariables, ALinkerTellsWhereItLooks) {
  ws.write("a.c", "int main(void) { return 0; }\n");
  ws.run({"gcc", "-c", "a.c"});  // that its name is not a temporary one's
  ws.write("more.rsp", "--verbose");
  for (const char* cc : {"gcc", "clang-19"}) {
    if (find_program(cc).empty()) continue;
    for (const char* option :
         {"-Wl,--verb", "-Wl,@more.rsp", "-Wl,--verbose", "-Wl,-dll-verbose", "-Wl,--trace",
          "-Wl,-M", "-Wl,--stats", "-Wl,-v", "-Wl,-V", "-Wl,-debug", "-Wl,--print-map"})
      under({cc, "a.o", option, "-o", "a"}, "LIBRARY_PATH", "LIBRARY_PATH=/nowhere");
    for (const char* option : {"--verb", "@more.rsp"})
      under({cc, "a.o", "-Xlinker", option, "-o", "a"}, "LIBRARY_PATH", "LIBRARY_PATH=/nowhere");
    ws.write("v.rsp", "-Wl,--verb");
    under({cc, "a.o", "@v.rsp", "-o", "a"}, "LIBRARY_PATH", "LIBRARY_PATH=/nowhere");
  }
}

TEST_F(SearchVariables, ACompilerTellsWhereItLooks) {
  ws.write("a.c", "int main(void) { return 0; }\n");
  for (const char* cc : {"gcc", "clang-19"}) {
    if (find_program(cc).empty()) continue;
    for (const char* option :
         {"-Wp,-v", "-v", "-Wp,-P,-v", "-Wp,-version", "-Wmissing-include-dirs", "-H"})
      under({cc, "-c", option, "a.c"}, "CPATH", "CPATH=/nowhere");
    under({cc, "-c", "-Xpreprocessor", "-v", "a.c"}, "CPATH", "CPATH=/nowhere");
    for (const char* option : {"-print-search-dirs", "-print-file-name=crt1.o"}) {
      under({cc, option}, "LIBRARY_PATH", "LIBRARY_PATH=/nowhere");
      under({cc, option}, "COMPILER_PATH", "COMPILER_PATH=/nowhere");
    }
  }
}

// --- searches for programs ---

TEST_F(SearchVariables, AnUntidyFirstDirectory) {
  ws.write("a.c", "int a;\n");
  ws.make_directory("empty");
  ws.make_directory("other");
  ws.write("front/as", marking_as(3), 0755);
  int n = 0;
  for (const std::string& first :
       {ws.path("empty") + "/", ws.path("empty") + "//", "/" + ws.path("empty"),
        ws.path("other/../empty"), ws.path("empty/."), ws.path("nowhere/"), std::string("empty/"),
        std::string("./empty"), std::string("."), std::string("./"), std::string(""),
        std::string(":") + ws.path("empty"), ws.path("empty") + "/./", std::string("../work"),
        ws.path("file-to-be"), std::string("/proc/self/cwd/empty")}) {
    const Argv argv = {"gcc", "-DN=" + std::to_string(++n), "-c", "a.c"};
    under(argv, path_behind(first), path_behind(first + ":" + ws.path("front")));
    under({"gcc", "-DM=" + std::to_string(n), "-c", "a.c"}, path_behind(first),
          path_behind(ws.path("front")));
  }
}

TEST_F(SearchVariables, AProgramThatCannotBeStartedIsPassedOver) {
  ws.write("a.c", "int a;\n");
  ws.write("broken/as", "#!/nowhere/sh\n", 0755);
  ws.write("front/as", marking_as(3), 0755);
  ws.make_directory("empty");
  under(kCompile, path_behind(ws.path("broken") + ":" + ws.path("empty")),
        path_behind(ws.path("broken") + ":" + ws.path("front")));
}

// --- the loader ---

// ld appends the whole name that a library needs, also one with a slash.
TEST_F(SearchVariables, ALibraryNeedsOneByAWay) {
  ws.write("w.c", "int w(void) { return 1; }\n");
  ws.write("v.c", "int w(void);\nint v(void) { return w(); }\n");
  ws.write("a.c", "int v(void);\nint main(void) { return v(); }\n");
  for (const char* name : {"one/empty", "one/lib", "two/empty"}) ws.make_directory(name);
  ASSERT_TRUE(ws.run({"gcc", "-shared", "-fPIC", "w.c", "-Wl,-soname,../lib/libw.so", "-o",
                      "one/lib/libw.so"})
                  .ok());
  ASSERT_TRUE(ws.run({"gcc", "-shared", "-fPIC", "v.c", "one/lib/libw.so", "-o", "libv.so"}).ok());
  under({"gcc", "a.c", "libv.so", "-o", "a"}, "LD_LIBRARY_PATH=" + ws.path("one/empty"),
        "LD_LIBRARY_PATH=" + ws.path("two/empty"));
  under({"gcc", "-O1", "a.c", "libv.so", "-o", "a"}, "LD_LIBRARY_PATH=" + ws.path("one/empty"),
        "LD_LIBRARY_PATH");
}

// Directories for better processors, below one for better processors.
TEST_F(SearchVariables, ALibraryForBetterProcessors) {
  ws.write("a.c", "int a;\n");
  for (const std::string name :
       {"tls/x86_64", "haswell/x86_64", "tls/haswell/x86_64", "glibc-hwcaps/x86-64-v2", "x86_64"}) {
    ws.make_directory("libs/" + name);
    const Argv argv = {"gcc", "-DIN=" + name, "-c", "a.c"};
    const Command command = {argv, {.env = {"LD_LIBRARY_PATH=" + ws.path("libs")}}};
    after(command, [&] { ws.write("libs/" + name + "/libmpc.so.3", "no library", 0755); });
    ws.remove("libs");
  }
}

}  // namespace
}  // namespace deja::test
