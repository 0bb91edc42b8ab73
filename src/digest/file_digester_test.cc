// SPDX-License-Identifier: Apache-2.0
#include "digest/file_digester.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest/hasher.h"
#include "os/clock.h"
#include "os/directory_test.h"

namespace deja::digest {
namespace {

class FileDigesterTest : public os::DirectoryTest {
 protected:
  Digest digest(FileDigester& d, const char* name) {
    auto content = d.digest_file(at(name), nullptr);
    EXPECT_TRUE(content && *content);
    return (*content)->digest;
  }
};

TEST(Hasher, MatchesTheReferenceVectors) {
  // BLAKE3 test vectors: the empty input, and "abc".
  EXPECT_EQ(digest_bytes("").hex(),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(digest_bytes("abc").hex(),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
}

TEST_F(FileDigesterTest, DigestIsOfTheContent) {
  FileDigester d({});
  write("a", "hello");
  EXPECT_EQ(digest(d, "a"), digest_bytes("hello"));
  EXPECT_FALSE(*d.digest_file(at("none"), nullptr));
  EXPECT_FALSE(d.digest_file(dir_, nullptr));
}

TEST_F(FileDigesterTest, SameSizeSameMtimeEditIsSeen) {
  FileDigester d({});
  write("a", "one");
  const struct timespec old[2] = {{1000000000, 5}, {1000000000, 5}};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("a").c_str(), old, 0), 0);
  EXPECT_EQ(digest(d, "a"), digest_bytes("one"));
  const int fd = ::open(at("a").c_str(), O_WRONLY);
  ASSERT_EQ(::write(fd, "two", 3), 3);
  ::close(fd);
  ASSERT_EQ(::utimensat(AT_FDCWD, at("a").c_str(), old, 0), 0);
  EXPECT_EQ(digest(d, "a"), digest_bytes("two"));
}

// docs/traps/mapped-writers.md. The second write to a page need not change the stamps.
TEST_F(FileDigesterTest, AFileThatCanStillBeWrittenIsReadAgain) {
  FileDigester d({});
  write("a", "one");
  const int fd = ::open(at("a").c_str(), O_RDWR | O_CLOEXEC);
  char* mapping = static_cast<char*>(::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  ::close(fd);
  ASSERT_NE(mapping, MAP_FAILED);
  mapping[0] = 'O';
  auto stamped = os::stat_file(at("a"));
  ASSERT_TRUE(stamped && *stamped);
  while (!FileDigester::is_settled(**stamped, os::file_clock_ns())) ::sched_yield();
  os::FileIdentity first, second;
  ASSERT_TRUE(d.digest_file(at("a"), &first));
  EXPECT_EQ(digest(d, "a"), digest_bytes("One"));
  mapping[1] = 'N';
  EXPECT_EQ(digest(d, "a"), digest_bytes("ONe"));
  ::munmap(mapping, 3);
  ASSERT_TRUE(d.digest_file(at("a"), &second));
  EXPECT_TRUE(d.remembered(second)) << "nobody can write any more";
}

TEST_F(FileDigesterTest, FreshFilesAreNotRemembered) {
  FileDigester d({});
  write("a", "one");
  os::FileIdentity id;
  ASSERT_TRUE(d.digest_file(at("a"), &id));
  EXPECT_FALSE(d.remembered(id));
}

TEST(IsSettled, NeedsTwoGrainsOrTwoSeconds) {
  os::FileIdentity id;
  id.mtime_ns = id.ctime_ns = 5'000'000'001;
  const std::int64_t grain = os::file_clock_grain_ns();
  EXPECT_FALSE(FileDigester::is_settled(id, id.ctime_ns));
  EXPECT_FALSE(FileDigester::is_settled(id, id.ctime_ns + 2 * grain));
  EXPECT_TRUE(FileDigester::is_settled(id, id.ctime_ns + 2 * grain + 1));
  id.mtime_ns = id.ctime_ns = 5'000'000'000;  // a file system with whole seconds
  EXPECT_FALSE(FileDigester::is_settled(id, id.ctime_ns + 1'900'000'000));
  EXPECT_TRUE(FileDigester::is_settled(id, id.ctime_ns + 2'100'000'000));
}

TEST_F(FileDigesterTest, ScansWhileReading) {
  FileDigester::Options options;
  options.scan = [](std::string_view b) { return b.find("x") == b.npos ? Traits{0} : Traits{1}; };
  FileDigester d(options);
  write("a", "abc");
  write("b", "axc");
  EXPECT_EQ((*d.digest_file(at("a"), nullptr))->traits, 0u);
  EXPECT_EQ((*d.digest_file(at("b"), nullptr))->traits, 1u);
}

}  // namespace
}  // namespace deja::digest
