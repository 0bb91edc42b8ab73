// SPDX-License-Identifier: Apache-2.0
#include "remote/negative_cache.h"

#include <gtest/gtest.h>

#include "remote/mem_transport.h"
#include "remote/test_clock.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

class NegativeCache : public testing::Test {
 protected:
  std::unique_ptr<MemTransport> memory() {
    auto mem = std::make_unique<MemTransport>(server_);
    remote_ = mem.get();
    return mem;
  }
  TestClock clock_;
  std::shared_ptr<MemRemote> server_ = std::make_shared<MemRemote>();
  MemTransport* remote_ = nullptr;
  NegativeCacheTransport transport_{memory(),
                                    {.keep_ns = 30 * kSecond, .names_max = 4, .clock = clock_}};
  const Name name_ = record_name("r");
};

TEST_F(NegativeCache, AsksOnceForWhatNobodyHas) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(read_object(transport_, name_), kAbsent);
  EXPECT_EQ(read_streamed(transport_, name_), kAbsent);
  EXPECT_EQ(remote_->calls(), 1);
  EXPECT_EQ(transport_.saved(), 5);
  clock_.advance(30 * kSecond);
  server_->store(name_, "now it is there");
  EXPECT_EQ(read_object(transport_, name_), "now it is there");
}

TEST_F(NegativeCache, ForgetsWhatItPuts) {
  EXPECT_EQ(read_object(transport_, name_), kAbsent);
  ASSERT_TRUE(transport_.put(name_, {.bytes = "x"}, kNoLimit));
  EXPECT_EQ(read_object(transport_, name_), "x");
  const Name other = record_name("s");
  EXPECT_EQ(read_object(transport_, other), kAbsent);
  ASSERT_TRUE(transport_.replace(other, "y", "", kNoLimit));
  EXPECT_EQ(read_object(transport_, other), "y");
}

TEST_F(NegativeCache, AGetThatWasUnderWayDoesNotHideAPut) {
  // The answer "absent" is given before the put and arrives after it.
  int depth = 0;
  remote_->set_before([this, &depth](Call call, Deadline) {
    if (call == Call::get && depth++ == 0) {
      EXPECT_TRUE(transport_.put(name_, {.bytes = "x"}, kNoLimit));
      EXPECT_TRUE(server_->erase(name_));  // so this get still says "absent"
    }
    return Status();
  });
  EXPECT_EQ(read_object(transport_, name_), kAbsent);
  server_->store(name_, "x");
  EXPECT_EQ(read_object(transport_, name_), "x");
}

TEST_F(NegativeCache, AsksForTheRestOfMany) {
  const Name there = record_name("there");
  server_->store(there, "t");
  EXPECT_EQ(read_object(transport_, name_), kAbsent);
  const std::vector<Name> names{name_, there, record_name("s")};
  const auto got = transport_.get_many(names, 10, kNoLimit);
  ASSERT_TRUE(got);
  EXPECT_FALSE((*got)[0]);
  EXPECT_EQ((*got)[1]->bytes, "t");
  EXPECT_FALSE((*got)[2]);
  EXPECT_EQ(remote_->calls(Call::get_many), 1);
  EXPECT_EQ(read_object(transport_, names[2]), kAbsent);
  EXPECT_EQ(remote_->calls(Call::get), 1);
}

TEST_F(NegativeCache, KeepsNoBlobAndNoError) {
  const Name blob = blob_name("b");
  EXPECT_EQ(read_object(transport_, blob), kAbsent);
  EXPECT_EQ(read_object(transport_, blob), kAbsent);
  EXPECT_EQ(remote_->calls(), 2);
  remote_->fail(1, {Code::unavailable, 0, "busy"});
  EXPECT_EQ(code_of(transport_.get(name_, 10, kNoLimit)), Code::unavailable);
  server_->store(name_, "x");
  EXPECT_EQ(read_object(transport_, name_), "x");
}

TEST_F(NegativeCache, HasALimit) {
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(read_object(transport_, record_name(std::to_string(i))), kAbsent);
  EXPECT_EQ(read_object(transport_, record_name("99")), kAbsent);
  EXPECT_EQ(remote_->calls(), 100);  // the last one is known
  EXPECT_EQ(read_object(transport_, record_name("0")), kAbsent);
  EXPECT_EQ(remote_->calls(), 101);  // the first one is not
}

}  // namespace
}  // namespace deja::remote
