// SPDX-License-Identifier: Apache-2.0
#include "exchange/session_record.h"

#include <gtest/gtest.h>

#include "exchange/exchange_support.h"
#include "exchange/payload.h"
#include "exchange/record_name.h"

namespace deja::exchange {
namespace {

Use use(int n, std::uint8_t age = 0) {
  return {store::probe_key_of(std::to_string(n)), store::action_key_of(std::to_string(n)),
          1'000'000, 5000, age};
}
SessionRecord record(const std::vector<int>& numbers, std::string branch = "main") {
  SessionRecord out{"git@example.org:a/b", std::move(branch), 77, {}};
  for (const int n : numbers) out.uses.push_back(use(n));
  return out;
}
std::vector<ActionKey> keys(const SessionRecord& record) {
  std::vector<ActionKey> out;
  for (const Use& u : record.uses) out.push_back(u.key);
  return out;
}

Result<SessionRecord> decode(std::string_view bytes) {
  return decode_session("git@example.org:a/b", "main", bytes);
}

TEST(SessionRecord, ComesBackAsItWas) {
  SessionRecord before = record({3, 1, 2});
  before.uses[1] = {store::probe_key_of("x"), store::action_key_of("y"), ~0ULL, ~0ULL, 255};
  const auto after = decode(encode_session(before));
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(*after, before);
}

TEST(SessionRecord, OfTheLargestSizeFits) {
  SessionRecord before{std::string(kProjectNameMax, 'p'), std::string(kProjectNameMax, 'b'), 1, {}};
  for (std::size_t i = 0; i < kUsesMax; ++i) before.uses.push_back(use(static_cast<int>(i)));
  for (Use& u : before.uses) u.cost_ns = u.bytes = ~0ULL;
  const std::string bytes = encode_session(before);
  EXPECT_LE(bytes.size(), session_bytes_max());
  EXPECT_LE(bytes.size(), 2U << 20);
  EXPECT_TRUE(decode_session(before.project, before.branch, bytes));
}

TEST(SessionRecord, OfAnotherProjectOrBranchIsNone) {
  const std::string bytes = encode_session(record({1}));
  EXPECT_EQ(decode_session("other", "main", bytes).error().code, Code::corrupt);
  EXPECT_EQ(decode_session("git@example.org:a/b", "", bytes).error().code, Code::corrupt);
}

TEST(SessionRecord, CutOrChangedIsNone) {
  const std::string bytes = encode_session(record({1, 2}));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode(bytes.substr(0, size)));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    const auto read = decode(changed);
    EXPECT_TRUE(!read || *read == record({1, 2})) << at;
  }
}

TEST(SessionRecord, TakesNoMoreThanItsLimits) {
  Encoder e;
  e.bytes("git@example.org:a/b");
  e.bytes("main");
  e.i64(0);
  e.varint(kUsesMax + 1);
  e.raw(std::string((kUsesMax + 1) * 67, '\0'));
  EXPECT_EQ(decode(wrap_payload({"dejS", 1, 2 << 20}, e.view())).error().code, Code::corrupt);
  EXPECT_EQ(decode(wrap_payload({"dejS", 1, 1 << 30}, std::string(64 << 20, '\0'))).error().code,
            Code::corrupt);
  EXPECT_EQ(decode(wrap_payload({"dejS", 9, 2 << 20}, "")).error().code, Code::protocol);
}

TEST(MergeSessions, APartialBuildForgetsNothing) {
  const SessionRecord merged = merge_sessions(record({2, 9}), record({1, 2, 3}));
  EXPECT_EQ(keys(merged), (std::vector{use(2).key, use(9).key, use(1).key, use(3).key}));
  EXPECT_EQ(merged.uses[0].age, 0);
  EXPECT_EQ(merged.uses[2].age, 1);
}

TEST(MergeSessions, WhatWasMadeAnewReplacesWhatWasBefore) {
  SessionRecord now = record({1});
  now.uses[0].key = store::action_key_of("new");
  EXPECT_EQ(keys(merge_sessions(now, record({1}))), std::vector{store::action_key_of("new")});
}

TEST(MergeSessions, ForgetsWhatIsNotUsedForLong) {
  SessionRecord kept = record({1, 2});
  for (int i = 0; i < kUseAgeMax; ++i) kept = merge_sessions(record({1}), kept);
  EXPECT_EQ(kept.uses.size(), 2U);
  kept = merge_sessions(record({1}), kept);
  EXPECT_EQ(keys(kept), std::vector{use(1).key});
}

TEST(MergeSessions, KeepsTheLimit) {
  SessionRecord now = record({}), before = record({});
  for (int i = 0; i < 15'000; ++i) {
    now.uses.push_back(use(i));
    before.uses.push_back(use(100'000 + i));
  }
  const SessionRecord merged = merge_sessions(now, before);
  EXPECT_EQ(merged.uses.size(), kUsesMax);
  EXPECT_EQ(merged.uses[15'000].key, use(100'000).key);
}

TEST(Sessions, ArePerBranchAndMerged) {
  remote::MemTransport transport;
  EXPECT_EQ(*write_session(transport, "s", record({}), kNoDeadline), Updated::left);
  EXPECT_EQ(*write_session(transport, "s", record({1, 2}), kNoDeadline), Updated::written);
  EXPECT_EQ(*write_session(transport, "s", record({2}), kNoDeadline), Updated::written);
  EXPECT_EQ(*write_session(transport, "s", record({7}, "topic"), kNoDeadline), Updated::written);
  const auto read = [&](const std::vector<std::string>& branches, std::string_view space = "s") {
    const auto got = read_session(transport, space, "git@example.org:a/b", branches, kNoDeadline);
    EXPECT_TRUE(got) << got.error().message;
    return got && *got ? keys(**got) : std::vector<ActionKey>{};
  };
  EXPECT_EQ(read({"main"}), (std::vector{use(2).key, use(1).key}));
  EXPECT_EQ(read({"none", "topic", "main"}), std::vector{use(7).key});
  EXPECT_TRUE(read({"none", ""}).empty());
  EXPECT_TRUE(read({"main"}, "other").empty());
  // A record that cannot be read is passed over, and the next writer replaces it.
  ASSERT_TRUE(transport.put(session_name("s", "git@example.org:a/b", "topic"), {.bytes = "junk"},
                            kNoDeadline));
  EXPECT_EQ(read({"topic", "main"}).size(), 2U);
  EXPECT_EQ(*write_session(transport, "s", record({8}, "topic"), kNoDeadline), Updated::written);
  EXPECT_EQ(read({"topic"}), std::vector{use(8).key});
}

TEST(Sessions, ANewerFormatIsLeftAlone) {
  remote::MemTransport transport;
  const std::string newer = wrap_payload({"dejS", 2, 100}, "newer");
  const remote::Name name = session_name("s", record({}).project, "main");
  ASSERT_TRUE(transport.put(name, {.bytes = newer}, kNoDeadline));
  EXPECT_EQ(*write_session(transport, "s", record({1}), kNoDeadline), Updated::left);
  EXPECT_EQ((*transport.get(name, 100, kNoDeadline))->bytes, newer);
}

TEST(SessionLog, WhatIsPutBackComesFirst) {
  SessionLog log;
  const std::vector<Use> uses = {use(1), use(2)};
  for (const Use& one : uses) log.note(one);
  std::vector<Use> taken = log.take();
  log.note(use(2));
  log.note(use(3));
  log.put_back(std::move(taken));
  log.note(use(1));
  EXPECT_EQ(log.take(), (std::vector<Use>{use(1), use(2), use(3)}));
}

TEST(SessionLog, CountsEachResultOnceInOrder) {
  SessionLog log;
  for (const int n : {5, 3, 5, 4, 3}) log.note(use(n));
  EXPECT_EQ(log.take(), (std::vector{use(5), use(3), use(4)}));
  EXPECT_TRUE(log.take().empty());
  log.note(use(5));
  EXPECT_EQ(log.take().size(), 1U);
}

}  // namespace
}  // namespace deja::exchange
