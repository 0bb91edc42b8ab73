// SPDX-License-Identifier: Apache-2.0
#include "formats/rust_metadata.h"

#include <gtest/gtest.h>
#include <snappy.h>

namespace deja::formats {
namespace {

const std::string kHeader("rust\0\0\0\x0a\0\0\0\0\0\0\x12\x34", 16);
const std::string kStream("\xff\x06\0\0sNaPpY", 10);

std::string chunk(char kind, const std::string& data) {
  std::string out(1, kind);
  for (int shift = 0; shift < 24; shift += 8)
    out += static_cast<char>((data.size() >> shift) & 255);
  return out + data;
}

std::string packed(const std::string& text) {
  std::string out;
  snappy::Compress(text.data(), text.size(), &out);
  return chunk(0, "sum." + out);
}

TEST(RustMetadata, ChunksAreJoined) {
  const std::string text = "/home/u/ws/" + std::string(1000, 'x');
  EXPECT_EQ(unpack_rust_metadata(kHeader + kStream + packed(text) + chunk(1, "sum.plain") +
                                 chunk('\xfe', "padding") + packed("end")),
            text + "plainend");
  EXPECT_EQ(unpack_rust_metadata(kHeader + kStream), "");
}

TEST(RustMetadata, LaterCompilersHideNothing) {
  EXPECT_EQ(unpack_rust_metadata(kHeader + kHeader.substr(0, 8) + "/home/u/ws"), "");
}

TEST(RustMetadata, OtherSectionsCouldHoldAnything) {
  const std::string good = kHeader + kStream + packed("text");
  ASSERT_TRUE(unpack_rust_metadata(good));
  EXPECT_FALSE(unpack_rust_metadata(""));
  EXPECT_FALSE(unpack_rust_metadata("x" + good));
  EXPECT_FALSE(unpack_rust_metadata(kHeader + std::string(64, ' ') + kStream + packed("text")));
  EXPECT_FALSE(unpack_rust_metadata(kHeader + kStream + chunk(2, "sum.unknown")));
  EXPECT_FALSE(unpack_rust_metadata(kHeader + kStream + chunk(0, "sum.garbage")));
  EXPECT_FALSE(unpack_rust_metadata(kHeader + kStream + chunk(1, "sum")));
  for (std::size_t size = kHeader.size() + kStream.size() + 1; size < good.size(); ++size)
    EXPECT_FALSE(unpack_rust_metadata(good.substr(0, size))) << size;
}

// A length larger than any memory.
TEST(RustMetadata, ALengthIsNotTrusted) {
  EXPECT_FALSE(unpack_rust_metadata(kHeader + kStream +
                                    chunk(0, std::string("sum.\xff\xff\xff\xff\x0f", 9))));
}

}  // namespace
}  // namespace deja::formats
