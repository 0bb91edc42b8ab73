// SPDX-License-Identifier: Apache-2.0
// The reader on logs that were made by hand, truncated, and changed.
#include "observe/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "observe/testing/log_builder.h"

namespace deja::observe {
namespace {

using ::testing::HasSubstr;

using testing::Fields;
using testing::LogBuilder;

constexpr os::FileIdentity kFile = {
    .device = 1, .inode = 7, .size = 3, .mtime_ns = 4, .ctime_ns = 5, .mode = 0100644, .links = 1};

TEST(LogReader, JoinsRelativePathsWithTheProcessesDirectory) {
  const Log log = LogBuilder()
                      .start(1, 0, "/w")
                      .start(2, 1, "/v")
                      .add(DEJA_OP_STAT, "a", "", {.pid = 1})
                      .add(DEJA_OP_STAT, "b", "", {.pid = 2})
                      .add(DEJA_OP_CHDIR, "/w/sub", "", {.pid = 1})
                      .add(DEJA_OP_RENAME, "x", "y", {.pid = 1})
                      .start(3, 1, "/")
                      .add(DEJA_OP_STAT, "c", "", {.pid = 3})
                      .add(DEJA_OP_LIBRARY, "libbare.so", "", {.pid = 1})
                      .add(DEJA_OP_GETENV, "HOME", "/h", {.pid = 1})
                      .read();
  EXPECT_EQ(log.gap, "");
  ASSERT_EQ(log.events.size(), 10u);
  EXPECT_EQ(log.events[2].path, "/w/a");
  EXPECT_EQ(log.events[3].path, "/v/b");
  EXPECT_EQ(log.events[5].path, "/w/sub/x");
  EXPECT_EQ(log.events[5].text, "/w/sub/y");
  EXPECT_EQ(log.events[7].path, "/c");
  EXPECT_EQ(log.events[8].path, "libbare.so");
  EXPECT_EQ(log.events[9].path, "HOME");
}

TEST(LogReader, DecodesIdentities) {
  const Log log = LogBuilder().start(1, 0).add(DEJA_OP_OPEN, "a", "", {.identity = kFile}).read();
  ASSERT_EQ(log.events.size(), 2u);
  EXPECT_TRUE(log.events[1].has_identity);
  EXPECT_EQ(log.events[1].identity.inode, 7u);
  EXPECT_EQ(log.events[1].identity.mtime_ns, 4);
  EXPECT_EQ(log.events[1].path, "/w/a");
}

TEST(LogReader, ARelativePathOfAnUnknownProcessIsAGap) {
  EXPECT_THAT(LogBuilder().start(1, 0).add(DEJA_OP_STAT, "a", "", {.pid = 5}).read().gap,
              HasSubstr("working directory"));
}

TEST(LogReader, EveryStartedProgramMustReportIn) {
  const Fields child{.pid = 2};
  EXPECT_EQ(LogBuilder().start(1, 0).add(DEJA_OP_EXEC, "/bin/x", "", child).start(2, 1).read().gap,
            "");
  EXPECT_THAT(LogBuilder().start(1, 0).add(DEJA_OP_EXEC, "/bin/x", "", child).read().gap,
              HasSubstr("/bin/x"));
  EXPECT_EQ(LogBuilder()
                .start(1, 0)
                .add(DEJA_OP_EXEC, "/bin/x", "", child)
                .add(DEJA_OP_EXEC_FAILED, "/bin/x", "", {.pid = 2, .error = 2})
                .read()
                .gap,
            "");
  // the second program of one pid
  EXPECT_NE(LogBuilder()
                .start(1, 0)
                .add(DEJA_OP_EXEC, "/bin/x", "", child)
                .start(2, 1)
                .add(DEJA_OP_EXEC, "/bin/y", "", child)
                .read()
                .gap,
            "");
}

TEST(LogReader, SpawnedChildrenAreMatchedInAnyOrder) {
  const Fields spawn{.pid = 1, .value = 2};
  EXPECT_EQ(LogBuilder().start(1, 0).start(2, 1).add(DEJA_OP_SPAWN, "/bin/x", "", spawn).read().gap,
            "");
  EXPECT_EQ(LogBuilder().start(1, 0).add(DEJA_OP_SPAWN, "/bin/x", "", spawn).start(2, 1).read().gap,
            "");
  EXPECT_NE(LogBuilder().start(1, 0).add(DEJA_OP_SPAWN, "/bin/x", "", spawn).read().gap, "");
  EXPECT_EQ(
      LogBuilder().start(1, 0).add(DEJA_OP_SPAWN, "/bin/x", "", {.pid = 1, .error = 2}).read().gap,
      "");
  // a pid that was used twice
  EXPECT_NE(LogBuilder()
                .start(1, 0)
                .add(DEJA_OP_SPAWN, "/bin/x", "", spawn)
                .start(2, 1)
                .add(DEJA_OP_SPAWN, "/bin/y", "", spawn)
                .read()
                .gap,
            "");
}

TEST(LogReader, APopenChildIsKnownByItsParent) {
  const Fields popen{.pid = 1, .value = 0};
  EXPECT_EQ(
      LogBuilder().start(1, 0).add(DEJA_OP_SPAWN, "/bin/sh", "", popen).start(2, 1).read().gap, "");
  EXPECT_NE(LogBuilder().start(1, 0).add(DEJA_OP_SPAWN, "/bin/sh", "", popen).read().gap, "");
  // the only report belongs to the other spawn
  EXPECT_NE(LogBuilder()
                .start(1, 0)
                .add(DEJA_OP_SPAWN, "/bin/x", "", {.pid = 1, .value = 2})
                .add(DEJA_OP_SPAWN, "/bin/sh", "", popen)
                .start(2, 1)
                .read()
                .gap,
            "");
}

// Pairs of wanted program and reported program, in no order.
std::vector<std::pair<std::string, std::string>> starts_of(const Log& log) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Start& start : log.starts) out.emplace_back(start.wanted, start.reported);
  return out;
}

TEST(LogReader, ReturnsWhichProgramReportedInForWhich) {
  const auto report = [](LogBuilder& log, const char* program, int pid, unsigned parent) {
    log.add(DEJA_OP_PROCESS, program, "/w", {.pid = pid, .value = parent});
  };
  LogBuilder log;
  report(log, "/bin/root", 1, 0);
  log.add(DEJA_OP_EXEC, "/bin/turned", "", {.pid = 1});
  report(log, "/bin/other", 1, 0);
  log.add(DEJA_OP_SPAWN, "/bin/child", "", {.pid = 1, .value = 2});
  report(log, "/bin/child2", 2, 1);
  log.add(DEJA_OP_SPAWN, "/bin/unnamed", "", {.pid = 1, .value = 0});
  report(log, "/bin/unnamed2", 3, 1);
  EXPECT_THAT(starts_of(log.read()),
              ::testing::UnorderedElementsAre(std::pair("", "/bin/root"),
                                              std::pair("/bin/turned", "/bin/other"),
                                              std::pair("/bin/child", "/bin/child2"),
                                              std::pair("/bin/unnamed", "/bin/unnamed2")));
}

TEST(LogReader, TheClientNeedNotReportIn) {
  os::FileIdentity deja = kFile;
  deja.inode = 99;
  const Fields client{.pid = 2, .identity = deja};
  EXPECT_EQ(LogBuilder().start(1, 0).add(DEJA_OP_EXEC, "/bin/deja", "", client).read().gap, "");
  EXPECT_NE(LogBuilder()
                .start(1, 0)
                .add(DEJA_OP_EXEC, "/bin/deja", "", client)
                .start(2, 1)
                .add(DEJA_OP_EXEC, "/bin/static", "", {.pid = 2})
                .read()
                .gap,
            "");
}

TEST(LogReader, ALostRecordIsAGap) {
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
    EXPECT_NE(LogBuilder().start(1, 0).lost(bit).read().gap, "");
}

TEST(LogReader, ATornRecordIsAGap) {
  const Log log =
      LogBuilder().start(1, 0).raw(std::string(64, '\0')).add(DEJA_OP_STAT, "/a").read();
  EXPECT_THAT(log.gap, HasSubstr("middle of a record"));
  EXPECT_EQ(log.events.size(), 1u);
}

TEST(LogReader, AnEmptyLogIsAGap) {
  EXPECT_EQ(LogBuilder().read().gap, "nothing was recorded of any process");
}

TEST(LogReader, WhatIsNoLogIsAnError) {
  EXPECT_FALSE(read_log(""));
  EXPECT_FALSE(read_log("garbage"));
  EXPECT_FALSE(read_log(std::string(8192, '\0')));
  EXPECT_FALSE(read_log(std::string(8192, '\xff')));
}

std::string sample() {
  return LogBuilder()
      .start(1, 0)
      .add(DEJA_OP_OPEN, "header.h", "", {.identity = kFile})
      .add(DEJA_OP_READLINK, "link", "target")
      .add(DEJA_OP_GETENV, "PATH", "/bin")
      .add(DEJA_OP_EXEC, "/bin/as", "", {.pid = 2, .identity = kFile})
      .start(2, 1)
      .bytes();
}

// The memory for a log with too many records, or with too long names, is bounded.
TEST(LogReader, TooMuchIsAGapAndIsNotKept) {
  LogBuilder many;
  many.capacity(64 << 20).start(1, 0);
  for (std::size_t i = 1; i < kRecordsMax; ++i) many.add(DEJA_OP_STAT, "/a", {}, {.pid = 1});
  EXPECT_EQ(read_log(many.bytes())->gap, "");
  EXPECT_EQ(read_log(many.bytes())->events.size(), kRecordsMax);
  many.add(DEJA_OP_STAT, "/a", {}, {.pid = 1});
  EXPECT_EQ(read_log(many.bytes())->gap, "the run has too many records");
  EXPECT_EQ(read_log(many.bytes())->gap_kind, GapKind::too_large);
  EXPECT_TRUE(read_log(many.bytes())->events.empty());
  EXPECT_TRUE(read_log(many.bytes())->is_large);

  LogBuilder deep;  // short names, each joined to a long directory
  deep.capacity(64 << 20).start(1, 0, "/" + std::string(4000, 'd'));
  for (std::size_t i = 0; i <= kTextMax / 4000; ++i) deep.add(DEJA_OP_STAT, "a", {}, {.pid = 1});
  EXPECT_EQ(read_log(deep.bytes())->gap, "the run has too many records");
  EXPECT_TRUE(read_log(deep.bytes())->events.empty());

  LogBuilder full;
  full.start(1, 0).lost(DEJA_LOST_FULL);
  EXPECT_EQ(read_log(full.bytes())->gap, "the run has too many records");
}

TEST(LogReader, ALogCutAtAnyLengthIsAGapOrAnError) {
  const std::string whole = sample();
  ASSERT_EQ(read_log(whole)->gap, "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // a heap copy of the exact size, so that a sanitizer detects a read past its end
    const std::string cut(whole.data(), size);
    auto log = read_log(cut);
    if (size < DEJA_LOG_HEADER_BYTES) {
      EXPECT_FALSE(log);
    } else {
      ASSERT_TRUE(log);
      EXPECT_NE(log->gap, "") << size;
    }
  }
}

TEST(LogReader, ChangedBytesNeverBreakIt) {
  const std::string whole = sample();
  std::mt19937 random(20240501);  // NOLINT: the same every time
  for (int round = 0; round < 20000; ++round) {
    std::string spoilt = whole;
    for (unsigned n = 1 + random() % 4; n != 0; --n) {
      const bool in_header = random() % 8 == 0;
      const std::size_t at =
          in_header ? random() % 48
                    : DEJA_LOG_HEADER_BYTES + random() % (whole.size() - DEJA_LOG_HEADER_BYTES);
      spoilt[at] = static_cast<char>(random());
    }
    if (auto log = read_log(spoilt)) {
      for (const Event& event : log->events) EXPECT_LE(event.path.size(), 2 * whole.size());
    }
  }
}

// Hexadecimal digits with spaces between them.
std::string packed(std::string spaced) {
  std::erase(spaced, ' ');
  return spaced;
}

// The bytes that the interposer and the supervisor write, so that they are not changed by accident. A
// change on purpose also grows the version.
TEST(Format, BytesOfARecord) {
  const std::string bytes =
      LogBuilder()
          .add(DEJA_OP_OPEN, "ab", "c",
               {.pid = 2, .error = 3, .value = 4, .flags = 1, .identity = kFile, .when_ns = 5})
          .bytes();
  EXPECT_EQ(to_hex(std::string_view(bytes).substr(0, 32)),
            packed("44454a00 06000000 0000100000000000 6010000000000000 00000000 00000000"));
  EXPECT_EQ(to_hex(std::string_view(bytes).substr(DEJA_LOG_HEADER_BYTES)),
            packed("60000000 0600 0180 02000000 03000000 04000000 00000000 "
                   "0500000000000000 02000000 01000000 "
                   "0100000000000000 0700000000000000 0300000000000000 0400000000000000 "
                   "0500000000000000 a4810000 01000000 "
                   "616263 0000000000"));
  EXPECT_EQ(DEJA_OP_PROCESS, 1);
  EXPECT_EQ(DEJA_OP_DAY, 26);
}

}  // namespace
}  // namespace deja::observe
