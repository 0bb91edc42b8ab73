// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

namespace deja {
namespace {

TEST(Bytes, DecodesWhatWasEncoded) {
  Encoder e;
  e.u8(7);
  e.u32(0xdeadbeef);
  e.u64(0x0123456789abcdefULL);
  e.i64(-5);
  e.varint(0);
  e.varint(300);
  e.varint(~0ULL);
  e.bytes(std::string_view("a\0b", 3));
  e.raw("xy");
  Decoder d(e.view());
  EXPECT_EQ(d.u8(), 7);
  EXPECT_EQ(d.u32(), 0xdeadbeef);
  EXPECT_EQ(d.u64(), 0x0123456789abcdefULL);
  EXPECT_EQ(d.i64(), -5);
  EXPECT_EQ(d.varint(), 0u);
  EXPECT_EQ(d.varint(), 300u);
  EXPECT_EQ(d.varint(), ~0ULL);
  EXPECT_EQ(d.bytes(), std::string_view("a\0b", 3));
  EXPECT_EQ(d.raw(2), "xy");
  EXPECT_TRUE(d.done());
}

TEST(Bytes, EveryCutFailsAndNeverReadsPastTheEnd) {
  Encoder e;
  e.varint(1000000);
  e.bytes("hello");
  e.u64(9);
  for (std::size_t n = 0; n < e.view().size(); ++n) {
    Decoder d(std::string_view(e.view()).substr(0, n));
    d.varint();
    d.bytes();
    d.u64();
    EXPECT_TRUE(d.failed()) << n;
  }
}

TEST(Bytes, RefusesVarintsOfMoreThan64Bits) {
  const std::string eleven(11, '\xff');
  Decoder d(eleven);
  d.varint();
  EXPECT_TRUE(d.failed());
}

TEST(Bytes, CountIsBoundedByWhatIsLeft) {
  Encoder e;
  e.varint(1000);
  e.raw("12345678");
  Decoder d(e.view());
  EXPECT_EQ(d.count(4), 0u);
  EXPECT_TRUE(d.failed());
}

TEST(Bytes, HexThereAndBack) {
  const std::string bytes("\x00\xff\x10z", 4);
  EXPECT_EQ(to_hex(bytes), "00ff107a");
  std::string back;
  EXPECT_TRUE(from_hex("00ff107a", back));
  EXPECT_EQ(back, bytes);
  EXPECT_FALSE(from_hex("0", back));
  EXPECT_FALSE(from_hex("0G", back));
  EXPECT_FALSE(from_hex("0A", back));
}

}  // namespace
}  // namespace deja
