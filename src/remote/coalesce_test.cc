// SPDX-License-Identifier: Apache-2.0
#include "remote/coalesce.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "remote/mem_transport.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

class Coalesce : public testing::Test {
 protected:
  std::unique_ptr<MemTransport> memory() {
    auto mem = std::make_unique<MemTransport>(server_);
    remote_ = mem.get();
    return mem;
  }
  // The first get waits here until its end is let go.
  void hold_first_get(std::latch& arrived, std::latch& go, Status end = {}) {
    remote_->set_before([&arrived, &go, end, first = std::make_shared<std::atomic<bool>>(true)](
                            Call call, Deadline) -> Status {
      if (call != Call::get || !first->exchange(false)) return {};
      arrived.count_down();
      go.wait();
      if (!end) return Error(end.error());
      return {};
    });
  }
  void wait_for_followers(int count) {
    while (transport_.waiting() < count) std::this_thread::yield();
  }

  std::shared_ptr<MemRemote> server_ = std::make_shared<MemRemote>();
  MemTransport* remote_ = nullptr;
  CoalesceTransport transport_{memory()};
  const Name name_ = record_name("r");
};

TEST_F(Coalesce, OneAsksForAll) {
  server_->store(name_, "bytes");
  std::latch arrived(1);
  std::latch go(1);
  hold_first_get(arrived, go);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this] { EXPECT_EQ(read_object(transport_, name_), "bytes"); });
  arrived.wait();
  wait_for_followers(3);
  go.count_down();
  threads.clear();
  EXPECT_EQ(remote_->calls(Call::get), 1);
  EXPECT_EQ(read_object(transport_, name_), "bytes");
  EXPECT_EQ(remote_->calls(Call::get), 2);
}

TEST_F(Coalesce, AFollowerHasItsOwnDeadline) {
  std::latch arrived(1);
  std::latch go(1);
  hold_first_get(arrived, go);
  std::jthread leader([this] { EXPECT_EQ(read_object(transport_, name_), kAbsent); });
  arrived.wait();
  EXPECT_EQ(code_of(transport_.get(name_, kAnySize, kPast)), Code::timeout);
  go.count_down();
}

TEST_F(Coalesce, AFollowerAsksAgainAfterTheLeadersTimeout) {
  server_->store(name_, "bytes");
  std::latch arrived(1);
  std::latch go(1);
  hold_first_get(arrived, go, Error{Code::timeout, 0, "late"});
  std::jthread leader(
      [this] { EXPECT_EQ(code_of(transport_.get(name_, kAnySize, kNoLimit)), Code::timeout); });
  arrived.wait();
  std::jthread follower([this] { EXPECT_EQ(read_object(transport_, name_), "bytes"); });
  wait_for_followers(1);
  go.count_down();
}

TEST_F(Coalesce, NobodySeesWhatIsOlderThanHisOwnPut) {
  std::latch arrived(1);
  std::latch go(1);
  hold_first_get(arrived, go);
  std::jthread leader([this] { ASSERT_TRUE(transport_.get(name_, kAnySize, kNoLimit)); });
  arrived.wait();
  ASSERT_TRUE(transport_.put(name_, {.bytes = "new"}, kNoLimit));
  EXPECT_EQ(read_object(transport_, name_), "new");  // does not wait for the first get
  go.count_down();
}

TEST_F(Coalesce, StopEndsTheFollowers) {
  std::latch arrived(1);
  std::latch go(1);
  hold_first_get(arrived, go);
  std::jthread leader(
      [this] { EXPECT_EQ(code_of(transport_.get(name_, kAnySize, kNoLimit)), Code::unavailable); });
  arrived.wait();
  std::jthread follower(
      [this] { EXPECT_EQ(code_of(transport_.get(name_, kAnySize, kNoLimit)), Code::unavailable); });
  wait_for_followers(1);
  transport_.stop();
  follower.join();
  go.count_down();
}

}  // namespace
}  // namespace deja::remote
