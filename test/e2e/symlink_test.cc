// SPDX-License-Identifier: Apache-2.0
// Directories with two names: a file made under one name and removed under the other is one file.
#include <filesystem>

#include "e2e/cargo.h"
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Symlink : public SetupTest {
 protected:
  // work/link is a link to a directory outside of work.
  void SetUp() override {
    SetupTest::SetUp();
    std::filesystem::create_directories(real());
    std::filesystem::create_symlink(real(), ws.path("link"));
    ws.write("a.c", "int a;\n");
  }
  std::string real() const { return ws.base() + "/real"; }
};

TEST_P(Symlink, OutputsBehindOne) {
  ws.make_directory(real() + "/out");
  const Argv argv = {cc(), "-c", "a.c", "-MD", "-o", "link/out/a.o"};
  ws.expect_miss(argv);
  const std::string object = ws.read(real() + "/out/a.o");
  ws.remove(real() + "/out/a.o");
  ws.remove(real() + "/out/a.d");
  ws.expect_hit(argv);
  EXPECT_TRUE(ws.read(real() + "/out/a.o") == object);
  EXPECT_TRUE(ws.exists(real() + "/out/a.d"));
}

TEST_P(Symlink, TemporaryFilesBehindOne) {
  ws.write("main.c", "int main(void) { return 0; }\n");
  ws.set("TMPDIR=" + ws.path("link"));
  ws.expect_same({cc(), "-c", "a.c"});
  ws.expect_same({cc(), "-save-temps", "-c", "a.c"});
  ws.expect_same({cc(), "main.c", "a.c", "-o", "p"});
}

EVERY_COMPILER(Symlink);

class ScriptsAndSymlinks : public ModeTest {
 protected:
  Result expect(const std::string& outcome, const std::string& script) {
    const Argv argv = {"exec", "--pass-env", "PATH", "--", "sh", "-c", script};
    const Result result = ws.deja(argv);
    EXPECT_TRUE(result.ok()) << result;
    EXPECT_EQ(ws.last_event().outcome, outcome) << script << '\n' << ws.last_event();
    return result;
  }
};

TEST_P(ScriptsAndSymlinks, ArchiveBehindOne) {
  ws.make_directory("real/in");
  std::filesystem::create_symlink("real/in", ws.path("link"));
  ws.write("a.c", "int a;\n");
  ASSERT_TRUE(ws.run({"gcc", "-c", "a.c"}).ok());
  ws.expect_same({"ar", "rcs", "link/lib.a", "a.o"});
}

// A temporary directory, made under one name and removed under the other, with its content.
TEST_P(ScriptsAndSymlinks, TemporaryDirectories) {
  ws.make_directory("real");
  std::filesystem::create_symlink("real", ws.path("link"));
  ws.write("in", "text\n");
  const std::string script =
      "mkdir -p link/t/u && cp in link/t/u/f && mv link/t/u real/t/v && cp real/t/v/f out && "
      "rm -r real/t";
  expect("miss", script);
  ws.remove("out");
  expect("hit", script);
  EXPECT_EQ(ws.read("out"), "text\n");
  EXPECT_FALSE(ws.exists("real/t"));
}

// A file that a script reads through its own symlink is an input under its real name.
TEST_P(ScriptsAndSymlinks, SymlinksOfTheRunItself) {
  ws.make_directory("data");
  ws.write("data/in", "one\n");
  const std::string script =
      "ln -s data l && cat l/in >out; test -e l/other && echo other >>out; rm l";
  expect("miss", script);
  expect("hit", script);
  ws.write("data/in", "two\n");
  expect("miss", script);
  EXPECT_EQ(ws.read("out"), "two\n");
  expect("hit", script);
  ws.write("data/other", "");
  expect("miss", script);
  EXPECT_EQ(ws.read("out"), "two\nother\n");
}

// The same for a symlink that is the last component.
TEST_P(ScriptsAndSymlinks, FilesByASymlinkOfTheRunItself) {
  ws.write("in", "one\n");
  const std::string script = "ln -s in l && cat l >out; rm l";
  expect("miss", script);
  expect("hit", script);
  ws.write("in", "two\n");
  expect("miss", script);
  EXPECT_EQ(ws.read("out"), "two\n");
}

// After a symlink that was written through is replaced, the written file is unknown.
TEST_P(ScriptsAndSymlinks, SymlinksThatAreReplaced) {
  ws.make_directory("one");
  ws.make_directory("two");
  const std::string script = "echo x >l/f; rm l; ln -s two l";
  for (int round = 0; round < 2; ++round) {
    ws.remove("l");
    ws.remove("one/f");
    std::filesystem::create_symlink("one", ws.path("l"));
    expect("miss", script);
    EXPECT_EQ(ws.read("one/f"), "x\n");
    EXPECT_EQ(std::filesystem::read_symlink(ws.path("l")), "two");
  }
}

EVERY_MODE(ScriptsAndSymlinks);

class CargoSymlink : public CargoTest {};

// rustc creates its metadata in a directory that it removes by its real name.
TEST_P(CargoSymlink, TargetDirectoryBehindOne) {
  ws.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
  ws.write("src/main.rs", "fn main() {}\n");
  const std::string real = ws.base() + "/target";
  std::filesystem::create_directories(real);
  std::filesystem::create_symlink(real, ws.path("target"));
  ASSERT_TRUE(cargo(ws.work(), {"build"}).ok());
  EXPECT_EQ(outcomes("a"), "a miss");
  for (const auto& entry : std::filesystem::directory_iterator(real))
    std::filesystem::remove_all(entry.path());
  ASSERT_TRUE(cargo(ws.work(), {"build"}).ok());
  EXPECT_EQ(outcomes("a"), "a hit");
}

EVERY_MODE(CargoSymlink);

}  // namespace
}  // namespace deja::test
