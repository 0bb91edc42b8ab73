// SPDX-License-Identifier: Apache-2.0
// Every record, truncated at every length and with every byte changed, decodes to nothing or to the
// original; the worked examples of docs/format.md decode as they say.
#include "store/rows.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "digest/file_digester.h"
#include "digest/hasher.h"
#include "store/index_state.h"
#include "store/layout.h"
#include "store/ledger.h"

namespace deja::store {
namespace {

const Digest kDigest = digest::digest_bytes("x");
const ActionKey kAction{digest::digest_bytes("action")};
const ProbeKey kProbe{digest::digest_bytes("probe")};

// REQUIRES: is_same returns true if bytes decode to the original; decodes, if they decode at all.
template <typename Decodes, typename IsSame>
void expect_guarded(const std::string& bytes, Decodes decodes, IsSame is_same) {
  ASSERT_TRUE(decodes(bytes));
  ASSERT_TRUE(is_same(bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decodes(bytes.substr(0, n))) << "cut at " << n;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      EXPECT_TRUE(!decodes(damaged) || is_same(damaged)) << "byte " << i;
    }
  }
  EXPECT_FALSE(decodes(bytes + "x"));
}

TEST(Rows, ResultsAreGuarded) {
  ResultFacts facts;
  facts.blobs = {{kDigest, 300}, {digest::digest_bytes("y"), 0}};
  facts.cost_ns = 123456789;
  facts.probe = kProbe;
  const std::string bytes = encode_result_row(kAction, "record", facts);
  expect_guarded(
      bytes, [](std::string_view b) { return decode_result_row(kAction, b).has_value(); },
      [](std::string_view b) {
        const auto row = decode_result_row(kAction, b);
        return row->record == "record" && row->facts.cost_ns == 123456789 &&
               row->facts.probe == kProbe && row->facts.blobs.size() == 2 &&
               row->facts.blobs[0].digest == kDigest && row->facts.blobs[0].size == 300;
      });
  EXPECT_FALSE(decode_result_row(ActionKey{kDigest}, bytes)) << "under another key";
}

TEST(Rows, ManifestsAreGuarded) {
  const std::string bytes = encode_manifest_row(kProbe, {42, "traces"});
  expect_guarded(
      bytes, [](std::string_view b) { return decode_manifest_row(kProbe, b).has_value(); },
      [](std::string_view b) {
        const auto row = decode_manifest_row(kProbe, b);
        return row->updated_ns == 42 && row->record == "traces";
      });
  EXPECT_FALSE(decode_manifest_row(ProbeKey{kDigest}, bytes));
}

TEST(Rows, BlobsUsageMemosAndCountersAreGuarded) {
  BlobRow blob{.size = 5, .references = 2, .identity = {}};
  blob.identity.inode = 99;
  blob.identity.size = 5;
  expect_guarded(
      encode_blob_row(kDigest, blob),
      [](std::string_view b) { return decode_blob_row(kDigest, b).has_value(); },
      [&](std::string_view b) { return decode_blob_row(kDigest, b)->identity == blob.identity; });
  const UsageRow usage{.last_use_ns = 7, .bytes = 8, .weight = 9.5, .value = 10.25};
  expect_guarded(
      encode_usage_row("key", usage),
      [](std::string_view b) { return decode_usage_row("key", b).has_value(); },
      [](std::string_view b) { return decode_usage_row("key", b)->value == 10.25; });
  expect_guarded(
      encode_memo_row("0123456789abcdef", {kDigest, 3}),
      [](std::string_view b) { return decode_memo_row("0123456789abcdef", b).has_value(); },
      [](std::string_view b) { return decode_memo_row("0123456789abcdef", b)->digest == kDigest; });
  StoreCounters counters;
  counters.blob_bytes = 4096;
  counters.inflation = 1.5;
  expect_guarded(
      encode_counters(counters), [](std::string_view b) { return decode_counters(b).has_value(); },
      [&](std::string_view b) { return decode_counters(b) == counters; });
}

TEST(Rows, TheStateOfTheIndexIsGuarded) {
  const std::string bytes = encode_state({true, 77, "boot"});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const auto state = decode_state(damaged);
    EXPECT_TRUE(!state || (state->txn == 77 && state->boot == "boot" && state->is_clean)) << i;
  }
}

std::vector<std::string> frames_in(const std::string& bytes) {
  std::vector<std::string> rows;
  EXPECT_TRUE(scan_frames(bytes, [&](const LedgerFrame& frame) -> Status {
    rows.emplace_back(frame.row);
    return {};
  }));
  return rows;
}

TEST(Ledger, ADamagedFrameCostsOnlyItself) {
  const std::string first = encode_frame(FrameKind::result, kDigest, "first");
  const std::string second =
      encode_frame(FrameKind::manifest, kDigest, "second DJL1 with a magic inside");
  const std::string third = encode_frame(FrameKind::result, kDigest, "");
  EXPECT_EQ(first.size(), ledger_frame_bytes(5));
  using Rows = std::vector<std::string>;
  EXPECT_EQ(frames_in(first + second + third),
            (Rows{"first", "second DJL1 with a magic inside", ""}));
  for (std::size_t n = 1; n < second.size(); ++n)  // torn: its writer was killed, others continued
    EXPECT_EQ(frames_in(first + second.substr(0, n) + third), (Rows{"first", ""})) << n;
  for (std::size_t i = 0; i < second.size(); ++i) {
    std::string damaged = second;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    EXPECT_EQ(frames_in(first + damaged + third), (Rows{"first", ""})) << i;
  }
}

TEST(Layout, ReadsItsOwnNames) {
  const Layout layout("/c");
  const std::string blob = layout.blob(kDigest);
  EXPECT_EQ(blob.substr(0, 9), "/c/blobs/");
  EXPECT_EQ(digest_of_blob_name(blob.substr(9, 2), blob.substr(12)), kDigest);
  EXPECT_FALSE(digest_of_blob_name("zz", blob.substr(12)));
  EXPECT_FALSE(digest_of_blob_name("ab", "cd"));
  EXPECT_EQ(owner_of_temp(layout.new_temp().substr(7)), ::getpid());
  EXPECT_FALSE(owner_of_temp("x.1.2"));
  EXPECT_EQ(parse_ledger_name("12.base")->number, 12u);
  EXPECT_TRUE(parse_ledger_name("12.base")->is_base);
  EXPECT_FALSE(parse_ledger_name("12.log")->is_base);
  EXPECT_FALSE(parse_ledger_name("12.old"));
  EXPECT_FALSE(parse_ledger_name("x.log"));
}

// docs/format.md, "An example in bytes".
TEST(Format, TheWorkedExampleDecodes) {
  const ProbeKey key;  // 32 zeros
  const std::string row = encode_manifest_row(key, {1, "hi"});
  EXPECT_EQ(to_hex(row),
            "01"
            "92ecf3edb99e9599"
            "0100000000000000"
            "02"
            "6869");
  const std::string frame = encode_frame(FrameKind::manifest, key.digest, row);
  EXPECT_EQ(to_hex(frame),
            "444a4c31"
            "02" +
                std::string(64, '0') + "14000000" + to_hex(row) + "ed473169e84fb408");
}

// Hexadecimal digits with spaces between them.
std::string packed(std::string spaced) {
  std::erase(spaced, ' ');
  return spaced;
}

// Of a row behind its version and its checksum.
std::string payload_of(const std::string& row) {
  EXPECT_EQ(row.front(), 1);
  return to_hex(std::string_view(row).substr(9));
}

// The bytes of each row, so that they are not changed by accident: an index holds what older versions
// have written. A change on purpose also changes the version.
TEST(Format, PayloadsOfRows) {
  Digest digest;
  digest.bytes.fill(0xaa);
  ProbeKey probe;
  probe.digest.bytes.fill(0xbb);
  EXPECT_EQ(
      payload_of(encode_result_row(kAction, "rec", {{{digest, 300}}, 2, probe})),
      packed("0200000000000000 01 " + probe.hex() + " 01 " + digest.hex() + " ac02 03 726563"));
  const BlobRow blob{1, 2, {.device = 3, .inode = 4, .mtime_ns = 5, .ctime_ns = 6, .mode = 0444}};
  EXPECT_EQ(payload_of(encode_blob_row(kDigest, blob)),
            packed("0100000000000000 02000000 0300000000000000 0400000000000000 "
                   "0500000000000000 0600000000000000 24010000"));
  EXPECT_EQ(payload_of(encode_usage_row("k", {1, 2, 1.0, 2.0})),
            packed("0100000000000000 0200000000000000 000000000000f03f 0000000000000040"));
  EXPECT_EQ(to_hex(encode_memo_row("k", {digest, 7})).substr(8),
            packed(digest.hex() + " 07000000"));
  const StoreCounters counters = {.blobs = 1,
                                  .blob_bytes = 2,
                                  .results = 3,
                                  .manifests = 4,
                                  .record_bytes = 5,
                                  .ledger_live = 6,
                                  .ledger_bytes = 7,
                                  .ledger_number = 8,
                                  .memo_entries = {9, 10},
                                  .memo_current = 1,
                                  .is_clean = 1,
                                  .swept_ns = 11,
                                  .inflation = 1.0};
  EXPECT_EQ(payload_of(encode_counters(counters)),
            packed("0100000000000000 0200000000000000 0300000000000000 0400000000000000 "
                   "0500000000000000 0600000000000000 0700000000000000 0800000000000000 "
                   "0900000000000000 0a00000000000000 0100000000000000 0100000000000000 "
                   "0b00000000000000 000000000000f03f"));
}

TEST(Format, StateOfTheIndex) {
  const std::string bytes = encode_state({true, 77, "boot"});
  ASSERT_EQ(bytes.size(), 128u);
  constexpr std::size_t kChecksum = 8 + 1 + 8 + 5, kEnd = kChecksum + 8;
  EXPECT_EQ(to_hex(bytes.substr(0, kEnd)), packed("64656a6169647831 01 4d00000000000000 "
                                                  "04 626f6f74 abb00299944ce6e4"));
  EXPECT_EQ(bytes.substr(kEnd), std::string(128 - kEnd, '\0'));
}

TEST(Format, KeysOfMemos) {
  const os::FileIdentity identity = {.device = 1,
                                     .inode = 2,
                                     .size = 3,
                                     .mtime_ns = 4,
                                     .ctime_ns = 5,
                                     .mode = 0100644,
                                     .links = 1};
  EXPECT_EQ(to_hex(digest::memo_key(identity)), "52bdd17bc55860ff5086c433f95b3fbd");
}

TEST(Format, NamesInTheStore) {
  Digest digest;
  digest.bytes.fill(0xab);
  const Layout layout("/c");
  EXPECT_EQ(layout.blob(digest), "/c/blobs/ab/" + digest.hex().substr(2));
  EXPECT_EQ(layout.ledger_log(12), "/c/ledger/12.log");
  EXPECT_EQ(layout.ledger_base(12), "/c/ledger/12.base");
  EXPECT_EQ(layout.index(), "/c/index");
  EXPECT_EQ(layout.format(), "/c/format");
  EXPECT_EQ(std::string(kFormatPrefix) + std::to_string(kFormatVersion), "deja store 1");
}

}  // namespace
}  // namespace deja::store
