// SPDX-License-Identifier: Apache-2.0
#include "exchange/admin.h"

#include <gtest/gtest.h>

#include "exchange/keys.h"
#include "exchange/pair_support.h"
#include "exchange/record_name.h"
#include "os/directory_test.h"

namespace deja::exchange {
namespace {

class AdminTest : public ::testing::Test {
 protected:
  AdminTest() {
    for (const PastRun& run : runs_) {
      store::ResultFacts facts;
      for (const std::string& output : run.outputs)
        facts.blobs.push_back({writer_.put(output), output.size()});
      facts.probe = run.probe;
      EXPECT_TRUE(writer_.store->put_result(run.key(), encode(run.result), facts));
      action::Manifest manifest;
      manifest.add(run.key(), run.trace);
      EXPECT_TRUE(writer_.store->put_manifest(run.probe, encode(manifest)));
      names_.push_back({run.probe, run.key()});
    }
  }
  std::unique_ptr<Admin> open(Machine& machine, const std::string& address, bool writes = true) {
    Options options;
    options.addresses = {address};
    options.cache_dir = machine.store.dir();
    options.project = "team/x";
    options.writes = writes;
    options.trouble = [](const std::string&) {};
    auto opened = open_admin(options, "/", *machine.store, *machine.store);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  PushReport push(const std::string& address) {
    const auto report = open(writer_, address)->push(names_, [](auto, auto) { return true; });
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : PushReport();
  }
  std::string directory() const { return "file://" + shared_.at("remote"); }
  std::string pack() const { return "file://" + shared_.at("x.dejapack"); }

  os::ScratchDirectory shared_{::testing::TempDir() + "deja-remote."};
  Machine writer_, reader_;
  const std::vector<PastRun> runs_ = {{"a", "one", {noise(200'000)}}, {"b", "two", {"small"}}};
  std::vector<ResultName> names_;
};

TEST_F(AdminTest, PushAndPull) {
  for (const std::string& address : {directory(), pack()}) {
    Machine reader;
    EXPECT_EQ(push(address).offered, 2u) << address;
    const auto pulled = open(reader, address)->pull();
    ASSERT_TRUE(pulled) << pulled.error().message;
    EXPECT_EQ(pulled->known, 2u);
    EXPECT_EQ(pulled->imported, 2u);
    for (const PastRun& run : runs_) EXPECT_EQ(served(reader, run.probe, run.key()), truth(run));
    EXPECT_EQ(open(reader, address)->pull()->there, 2u);
  }
}

TEST_F(AdminTest, NothingIsPushedTwice) {
  push(directory());
  const PushReport again = push(directory());
  EXPECT_EQ(again.there, 2u);
  EXPECT_EQ(again.bytes, 0u);
}

TEST_F(AdminTest, APushCanBeInterrupted) {
  const auto report =
      open(writer_, directory())->push(names_, [](std::size_t done, std::size_t all) {
        EXPECT_EQ(all, 2u);
        return done < 1;
      });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->offered, 1u);
}

TEST_F(AdminTest, CountsAndRemoves) {
  push(directory());
  const auto admin = open(writer_, directory());
  const auto size = admin->size();
  ASSERT_TRUE(size);
  EXPECT_EQ(size->records, 3u) << "two offers and the session record";
  EXPECT_EQ(size->blobs, 1u) << "the small one is in its offer";
  EXPECT_TRUE(*admin->remove(runs_[0].probe));
  EXPECT_FALSE(*admin->remove(runs_[0].probe));
  EXPECT_EQ(admin->size()->records, 2u);
}

TEST_F(AdminTest, MeasuresAndLeavesNothing) {
  const auto admin = open(writer_, directory());
  const auto speed = admin->measure();
  ASSERT_TRUE(speed) << speed.error().message;
  EXPECT_GT(speed->small_get_ns, 0);
  EXPECT_GT(speed->put_bytes_per_s, 0);
  EXPECT_EQ(admin->size()->blobs, 0u);
}

TEST_F(AdminTest, SaysHowThingsStand) {
  const RemoteState state = open(writer_, directory())->state();
  EXPECT_EQ(state.name, "directory " + shared_.at("remote"));
  EXPECT_TRUE(state.answers) << state.problem;
  EXPECT_TRUE(state.may_write);
  EXPECT_EQ(state.project, "team/x");
  EXPECT_EQ(state.trusted, std::nullopt);
  EXPECT_FALSE(open(writer_, directory(), false)->state().may_write);
  const RemoteState away = open(writer_, "redis://user:secret@127.0.0.1:1")->state();
  EXPECT_FALSE(away.answers);
  EXPECT_NE(away.problem, "");
  EXPECT_EQ((away.problem + away.name).find("secret"), std::string::npos);
}

TEST_F(AdminTest, WhatIsOnlyReadIsNotPushedTo) {
  const auto report =
      open(writer_, directory(), false)->push(names_, [](auto, auto) { return true; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::denied);
}

TEST_F(AdminTest, KeysAndTheList) {
  const std::string file = shared_.at("key"), list = shared_.at("writers");
  const auto key = keys()->make(file);
  ASSERT_TRUE(key);
  EXPECT_EQ(*keys()->read(file), *key);
  EXPECT_FALSE(keys()->make(file)) << "a key is never overwritten";
  EXPECT_FALSE(*keys()->list(list));
  EXPECT_TRUE(*keys()->trust(list, *key, "ci"));
  EXPECT_FALSE(*keys()->trust(list, *key, "ci"));
  ASSERT_EQ((*keys()->list(list))->size(), 1u);
  EXPECT_EQ((*keys()->list(list))->front().label, "ci");
  EXPECT_TRUE(*keys()->remove(list, *key));
  EXPECT_FALSE(*keys()->remove(list, *key));
  EXPECT_TRUE((*keys()->list(list))->empty()) << "nobody is trusted any more";
  EXPECT_FALSE(keys()->trust(list, "ed25519:12", ""));
}

}  // namespace
}  // namespace deja::exchange
