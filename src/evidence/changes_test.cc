// SPDX-License-Identifier: Apache-2.0
#include "evidence/changes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/directory_test.h"

namespace deja::evidence {
namespace {

// The disk is as it is after the run.
class ChangesTest : public os::DirectoryTest {
 protected:
  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  os::FileIdentity identity(const std::string& name) { return **os::stat_file(at(name)); }
  void make(const std::string& name) {
    write(name, "text");
    changes_.opened(changes_.at(at(name)), identity(name));
  }
  bool is_of_others(const std::string& name) {
    return changes_.is_of_others(identity(name), changes_.at(at(name)), kLater);
  }

  static constexpr std::int64_t kLater = std::int64_t{1} << 62;
  Changes changes_;
};

TEST_F(ChangesTest, AFileIsTheRunsOwnByAnyNameOfItsDirectory) {
  make("real/a.o");
  ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
  EXPECT_TRUE(changes_.is_own(at("link/a.o")));
  EXPECT_FALSE(changes_.is_own(at("a.o")));
  EXPECT_EQ(changes_.find(at("link/b.o")), nullptr);
  EXPECT_EQ(changes_.find(at("link/a.o"))->spelled, at("real/a.o"));
}

TEST_F(ChangesTest, WhatIsRemovedWasThereUnlessTheRunMadeIt) {
  make("made");
  changes_.removed(at("made"));
  changes_.removed(at("foreign"));
  EXPECT_FALSE(changes_.find(at("made"))->existed);
  EXPECT_TRUE(changes_.find(at("foreign"))->existed);
}

TEST_F(ChangesTest, ARenamedDirectoryTakesWhatIsInIt) {
  changes_.made_directory(at("tmp"));
  make("tmp/a.o");
  ASSERT_TRUE(os::rename_file(at("tmp"), at("out")));
  changes_.renamed(at("tmp"), at("out"));
  EXPECT_TRUE(changes_.is_own(at("out/a.o")));
  EXPECT_TRUE(changes_.find(at("out"))->renamed);
  write("out/unseen", "");
  EXPECT_FALSE(changes_.add_renamed_directories());
  EXPECT_TRUE(changes_.find(at("out/unseen"))->renamed);
}

TEST_F(ChangesTest, AFileOfAnotherInodeIsOfOthers) {
  make("a.o");
  EXPECT_FALSE(is_of_others("a.o"));
  write("other", "");
  ASSERT_TRUE(os::rename_file(at("other"), at("a.o")));
  EXPECT_TRUE(is_of_others("a.o"));
}

TEST_F(ChangesTest, AfterItWasClosedAFileKeepsItsStamps) {
  make("a.o");
  os::FileIdentity closed = identity("a.o");
  --closed.ctime_ns;
  changes_.closed(closed, 7);
  EXPECT_EQ(changes_.generation_of(changes_.at(at("a.o"))), 7u);
  EXPECT_TRUE(is_of_others("a.o"));
  changes_.set_attributes(at("a.o"));  // which the run may do
  EXPECT_FALSE(is_of_others("a.o"));
  EXPECT_EQ(changes_.generation_of(changes_.at(at("a.o"))), 0u);
}

TEST_F(ChangesTest, ANewNameGivesAClosedFileANewCtime) {
  make("a.tmp");
  os::FileIdentity closed = identity("a.tmp");
  --closed.ctime_ns;
  changes_.closed(closed, 0);
  ASSERT_EQ(::link(at("a.tmp").c_str(), at("a.o").c_str()), 0);
  changes_.linked(at("a.tmp"), at("a.o"));
  EXPECT_FALSE(is_of_others("a.o"));
}

TEST_F(ChangesTest, WhatChangedAfterTheEndIsOfOthers) {
  make("a.o");
  const os::FileIdentity now = identity("a.o");
  EXPECT_TRUE(changes_.is_of_others(now, changes_.at(at("a.o")), now.newest_ns() - 1));
  EXPECT_FALSE(changes_.is_of_others(now, changes_.at(at("a.o")), now.newest_ns()));
}

}  // namespace
}  // namespace deja::evidence
