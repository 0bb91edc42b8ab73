// SPDX-License-Identifier: Apache-2.0
// L6: a hit treats a file at the output's place as the tool itself would.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "e2e/setup.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Output : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    ws.write("a.c", "int a;\n");
  }
  // Describes the whole directory, with kinds, modes, link counts and targets.
  std::string describe() {
    return ws.run({"sh", "-c", "find . -mindepth 1 -printf '%P %y %m %n %l\\n' | sort"}).out;
  }
  // Stores a result. Then the tool and deja each find the same thing at the output's place.
  void expect_treated_alike(const std::function<void(const std::string&)>& plant,
                            const std::string& output, Argv argv) {
    SCOPED_TRACE(output);
    argv.insert(argv.begin(), cc());
    const Tree clean = ws.tree();
    ws.expect_miss(argv);
    const auto attempt = [&](const Argv& command) {
      ws.restore(clean);
      plant(output);
      Trial trial;
      trial.result = ws.run(command);
      trial.tree = ws.tree();
      return std::pair(trial, describe());
    };
    const auto [bare, bare_text] = attempt(argv);
    const auto [got, got_text] = attempt(Workspace::with_deja(argv));
    EXPECT_EQ(got.result, bare.result);
    EXPECT_EQ(difference(bare.tree, got.tree), "") << ws.last_event();
    EXPECT_EQ(got_text, bare_text) << ws.last_event();
    ws.restore(clean);
  }
  // `plant` creates something at the path it is given. Assembler, compiler and preprocessor open
  // their outputs in different ways: they replace it, or truncate it in place.
  void expect_treated_alike(const std::function<void(const std::string&)>& plant) {
    expect_treated_alike(plant, "a.o", {"-c", "a.c"});
    expect_treated_alike(plant, "a.s", {"-S", "a.c"});
    expect_treated_alike(plant, "a.i", {"-E", "a.c", "-o", "a.i"});
    expect_treated_alike(plant, "b.d", {"-MD", "-MF", "b.d", "-c", "a.c", "-o", "b.o"});
  }
};

TEST_P(Output, GoesWhereItIsAskedFor) {
  ws.make_directory("out/deep");
  ws.expect_same({cc(), "-c", "a.c", "-o", "out/deep/x.o"});
  ws.expect_same({cc(), "-c", "a.c", "-o", ws.path("out/y.o")});
}

TEST_P(Output, DirectoryThatIsMissingIsTheToolsError) {
  const Trial bare = ws.expect_unchanged({cc(), "-c", "a.c", "-o", "none/a.o"});
  EXPECT_NE(bare.result.exit_code, 0);
}

TEST_P(Output, DirectoryThatIsMissingAfterAMissIsTheToolsError) {
  ws.make_directory("out");
  ws.expect_miss({cc(), "-c", "a.c", "-o", "out/a.o"});
  ws.remove("out");
  const Trial bare = ws.expect_unchanged({cc(), "-c", "a.c", "-o", "out/a.o"});
  EXPECT_NE(bare.result.exit_code, 0);
}

TEST_P(Output, OverAnOlderOne) {
  expect_treated_alike([this](const std::string& place) { ws.write(place, "old"); });
}

TEST_P(Output, OverOneWithAnotherMode) {
  expect_treated_alike([this](const std::string& place) { ws.write(place, "old", 0755); });
}

TEST_P(Output, OverAReadOnlyOne) {
  expect_treated_alike([this](const std::string& place) { ws.write(place, "old", 0444); });
}

TEST_P(Output, OverASymlink) {
  expect_treated_alike([this](const std::string& place) {
    ws.write("target", "old");
    fs::create_symlink("target", ws.path(place));
  });
}

TEST_P(Output, OverADanglingSymlink) {
  expect_treated_alike(
      [this](const std::string& place) { fs::create_symlink("nowhere", ws.path(place)); });
}

TEST_P(Output, OverASymlinkToADirectory) {
  expect_treated_alike([this](const std::string& place) {
    ws.make_directory("directory");
    fs::create_symlink("directory", ws.path(place));
  });
}

TEST_P(Output, OverAHardLink) {
  expect_treated_alike([this](const std::string& place) {
    ws.write("other", "precious");
    fs::create_hard_link(ws.path("other"), ws.path(place));
  });
}

TEST_P(Output, OverADirectory) {
  expect_treated_alike([this](const std::string& place) { ws.make_directory(place); });
}

TEST_P(Output, OverAPipe) {
  // A reader, so that the compiler does not block.
  ws.expect_miss({cc(), "-c", "a.c"});
  ws.remove("a.o");
  ASSERT_EQ(::mkfifo(ws.path("a.o").c_str(), 0600), 0);
  const int reader = ::open(ws.path("a.o").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  EXPECT_FALSE(ws.deja({cc(), "-c", "a.c"}).hung);
  struct stat st = {};
  ASSERT_EQ(::lstat(ws.path("a.o").c_str(), &st), 0);
  EXPECT_TRUE(S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode));
  ::close(reader);
}

TEST_P(Output, NullDeviceStaysADevice) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(ws.deja({cc(), "-c", "a.c", "-o", "/dev/null"}).ok());
    struct stat st = {};
    ASSERT_EQ(::lstat("/dev/null", &st), 0);
    ASSERT_TRUE(S_ISCHR(st.st_mode)) << "/dev/null was replaced";
    ASSERT_EQ(major(st.st_rdev), 1u);
  }
  EXPECT_FALSE(ws.exists("a.o"));
}

TEST_P(Output, InADirectoryThatIsASymlink) {
  ws.make_directory("real");
  fs::create_symlink("real", ws.path("out"));
  ws.expect_same({cc(), "-c", "a.c", "-o", "out/a.o"});
}

TEST_P(Output, OverItsOwnSourceIsNeverServedWrong) {
  ws.write("a.c", "int a;\n");
  ws.expect_unchanged({cc(), "-E", "a.c", "-o", "a.c"});
}

EVERY_SETUP(Output);

}  // namespace
}  // namespace deja::test
