// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "action/claim_text.h"
#include "action/manifest.h"
#include "action/result.h"
#include "action/roots.h"
#include "action/trace.h"

namespace deja::action {
namespace {

TEST(Roots, DeepestRootWinsAndExpandsBack) {
  const Roots roots("/w/build", "/w");
  EXPECT_EQ(Roots::describe(roots.tag("/w/build/a.o")), "<cwd>/a.o");
  EXPECT_EQ(Roots::describe(roots.tag("/w/src/a.c")), "<workspace>/src/a.c");
  EXPECT_EQ(roots.tag("/work/a.c"), "/work/a.c");
  for (const char* path : {"/w/build/a.o", "/w/src/a.c", "/usr/include/x.h", "/w", "/w/build"})
    EXPECT_EQ(roots.expand(roots.tag(path)), path);
  EXPECT_EQ(Roots("/", "").tag("/a"), "/a");
  EXPECT_EQ(Roots("", "").expand(roots.tag("/w/src/a.c")), "");
}

Trace make_trace(int variant) {
  Trace t;
  for (int i = 0; i < 20; ++i)
    t.observations.push_back(
        {Claim::file, "/usr/include/h" + std::to_string(i), std::string(32, 'x')});
  t.observations.push_back(
      {Claim::file, "\1/a.h", std::string(32, static_cast<char>('a' + variant))});
  t.observations.push_back({Claim::absent, std::string("/no\0pe", 6), ""});
  t.normalize();
  return t;
}

ActionKey key_of(int i) {
  ActionKey k;
  k.digest.bytes[0] = static_cast<std::uint8_t>(i);
  return k;
}

TEST(Manifest, SharesClaimsAndKeepsNewestFirst) {
  Manifest m;
  for (int i = 0; i < 5; ++i) m.add(key_of(i), make_trace(i));
  EXPECT_EQ(m.observations().size(), 21u + 5u);
  EXPECT_EQ(m.entries().front().key, key_of(4));
  EXPECT_EQ(m.trace(m.entries()[2]).observations, make_trace(2).observations);
  m.add(key_of(1), make_trace(1));
  EXPECT_EQ(m.entries().front().key, key_of(1));
  EXPECT_EQ(m.entries().size(), 5u);
}

TEST(Manifest, ForgetsTheOldestTraceWhenFull) {
  Manifest m;
  for (int i = 0; i < static_cast<int>(Manifest::kTracesMax) + 3; ++i)
    m.add(key_of(i), make_trace(i % 20));
  EXPECT_EQ(m.entries().size(), Manifest::kTracesMax);
  EXPECT_EQ(m.entries().back().key, key_of(3));
}

TEST(Trace, ConcealsValuesOfVariables) {
  const auto concealed = [](const char* name, const char* value) {
    Trace t;
    t.observations = {{Claim::variable, name, value}, {Claim::unset, "C", ""}};
    t.conceal();
    return t;
  };
  const Trace t = concealed("A", "secret");
  ASSERT_EQ(t.observations.size(), 2u);
  const Observation& o = t.observations.back();
  EXPECT_EQ(o.claim, Claim::variable_digest);
  EXPECT_EQ(o.value, digest_of_variable("A", "secret").view());
  EXPECT_EQ(describe(o), "variable A has its value (not shown)");
  EXPECT_NE(o.value, concealed("A", "secre").observations.back().value);
  EXPECT_NE(o.value, concealed("B", "secret").observations.back().value);
  Manifest m;
  m.add(key_of(1), t);
  EXPECT_EQ(encode(m).find("secret"), std::string::npos);
}

// A record of an older deja, in which the value stands in clear: it is nothing.
TEST(Manifest, RefusesValuesInClear) {
  Trace t;
  t.observations = {{Claim::variable, "A", std::string(32, 'v')}};
  t.conceal();
  Manifest m;
  m.add(key_of(1), t);
  std::string bytes = encode(m);
  ASSERT_TRUE(decode_manifest(bytes));
  const std::size_t at = bytes.find(static_cast<char>(Claim::variable_digest), 4);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(Claim::variable);
  EXPECT_FALSE(decode_manifest(bytes));
}

TEST(Manifest, EncodedAndBack) {
  Manifest m;
  for (int i = 0; i < 3; ++i) m.add(key_of(i), make_trace(i));
  const std::string bytes = encode(m);
  const auto back = decode_manifest(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), bytes);
  EXPECT_EQ(back->trace(back->entries()[0]).observations, make_trace(2).observations);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_manifest(bytes.substr(0, n))) << n;
}

ActionResult make_result() {
  ActionResult r;
  r.exit_code = 3;
  r.colours_forced = true;
  r.out.bytes = "hello";
  r.out.size = 5;
  r.err.blob = Digest{};
  r.err.size = 99;
  r.artifacts.push_back({Role::output, Placement::in_place, "\1/a.o", 0644, 10, Digest{}, ""});
  r.artifacts.push_back({Role::symlink, Placement::replaced, "\1/l", 0777, 0, Digest{}, "a.o"});
  r.made_in = Roots("/w/b", "/w");
  r.cost_ns = 123456789;
  r.made_at_ns = -5;
  r.evidence = "interposer";
  return r;
}

TEST(ActionResult, EncodedAndBackAndEveryCutRefused) {
  const ActionResult r = make_result();
  const std::string bytes = encode(r);
  const auto back = decode_result(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, r);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_result(bytes.substr(0, n))) << n;
  EXPECT_FALSE(decode_result(bytes + "x"));
}

TEST(ActionKey, EveryClaimCounts) {
  const ProbeKey probe{};
  const ActionKey plain = action_key(probe, make_trace(0));
  EXPECT_EQ(plain, action_key(probe, make_trace(0)));
  EXPECT_NE(plain, action_key(probe, make_trace(1)));
  Trace moved = make_trace(0);
  moved.observations[0].claim = Claim::exists;
  EXPECT_NE(plain, action_key(probe, moved));
  Trace fewer = make_trace(0);
  fewer.observations.pop_back();
  EXPECT_NE(plain, action_key(probe, fewer));
}

}  // namespace
}  // namespace deja::action
