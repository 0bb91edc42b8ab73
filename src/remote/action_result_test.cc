// SPDX-License-Identifier: Apache-2.0
#include "remote/action_result.h"

#include <gtest/gtest.h>

namespace deja::remote {
namespace {

using std::literals::operator""sv;

std::string shown(std::string_view bytes) {
  const auto record = decode_action_result(bytes);
  if (!record) return "error";
  return *record ? "record " + std::string(**record) : "none";
}

TEST(ActionResult, HasTheBytesOfProtobuf) {
  EXPECT_EQ(encode_action_result("abc"),
            "\x2a\x03"
            "abc\x4a\x06\x0a\x04"
            "deja");
}

TEST(ActionResult, ComesBack) {
  for (const std::size_t size : {0, 1, 127, 128, 70'000}) {
    const std::string record(size, 'r');
    const std::string encoded = encode_action_result(record);
    EXPECT_EQ(shown(encoded), "record " + record);
    EXPECT_LE(encoded.size(), record.size() + kActionResultOverhead);
    for (std::size_t cut = 0; cut < encoded.size(); cut += size > 1000 ? 997 : 1)
      EXPECT_NE(shown(encoded.substr(0, cut)), "record " + record);
  }
}

TEST(ActionResult, OfAnotherProgramIsNoRecord) {
  EXPECT_EQ(shown(""), "none");
  EXPECT_EQ(shown("\x2a\x03"
                  "abc"),
            "none");
  EXPECT_EQ(shown("\x2a\x03"
                  "abc\x4a\x06\x0a\x04"
                  "host"),
            "none");
  // exit_code = 1; a file with a digest
  EXPECT_EQ(shown("\x20\x01\x12\x03\x0a\x01x"), "none");
}

TEST(ActionResult, SkipsWhatItDoesNotKnow) {
  EXPECT_EQ(shown("\x20\x01\x79\x31\x32\x33\x34\x35\x36\x37\x38\x7d\x31\x32\x33\x34" +
                  encode_action_result("abc") + "\xa2\x06\x01x"),
            "record abc");
}

TEST(ActionResult, IsMadeOfWholeFields) {
  for (const std::string_view bytes : {"<html>"sv,
                                       "\x2a\x05"sv
                                       "abc",
                                       "\x4a\x02\x0a\x04"sv, "\x00\x01"sv, "\x2b"sv,
                                       "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv})
    EXPECT_EQ(shown(bytes), "error") << testing::PrintToString(bytes);
}

}  // namespace
}  // namespace deja::remote
