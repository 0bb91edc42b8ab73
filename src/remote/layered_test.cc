// SPDX-License-Identifier: Apache-2.0
#include "remote/layered.h"

#include <gtest/gtest.h>

#include "remote/mem_transport.h"
#include "remote/read_only.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

class Layered : public testing::Test {
 protected:
  static constexpr std::size_t kLayers = 3;
  std::unique_ptr<LayeredTransport> make(LayeredTransport::Options options = {},
                                         std::vector<bool> read_only = {false, false, false}) {
    std::vector<std::unique_ptr<Transport>> layers;
    for (std::size_t i = 0; i < kLayers; ++i) {
      auto mem = std::make_unique<MemTransport>(
          servers_[i], MemTransport::Options{.name = "layer " + std::to_string(i)});
      remotes_[i] = mem.get();
      if (read_only[i]) {
        layers.push_back(std::make_unique<ReadOnlyTransport>(std::move(mem)));
      } else {
        layers.push_back(std::move(mem));
      }
    }
    return std::make_unique<LayeredTransport>(std::move(layers), std::move(options));
  }
  std::string at(std::size_t layer, const Name& name) const {
    const auto entry = servers_[layer]->find(name);
    return entry ? entry->bytes : kAbsent;
  }
  std::vector<std::string> everywhere(const Name& name) const {
    return {at(0, name), at(1, name), at(2, name)};
  }

  const std::vector<std::shared_ptr<MemRemote>> servers_{
      std::make_shared<MemRemote>(), std::make_shared<MemRemote>(), std::make_shared<MemRemote>()};
  std::array<MemTransport*, kLayers> remotes_{};
  const Name name_ = record_name("r");
  using Places = std::vector<std::string>;
};

TEST_F(Layered, WritesBackToTheNearerOnes) {
  const auto transport = make();
  servers_[2]->store(name_, "far");
  EXPECT_EQ(read_object(*transport, name_), "far");
  EXPECT_EQ(everywhere(name_), (Places{"far", "far", "far"}));
  EXPECT_EQ(read_object(*transport, name_), "far");
  EXPECT_EQ(remotes_[1]->calls(Call::get), 1);
  const Name streamed = record_name("s");
  servers_[1]->store(streamed, "middle");
  EXPECT_EQ(read_streamed(*transport, streamed), "middle");
  EXPECT_EQ(everywhere(streamed), (Places{"middle", "middle", kAbsent}));
}

TEST_F(Layered, WritesBackEachOfMany) {
  const auto transport = make();
  const std::vector<Name> names{record_name("a"), record_name("b"), record_name("c"),
                                record_name("none")};
  for (std::size_t i = 0; i < 3; ++i) servers_[i]->store(names[i], "x");
  const auto got = transport->get_many(names, 10, kNoLimit);
  ASSERT_TRUE(got);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((*got)[i].has_value(), i < 3);
  EXPECT_EQ(everywhere(names[0]), (Places{"x", kAbsent, kAbsent}));
  EXPECT_EQ(everywhere(names[1]), (Places{"x", "x", kAbsent}));
  EXPECT_EQ(everywhere(names[2]), (Places{"x", "x", "x"}));
}

TEST_F(Layered, WritesBackNothingThatIsTooLargeOrThatItMayNot) {
  auto transport = make({.write_back_max = 10}, {false, true, false});
  servers_[2]->store(name_, "more than ten bytes");
  EXPECT_EQ(read_streamed(*transport, name_), "more than ten bytes");
  EXPECT_EQ(everywhere(name_), (Places{kAbsent, kAbsent, "more than ten bytes"}));
  EXPECT_EQ(read_object(*transport, name_), "more than ten bytes");
  EXPECT_EQ(at(0, name_), "more than ten bytes");
  EXPECT_EQ(at(1, name_), kAbsent);
}

TEST_F(Layered, CopiesWhenItsOwnerLikes) {
  std::vector<std::function<void()>> queue;
  const auto transport = make(
      {.run_later = [&queue](std::function<void()> work) { queue.push_back(std::move(work)); }});
  servers_[2]->store(name_, "far");
  EXPECT_EQ(read_object(*transport, name_), "far");
  EXPECT_EQ(everywhere(name_), (Places{kAbsent, kAbsent, "far"}));
  for (const auto& work : queue) work();
  EXPECT_EQ(everywhere(name_), (Places{"far", "far", "far"}));
}

TEST_F(Layered, AFailedLayerHidesNothing) {
  const auto transport = make();
  const Error dead{Code::unavailable, 0, "dead"};
  servers_[2]->store(name_, "far");
  remotes_[0]->fail(1, dead);
  EXPECT_EQ(read_object(*transport, name_), "far");
  EXPECT_EQ(at(0, name_), kAbsent);  // it was not asked to keep it
  remotes_[2]->fail(1, dead);
  EXPECT_EQ(code_of(transport->get(record_name("unknown"), 10, kNoLimit)), Code::unavailable);
  EXPECT_EQ(read_object(*transport, record_name("unknown")), kAbsent);
}

TEST_F(Layered, TheHomeDecides) {
  const auto transport = make();
  const Error full{Code::no_space, 0, "full"};
  remotes_[0]->fail(1, full);
  ASSERT_TRUE(transport->put(name_, {.bytes = "x"}, kNoLimit));
  EXPECT_EQ(everywhere(name_), (Places{kAbsent, "x", "x"}));
  remotes_[2]->fail(1, full);
  const Name other = record_name("o");
  EXPECT_EQ(code_of(transport->put(other, {.bytes = "x"}, kNoLimit)), Code::no_space);
  EXPECT_EQ(everywhere(other), (Places{kAbsent, kAbsent, kAbsent}));
  servers_[0]->store(other, "x");
  EXPECT_EQ(*transport->exists(std::vector{name_, other}, kNoLimit),
            (std::vector<bool>{true, false}));
}

TEST_F(Layered, ReplacesAtHomeWhatWasSeenInACache) {
  const auto transport = make();
  ASSERT_EQ(*transport->replace(name_, "first", "", kNoLimit), Put::stored);
  EXPECT_EQ(everywhere(name_), (Places{"first", "first", "first"}));
  const std::string version = (**transport->get(name_, 10, kNoLimit)).version;
  EXPECT_TRUE(version.starts_with("0:"));
  EXPECT_EQ(*transport->replace(name_, "second", version, kNoLimit), Put::stored);
  EXPECT_EQ(everywhere(name_), (Places{"second", "second", "second"}));
}

TEST_F(Layered, AStaleCacheIsPutRightAndNotWrittenThrough) {
  const auto transport = make();
  servers_[0]->store(name_, "old");
  servers_[2]->store(name_, "new of another");
  const std::string version = (**transport->get(name_, 99, kNoLimit)).version;
  EXPECT_EQ(*transport->replace(name_, "old and mine", version, kNoLimit), Put::lost);
  EXPECT_EQ(at(2, name_), "new of another");
  const auto again = *transport->get(name_, 99, kNoLimit);
  EXPECT_EQ(again->bytes, "new of another");
  EXPECT_EQ(*transport->replace(name_, "both", again->version, kNoLimit), Put::stored);
  EXPECT_EQ(at(2, name_), "both");
}

TEST_F(Layered, OffersAtHomeWhatOnlyAFartherReadOnlyOneHas) {
  std::vector<std::function<void()>> dropped;
  const auto transport =
      make({.run_later = [&](std::function<void()> work) { dropped.push_back(std::move(work)); }},
           {false, false, true});
  servers_[2]->store(name_, "theirs");
  const auto got = *transport->get(name_, 99, kNoLimit);
  EXPECT_EQ(*transport->replace(name_, "theirs and mine", got->version, kNoLimit), Put::stored);
  EXPECT_EQ(at(1, name_), "theirs and mine");
  EXPECT_EQ(at(2, name_), "theirs");
}

TEST_F(Layered, WithoutAHomeNothingIsWritten) {
  const auto transport = make({}, {true, true, true});
  EXPECT_TRUE(transport->abilities().reads_only);
  EXPECT_EQ(code_of(transport->put(name_, {.bytes = "x"}, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(transport->replace(name_, "x", "", kNoLimit)), Code::denied);
  servers_[0]->store(name_, "x");
  EXPECT_EQ(*transport->exists(std::vector{name_}, kNoLimit), std::vector<bool>{true});
}

TEST_F(Layered, RemovesEverywhere) {
  const auto transport = make();
  servers_[1]->store(name_, "x");
  EXPECT_TRUE(*transport->remove(name_, kNoLimit));
  EXPECT_EQ(everywhere(name_), (Places{kAbsent, kAbsent, kAbsent}));
  EXPECT_FALSE(*transport->remove(name_, kNoLimit));
}

}  // namespace
}  // namespace deja::remote
