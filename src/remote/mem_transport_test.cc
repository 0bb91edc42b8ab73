// SPDX-License-Identifier: Apache-2.0
#include "remote/mem_transport.h"

#include <gtest/gtest.h>

#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

struct MemSubject {
  Transport& transport() { return first; }
  Transport& other() { return second; }
  std::shared_ptr<MemRemote> remote = std::make_shared<MemRemote>();
  MemTransport first{remote};
  MemTransport second{remote};
};
INSTANTIATE_TEST_SUITE_P(Mem, TransportReads, subjects<MemSubject>());
INSTANTIATE_TEST_SUITE_P(Mem, TransportWrites, subjects<MemSubject>());

// As a plain web server: no versions, no lists, and a limit.
struct PlainSubject {
  static MemTransport::Options options() { return {.abilities = {.object_max = 16 << 20}}; }
  Transport& transport() { return first; }
  Transport& other() { return second; }
  std::shared_ptr<MemRemote> remote = std::make_shared<MemRemote>();
  MemTransport first{remote, options()};
  MemTransport second{remote, options()};
};
INSTANTIATE_TEST_SUITE_P(Plain, TransportReads, subjects<PlainSubject>());
INSTANTIATE_TEST_SUITE_P(Plain, TransportWrites, subjects<PlainSubject>());

TEST(MemTransport, FailsAsOftenAsItWasTold) {
  MemTransport transport;
  const Name name = record_name("a");
  transport.fail(2, {Code::denied, 0, "no"});
  EXPECT_EQ(code_of(transport.put(name, {.bytes = "x"}, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(transport.get(name, 10, kNoLimit)), Code::denied);
  EXPECT_EQ(read_object(transport, name), kAbsent);
  EXPECT_EQ(transport.calls(Call::get), 2);
  EXPECT_EQ(transport.calls(), 3);
}

TEST(MemTransport, TimePassesBeforeACall) {
  std::int64_t now = 100;
  MemTransport transport(std::make_shared<MemRemote>(), {.now_ns = [&now] { return now; }});
  transport.set_before([&now](Call, Deadline) {
    now += 50;
    return Status();
  });
  const Name name = record_name("a");
  EXPECT_TRUE(transport.put(name, {.bytes = "x"}, {160}));
  EXPECT_EQ(code_of(transport.put(name, {.bytes = "y"}, {160})), Code::timeout);
  EXPECT_EQ(read_object(transport, name), "x");
}

TEST(MemTransport, Lies) {
  MemTransport transport;
  const Name name = record_name("a");
  ASSERT_TRUE(transport.put(name, {.bytes = "truth"}, kNoLimit));
  transport.set_lie([](const Name&, std::string& bytes) { bytes = "a lie that is longer"; });
  EXPECT_EQ(read_object(transport, name), "a lie that is longer");
  EXPECT_EQ(code_of(transport.get(name, 5, kNoLimit)), Code::protocol);
  transport.set_lie(nullptr);
  EXPECT_EQ(read_object(transport, name), "truth");
}

}  // namespace
}  // namespace deja::remote
