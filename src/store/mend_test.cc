// SPDX-License-Identifier: Apache-2.0
#include "store/mend.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/temp_store.h"

namespace deja::store {
namespace {

using Lines = std::vector<std::string>;

class Mend : public ::testing::Test {
 protected:
  void SetUp() override {
    put_ = *temp_->put_blob_bytes("bytes");
    temp_.close();
  }
  std::vector<std::string> mend(bool repair) { return mend_directory(layout(), repair); }
  Layout layout() const { return temp_.layout(); }
  std::string path(const std::string& name) const { return temp_.dir() + "/" + name; }

  TempStore temp_;
  PutBlob put_;
};

TEST_F(Mend, FindsNothingWhereNothingIsWrong) {
  EXPECT_EQ(mend(false), Lines());
  EXPECT_EQ(mend(true), Lines());
}

TEST_F(Mend, TouchesNothingWithoutRepair) {
  ASSERT_TRUE(os::write_file_atomic(path("blobs/other"), "x"));
  EXPECT_EQ(mend(false), Lines({"blobs/other does not belong here"}));
  EXPECT_EQ(mend(false), Lines({"blobs/other does not belong here"}));
}

TEST_F(Mend, SetsAsideWhatCanBeLookedAt) {
  ASSERT_TRUE(os::write_file_atomic(path("blobs/other"), "x"));
  EXPECT_EQ(mend(true), Lines({"blobs/other does not belong here, set aside in quarantine"}));
  EXPECT_EQ(os::list_directory(path("quarantine"))->size(), 1u);
  EXPECT_EQ(mend(false), Lines());
}

TEST_F(Mend, NeverFollowsSymlinks) {
  ASSERT_TRUE(os::write_file_atomic(path("target"), "x", 0));
  ASSERT_TRUE(os::remove_file(layout().blob(put_.digest)));
  ASSERT_TRUE(os::make_symlink(path("target"), layout().blob(put_.digest)));
  EXPECT_EQ(mend(true).size(), 1u);
  EXPECT_EQ((*os::stat_file(path("target")))->mode & 0777, 0u);
  EXPECT_FALSE(*os::stat_file(layout().blob(put_.digest), os::Links::keep));
}

TEST_F(Mend, MakesUsableWhatMayNotBeRead) {
  ASSERT_EQ(::chmod(layout().blob(put_.digest).c_str(), 0), 0);
  ASSERT_EQ(::chmod(path("ledger").c_str(), 0), 0);
  EXPECT_EQ(mend(true), Lines({"ledger lacks permissions, corrected",
                               "blobs/" + put_.digest.hex().substr(0, 2) + "/" +
                                   put_.digest.hex().substr(2) + " lacks permissions, corrected"}));
  EXPECT_EQ((*os::stat_file(layout().blob(put_.digest)))->mode & 0777, 0400u);
  EXPECT_EQ(mend(false), Lines());
}

TEST_F(Mend, WritesTheFormatAgain) {
  ASSERT_TRUE(os::remove_file(layout().format()));
  EXPECT_EQ(mend(true), Lines({"format is missing, written again"}));
  ASSERT_TRUE(os::write_file_atomic(layout().format(), "deja store 999\n"));
  EXPECT_EQ(mend(true), Lines());
}

TEST_F(Mend, MarksTheDirectoryAgain) {
  ASSERT_TRUE(os::remove_file(path("CACHEDIR.TAG")));
  EXPECT_EQ(mend(false), Lines({"CACHEDIR.TAG is missing"}));
  EXPECT_EQ(mend(true), Lines({"CACHEDIR.TAG is missing, made again"}));
  EXPECT_EQ(mend(false), Lines());
}

TEST_F(Mend, KeepsNoMoreThanAFewInQuarantine) {
  for (int i = 0; i < 30; ++i) {
    const std::string name = path("blobs/other" + std::to_string(i));
    ASSERT_TRUE(i % 2 == 0 ? os::write_file_atomic(name, "x") : os::make_directory(name));
  }
  EXPECT_EQ(mend(true).size(), 30u);
  EXPECT_EQ(os::list_directory(path("quarantine"))->size(), 16u);
}

}  // namespace
}  // namespace deja::store
