// SPDX-License-Identifier: Apache-2.0
// L2: something that the compiler reads has changed, so no stored result may be served.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>

#include "e2e/setup.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Stale : public SetupTest {
 protected:
  // Compiles, changes something that shows in the output, and compiles again.
  void expect_noticed(const Argv& argv, const std::function<void()>& change) {
    const Trial before = ws.expect_same(argv);
    EXPECT_TRUE(before.result.ok()) << before.result;
    ws.let_engine_set_watches();
    ws.expect_hit(argv);
    change();
    const Trial after = ws.expect_same(argv);
    EXPECT_NE(difference(before.tree, after.tree), "") << "the change did not show in the output";
  }
  void link(const std::string& target, const std::string& name) {
    ws.remove(name);
    fs::create_symlink(target, ws.path(name));
  }
};

TEST_P(Stale, SourceIsEdited) {
  ws.write("a.c", "int a = 1;\n");
  expect_noticed({cc(), "-c", "a.c"}, [this] { ws.write("a.c", "int a = 2;\n"); });
}

TEST_P(Stale, HeaderIsEdited) {
  ws.write("h/deep.h", "#define V 1\n");
  ws.write("a.h", "#include \"h/deep.h\"\n");
  ws.write("a.c", "#include \"a.h\"\nint a = V;\n");
  expect_noticed({cc(), "-c", "a.c"}, [this] { ws.write("h/deep.h", "#define V 2\n"); });
}

// Maps a file and closes it; writes go on (docs/traps/mapped-writers.md).
class Mapping {
 public:
  explicit Mapping(const std::string& path) : size_(fs::file_size(path)) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    at_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    EXPECT_NE(at_, MAP_FAILED) << path;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(at_, size_); }
  void put(std::size_t at, char c) { static_cast<volatile char*>(at_)[at] = c; }

 private:
  const std::size_t size_;
  void* at_ = nullptr;
};

TEST_P(Stale, HeaderWrittenThroughAMappingOfOld) {
  ws.write("a.h", "int a = 1;\n");
  ws.write("a.c", "#include \"a.h\"\n");
  Mapping mapping(ws.path("a.h"));
  const Argv argv = {cc(), "-c", "a.c"};
  expect_noticed(argv, [&] { mapping.put(8, '2'); });
  // The second write to the page does not change the file's stamps.
  ws.let_engine_set_watches();
  ws.expect_hit(argv);
  mapping.put(8, '3');
  ws.expect_miss(argv);
  ws.expect_unchanged(argv);
}

TEST_P(Stale, HeaderWrittenThroughANewMapping) {
  ws.write("a.h", "int a = 1;\n");
  ws.write("a.c", "#include \"a.h\"\n");
  std::optional<Mapping> mapping;
  expect_noticed({cc(), "-c", "a.c"}, [&] {
    mapping.emplace(ws.path("a.h"));
    mapping->put(8, '2');
    ::poll(nullptr, 0, 300);  // a running engine may take the file for unchanged for 200 ms
  });
}

// A name that means another file for each process; nothing read through it is remembered.
TEST_P(Stale, HeaderByTheProgramsOwnDirectory) {
  const Argv argv = {cc(), "-c", "a.c", "-o", "a.o"};
  ws.write("a.c", "#include \"/proc/self/cwd/own.h\"\n");
  for (const char* text : {"int one;\n", "int two;\n"}) {
    ws.write("own.h", text);
    EXPECT_TRUE(ws.deja(argv).ok());
    const std::string made = ws.read("a.o");
    EXPECT_TRUE(ws.run(argv).ok());
    EXPECT_EQ(ws.read("a.o"), made);
  }
}

TEST_P(Stale, HeaderIsEditedWithSameSizeAndTime) {
  ws.write("a.h", "#define V 1\n");
  ws.write("a.c", "#include \"a.h\"\nint a = V;\n");
  struct stat st = {};
  ASSERT_EQ(::stat(ws.path("a.h").c_str(), &st), 0);
  expect_noticed({cc(), "-c", "a.c"}, [&] {
    ws.write("a.h", "#define V 2\n");
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, ws.path("a.h").c_str(), times, 0), 0);
  });
}

TEST_P(Stale, HeaderAppearsEarlierOnThePath) {
  ws.make_directory("first");
  ws.write("second/v.h", "#define V 1\n");
  ws.write("a.c", "#include <v.h>\nint a = V;\n");
  expect_noticed({cc(), "-Ifirst", "-Isecond", "-c", "a.c"},
                 [this] { ws.write("first/v.h", "#define V 2\n"); });
}

TEST_P(Stale, SearchDirectoryAppearsLater) {
  ws.write("second/v.h", "#define V 1\n");
  ws.write("a.c", "#include <v.h>\nint a = V;\n");
  expect_noticed({cc(), "-Ifirst", "-Isecond", "-c", "a.c"},
                 [this] { ws.write("first/v.h", "#define V 2\n"); });
}

TEST_P(Stale, HeaderIsRemovedAndAnotherTakesItsPlace) {
  ws.write("first/v.h", "#define V 1\n");
  ws.write("second/v.h", "#define V 2\n");
  ws.write("a.c", "#include <v.h>\nint a = V;\n");
  expect_noticed({cc(), "-Ifirst", "-Isecond", "-c", "a.c"}, [this] { ws.remove("first/v.h"); });
}

TEST_P(Stale, HeaderIsRemoved) {
  ws.write("v.h", "#define V 1\n");
  ws.write("a.c", "#include \"v.h\"\nint a = V;\n");
  ws.expect_same({cc(), "-c", "a.c"});
  ws.remove("v.h");
  ws.expect_unchanged({cc(), "-c", "a.c"});
  EXPECT_FALSE(ws.run(Workspace::with_deja({cc(), "-c", "a.c"})).ok());
}

TEST_P(Stale, HasIncludeFlips) {
  ws.write("a.c", "#if __has_include(\"opt.h\")\nint with;\n#else\nint without;\n#endif\n");
  expect_noticed({cc(), "-c", "a.c"}, [this] { ws.write("opt.h", ""); });
  expect_noticed({cc(), "-O1", "-c", "a.c"}, [this] { ws.remove("opt.h"); });
}

TEST_P(Stale, IncludeNextFindsAnother) {
  ws.write("first/v.h", "#include_next <v.h>\n");
  ws.write("third/v.h", "#define V 3\n");
  ws.write("a.c", "#include <v.h>\nint a = V;\n");
  expect_noticed({cc(), "-Ifirst", "-Isecond", "-Ithird", "-c", "a.c"},
                 [this] { ws.write("second/v.h", "#define V 2\n"); });
}

TEST_P(Stale, SymlinkedHeaderLeadsElsewhere) {
  ws.write("one.h", "#define V 1\n");
  ws.write("two.h", "#define V 2\n");
  link("one.h", "v.h");
  ws.write("a.c", "#include \"v.h\"\nint a = V;\n");
  expect_noticed({cc(), "-c", "a.c"}, [this] { link("two.h", "v.h"); });
}

TEST_P(Stale, SymlinkedDirectoryLeadsElsewhere) {
  ws.write("one/v.h", "#define V 1\n");
  ws.write("two/v.h", "#define V 2\n");
  link("one", "current");
  ws.write("a.c", "#include <v.h>\nint a = V;\n");
  expect_noticed({cc(), "-Icurrent", "-c", "a.c"}, [this] { link("two", "current"); });
}

TEST_P(Stale, CompilerIsReplacedUnderItsName) {
  const auto compiler = [this](int value) {
    return "#!/bin/sh\nexec '" + find_program(cc()) + "' -DV=" + std::to_string(value) +
           " \"$@\"\n";
  };
  ws.script(cc(), compiler(1));
  ws.write("a.c", "int a = V;\n");
  expect_noticed({cc(), "-c", "a.c"}, [&] { ws.script(cc(), compiler(2)); });
}

// The compiler is a script that asks a program for its options; the program uses a library.
TEST_P(Stale, LibraryAppearsInAnEarlierDirectory) {
  const auto make_library = [this](const std::string& directory, int value) {
    ws.make_directory(directory);
    ws.write("v.c", "int v(void) { return " + std::to_string(value) + "; }\n");
    const std::string file = ws.path(directory) + "/libv.so";
    ASSERT_TRUE(ws.run({"gcc", "-shared", "-fPIC", "-o", file, "v.c"}).ok());
    ws.remove("v.c");
  };
  ws.write("a.c", "int a = V;\n");
  ws.write("ask.c",
           "int printf(const char*, ...);\nint v(void);\nint main(void) { return "
           "printf(\"%d\", v()) < 0; }\n");
  for (const std::string way : {"runpath", "rpath", "variable"}) {
    SCOPED_TRACE(way);
    make_library(way + "/late", 1);
    const std::string ask = ws.path(way) + "/ask", directory = ws.path(way);
    Argv build = {"gcc", "ask.c", "-L" + directory + "/late", "-lv", "-o", ask};
    if (way != "variable") {
      build.push_back("-Wl,-rpath,$ORIGIN/early:$ORIGIN/late");
      build.push_back(way == "rpath" ? "-Wl,--disable-new-dtags" : "-Wl,--enable-new-dtags");
    }
    ASSERT_TRUE(ws.run(build).ok());
    ws.make_directory(way + "/early");
    const std::string set =
        way == "variable" ? "LD_LIBRARY_PATH='" + directory + "/early:" + directory + "/late' "
                          : "";
    ws.script(cc(), "#!/bin/sh\nexec '" + find_program(cc()) + "' -DV=$(" + set + "'" + ask +
                        "') \"$@\"\n");
    expect_noticed({cc(), "-c", "a.c"}, [&] { make_library(way + "/early", 2); });
  }
}

TEST_P(Stale, ResponseFileIsEdited) {
  ws.write("flags", "-DV=1");
  ws.write("a.c", "int a = V;\n");
  expect_noticed({cc(), "@flags", "-c", "a.c"}, [this] { ws.write("flags", "-DV=2"); });
}

TEST_P(Stale, FileNamedByAnAssemblerDirectiveIsEdited) {
  ws.write("data", "1");
  ws.write("a.c", "__asm__(\".incbin \\\"data\\\"\");\n");
  const Argv argv = {cc(), "-c", "a.c"};
  const Trial before = ws.expect_unchanged(argv);
  ws.write("data", "2");
  const Trial after = ws.expect_unchanged(argv);
  EXPECT_NE(difference(before.tree, after.tree), "");
}

TEST_P(Stale, TimeIsNeverServedAgain) {
  ws.write("a.c", "const char* t = __TIME__;\n");
  ASSERT_TRUE(ws.deja({cc(), "-c", "a.c"}).ok());
  const std::string first = ws.read("a.o");
  const time_t then = ::time(nullptr);
  ASSERT_TRUE(wait_until([then] { return ::time(nullptr) > then; }));
  ASSERT_TRUE(ws.deja({cc(), "-c", "a.c"}).ok());
  EXPECT_NE(ws.read("a.o"), first);
}

TEST_P(Stale, UnusedMentionOfTheDateIsAHit) {
  ws.write("a.c", "#ifdef NEVER\nconst char* t = __DATE__;\n#endif\nint a;\n");
  ws.expect_same({cc(), "-c", "a.c"});
}

TEST_P(Stale, TimestampFollowsTheFile) {
  ws.write("a.c", "const char* t = __TIMESTAMP__;\n");
  const Argv argv = {cc(), "-c", "a.c"};
  const Trial before = ws.expect_unchanged(argv);
  const struct timespec times[2] = {{86400 * 365, 0}, {86400 * 365, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, ws.path("a.c").c_str(), times, 0), 0);
  const Trial after = ws.expect_unchanged(argv);
  EXPECT_NE(difference(before.tree, after.tree), "");
}

TEST_P(Stale, SourceDateEpochIsKeyed) {
  ws.write("a.c", "const char* t = __DATE__ __TIME__;\n");
  const Argv argv = {cc(), "-c", "a.c"};
  ws.expect_same(argv, {.env = {"SOURCE_DATE_EPOCH=1"}});
  const std::string first = ws.read("a.o");
  ws.expect_same(argv, {.env = {"SOURCE_DATE_EPOCH=100000000"}});
  EXPECT_NE(ws.read("a.o"), first);
  ws.expect_hit(argv, {.env = {"SOURCE_DATE_EPOCH=1"}});
  EXPECT_EQ(ws.read("a.o"), first);
}

EVERY_SETUP(Stale);

}  // namespace
}  // namespace deja::test
