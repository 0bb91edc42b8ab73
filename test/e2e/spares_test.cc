// SPDX-License-Identifier: Apache-2.0
// Copies that are made ahead of hits (store/spares.h), seen from outside.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Spares : public ::testing::Test {
 protected:
  void SetUp() override {
    ws.write("a.c", "int a[100000] = {1};\n");
    ws.let_settle("a.c");
  }
  Argv compile() const { return {"gcc", "-c", "a.c", "-o", "a.o"}; }
  static ino_t inode(const std::string& path) {
    struct stat st = {};
    return ::stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
  }
  // The path of the only spare, once there is one; empty: none comes.
  std::string spare() const {
    for (int i = 0; i < 100; ++i) {
      std::error_code none;
      for (const auto& entry : std::filesystem::directory_iterator(ws.cache() + "/spares", none))
        if (entry.is_symlink())
          return entry.path().string().substr(0, entry.path().string().size() - 3);
      ws.let_engine_set_watches();
    }
    return {};
  }

  Workspace ws;
};

#define SKIP_WITHOUT_SPARES(spare) \
  if ((spare).empty())             \
  GTEST_SKIP() << "no spares are made: files share blocks, or the disk is full: " << ws.cache()

TEST_F(Spares, AHitTakesOneAndTheNextIsMade) {
  ws.run(compile());
  const Tree wanted = ws.tree();
  ws.remove("a.o");
  ws.expect_miss(compile());
  for (int i = 0; i < 3; ++i) {
    const std::string path = spare();
    SKIP_WITHOUT_SPARES(path);
    const ino_t number = inode(path);
    ws.remove("a.o");
    ws.expect_hit(compile());
    EXPECT_EQ(inode(ws.path("a.o")), number) << "it was copied";
    EXPECT_EQ(ws.tree(), wanted);
  }
}

TEST_F(Spares, AnEditedOneIsNotTaken) {
  ws.expect_miss(compile());
  const Tree wanted = ws.tree();
  const std::string path = spare();
  SKIP_WITHOUT_SPARES(path);
  struct stat before = {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  ws.run({"sh", "-c", "printf X | dd of=" + path + " bs=1 seek=1000 conv=notrunc status=none"});
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  ws.remove("a.o");
  ws.expect_hit(compile());
  EXPECT_EQ(ws.tree(), wanted);
}

TEST_F(Spares, TheUmaskDecidesOnTheMode) {
  ws.expect_miss(compile());
  SKIP_WITHOUT_SPARES(spare());
  ws.remove("a.o");
  const mode_t before = ::umask(077);
  ws.deja(compile());
  ::umask(before);
  struct stat st = {};
  ASSERT_EQ(::stat(ws.path("a.o").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
}

TEST_F(Spares, TheSettingTurnsThemOff) {
  ws.write(ws.home() + "/.config/deja/config.toml", "store.spares = 0\n");
  ws.expect_miss(compile());
  for (int i = 0; i < 5; ++i) ws.let_engine_set_watches();
  EXPECT_FALSE(std::filesystem::exists(ws.cache() + "/spares"));
}

}  // namespace
}  // namespace deja::test
