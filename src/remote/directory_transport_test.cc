// SPDX-License-Identifier: Apache-2.0
#include "remote/directory_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/bytes.h"
#include "os/directory_test.h"
#include "remote/sha256.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

struct DirectorySubject {
  Transport& transport() { return first; }
  Transport& other() { return second; }
  os::ScratchDirectory scratch;
  DirectoryTransport first{scratch.at("remote")};
  DirectoryTransport second{scratch.at("remote")};
};
INSTANTIATE_TEST_SUITE_P(Directory, TransportReads, subjects<DirectorySubject>());
INSTANTIATE_TEST_SUITE_P(Directory, TransportWrites, subjects<DirectorySubject>());

class DirectoryTransportTest : public os::DirectoryTest {
 protected:
  std::string path_of(const Name& name) const {
    const std::string hex = name.hex();
    return root_ + (name.kind == Kind::record ? "/ac/" : "/cas/") + hex.substr(0, 2) + "/" + hex;
  }
  void put(const Name& name, std::string_view bytes) {
    const Status done = transport_.put(name, {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
  }
  static mode_t mode_of(const std::string& path) {
    const auto identity = os::stat_file(path, os::Links::keep);
    EXPECT_TRUE(identity && *identity) << path;
    return identity && *identity ? (*identity)->mode & 07777 : 0;
  }

  const std::string root_ = at("remote");
  DirectoryTransport transport_{root_};
};

TEST_F(DirectoryTransportTest, HasAPlainLayoutThatSurvivesThePutter) {
  const Name name = blob_name("bytes");
  put(name, "bytes");
  EXPECT_EQ(*os::read_file(path_of(name)), "bytes");
  EXPECT_EQ(*os::list_directory(root_ + "/tmp"), std::vector<std::string>());
}

TEST_F(DirectoryTransportTest, FollowsNoSymlinkToAnObject) {
  write("secret", "a secret of the reader's machine");
  const Name name = record_name("r");
  put(name, "record");
  ASSERT_TRUE(os::remove_file(path_of(name)));
  ASSERT_TRUE(os::make_symlink(at("secret"), path_of(name)));
  EXPECT_EQ(read_object(transport_, name), kAbsent);
  EXPECT_FALSE((*transport_.exists(std::vector{name}, kNoLimit))[0]);
  put(name, "again");
  EXPECT_EQ(read_object(transport_, name), "again");
  EXPECT_EQ(*os::read_file(at("secret")), "a secret of the reader's machine");
}

TEST_F(DirectoryTransportTest, FollowsNoSymlinkToADirectory) {
  const Name name = record_name("r");
  ASSERT_TRUE(os::make_directories(root_));
  ASSERT_TRUE(os::make_directories(at("elsewhere")));
  ASSERT_TRUE(os::make_symlink(at("elsewhere"), root_ + "/ac"));
  const Status done = transport_.put(name, {.bytes = "x"}, kNoLimit);
  EXPECT_EQ(code_of(done), Code::denied);
  EXPECT_NE(done.error().message.find(root_ + "/ac"), std::string::npos) << done.error().message;
  EXPECT_EQ(code_of(transport_.get(name, 10, kNoLimit)), Code::denied);
  EXPECT_EQ(*os::list_directory(at("elsewhere")), std::vector<std::string>());
}

TEST_F(DirectoryTransportTest, DoesNotWaitForAWriterOfAFifo) {
  const Name name = blob_name("bytes");
  put(name, "bytes");
  ASSERT_TRUE(os::remove_file(path_of(name)));
  ASSERT_EQ(::mkfifo(path_of(name).c_str(), 0600), 0);
  EXPECT_EQ(read_object(transport_, name), kAbsent);
}

TEST_F(DirectoryTransportTest, GivesTheModeOfTheRootWhateverTheUmask) {
  ASSERT_TRUE(os::make_directories(root_));
  ASSERT_EQ(::chmod(root_.c_str(), 02770), 0);
  const mode_t before = ::umask(0077);
  const Name name = record_name("r");
  put(name, "record");
  ::umask(before);
  EXPECT_EQ(mode_of(root_ + "/ac"), 02770U);
  EXPECT_EQ(mode_of(root_ + "/tmp"), 02770U);
  EXPECT_EQ(mode_of(path_of(name)), 0440U);
  EXPECT_EQ(mode_of(std::string(parent_path(path_of(name)))), 02770U);
}

TEST_F(DirectoryTransportTest, IsPrivateUntilSomebodyChoosesAMode) {
  put(record_name("r"), "record");
  EXPECT_EQ(mode_of(root_), 0700U);
  EXPECT_EQ(mode_of(path_of(record_name("r"))), 0400U);
}

TEST_F(DirectoryTransportTest, RemovesWhatDeadWritersLeft) {
  put(record_name("r"), "record");
  write("remote/tmp/dead", "half");
  write("remote/tmp/alive", "half");
  const struct timespec old[2] = {{::time(nullptr) - 25 * 3600, 0},
                                  {::time(nullptr) - 25 * 3600, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ + "/tmp/dead").c_str(), old, 0), 0);
  DirectoryTransport next(root_);
  ASSERT_TRUE(next.put(record_name("r"), {.bytes = "record"}, kNoLimit));
  EXPECT_EQ(*os::list_directory(root_ + "/tmp"), std::vector<std::string>{"alive"});
}

TEST_F(DirectoryTransportTest, AFailedPutLeavesNoTemporaryFile) {
  put(record_name("r"), "record");
  const os::Fd file = file_of("short");
  EXPECT_FALSE(transport_.put(record_name("s"), {.file = &file, .size = 100}, kNoLimit));
  EXPECT_EQ(*os::list_directory(root_ + "/tmp"), std::vector<std::string>());
}

TEST_F(DirectoryTransportTest, ReplacesByTheDigestOfTheBytes) {
  const Name name = record_name("r");
  ASSERT_EQ(*transport_.replace(name, "first", "", kNoLimit), Put::stored);
  const std::string version = (**transport_.get(name, 100, kNoLimit)).version;
  EXPECT_EQ(version, sha256_hex("first"));
  EXPECT_EQ(*transport_.replace(name, "other", "", kNoLimit), Put::lost);
  EXPECT_EQ(*transport_.replace(name, "second", version, kNoLimit), Put::stored);
  EXPECT_EQ(*transport_.replace(name, "other", version, kNoLimit), Put::lost);
  EXPECT_EQ(read_object(transport_, name), "second");
  ASSERT_TRUE(*transport_.remove(name, kNoLimit));
  EXPECT_EQ(*transport_.replace(name, "other", version, kNoLimit), Put::lost);
  EXPECT_EQ(read_object(transport_, name), kAbsent);
}

TEST_F(DirectoryTransportTest, OneOfManyFirstWritersWins) {
  const Name name = record_name("r");
  std::atomic<int> stored = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      DirectoryTransport writer(root_);
      const auto done =
          writer.replace(name, std::string(1, static_cast<char>('a' + i)), "", kNoLimit);
      ASSERT_TRUE(done) << done.error().message;
      if (*done == Put::stored) ++stored;
    });
  }
  threads.clear();
  EXPECT_EQ(stored, 1);
}

TEST_F(DirectoryTransportTest, FindsADirectoryThatWasMadeAgain) {
  const Name name = record_name("r");
  put(name, "old");
  ASSERT_TRUE(os::remove_tree(root_));
  EXPECT_EQ(read_object(transport_, name), kAbsent);
  put(name, "new");
  EXPECT_EQ(*os::read_file(path_of(name)), "new");
}

TEST_F(DirectoryTransportTest, SaysWhatToDoAboutAMissingParent) {
  DirectoryTransport lost(at("not/mounted"));
  const auto got = lost.get(record_name("r"), 10, kNoLimit);
  EXPECT_EQ(code_of(got), Code::unavailable);
  EXPECT_NE(got.error().message.find("create or mount it"), std::string::npos);
}

TEST_F(DirectoryTransportTest, ListsOnlyObjectsInTheirPlaces) {
  const Name name = record_name("r");
  put(name, "record");
  const std::string hex = name.hex();
  write("remote/ac/" + hex.substr(0, 2) + "/notes.txt", "x");
  write("remote/ac/" + hex.substr(0, 2) + "/" + std::string(64, hex[0] == 'f' ? 'e' : 'f'), "x");
  write("remote/ac/README", "x");
  std::vector<Name> names;
  ASSERT_TRUE(transport_.list(
      [&names](const Transport::Listed& listed) {
        names.push_back(listed.name);
        return true;
      },
      kNoLimit));
  EXPECT_EQ(names, std::vector{name});
}

}  // namespace
}  // namespace deja::remote
