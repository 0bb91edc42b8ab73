// SPDX-License-Identifier: Apache-2.0
#include "exchange/exporter.h"

#include <gtest/gtest.h>

#include <thread>

#include "exchange/pair_support.h"
#include "exchange/record_name.h"

namespace deja::exchange {
namespace {

using remote::Call;
using What = ExportReport::What;

class ExporterTest : public PairTest {
 protected:
  Offer offer_of_probe(const PastRun& run) {
    const auto entry = remote_->find(offer_name(space_, run.probe));
    if (!entry) return {};
    auto decoded = decode_offer(run.probe, entry->bytes);
    EXPECT_TRUE(decoded) << decoded.error().message;
    return decoded ? std::move(decoded->offer) : Offer();
  }
};

TEST_F(ExporterTest, WhatReadersGetIsWhatWasThere) {
  PastRun run("p", "source", {text(50'000), noise(200'000), "", text(700'000)});
  run.result.err = {"warning: x", std::nullopt, 10};
  run.result.artifacts.push_back(
      {action::Role::directory, action::Placement::made, "\1/d", 0755, 0, {}, ""});
  const ExportReport report = exported(run);
  EXPECT_EQ(report.what, What::offered) << report.why_not;
  EXPECT_EQ(report.blobs_sent, 2U);
  const Offer offer = offer_of_probe(run);
  ASSERT_EQ(offer.entries.size(), 1U);
  EXPECT_EQ(offer.trace(offer.entries[0]).observations, run.trace.observations);
  imported(run);
  EXPECT_EQ(served_for(run), truth(run));
}

TEST_F(ExporterTest, StreamsThatAreBlobsTravelToo) {
  const std::string log = noise(100'000);
  PastRun run("p", "source", {"x"});
  run.result.out = {"", a_.put(log), log.size()};
  EXPECT_EQ(exported(run).blobs_sent, 1U);
  imported(run);
  EXPECT_EQ(b_.read(digest::digest_bytes(log)), log);
}

TEST_F(ExporterTest, SendsNothingTwice) {
  const PastRun run("p", "source", {text(1000), noise(200'000), noise(300'000, 2)});
  exported(run);
  const int puts = transport_.calls(Call::put);
  const ExportReport again = exported(run);
  EXPECT_EQ(again.what, What::was_there);
  EXPECT_EQ(again.bytes, 0U);
  EXPECT_EQ(transport_.calls(Call::put), puts);
  EXPECT_EQ(transport_.calls(Call::replace), 1);
  // Another result with one of the blobs.
  const PastRun other("q", "source", {noise(200'000)});
  const ExportReport shared = exported(other);
  EXPECT_EQ(shared.blobs_there, 1U);
  EXPECT_EQ(shared.blobs_sent, 0U);
}

TEST_F(ExporterTest, TheSameResultMadeLaterIsThere) {
  PastRun run("p", "source", {noise(100'000)}, 1000);
  exported(run);
  run.result = result_of(run.outputs, 2000);
  run.result.cost_ns = 7;
  EXPECT_EQ(exported(run).what, What::was_there);
  run.result = result_of(run.outputs, 500);
  EXPECT_EQ(exported(run).what, What::was_there);
}

TEST_F(ExporterTest, AnotherResultOfTheSameTraceReplacesAnOlderOne) {
  const PastRun old("p", "source", {"one"}, 1000), fresh("p", "source", {"two"}, 2000);
  exported(fresh);
  EXPECT_EQ(exported(old).what, What::was_there);
  remote_->erase(offer_name(space_, old.probe));
  exported(old);
  EXPECT_EQ(exported(fresh).what, What::offered);
  EXPECT_EQ(offer_of_probe(fresh).entries.size(), 1U);
  imported(fresh);
  EXPECT_EQ(served_for(fresh), truth(fresh));
}

TEST_F(ExporterTest, SendsWhatTheRemoteHasLost) {
  const PastRun run("p", "source", {noise(100'000), noise(200'000, 2)});
  exported(run);
  for (const auto& [name, entry] : remote_->all())
    if (entry.bytes == run.outputs[1]) remote_->erase(name);
  const ExportReport again = exported(run);
  EXPECT_EQ(again.what, What::offered);
  EXPECT_EQ(again.blobs_sent, 1U);
  imported(run);
  EXPECT_EQ(served_for(run), truth(run));
}

TEST_F(ExporterTest, TheOfferComesLast) {
  const PastRun run("p", "source", {noise(100'000), noise(200'000, 2)});
  put_blobs(a_, run);
  for (int failing = 1; failing <= 5; ++failing) {
    int calls = 0;
    transport_.set_before([&](Call, remote::Deadline) {
      return ++calls == failing ? Status(Error{Code::unavailable, 0, "cut"}) : Status();
    });
    const auto report = exporter().export_result(run.job(), kNoDeadline);
    EXPECT_FALSE(report) << failing;
    transport_.set_before({});
    EXPECT_FALSE(remote_->find(offer_name(space_, run.probe))) << failing;
    for (const auto& [name, entry] : remote_->all()) remote_->erase(name);
  }
  EXPECT_EQ(exported(run).what, What::offered);
}

TEST_F(ExporterTest, KeepsWhatOthersHaveOffered) {
  const PastRun first("p", "one", {"1"}, 1000), second("p", "two", {"2"}, 2000);
  exported(first);
  // Another writer is first once.
  bool was_raced = false;
  const PastRun raced("p", "three", {"3"}, 1500);
  put_blobs(a_, raced);
  transport_.set_before([&](Call call, remote::Deadline) -> Status {
    if (call == Call::replace && !std::exchange(was_raced, true)) {
      EXPECT_TRUE(exporter().export_result(raced.job(), kNoDeadline));
    }
    return {};
  });
  EXPECT_EQ(exported(second).what, What::offered);
  EXPECT_TRUE(was_raced);
  EXPECT_EQ(offer_of_probe(first).entries.size(), 3U);
}

TEST_F(ExporterTest, ManyWritersLoseNothing) {
  std::vector<PastRun> runs;
  for (int i = 0; i < 8; ++i)
    runs.emplace_back("p", "source" + std::to_string(i), std::vector{std::to_string(i)}, 1000 + i);
  for (const PastRun& run : runs) put_blobs(a_, run);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 8; i += 4) {
        // Contention is an error after some tries; the queue tries again later.
        while (!exporter().export_result(runs[static_cast<std::size_t>(i)].job(), kNoDeadline)) {
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(offer_of_probe(runs[0]).entries.size(), 8U);
}

TEST_F(ExporterTest, GivesUpWhereOthersAlwaysWriteFirst) {
  const PastRun run("p", "source", {"x"});
  transport_.set_before([&](Call call, remote::Deadline) -> Status {
    if (call == Call::replace) remote_->store(offer_name(space_, run.probe), "busy");
    return {};
  });
  put_blobs(a_, run);
  EXPECT_EQ(exporter().export_result(run.job(), kNoDeadline).error().code, Code::unavailable);
}

TEST_F(ExporterTest, ADamagedOfferIsReplacedAndANewerOneIsNot) {
  const PastRun run("p", "source", {"x"});
  remote_->store(offer_name(space_, run.probe), "rubbish");
  EXPECT_EQ(exported(run).what, What::offered);
  EXPECT_EQ(offer_of_probe(run).entries.size(), 1U);
  remote_->store(offer_name(space_, run.probe), std::string("dejO\x09\x01", 6));
  const ExportReport report = exported(run);
  EXPECT_EQ(report.what, What::not_shared);
  EXPECT_NE(report.why_not.find("version 9"), std::string::npos) << report.why_not;
}

TEST_F(ExporterTest, WritesToARemoteWithoutVersions) {
  remote::MemTransport plain(remote_, {.name = "plain", .abilities = {}});
  const PastRun run("p", "source", {noise(100'000)});
  put_blobs(a_, run);
  EXPECT_TRUE(Exporter({plain, *a_.store, a_.scratch, nullptr, space_, {}, {}})
                  .export_result(run.job(), kNoDeadline));
  imported(run);
  EXPECT_EQ(served_for(run), truth(run));
}

TEST_F(ExporterTest, DoesNotOfferWhatReadersRefuse) {
  PastRun run("p", "source", {"x"});
  run.result.artifacts[0].path = "\1/../a.o";
  EXPECT_EQ(exported(run).what, What::not_shared);
  run.result = result_of({"x"});
  run.trace.observations.push_back({action::Claim::same_file, "/a", ""});
  EXPECT_EQ(exported(run).what, What::not_shared);
  EXPECT_EQ(transport_.calls(), 0);
}

TEST_F(ExporterTest, DoesNotOfferWhatIsNotStoredAnyMore) {
  PastRun run("p", "source", {"small", noise(200'000)});
  a_.put(run.outputs[0]);
  auto report = exporter().export_result(run.job(), kNoDeadline);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->what, What::not_shared);
  a_.put(run.outputs[1]);
  EXPECT_EQ(exported(run).what, What::offered);
  EXPECT_EQ(offer_of_probe(run).entries.size(), 1U);
}

TEST_F(ExporterTest, SignsItsEntries) {
  key_ = std::make_unique<SigningKey>(*SigningKey::create(a_.store.directory() + "/key"));
  const PastRun run("p", "source", {"x", noise(100'000)});
  exported(run);
  trusted_.add(key_->public_key(), "a");
  EXPECT_TRUE(trusted_.accepts(space_, run.probe, offer_of_probe(run).entries.at(0)));
  EXPECT_EQ(imported(run).imported.size(), 1U);
  EXPECT_EQ(exported(run).what, What::was_there);
}

}  // namespace
}  // namespace deja::exchange
