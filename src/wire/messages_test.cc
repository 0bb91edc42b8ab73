// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace deja::wire {
namespace {

TEST(Codec, ReadsWhatWasWrittenAndCountsWithoutMemory) {
  Writer counting;
  counting.u32(7);
  counting.text("abc");
  counting.u64(~0ULL);
  EXPECT_FALSE(counting.fits());
  std::string memory(counting.size(), '\0');
  Writer w(memory.data(), memory.size());
  w.u32(7);
  w.text("abc");
  w.u64(~0ULL);
  ASSERT_TRUE(w.fits());
  Reader r(memory.data(), memory.size());
  EXPECT_EQ(r.u32(), 7u);
  EXPECT_EQ(r.text(), "abc");
  EXPECT_EQ(r.u64(), ~0ULL);
  EXPECT_TRUE(r.done());
}

TEST(Codec, EveryCutFails) {
  char memory[64];
  Writer w(memory, sizeof(memory));
  write(w, ReportHead{});
  for (std::size_t n = 0; n < w.size(); ++n) {
    Reader r(memory, n);
    read_report_head(r);
    EXPECT_TRUE(r.failed()) << n;
  }
}

TEST(Codec, HeadsAreDecodedAsTheyWereEncoded) {
  char memory[128];
  Writer w(memory, sizeof(memory));
  RequestHead head;
  head.stream_flags = kStreamsAreOne;
  head.umask = 077;
  head.client_inode = 99;
  head.group = 5;
  write(w, head);
  Reader r(memory, w.size());
  const RequestHead back = read_request_head(r);
  EXPECT_TRUE(r.done());
  EXPECT_EQ(back.stream_flags, head.stream_flags);
  EXPECT_EQ(back.umask, 077u);
  EXPECT_EQ(back.client_inode, 99u);
  EXPECT_EQ(back.group, 5u);
}

TEST(Codec, ACountIsBoundedByTheBytesThatAreLeft) {
  const char memory[8] = {100, 0, 0, 0, 0, 0, 0, 0};
  Reader r(memory, sizeof(memory));
  EXPECT_EQ(r.count(), 0u);
  EXPECT_TRUE(r.failed());
}

TEST(Frame, BuildsDiffer) {
  FrameHead head = frame_head(Kind::ask, 0);
  EXPECT_TRUE(is_ours(head));
  head.build ^= 1;
  EXPECT_FALSE(is_ours(head));
}
// Hexadecimal digits with spaces between them.
std::string packed(std::string spaced) {
  std::erase(spaced, ' ');
  return spaced;
}

template <typename Head>
std::string bytes_of(const Head& head) {
  char memory[128];
  Writer w(memory, sizeof(memory));
  write(w, head);
  return to_hex({memory, w.size()});
}

// The bytes of each message, so that they are not changed by accident. A change on purpose also grows
// kProtocol.
TEST(Format, Heads) {
  EXPECT_EQ(kProtocol, 10);
  const FrameHead frame = frame_head(Kind::fed, 0x1234);
  EXPECT_EQ(to_hex({reinterpret_cast<const char*>(&frame), 12}),
            packed("64656a31 0a00 0c00 34120000"));
  const RequestHead request = {.stream_flags = kStreamsAreOne,
                               .umask = 027,
                               .root_mount = 1,
                               .root_device = 2,
                               .root_inode = 3,
                               .client_device = 4,
                               .client_inode = 5,
                               .group = 6,
                               .confinement = 7};
  EXPECT_EQ(bytes_of(request), packed("04000000 17000000 0100000000000000 0200000000000000 "
                                      "0300000000000000 0400000000000000 0500000000000000 "
                                      "0600000000000000 0700000000000000"));
  EXPECT_EQ(bytes_of(ReplayHead{1, 2, 3}), packed("01000000 02000000 03000000"));
  const ReportHead report = {.flags = kReportSupervised,
                             .exit_code = 1,
                             .signal = 9,
                             .elapsed_ns = 0x0102030405060708,
                             .ended_ns = 2,
                             .stdout_size = 3,
                             .stderr_size = 4};
  EXPECT_EQ(bytes_of(report), packed("08000000 01000000 09000000 00000000 0807060504030201 "
                                     "0200000000000000 03000000 04000000"));
}

TEST(Format, Texts) {
  char memory[16];
  Writer w(memory, sizeof(memory));
  w.text("ab");
  EXPECT_EQ(to_hex({memory, w.size()}), packed("02000000 6162"));
}

}  // namespace
}  // namespace deja::wire
