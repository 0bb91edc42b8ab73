// SPDX-License-Identifier: Apache-2.0
// The bytes of the trace log (preload/log_layout.h), so that they are not changed by accident: the interposer in a
// tool's process may be older than the engine that reads its log. A change on purpose also grows DEJA_LOG_VERSION.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "observe/testing/log_builder.h"

namespace deja::observe {
namespace {

std::string packed(std::initializer_list<std::string> lines) {
  std::string out;
  for (const std::string& line : lines)
    for (const char c : line)
      if (c != ' ') out += c;
  return out;
}

TEST(LogFormat, HeaderAndRecord) {
  EXPECT_EQ(DEJA_LOG_VERSION, 6u);
  const os::FileIdentity file = {.device = 0x11,
                                 .inode = 0x22,
                                 .size = 0x33,
                                 .mtime_ns = 0x44,
                                 .ctime_ns = 0x55,
                                 .mode = 0100644,
                                 .links = 2};
  const std::string bytes = testing::LogBuilder()
                                .lost(DEJA_LOST_GO)
                                .add(DEJA_OP_RENAME, "/a", "/bc",
                                     {.pid = 7,
                                      .error = 2,
                                      .value = 9,
                                      .flags = DEJA_RENAME_EXCHANGE,
                                      .identity = file,
                                      .when_ns = 0x66})
                                .bytes();
  // clang-format off
  EXPECT_EQ(to_hex(bytes.substr(0, 64)), packed({
      "44454a00 06000000",                    // "DEJ", version
      "0000100000000000 6010000000000000",    // capacity, tail
      "04000000 00000000",                    // lost: Go
      "0100000000000000 6300000000000000",    // the client's device and inode
      "0000000000000000 0000000000000000"}));  // those of standard input
  EXPECT_EQ(to_hex(bytes.substr(64, 4096 - 64)), std::string(2 * (4096 - 64), '0'));
  EXPECT_EQ(to_hex(bytes.substr(4096)), packed({
      "60000000 1200 0180",                   // size, RENAME, an identity and an exchange
      "07000000 02000000 09000000 00000000",  // pid, error, value
      "6600000000000000 02000000 03000000",   // time, sizes of the texts
      "1100000000000000 2200000000000000 3300000000000000",
      "4400000000000000 5500000000000000 a4810000 02000000",
      "2f61 2f6263 000000"}));                // both texts, and room up to 8 bytes
  // clang-format on
}

TEST(LogFormat, NumbersOfOperations) {
  std::string all;
#define DEJA_NUMBER_AND_NAME(number, op, name, texts) \
  all += std::to_string(number) + " " name " " + std::to_string(texts) + "\n";
  DEJA_OPS(DEJA_NUMBER_AND_NAME)
#undef DEJA_NUMBER_AND_NAME
  EXPECT_EQ(
      all,
      "1 process 2\n2 library 2\n3 exec 2\n4 exec-failed 2\n5 spawn 2\n6 open 2\n7 stat 2\n"
      "8 readlink 2\n9 realpath 2\n10 list 2\n11 chdir 2\n12 getenv 1\n13 environ 1\n"
      "14 clock 1\n15 random 1\n16 host 1\n17 unlink 2\n18 rename 3\n19 link 3\n"
      "20 symlink 2\n21 mkdir 2\n22 change 2\n23 connect 1\n24 close 1\n25 lock 2\n26 day 1\n");
}

TEST(LogFormat, Flags) {
  EXPECT_EQ(DEJA_OPEN_READ, 0x1u);
  EXPECT_EQ(DEJA_OPEN_WRITE, 0x2u);
  EXPECT_EQ(DEJA_OPEN_CREATE, 0x4u);
  EXPECT_EQ(DEJA_OPEN_EXCLUSIVE, 0x8u);
  EXPECT_EQ(DEJA_OPEN_TRUNCATE, 0x10u);
  EXPECT_EQ(DEJA_OPEN_APPEND, 0x20u);
  EXPECT_EQ(DEJA_OPEN_EXISTED, 0x40u);
  EXPECT_EQ(DEJA_OPEN_TEMPORARY, 0x80u);
  EXPECT_EQ(DEJA_OPEN_EMPTY, 0x100u);
  EXPECT_EQ(DEJA_PROCESS_FORKED, 0x1u);
  EXPECT_EQ(DEJA_FLAG_UNSET, 0x1000u);
  EXPECT_EQ(DEJA_FLAG_ONLY_ONCE, 0x2000u);
  EXPECT_EQ(DEJA_FLAG_NOFOLLOW, 0x4000u);
  EXPECT_EQ(DEJA_FLAG_IDENTITY, 0x8000u);
}

}  // namespace
}  // namespace deja::observe
