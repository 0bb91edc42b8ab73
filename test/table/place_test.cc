// SPDX-License-Identifier: Apache-2.0
#include "client/place.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "os/directory_test.h"
#include "os/file.h"
#include "os/spare.h"
#include "wire/answer_table.h"
#include "wire/codec.h"

namespace deja {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kUmask = 022;

class PlaceTest : public os::DirectoryTest {
 protected:
  void SetUp() override { before_ = ::umask(kUmask); }
  void TearDown() override { ::umask(before_); }

  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    ASSERT_TRUE(os::write_file_atomic(at(name), text, mode));
  }
  std::string text(const std::string& name) const {
    const auto read = os::read_file(at(name));
    return read ? *read : "nothing";
  }
  mode_t mode(const std::string& name) const { return (*os::stat_file(at(name)))->mode & 07777; }

  void add_path(const std::string& name) {
    const std::string path = at(name);
    w_.text({path.c_str(), path.size() + 1});
  }
  void add_inline(const std::string& name, const std::string& content,
                  std::uint32_t flags = wire::kFileKeepsPlace, std::uint32_t mode = 0644) {
    add_path(name);
    w_.u32(flags | wire::kFileInline);
    w_.u32(mode);
    w_.text(content);
    ++count_;
  }
  void add_blob(const std::string& name, const std::string& blob) {
    const auto identity = *os::stat_file(at(blob));
    add_path(name);
    w_.u32(wire::kFileKeepsPlace);
    w_.u32(0644);
    add_path(blob);
    for (const std::uint64_t v : {identity->size, identity->device, identity->inode}) w_.u64(v);
    w_.u64(static_cast<std::uint64_t>(identity->mtime_ns));
    w_.u64(static_cast<std::uint64_t>(identity->ctime_ns));
    ++count_;
  }
  bool place(const std::string& replay = "replay") {
    std::string answer(4, '\0');
    wire::Writer(answer.data(), answer.size()).u32(count_);
    answer.append(files_, 0, w_.size()).append(replay);
    const client::Placed placed = client::place_files(answer);
    if (placed.done) {
      EXPECT_EQ(placed.replay, replay);
    }
    return placed.done;
  }
  // No temporary file is left.
  std::size_t names() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir_), {}));
  }

 private:
  mode_t before_ = 0;
  std::string files_ = std::string(1 << 16, '\0');
  wire::Writer w_{files_.data(), files_.size()};
  std::uint32_t count_ = 0;
};

TEST_F(PlaceTest, FilesAndTheRestOfTheAnswer) {
  write("blob", std::string(100'000, 'b'), 0444);
  write("old.o", "old");
  add_inline("new.o", "object");
  add_inline("old.o", "object");
  add_inline("script", "#!", wire::kFileKeepsPlace, 0755);
  add_inline("open", "all may write", wire::kFileKeepsPlace, 0666);
  add_blob("large.o", "blob");
  ASSERT_TRUE(place());
  EXPECT_EQ(text("new.o"), "object");
  EXPECT_EQ(text("old.o"), "object");
  EXPECT_EQ(text("large.o"), text("blob"));
  EXPECT_EQ(mode("new.o"), 0644u);
  EXPECT_EQ(mode("script"), 0755u);
  EXPECT_EQ(mode("open"), 0666u);
  EXPECT_EQ(mode("large.o"), 0644u);
  EXPECT_EQ(names(), 6u);
}

TEST_F(PlaceTest, AnAnswerWithoutFiles) { EXPECT_TRUE(place()); }

TEST_F(PlaceTest, AnOldFileIsReplacedNotRewritten) {
  write("a.o", "old");
  fs::create_hard_link(at("a.o"), at("other"));
  add_inline("a.o", "new", 0);
  ASSERT_TRUE(place());
  EXPECT_EQ(text("a.o"), "new");
  EXPECT_EQ(text("other"), "old");
}

// The engine decides what is to be done about these, and nothing has changed when it is asked.
class InTheWay : public PlaceTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(InTheWay, IsLeftToTheEngine) {
  write("target", "text");
  write("linked", "text");
  write("executable", "text", 0755);
  fs::create_symlink(at("target"), at("symlink"));
  fs::create_hard_link(at("linked"), at("linked too"));
  fs::create_directory(at("directory"));
  const std::size_t before = names();
  add_inline("first.o", "object");
  add_inline(GetParam(), "object");
  EXPECT_FALSE(place());
  EXPECT_FALSE(fs::exists(at("first.o")));
  EXPECT_EQ(names(), before);
  EXPECT_EQ(text("target"), "text");
  EXPECT_EQ(text("linked"), "text");
}
INSTANTIATE_TEST_SUITE_P(, InTheWay,
                         ::testing::Values("symlink", "linked", "executable", "directory",
                                           "missing/a.o"));

// os/spare.h, by the store's names (store/layout.h).
TEST_F(PlaceTest, ASpareIsTakenInsteadOfACopy) {
  const std::string rest(62, '0');
  const std::string blob = "cache/blobs/ab/" + rest, spare = "cache/spares/ab" + rest;
  const std::string content(os::kSpareMin, 'x');
  ASSERT_TRUE(os::make_directories(at("cache/blobs/ab")));
  ASSERT_TRUE(os::make_directories(at("cache/spares")));
  write(blob, content, 0444);
  write(spare, content, 0600);
  ASSERT_TRUE(os::offer_spare(at(spare).c_str()));
  const std::uint64_t inode = (*os::stat_file(at(spare)))->inode;
  add_blob("a.o", blob);
  add_blob("b.o", blob);
  EXPECT_TRUE(place());
  EXPECT_EQ((*os::stat_file(at("a.o")))->inode, inode);
  EXPECT_EQ(mode("a.o"), 0644u);
  EXPECT_EQ(text("b.o"), content);
}

TEST_F(PlaceTest, ABlobThatWasTouchedIsNotUsed) {
  write("blob", std::string(100'000, 'b'), 0644);
  add_blob("a.o", "blob");
  ASSERT_EQ(::truncate(at("blob").c_str(), 10), 0);
  EXPECT_FALSE(place());
  EXPECT_EQ(names(), 1u);
}

TEST_F(PlaceTest, ABlobThatIsGoneIsNotUsed) {
  write("blob", std::string(100'000, 'b'), 0644);
  add_blob("a.o", "blob");
  fs::remove(at("blob"));
  EXPECT_FALSE(place());
  EXPECT_EQ(names(), 0u);
}

TEST_F(PlaceTest, ALimitOfFileSizesIsNoSignal) {
  const pid_t child = ::fork();
  if (child == 0) {
    const struct rlimit limit = {1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    add_inline("small.o", "object");
    add_inline("large.o", std::string(2000, 'x'));
    ::_exit(place() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(names(), 0u);
}

// Cut anywhere, it places nothing.
TEST_F(PlaceTest, ACutAnswerIsRefused) {
  std::string answer(256, '\0');
  wire::Writer w(answer.data(), answer.size());
  w.u32(1);
  const std::string path = at("a.o");
  w.text({path.c_str(), path.size() + 1});
  w.u32(wire::kFileInline);
  w.u32(0644);
  w.text("object");
  for (std::size_t size = 0; size < w.size(); ++size) {
    EXPECT_FALSE(client::place_files({answer.data(), size}).done) << size;
  }
  EXPECT_EQ(names(), 0u);
}

TEST_F(PlaceTest, TooManyFilesAreRefused) {
  for (std::uint32_t i = 0; i <= wire::kTableFilesMax; ++i)
    add_inline("file" + std::to_string(i), "object");
  EXPECT_FALSE(place());
  EXPECT_EQ(names(), 0u);
}

}  // namespace
}  // namespace deja
