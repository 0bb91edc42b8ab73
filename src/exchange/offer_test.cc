// SPDX-License-Identifier: Apache-2.0
#include "exchange/offer.h"
#include "action/claim_text.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "exchange/exchange_support.h"
#include "exchange/offer_check.h"
#include "exchange/payload.h"

namespace deja::exchange {
namespace {

using action::Claim;
using action::Observation;
using action::Role;
using action::Trace;

const ProbeKey kOfferProbe = store::probe_key_of("p");

Trace trace_of(std::vector<Observation> claims) {
  Trace trace{std::move(claims)};
  trace.normalize();
  return trace;
}
Trace trace_named(const std::string& name) {
  return trace_of(
      {file_claim("\1/a.c", name), file_claim("\1/a.h", "same"), {Claim::absent, "\1/b.h", ""}});
}
Offer offer_named(const std::string& name, std::int64_t made_at_ns = 1000) {
  return offer_of(kOfferProbe, trace_named(name), {"object of " + name}, made_at_ns);
}
PublicKey writer_named(char letter) {
  PublicKey key;
  key.fill(static_cast<std::uint8_t>(letter));
  return key;
}

Offer decoded(const Offer& offer) {
  auto out = decode_offer(kOfferProbe, encode_offer(kOfferProbe, offer));
  EXPECT_TRUE(out) << out.error().message;
  EXPECT_EQ(out ? out->refused : 99, 0U);
  return out ? std::move(out->offer) : Offer();
}

TEST(Offer, ComesBackAsItWas) {
  Offer offer = merge(offer_named("one", 2000), offer_named("two"), {});
  offer.entries[0].writer = writer_named('w');
  offer.entries[0].signature.fill(7);
  offer.entries[1].blobs[0] = {
      offer.entries[1].blobs[0].digest, 13, Encoding::zstd, 12, remote::sha256("x"), ""};
  EXPECT_EQ(decoded(offer), offer);
  EXPECT_EQ(decoded(Offer()), Offer());
  EXPECT_EQ(offer.claims.size(), 4U);  // two are shared
  EXPECT_EQ(offer.trace(offer.entries[0]).observations, trace_named("one").observations);
}

TEST(Offer, IsForOneFingerprint) {
  const std::string bytes = encode_offer(kOfferProbe, offer_named("one"));
  const auto other = decode_offer(store::probe_key_of("q"), bytes);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::corrupt);
}

TEST(Offer, OfAnotherVersionIsNotDamaged) {
  std::string bytes = encode_offer(kOfferProbe, offer_named("one"));
  bytes[4] = 2;
  EXPECT_EQ(decode_offer(kOfferProbe, bytes).error().code, Code::protocol);
}

TEST(Offer, CutOrChangedIsNoneOrOneThatStillHolds) {
  const Offer offer = merge(offer_named("one", 2000), offer_named("two"), {});
  const std::string payload = encode_offer_payload(kOfferProbe, offer);
  for (std::size_t size = 0; size < payload.size(); ++size)
    EXPECT_FALSE(decode_offer_payload(kOfferProbe, std::string_view(payload).substr(0, size)))
        << size;
  for (std::size_t at = 0; at < payload.size(); ++at) {
    std::string changed = payload;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto read = decode_offer_payload(kOfferProbe, changed);
    if (!read) continue;
    // What is still accepted has the promised output under its own key.
    for (const OfferEntry& entry : read->offer.entries)
      EXPECT_TRUE(!check_entry(kOfferProbe, read->offer, entry) ||
                  entry.key == offer.entries[0].key || entry.key == offer.entries[1].key)
          << at;
  }
}

TEST(Offer, AllocatesNoMoreThanItsLimit) {
  const PayloadFormat huge{"dejO", 1, 1ULL << 32};
  const std::string bomb = wrap_payload(huge, std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 10'000U);
  const auto read = decode_offer(kOfferProbe, bomb);
  EXPECT_EQ(read.error().code, Code::corrupt);
  EXPECT_NE(read.error().message.find("too large"), std::string::npos) << read.error().message;
}

// A few bytes each, and each repeats a long subject.
TEST(Offer, ExpandsNoMoreThanItsLimit) {
  Encoder e;
  e.raw(kOfferProbe.digest.view());
  constexpr int kClaims = 100'000;
  e.varint(kClaims + 1);
  e.u8(2);
  e.varint(0);
  e.bytes(std::string(10'000, 'a'));
  e.bytes("");
  for (int i = 0; i < kClaims; ++i) {
    e.u8(2);
    e.varint(10'000 + static_cast<unsigned>(i));
    e.bytes("a");
    e.bytes("");
  }
  e.varint(0);
  const auto read = decode_offer_payload(kOfferProbe, e.view());
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("claims"), std::string::npos);
}

TEST(Offer, LeavesOutEntriesWithClaimsThatItDoesNotKnow) {
  Trace strange = trace_named("one");
  strange.observations.push_back({static_cast<Claim>(200), "x", "y"});
  Offer offer;
  offer.claims = strange.observations;
  std::sort(offer.claims.begin(), offer.claims.end());
  OfferEntry entry = offer_named("one").entries[0];
  entry.claims = {0, 1, 2};
  const OfferEntry known = entry;
  entry.claims.push_back(3);
  offer.entries = {entry, known};
  const auto read = decode_offer(kOfferProbe, encode_offer(kOfferProbe, offer));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->refused, 1U);
  ASSERT_EQ(read->offer.entries.size(), 1U);
  EXPECT_EQ(read->offer.entries[0], known);
}

TEST(Merge, KeepsBothWritersEntriesNewestFirst) {
  const Offer merged = merge(offer_named("one", 1), offer_named("two", 2), {});
  ASSERT_EQ(merged.entries.size(), 2U);
  EXPECT_EQ(merged.entries[0].made_at_ns, 2);
  for (const OfferEntry& entry : merged.entries)
    EXPECT_TRUE(check_entry(kOfferProbe, merged, entry));
}

TEST(Merge, KeepsOneEntryOfATraceAndWriter) {
  EXPECT_EQ(merge(offer_named("one", 1), offer_named("one", 2), {}).entries.at(0).made_at_ns, 2);
  EXPECT_EQ(merge(offer_named("one", 2), offer_named("one", 1), {}).entries.size(), 1U);
  Offer other = offer_named("one", 2);
  other.entries[0].writer = writer_named('w');
  EXPECT_EQ(merge(offer_named("one", 1), other, {}).entries.size(), 2U);
  Offer mine = offer_named("one", 5), theirs = mine;
  mine.entries[0].signature.fill(1);
  EXPECT_EQ(merge(mine, theirs, {}), mine);
}

TEST(Merge, LetsNobodyCrowdTheOthersOut) {
  Offer crowd, quiet = offer_named("quiet", 1);
  quiet.entries[0].writer = writer_named('q');
  for (int i = 0; i < 40; ++i) {
    Offer one = offer_named("noise" + std::to_string(i), 1000 + i);
    one.entries[0].writer = writer_named('n');
    crowd = merge(one, crowd, {});
    EXPECT_LE(crowd.entries.size(), OfferLimits().entries);
  }
  EXPECT_EQ(crowd.entries.front().made_at_ns, 1039);
  EXPECT_EQ(crowd.entries.back().made_at_ns, 1024);
  const Offer both = merge(quiet, crowd, {});
  EXPECT_EQ(both.entries.size(), OfferLimits().entries);
  EXPECT_EQ(both.entries.back(), [&] {
    OfferEntry entry = quiet.entries[0];
    entry.claims = both.entries.back().claims;
    return entry;
  }());
}

TEST(Merge, KeepsTheLimitOfBytesButAlwaysOneEntry) {
  const auto large = [](const std::string& name, std::int64_t at) {
    return offer_of(kOfferProbe, trace_named(name), {noise(40'000, static_cast<unsigned>(at))}, at);
  };
  Offer offer;
  for (int i = 0; i < 10; ++i) offer = merge(large(std::to_string(i), i), offer, {16, 100'000});
  EXPECT_EQ(offer.entries.size(), 2U);
  EXPECT_LE(encode_offer_payload(kOfferProbe, offer).size(), 100'000U);
  EXPECT_EQ(merge(large("x", 99), offer, {16, 1000}).entries.size(), 1U);
}

struct Wrong {
  const char* name;
  std::function<void(action::ActionResult&, OfferEntry&)> change;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class WrongEntry : public testing::TestWithParam<Wrong> {};

const std::string kOutput = "object of one";

// The result is changed first, then the entry is made to fit to it, then the entry is changed.
void rewrite(OfferEntry& entry, const action::ActionResult& result) {
  entry.result = encode(result);
  entry.made_at_ns = result.made_at_ns;
}

TEST_P(WrongEntry, IsRefused) {
  Offer offer = offer_named("one");
  ASSERT_TRUE(check_entry(kOfferProbe, offer, offer.entries[0]));
  action::ActionResult result = *action::decode_result(offer.entries[0].result);
  GetParam().change(result, offer.entries[0]);
  const auto checked = check_entry(kOfferProbe, offer, offer.entries[0]);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::invalid);
}

Wrong place(const char* name, std::string path) {
  return {name, [path](action::ActionResult& r, OfferEntry& e) {
            r.artifacts[0].path = path;
            rewrite(e, r);
          }};
}

const Wrong kWrong[] = {
    {"key", [](auto&, OfferEntry& e) { e.key = store::action_key_of("other"); }},
    {"fewer claims", [](auto&, OfferEntry& e) { e.claims.pop_back(); }},
    {"no record", [](auto&, OfferEntry& e) { e.result = "dejR"; }},
    {"record with a tail", [](auto&, OfferEntry& e) { e.result += "x"; }},
    {"streams",
     [](action::ActionResult& r, OfferEntry& e) {
       r.streams_are_one = true;
       rewrite(e, r);
     }},
    {"two ages", [](auto&, OfferEntry& e) { ++e.made_at_ns; }},
    {"blob not named",
     [](auto&, OfferEntry& e) {
       e.blobs.push_back({digest::digest_bytes("z"), 1, Encoding::in_offer, 0, {}, "z"});
     }},
    {"blob missing", [](auto&, OfferEntry& e) { e.blobs.clear(); }},
    {"other bytes", [](auto&, OfferEntry& e) { e.blobs[0].bytes[0] = 'X'; }},
    {"fewer bytes", [](auto&, OfferEntry& e) { e.blobs[0].bytes.pop_back(); }},
    {"other size", [](auto&, OfferEntry& e) { ++e.blobs[0].size; }},
    {"other size in the result",
     [](action::ActionResult& r, OfferEntry& e) {
       ++r.artifacts[0].size;
       rewrite(e, r);
     }},
    {"raw with another size",
     [](auto&, OfferEntry& e) {
       e.blobs[0].encoding = Encoding::raw;
       e.blobs[0].stored_size = 99;
     }},
    {"zstd that grows",
     [](auto&, OfferEntry& e) {
       e.blobs[0].encoding = Encoding::zstd;
       e.blobs[0].stored_size = 99;
     }},
    {"two sizes",
     [](action::ActionResult& r, OfferEntry& e) {
       r.out.blob = r.artifacts[0].digest;
       r.out.size = 1;
       rewrite(e, r);
     }},
    place("absolute above", "/w/../home/u/.profile"),
    place("the root of all", "/"),
    place("absolute hooks", "/w/.git/hooks/post-merge"),
    place("above a root", "\1/../x"),
    place("above a root in the middle", "\1/a/../../x"),
    place("ends above", "\2/a/.."),
    place("dot", "\1/./x"),
    place("doubled slash", "\1//x"),
    place("trailing slash", "\1/x/"),
    place("a root itself", "\1"),
    place("no slash after the root", "\1x"),
    place("relative", "x"),
    place("empty", ""),
    place("an unknown root", "\x0b/x"),
    place("below the main output", "\x0e/x"),
    place("hooks", "\3/.git/hooks/post-checkout"),
    place("a NUL", std::string("\1/x\0y", 5)),
    place("a long path", "\1/" + std::string(5000, 'x')),
    {"setuid",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts[0].mode = 04755;
       rewrite(e, r);
     }},
    {"setgid",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts[0].mode = 02755;
       rewrite(e, r);
     }},
    {"type bits",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts[0].mode = 0100644;
       rewrite(e, r);
     }},
    {"one place twice",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts.push_back(r.artifacts[0]);
       rewrite(e, r);
     }},
    {"below its own symlink",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts.push_back({Role::symlink, action::Placement::made, "\1/l", 0777, 0, {}, "/etc"});
       r.artifacts[0].path = "\1/l/passwd";
       rewrite(e, r);
     }},
    {"symlink without a text",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts.push_back({Role::symlink, action::Placement::made, "\1/l", 0777, 0, {}, ""});
       rewrite(e, r);
     }},
    {"directory with content",
     [](action::ActionResult& r, OfferEntry& e) {
       r.artifacts[0].role = Role::directory;
       e.blobs.clear();
       rewrite(e, r);
     }},
    {"relative root",
     [](action::ActionResult& r, OfferEntry& e) {
       r.made_in = action::Roots("w", "");
       rewrite(e, r);
     }},
};

INSTANTIATE_TEST_SUITE_P(All, WrongEntry, testing::ValuesIn(kWrong), [](const auto& row) {
  std::string name = row.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST(CheckEntry, AllowsWhatToolsReallyLeave) {
  action::ActionResult result = result_of({"a", "b"});
  result.artifacts[0].path = "\x0e";
  result.artifacts[1].path = "\2/deep/er/..name";
  result.artifacts.push_back({Role::directory, action::Placement::made, "\1/d", 02755, 0, {}, ""});
  result.artifacts.push_back(
      {Role::symlink, action::Placement::made, "\1/lib.so", 0777, 0, {}, "../lib.so.1"});
  result.artifacts.push_back({Role::output, action::Placement::made, "\1/lib.so.1", 0755, 1,
                              digest::digest_bytes("a"), ""});
  EXPECT_TRUE(check_result(result)) << check_result(result).error().message;
  EXPECT_EQ(blobs_of(result)->size(), 2U);
}

TEST(Claims, OfTheRightFormAreTaken) {
  const std::string digest(digest::digest_bytes("x").view());
  const Observation right[] = {{Claim::file, "\1/a", digest},
                               {Claim::absent, "/a", ""},
                               {Claim::absent, "/a", "f"},
                               {Claim::exists, "/a", "d"},
                               {Claim::listing, "\1", digest},
                               {Claim::listing, "\1", digest + std::string("a\0b\0", 4)},
                               {Claim::link, "/a", ""},
                               {Claim::real, "/a", "\2/b"},
                               {Claim::unset, "X", ""},
                               {Claim::environment, "", digest},
                               {Claim::root, "\1", "/w/build"},
                               {Claim::same_file, "\1/a", "i\1/b"},
                               {Claim::stamps, "/a", "12"},
                               {Claim::machine, "", digest},
                               {Claim::search, "PATH/as", std::string("/usr/bin/as\0", 12)},
                               {Claim::search, "PATH/as", ""},
                               {Claim::logical_directory, "PWD", "l"},
                               {Claim::output_name, "name", "a.o"},
                               {Claim::directories, "CPATH", std::string("d/a\0-/b\0", 8)},
                               {Claim::directories, "CPATH", ""},
                               {Claim::date, "", "2026-11-29 1795910400"},
                               {Claim::access, "/a", "d--- 16832 0 0"},
                               {Claim::variables_like, "", digest},
                               {Claim::absent_or_file, "/m.pcm", digest},
                               {Claim::variable_digest, "TZ", digest}};
  for (const Observation& claim : right)
    EXPECT_TRUE(is_well_formed(claim)) << action::describe(claim);
}

TEST(Claims, OfAnotherFormAreNot) {
  const std::string digest(digest::digest_bytes("x").view());
  const Observation wrong[] = {{Claim::variable, "HOME", "/h"},
                               {Claim::file, "\1/a", ""},
                               {Claim::file, "", digest},
                               {Claim::file, std::string("a\0b", 3), digest},
                               {Claim::absent, "/a", "ff"},
                               {Claim::exists, "/a", ""},
                               {Claim::listing, "/a", digest + "a"},
                               {Claim::listing, "/a", ""},
                               {Claim::unset, "", ""},
                               {Claim::unset, "X", "1"},
                               {Claim::environment, "x", digest},
                               {Claim::root, "", "/w"},
                               {Claim::root, "\1\2", "/w"},
                               {Claim::root, "\x0e", "/w"},
                               {Claim::same_file, "/a", ""},
                               {Claim::same_file, "/a", "i"},
                               {Claim::search, "PATH/as", "/usr/bin/as"},
                               {Claim::directories, "CPATH", std::string("\0", 1)},
                               {Claim::directories, "CPATH", "d/a"},
                               {Claim::directories, "CPATH", std::string("x/a\0", 4)},
                               {Claim::file, std::string(10'000, 'a'), digest},
                               {static_cast<Claim>(19), "x", ""},
                               {static_cast<Claim>(0), "x", ""},
                               {static_cast<Claim>(255), "x", ""}};
  int number = 0;
  for (const Observation& claim : wrong) EXPECT_FALSE(is_well_formed(claim)) << number++;
}

}  // namespace
}  // namespace deja::exchange
