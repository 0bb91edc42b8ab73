// SPDX-License-Identifier: Apache-2.0
#include "journal/key_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/directory_test.h"
#include "os/disk.h"
#include "os/file.h"

namespace deja::journal {
namespace {

class KeyLogTest : public os::DirectoryTest {
 protected:
  static KeyRecord record(const std::string& key) {
    return {1'756'029'600'123'456'000,
            key,
            "/usr/bin/gcc",
            "a.c",
            "/w",
            {{"argument", "-O2"}, {"variable LANG", "#0123"}}};
  }
  std::vector<std::string> keys() {
    std::vector<std::string> out;
    EXPECT_TRUE(read_keys(dir_, [&](const KeyRecord& r) { out.push_back(r.probe_key); }));
    return out;
  }
};

TEST_F(KeyLogTest, WithoutALogThereAreNone) { EXPECT_TRUE(keys().empty()); }

TEST_F(KeyLogTest, GivesBackWhatWasAppended) {
  ASSERT_TRUE(append_key(dir_, record("aa")));
  KeyRecord got;
  ASSERT_TRUE(read_keys(dir_, [&](KeyRecord r) { got = std::move(r); }));
  EXPECT_EQ(got.time_ns, record("aa").time_ns);
  EXPECT_EQ(got.tool, "/usr/bin/gcc");
  EXPECT_EQ(got.what, "a.c");
  EXPECT_EQ(got.cwd, "/w");
  EXPECT_EQ(got.fields, record("aa").fields);
}

TEST_F(KeyLogTest, SkipsWhatIsNoRecord) {
  ASSERT_TRUE(append_key(dir_, record("aa")));
  const os::Fd file = std::move(*os::open_append(dir_ + "/" + kKeysFile));
  ASSERT_TRUE(os::write_fd(file, "{\"time\":1,\"probe_key\":7}\nnonsense\n[]\n"));
  ASSERT_TRUE(append_key(dir_, record("bb")));
  EXPECT_EQ(keys(), (std::vector<std::string>{"aa", "bb"}));
}

TEST_F(KeyLogTest, IsBounded) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append_key(dir_, record(std::to_string(i)), 1000));
  for (const char* name : {kKeysFile, kOlderKeysFile})
    EXPECT_LT((**os::stat_file(dir_ + "/" + name)).size, 1400u);
  EXPECT_EQ(keys().back(), "99");
  KeyRecord huge = record("huge");
  huge.fields.emplace_back("argument", std::string(kKeyLineMax, 'x'));
  ASSERT_TRUE(append_key(dir_, huge));
  EXPECT_EQ(keys().back(), "99");
}

TEST_F(KeyLogTest, BytesThatAreNotUtf8AreReplaced) {
  KeyRecord odd = record("cc");
  odd.what = "a\xff.c";
  ASSERT_TRUE(append_key(dir_, odd));
  EXPECT_EQ(keys(), std::vector<std::string>{"cc"});
}

TEST_F(KeyLogTest, APipeInItsPlaceHoldsUpNothing) {
  ASSERT_EQ(::mkfifo((dir_ + "/" + kKeysFile).c_str(), 0600), 0);
  EXPECT_FALSE(append_key(dir_, record("aa")));
}

}  // namespace
}  // namespace deja::journal
