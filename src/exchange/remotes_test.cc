// SPDX-License-Identifier: Apache-2.0
// Remotes and Admin over a shared directory, with two machines.
#include "exchange/remotes.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <limits>

#include "exchange/admin.h"
#include "exchange/pair_support.h"
#include "os/directory_test.h"
#include "remote/clock.h"
#include "remote/decorator.h"

namespace deja::exchange {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

class RemotesTest : public ::testing::Test {
 protected:
  Options options(const Machine& machine) const {
    Options options;
    options.addresses = {"file://" + shared_.at("remote")};
    options.cache_dir = machine.store.dir();
    options.timeout_ns = 5 * kSecondNs;
    options.project = "team/x";
    options.trouble = [this](const std::string& text) { troubles_.push_back(text); };
    return options;
  }
  static std::unique_ptr<Remotes> open(const Options& options, Machine& machine) {
    auto opened = Remotes::open(options, *machine.store, *machine.store);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  static void keep(const PastRun& run, Machine& machine) {
    store::ResultFacts facts;
    for (const std::string& output : run.outputs)
      facts.blobs.push_back({machine.put(output), output.size()});
    facts.probe = run.probe;
    ASSERT_TRUE(machine.store->put_result(run.key(), encode(run.result), facts));
    action::Manifest manifest;
    manifest.add(run.key(), run.trace);
    ASSERT_TRUE(machine.store->put_manifest(run.probe, encode(manifest)));
  }
  // The first machine has run it, stored it and uploaded it.
  void share(const PastRun& run) {
    keep(run, writer_);
    const auto remotes = open(options(writer_), writer_);
    remotes->offer(run.probe, run.key());
    ASSERT_EQ(remotes->uploads()->flush(20 * kSecondNs), 0u);
  }
  static pipeline::Remotes::Question question(const PastRun& run, bool holds = true) {
    return {run.probe,
            0,
            "/",
            [holds](const action::Observation&) { return holds; },
            [] { return true; },
            [](std::string_view) { return false; }};
  }

  // No space: the name stands in an address.
  os::ScratchDirectory shared_{::testing::TempDir() + "deja-remote."};
  Machine writer_, reader_;
  const PastRun run_{"a", "source", {text(20'000)}};
  mutable std::vector<std::string> troubles_;
};

TEST_F(RemotesTest, AnotherMachineImportsWhatWasOffered) {
  share(run_);
  const auto remotes = open(options(reader_), reader_);
  const auto imported = remotes->import_result(question(run_));
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->key, run_.key());
  EXPECT_EQ(imported->from, "directory " + shared_.at("remote"));
  EXPECT_TRUE(*reader_.store->get_result(run_.key()));
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(RemotesTest, NotWhenAClaimDoesNotHold) {
  share(run_);
  const auto remotes = open(options(reader_), reader_);
  EXPECT_FALSE(remotes->import_result(question(run_, false)));
  EXPECT_FALSE(*reader_.store->get_result(run_.key()));
}

TEST_F(RemotesTest, WhatIsOnlyWrittenIsNotAsked) {
  share(run_);
  Options only_writes = options(reader_);
  only_writes.reads = false;
  EXPECT_FALSE(open(only_writes, reader_)->import_result(question(run_)));
}

TEST_F(RemotesTest, WhatIsOnlyReadHasNoQueue) {
  Options only_reads = options(writer_);
  only_reads.writes = false;
  EXPECT_EQ(open(only_reads, writer_)->uploads(), nullptr);
}

// A run that costs less than the remote's usual answer is not asked for.
TEST_F(RemotesTest, ACheapRunIsNotAskedFor) {
  share(run_);
  const auto remotes = open(options(reader_), reader_);
  auto cheap = question(run_);
  cheap.cost_ns = 1;
  EXPECT_TRUE(remotes->import_result(cheap)) << "nothing is known of the remote yet";
  EXPECT_FALSE(remotes->import_result(cheap));
  cheap.cost_ns = 60 * kSecondNs;
  EXPECT_TRUE(remotes->import_result(cheap));
}

TEST_F(RemotesTest, AnUploadSurvivesTheProcess) {
  keep(run_, writer_);
  Options away = options(writer_);
  away.addresses = {"file://" + shared_.at("later/remote")};  // its parent is not there yet
  open(away, writer_)->offer(run_.probe, run_.key());
  ASSERT_TRUE(os::make_directories(shared_.at("later")));
  EXPECT_EQ(open(away, writer_)->uploads()->flush(20 * kSecondNs), 0u);
  Options reader = options(reader_);
  reader.addresses = away.addresses;
  EXPECT_TRUE(open(reader, reader_)->import_result(question(run_)));
}

// Two ways to one remote in memory, so that a test can say how each behaves.
class SlowRemotesTest : public RemotesTest {
 protected:
  SlowRemotesTest() {
    const auto uploaded = connect(writer_);
    keep(run_, writer_);
    uploaded->offer(run_.probe, run_.key());
    EXPECT_EQ(uploaded->uploads()->flush(20 * kSecondNs), 0u);
  }
  std::unique_ptr<Remotes> connect(Machine& machine) {
    auto quick = std::make_unique<remote::MemTransport>(memory_);
    auto patient = std::make_unique<remote::MemTransport>(memory_);
    quick_ = quick.get();
    patient_ = patient.get();
    auto connection = Connection::over(options(machine), std::move(quick), std::move(patient),
                                       *machine.store, *machine.store);
    EXPECT_TRUE(connection);
    return Remotes::over(*std::move(connection), *machine.store);
  }
  bool is_imported() { return bool(*reader_.store->get_result(run_.key())); }
  void await_import() {
    while (!is_imported()) ::poll(nullptr, 0, 5);  // or the test's limit
  }

  std::shared_ptr<remote::MemRemote> memory_ = std::make_shared<remote::MemRemote>();
  remote::MemTransport* quick_ = nullptr;
  remote::MemTransport* patient_ = nullptr;
};

TEST_F(SlowRemotesTest, AnOfferThatComesTooLateIsForTheNextBuild) {
  const auto remotes = connect(reader_);
  quick_->fail(1, {Code::timeout, 0, "slow"});
  EXPECT_FALSE(remotes->import_result(question(run_)));
  await_import();
}

TEST_F(SlowRemotesTest, ARequestLeavesWithItsClient) {
  const auto remotes = connect(reader_);
  std::atomic<bool> may_go_on = false;
  patient_->set_before([&](auto, auto) -> Status {
    while (!may_go_on) ::poll(nullptr, 0, 5);
    return {};
  });
  const PastRun large("large", "source", {noise(300'000)});  // its blob is not in the offer
  keep(large, writer_);
  const auto uploaded = connect(writer_);
  uploaded->offer(large.probe, large.key());
  ASSERT_EQ(uploaded->uploads()->flush(20 * kSecondNs), 0u);
  std::atomic<int> asked = 0;
  auto leaving = question(large);
  leaving.keep_waiting = [&] { return ++asked < 3; };
  EXPECT_FALSE(remotes->import_result(leaving));
  EXPECT_EQ(asked, 3) << "it was asked while the remote was waited for";
  EXPECT_FALSE(*reader_.store->get_result(large.key()));
  may_go_on = true;
  while (!*reader_.store->get_result(large.key())) ::poll(nullptr, 0, 5);
}

// Its answers come when it is stopped, as an error.
class HangingTransport final : public remote::Decorator {
 public:
  HangingTransport() : Decorator(std::make_unique<remote::MemTransport>()) {}
  Result<std::optional<remote::Object>> get(const remote::Name&, std::uint64_t,
                                            remote::Deadline) override {
    is_asked = true;
    stop_.wait_until(std::numeric_limits<std::int64_t>::max());
    return Error{Code::unavailable, 0, "stopped"};
  }
  void stop() override { stop_.set(); }
  std::atomic<bool> is_asked = false;

 private:
  remote::StopSignal stop_;
};

TEST_F(SlowRemotesTest, TheEndDoesNotWaitForARemoteThatHangs) {
  auto quick = std::make_unique<remote::MemTransport>();
  quick->fail(1, {Code::timeout, 0, "slow"});
  auto patient = std::make_unique<HangingTransport>();
  const std::atomic<bool>& is_asked = patient->is_asked;
  auto connection = Connection::over(options(reader_), std::move(quick), std::move(patient),
                                     *reader_.store, *reader_.store);
  auto remotes = Remotes::over(*std::move(connection), *reader_.store);
  EXPECT_FALSE(remotes->import_result(question(run_)));
  while (!is_asked) ::poll(nullptr, 0, 5);
  remotes.reset();  // or the test's limit
}

TEST_F(RemotesTest, AMistakeInAnAddressIsAnError) {
  Options wrong = options(reader_);
  wrong.addresses = {"ftp://x"};
  EXPECT_FALSE(Remotes::open(wrong, *reader_.store, *reader_.store));
  wrong = options(reader_);
  wrong.signing_key = "/nowhere/key";
  EXPECT_FALSE(Remotes::open(wrong, *reader_.store, *reader_.store));
}

// What a build has used is there before the next build asks for it.
TEST_F(RemotesTest, ASessionIsPrefetched) {
  keep(run_, writer_);
  const auto admin = open_admin(options(writer_), "/", *writer_.store, *writer_.store);
  ASSERT_TRUE(admin);
  ASSERT_TRUE((*admin)->push({{run_.probe, run_.key()}}, [](auto, auto) { return true; }));
  const auto remotes = open(options(reader_), reader_);
  const PastRun other("b", "other source", {"x"});
  EXPECT_FALSE(remotes->import_result(question(other)));  // the build's first miss
  while (remotes->sessions().prefetched().imported == 0)
    ::poll(nullptr, 0, 5);  // or the test's limit
  EXPECT_TRUE(*reader_.store->get_result(run_.key()));
  const ActionKey key = run_.key();
  EXPECT_EQ(remotes->note_use({"/", run_.probe, key}), "directory " + shared_.at("remote"));
  EXPECT_EQ(remotes->note_use({"/", run_.probe, key}), "") << "only its first use counts";
}

TEST_F(RemotesTest, AMistakeInOneAddressLeavesTheOthers) {
  Options some = options(writer_);
  some.addresses.insert(some.addresses.begin(), "nothing://x");
  keep(run_, writer_);
  const auto remotes = open(some, writer_);
  remotes->offer(run_.probe, run_.key());
  EXPECT_EQ(remotes->uploads()->flush(20 * kSecondNs), 0u);
  EXPECT_TRUE(open(options(reader_), reader_)->import_result(question(run_)));
  ASSERT_FALSE(troubles_.empty());
  EXPECT_TRUE(troubles_[0].starts_with("remote: one address is not used: ")) << troubles_[0];
}

}  // namespace
}  // namespace deja::exchange
