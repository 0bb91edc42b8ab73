// SPDX-License-Identifier: Apache-2.0
#include "exchange/importer.h"

#include <gtest/gtest.h>

#include "base/path.h"
#include "exchange/pair_support.h"
#include "exchange/record_name.h"
#include "os/clock.h"
#include "os/failpoint.h"

namespace deja::exchange {
namespace {

using action::Observation;
using remote::Call;

using ImporterTest = PairTest;

std::function<bool(const Observation&)> unless_of(const std::string& content) {
  return [value = file_claim("", content).value](const Observation& o) { return o.value != value; };
}

TEST_F(ImporterTest, ASmallResultIsOneRoundTrip) {
  const PastRun run("p", "source", {text(60'000), ""});
  exported(run);
  const int before = transport_.calls();
  const ImportReport report = imported(run);
  EXPECT_EQ(transport_.calls() - before, 1);
  EXPECT_EQ(report.imported, std::vector{run.key()});
  EXPECT_GT(report.bytes, 0U);
  EXPECT_FALSE(report.writer);
  EXPECT_EQ(served_for(run), truth(run));
}

TEST_F(ImporterTest, LargeBlobsFollowInTwo) {
  const PastRun run(
      "p", "source",
      {noise(100'000), text(900'000), noise(500'000, 2), text(1000), noise(200'000, 3)});
  exported(run);
  const int before = transport_.calls();
  EXPECT_EQ(imported(run).imported.size(), 1U);
  EXPECT_EQ(served_for(run), truth(run));
  // The offer, one request for the three smaller ones, one for the large one.
  EXPECT_EQ(transport_.calls() - before, 3);
  EXPECT_EQ(transport_.calls(Call::get_many), 1);
  EXPECT_EQ(transport_.calls(Call::get_to), 1);
}

TEST_F(ImporterTest, AResultOfManyBlobs) {
  std::vector<std::string> outputs;
  for (unsigned i = 0; i < 100; ++i) outputs.push_back(noise(100'000 + 3000 * i, i));
  const PastRun run("p", "source", outputs);
  exported(run);
  EXPECT_EQ(imported(run).imported.size(), 1U);
  EXPECT_EQ(served_for(run), truth(run));
}

TEST_F(ImporterTest, NothingIsThere) {
  const ImportReport report = imported(PastRun("p", "source", {"x"}));
  EXPECT_FALSE(report.has_offer);
  EXPECT_TRUE(report.imported.empty());
}

TEST_F(ImporterTest, OnlyTheEntryWhoseClaimsHoldIsFetched) {
  const PastRun old("p", "one", {noise(100'000)}, 1000),
      fresh("p", "two", {noise(100'000, 2)}, 2000);
  exported(old);
  exported(fresh);
  const ImportReport report = imported({old.probe, unless_of("two"), {}, 4});
  EXPECT_EQ(report.imported, std::vector{old.key()});
  EXPECT_EQ(report.stale, 1U);
  EXPECT_EQ(transport_.calls(Call::get) + transport_.calls(Call::get_many),
            2 + 2);  // two exports, offer, blob
  EXPECT_EQ(served_for(old), truth(old));
  EXPECT_EQ(served_for(fresh), "");
}

TEST_F(ImporterTest, EachClaimIsAskedOnce) {
  exported(PastRun("p", "one", {"1"}, 1000));
  exported(PastRun("p", "two", {"2"}, 2000));
  int asked = 0;
  imported({store::probe_key_of("p"),
            [&asked](const Observation& o) { return ++asked, o.subject == "\1/b.h"; },
            {},
            4});
  EXPECT_LE(asked, 4);
}

TEST_F(ImporterTest, TakesTheNewestOrAsManyAsAreWanted) {
  const PastRun old("p", "one", {"1"}, 1000), fresh("p", "two", {"2"}, 2000);
  exported(fresh);
  exported(old);
  EXPECT_EQ(imported({old.probe, {}, {}, 1}).imported, std::vector{fresh.key()});
  EXPECT_EQ(imported({old.probe, {}, {}, 9}).imported, (std::vector{fresh.key(), old.key()}));
  EXPECT_EQ(served_for(old), truth(old));
}

TEST_F(ImporterTest, TakesOneResultByItsKey) {
  const PastRun old("p", "one", {"1"}, 1000), fresh("p", "two", {"2"}, 2000);
  exported(old);
  exported(fresh);
  EXPECT_EQ(imported({old.probe, {}, old.key(), 1}).imported, std::vector{old.key()});
  EXPECT_EQ(served_for(fresh), "");
}

TEST_F(ImporterTest, KeepsWhatTheLocalManifestHas) {
  const PastRun here("p", "local", {"l"}), there("p", "remote", {"r"});
  exported(there);
  put_blobs(b_, here);
  action::Manifest manifest;
  manifest.add(here.key(), here.trace);
  ASSERT_TRUE(b_.store->put_result(here.key(), encode(here.result),
                                   {{{here.result.artifacts[0].digest, 1}}, 1, here.probe}));
  ASSERT_TRUE(b_.store->put_manifest(here.probe, encode(manifest)));
  imported(there);
  EXPECT_EQ(served_for(here), truth(here));
  EXPECT_EQ(served_for(there), truth(there));
}

TEST_F(ImporterTest, FetchesNoBlobThatIsHere) {
  const PastRun run("p", "source", {noise(100'000), noise(400'000, 2)});
  exported(run);
  put_blobs(b_, run);
  const int before = transport_.calls();
  EXPECT_EQ(imported(run).imported.size(), 1U);
  EXPECT_EQ(transport_.calls() - before, 1);
}

TEST_F(ImporterTest, ABadEntryDoesNotHideTheOthers) {
  const PastRun old("p", "one", {noise(100'000)}, 1000),
      fresh("p", "two", {noise(100'000, 2)}, 2000);
  exported(old);
  exported(fresh);
  const Digest lost = fresh.result.artifacts[0].digest;
  for (const auto& [name, entry] : remote_->all())
    if (digest::digest_bytes(entry.bytes) == lost) remote_->erase(name);
  const ImportReport report = imported(old);
  EXPECT_EQ(report.imported, std::vector{old.key()});
  EXPECT_EQ(report.stale, 1U);
  EXPECT_EQ(report.refused, 0U) << "a blob that was evicted is no lie: " << report.why_refused;
}

TEST_F(ImporterTest, AFailureOfTheRemoteIsAnError) {
  const PastRun run("p", "source", {noise(100'000)});
  exported(run);
  transport_.fail(1, {Code::unavailable, 0, "down"});
  EXPECT_EQ(importer().import({run.probe, {}, {}, 1}, kNoDeadline).error().code, Code::unavailable);
  int calls = 0;
  transport_.set_before([&calls](Call, remote::Deadline) {
    return ++calls == 1 ? Status() : Status(Error{Code::timeout, 0, "slow"});
  });
  EXPECT_EQ(importer().import({run.probe, {}, {}, 1}, kNoDeadline).error().code, Code::timeout);
  EXPECT_EQ(served_for(run), "");
  transport_.set_before({});
  EXPECT_EQ(imported(run).imported.size(), 1U);
}

TEST_F(ImporterTest, NothingIsImportedWhenTheLocalStoreFails) {
  const PastRun run("p", "source", {"x", "y"});
  exported(run);
  for (int n = 1;; ++n) {
    ASSERT_TRUE(os::arm_failpoint("ENOSPC@" + std::to_string(n) + "+"));
    const auto report = importer().import({run.probe, {}, {}, 1}, kNoDeadline);
    os::disarm_failpoint();
    if (report) break;
    EXPECT_EQ(served_for(run), "");
    ASSERT_LT(n, 1000);
  }
}

TEST_F(ImporterTest, LimitsTheSizeOfWhatItTakes) {
  const PastRun run("p", "source", {noise(100'000), noise(100'000, 2)});
  exported(run);
  limits_.blob_bytes = 99'999;
  EXPECT_EQ(imported(run).refused, 1U);
  limits_ = {};
  limits_.result_bytes = 199'999;
  EXPECT_EQ(imported(run).refused, 1U);
  EXPECT_EQ(transport_.calls(Call::get_many), 0);
  limits_.result_bytes = 200'000;
  EXPECT_EQ(imported(run).imported.size(), 1U);
}

TEST_F(ImporterTest, TellsTheWriterOnlyOfAVerifiedSignature) {
  const PastRun run("p", "source", {"x"});
  key_ = std::make_unique<SigningKey>(*SigningKey::create(a_.store.directory() + "/key"));
  exported(run);
  EXPECT_EQ(imported(run).writer, key_->public_key());
  const remote::Name name = offer_name(space_, run.probe);
  Offer offer = decode_offer(run.probe, remote_->find(name)->bytes)->offer;
  offer.entries[0].signature[0] ^= 1;
  remote_->store(name, encode_offer(run.probe, offer));
  const ImportReport report = imported(run);
  EXPECT_EQ(report.imported.size(), 1U);
  EXPECT_FALSE(report.writer);
}

TEST_F(ImporterTest, ANamespaceIsAWorldOfItsOwn) {
  const PastRun run("p", "source", {"x"});
  exported(run);
  space_ = "other";
  EXPECT_FALSE(imported(run).has_offer);
}

// Results of `deja exec` have no roots, and their working directory is in the key.
TEST_F(ImporterTest, AbsoluteOutputsOnlyWhereTheRequestMayWrite) {
  PastRun run("p", "source", {"x", "y"});
  run.result.artifacts[1].path = "/w/build/out";
  exported(run);
  const ImportReport nowhere = imported(run);
  EXPECT_EQ(nowhere.refused, 1U);
  EXPECT_NE(nowhere.why_refused.find("outside"), std::string::npos) << nowhere.why_refused;
  for (const char* directory : {"/w/buil", "/w/build/out/x", "/other"})
    EXPECT_EQ(imported({run.probe,
                        {},
                        {},
                        1,
                        [directory](std::string_view path) { return is_within(path, directory); }})
                  .refused,
              1U)
        << directory;
  EXPECT_EQ(served_for(run), "");
  std::vector<std::string> asked;
  const auto may_write = [&asked](std::string_view path) {
    asked.emplace_back(path);
    return is_within(path, "/w/build");
  };
  EXPECT_EQ(imported({run.probe, {}, {}, 1, may_write}).imported.size(), 1U);
  EXPECT_EQ(asked, std::vector<std::string>{"/w/build/out"});
  EXPECT_EQ(served_for(run), truth(run));
}

TEST_F(ImporterTest, WhatIsPastItsTimeIsStale) {
  for (const auto& [age_s, ttl_s, is_taken] : {std::tuple{10, 100, true},
                                               {200, 100, false},
                                               {200, 0, true},
                                               {-60, 100, true},
                                               {-90'000, 100, false},
                                               {-90'000, 0, false}}) {
    PastRun run("p" + std::to_string(age_s) + std::to_string(ttl_s), "source", {"x"},
                os::wall_ns() - age_s * 1'000'000'000LL);
    run.result.ttl_ns = static_cast<std::uint64_t>(ttl_s) * 1'000'000'000;
    exported(run);
    const ImportReport report = imported(run);
    EXPECT_EQ(report.imported.size(), is_taken ? 1U : 0U) << age_s << " " << ttl_s;
    EXPECT_EQ(report.stale, is_taken ? 0U : 1U);
  }
}

}  // namespace
}  // namespace deja::exchange
