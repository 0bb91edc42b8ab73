#include "wire/messages.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace deja::wire
