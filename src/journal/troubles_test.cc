// SPDX-License-Identifier: Apache-2.0
#include "journal/troubles.h"

#include <gtest/gtest.h>

#include "journal/test_processes.h"
#include "os/directory_test.h"

namespace deja::journal {
namespace {

using TroublesTest = os::DirectoryTest;

TEST_F(TroublesTest, EqualTextsAreOneTrouble) {
  ASSERT_TRUE(read_troubles(dir_)->empty());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(note_trouble(dir_, "store: disk\nfull"));
  ASSERT_TRUE(note_trouble(dir_, "index: damaged"));
  const auto troubles = *read_troubles(dir_);
  ASSERT_EQ(troubles.size(), 2u);
  EXPECT_EQ(troubles[0].text, "index: damaged");
  EXPECT_EQ(troubles[1].text, "store: disk full");
  EXPECT_EQ(troubles[1].count, 3u);
  EXPECT_LE(troubles[1].first_ns, troubles[1].last_ns);
  EXPECT_GT(troubles[1].first_ns, 0);
}

TEST_F(TroublesTest, BoundedByForgettingTheOldest) {
  for (std::size_t i = 0; i < 3 * kTroubles; ++i)
    ASSERT_TRUE(note_trouble(dir_, "trouble " + std::to_string(i) + std::string(1000, 'x')));
  const auto troubles = *read_troubles(dir_);
  ASSERT_EQ(troubles.size(), kTroubles);
  EXPECT_TRUE(troubles.front().text.starts_with("trouble 188x"));
  EXPECT_EQ(troubles.front().text.size(), kTroubleTextMax);
  EXPECT_LT(os::stat_file(dir_ + "/troubles").operator*()->size, 40'000u);
}

TEST_F(TroublesTest, ProcessesShareThem) {
  ASSERT_TRUE(in_processes(8, [&](int) {
    for (int n = 0; n < 50; ++n)
      if (!note_trouble(dir_, "same")) return false;
    return true;
  }));
  EXPECT_EQ(read_troubles(dir_)->at(0).count, 400u);
}

TEST_F(TroublesTest, ClearAndDamage) {
  ASSERT_TRUE(clear_troubles(dir_));
  ASSERT_TRUE(prepare_troubles(dir_));
  ASSERT_TRUE(note_trouble(dir_, "x"));
  ASSERT_TRUE(clear_troubles(dir_));
  EXPECT_TRUE(read_troubles(dir_)->empty());
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/troubles", std::string(100, '\xff')));
  ASSERT_TRUE(note_trouble(dir_, "y"));
  EXPECT_EQ(read_troubles(dir_)->size(), 1u);
  std::string bytes = "dejatrb1";
  bytes.resize(64 * 512, '\xff');  // sizes far beyond the slot
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/troubles", bytes));
  EXPECT_EQ(read_troubles(dir_)->size(), kTroubles);
}

}  // namespace
}  // namespace deja::journal
