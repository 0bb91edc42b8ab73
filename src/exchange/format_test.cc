// SPDX-License-Identifier: Apache-2.0
// The bytes of what is on remotes and in files, so that they are not changed by accident: remotes hold what older
// versions have written. A change on purpose also changes the format's version and docs/format.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "exchange/exchange_support.h"
#include "exchange/offer.h"
#include "exchange/payload.h"
#include "exchange/record_name.h"
#include "exchange/session_record.h"
#include "exchange/signing.h"
#include "exchange/upload_job.h"

namespace deja::exchange {
namespace {

Digest digest_of(unsigned char byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

std::string times(const char* hex, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += hex;
  return out;
}

// Lines of hexadecimal digits with spaces between them.
std::string packed(std::initializer_list<std::string> lines) {
  std::string out;
  for (const std::string& line : lines)
    std::copy_if(line.begin(), line.end(), std::back_inserter(out),
                 [](char c) { return c != ' '; });
  return out;
}

Offer sample_offer() {
  Offer offer;
  offer.claims = {{action::Claim::file, "/a.c", std::string(digest_of(0xaa).view())},
                  {action::Claim::absent, "/a.h", ""}};
  OfferEntry entry;
  entry.key = ActionKey{digest_of(0x11)};
  entry.claims = {0, 1};
  entry.result = "R";
  entry.made_at_ns = 5;
  OfferedBlob row{digest_of(0xb1), 300, Encoding::zstd, 200, {}, {}};
  row.id.fill(0xc1);
  entry.blobs = {row, {digest_of(0xb2), 2, Encoding::in_offer, 0, {}, "hi"}};
  entry.writer.emplace().fill(0xd1);
  entry.signature.fill(0xe1);
  offer.entries.push_back(entry);
  return offer;
}

TEST(ExchangeFormat, Offer) {
  // clang-format off
  EXPECT_EQ(to_hex(encode_offer_payload(ProbeKey{digest_of(0x99)}, sample_offer())), packed({
      times("99", 32),                                 // fingerprint
      "02",                                            // two claims
      "01 00 04 2f612e63 20", times("aa", 32),         // file "/a.c"
      "02 03 01 68 00",                                // absent: "/a." of the last, then "h"
      "01",                                            // one entry
      times("11", 32), "02 00 01",                     // its key, claims 0 and 1
      "01 52 0500000000000000",                        // result "R", made at 5 ns
      "02",                                            // two blobs
      times("b1", 32), "ac02 01 c801", times("c1", 32),  // 300 bytes, zstd, 200 bytes as this object
      times("b2", 32), "02 02 02 6869",                // 2 bytes, in the offer
      "01", times("d1", 32), times("e1", 64),          // writer and signature
  }));
  // clang-format on
  const std::string bytes = encode_offer(ProbeKey{digest_of(0x99)}, sample_offer());
  EXPECT_EQ(to_hex(bytes.substr(0, 7)),
            "64656a4f01c802");  // "dejO", version, size
}

// The zstd frame itself may differ between versions of the library.
TEST(ExchangeFormat, Wrapping) {
  const std::string bytes = wrap_payload({"dejX", 3, 100}, "hello");
  EXPECT_EQ(to_hex(bytes.substr(0, 14)),
            "64656a58"
            "03"
            "05" +
                to_hex(digest::digest_bytes("hello").view().substr(0, 8)));
  EXPECT_EQ(to_hex(bytes.substr(14, 4)), "28b52ffd");  // RFC 8878, section 3.1.1
  EXPECT_EQ(*unwrap_payload({"dejX", 3, 5}, bytes), "hello");
  EXPECT_FALSE(unwrap_payload({"dejX", 3, 4}, bytes));
}

TEST(ExchangeFormat, Session) {
  const SessionRecord record{
      "p", "main", 7, {{ProbeKey{digest_of(0x99)}, ActionKey{digest_of(0x11)}, 300, 5, 2}}};
  // clang-format off
  EXPECT_EQ(to_hex(*unwrap_payload({"dejS", 1, 2 << 20}, encode_session(record))), packed({
      "01 70 04 6d61696e 0700000000000000",            // project, branch, written at 7 ns
      "01", times("99", 32), times("11", 32),          // one use
      "ac02 05 02",                                    // 300 ns, 5 bytes, two builds ago
  }));
  // clang-format on
}

TEST(ExchangeFormat, UploadJob) {
  const std::string bytes = encode_job({ProbeKey{digest_of(0x99)}, ActionKey{digest_of(0x11)}, 7});
  const std::string head =
      packed({"64656a55 01", times("99", 32), times("11", 32), "0700000000000000"});
  EXPECT_EQ(to_hex(bytes.substr(0, 77)), head);
  EXPECT_EQ(to_hex(bytes.substr(77)),
            to_hex(digest::digest_bytes(bytes.substr(0, 77)).view().substr(0, 8)));
}

TEST(ExchangeFormat, NamesOfRecords) {
  EXPECT_EQ(offer_name("team", ProbeKey{digest_of(0x99)}).path(),
            "ac/53d28cb5afdf6e466beadb793e3b23ffc1950519afd0683b4bff142a1973c3db");
  EXPECT_EQ(session_name("team", "project", "main").path(),
            "ac/6444ea7c26db157966b3db4c7f8ad720349e06de5962fb38f8599beeb4d169a2");
  EXPECT_NE(offer_name("", ProbeKey{}), offer_name("x", ProbeKey{}));
  EXPECT_NE(session_name("a", "bc", ""), session_name("ab", "c", ""));
}

TEST(ExchangeFormat, WhatIsSigned) {
  EXPECT_EQ(
      to_hex(entry_message("team", ProbeKey{digest_of(0x99)}, sample_offer().entries[0])),
      "64656a6120656e747279203100502b40341aa69398c2f16b3fda9b32e0beff58cbf9e706a1ae269e02001598fc");
}

}  // namespace
}  // namespace deja::exchange
