// SPDX-License-Identifier: Apache-2.0
// The Redis transport against a real cluster of six: redirects, every master, a slot that is being moved, and a master
// that dies.
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "remote/redis_server.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

RedisCluster& cluster() {
  static RedisCluster all;
  return all;
}

// Each client knows one server, and not the same.
struct Cluster {
  Cluster() {
    if (!reason.empty()) return;
    first = make_transport({.endpoints = {cluster().server(0).tcp()}});
    second = make_transport({.endpoints = {cluster().server(5).tcp()}});
  }
  const std::string& skip() const { return reason; }
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  const std::string reason = why_no_redis();
  std::unique_ptr<RedisTransport> first, second;
};
INSTANTIATE_TEST_SUITE_P(RedisCluster, TransportReads, subjects<Cluster>());
INSTANTIATE_TEST_SUITE_P(RedisCluster, TransportWrites, subjects<Cluster>());

class RedisClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_redis(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::string key_of(const Name& name) { return "deja:" + name.path(); }
  // WAIT counts only what its own connection has written. The key is in the slot of `name`.
  static void wait_for_replica(const RedisServer& master, const Name& name) {
    RedisCommands commands;
    commands.add({"SET", "written{" + key_of(name) + "}", "x"}).add({"WAIT", "1", "9000"});
    const auto replies = master.run(commands);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[1].integer, 1) << replies[0].text;
  }
  // A record whose slot is at this server.
  static Name name_at(RedisCluster& servers, std::size_t server) {
    for (;;) {
      const Name name = record_name(fresh("at"));
      if (servers.master_of(key_of(name)) == server) return name;
    }
  }
};

TEST_F(RedisClusterTest, FindsEachKeyAndListsAllServers) {
  ASSERT_TRUE(cluster().is_up());
  const auto transport = make_transport({.endpoints = {cluster().server(1).tcp()}});
  std::vector<Name> names;
  std::set<std::size_t> masters;
  for (int i = 0; i < 60; ++i) {
    names.push_back(record_name(fresh("spread")));
    const Status done = transport->put(names.back(), {.bytes = std::to_string(i)}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    masters.insert(cluster().master_of(key_of(names.back())).value_or(99));
  }
  EXPECT_EQ(masters.size(), 3U);
  // A client that knows nothing yet asks for many at once.
  const auto stranger = make_transport({.endpoints = {cluster().server(4).tcp()}});
  const auto got = stranger->get_many(names, 100, kNoLimit);
  ASSERT_TRUE(got) << got.error().message;
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ((*got)[i]->bytes, std::to_string(i));
  std::set<Name> missing(names.begin(), names.end());
  const Status listed = make_transport({.endpoints = {cluster().server(2).tcp()}})
                            ->list(
                                [&missing](const Transport::Listed& each) {
                                  missing.erase(each.name);
                                  return true;
                                },
                                kNoLimit);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_TRUE(missing.empty());
}

TEST_F(RedisClusterTest, FollowsASlotThatIsBeingMoved) {
  ASSERT_TRUE(cluster().is_up());
  const auto transport = make_transport({.endpoints = {cluster().server(0).tcp()}});
  const Name name = record_name(fresh("moving"));
  ASSERT_TRUE(transport->put(name, {.bytes = "x"}, kNoLimit));
  const std::size_t from = *cluster().master_of(key_of(name));
  std::size_t to = 0;
  std::set<std::size_t> masters;
  for (int i = 0; i < 30; ++i) masters.insert(*cluster().master_of(fresh("any")));
  while (masters.count(to) == 0 || to == from) ++to;
  const std::string from_id = cluster().server(from).run({"CLUSTER", "MYID"}).text;
  const std::string to_id = cluster().server(to).run({"CLUSTER", "MYID"}).text;
  const std::string slot = std::to_string(redis_slot(key_of(name)));
  ASSERT_TRUE(
      cluster().server(to).run({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}).is_status("OK"));
  ASSERT_TRUE(
      cluster().server(from).run({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}).is_status("OK"));
  EXPECT_EQ(read_object(*transport, name), "x");
  // The key has moved, the slot not yet: the old server says ASK.
  ASSERT_TRUE(cluster()
                  .server(from)
                  .run({"MIGRATE", "127.0.0.1", std::to_string(cluster().server(to).port()),
                        key_of(name), "0", "5000"})
                  .is_status("OK"));
  EXPECT_EQ(read_object(*transport, name), "x");
  EXPECT_EQ(read_object(*make_transport({.endpoints = {cluster().server(0).tcp()}}), name), "x");
  const Status done = transport->put(name, {.bytes = "y"}, kNoLimit);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(*transport->exists(std::vector{name}, kNoLimit), std::vector<bool>{true});
  // Now the slot, too: MOVED.
  for (const std::size_t i : {to, from})
    ASSERT_TRUE(
        cluster().server(i).run({"CLUSTER", "SETSLOT", slot, "NODE", to_id}).is_status("OK"));
  EXPECT_EQ(read_object(*transport, name), "y");
}

// A cluster of its own, because it ends with a server less.
TEST_F(RedisClusterTest, GoesOnWhenAMasterIsKilled) {
  RedisCluster servers;
  ASSERT_TRUE(servers.is_up());
  const auto transport = make_transport({.endpoints = {servers.server(0).tcp()}});
  const std::size_t victim = *servers.master_of(key_of(record_name(fresh("any"))));
  const Name name = name_at(servers, victim);
  const Name elsewhere =
      name_at(servers, *servers.master_of(key_of(name_at(servers, victim == 0 ? 1 : 0))));
  ASSERT_TRUE(transport->put(name, {.bytes = "before"}, kNoLimit));
  ASSERT_TRUE(transport->put(elsewhere, {.bytes = "x"}, kNoLimit));
  wait_for_replica(servers.server(victim), name);
  servers.server(victim).kill();
  // Until a replica has taken over, the answer is an error of the kind that is worth a retry, never "absent".
  std::optional<Object> got;
  const bool found = test::wait_until(
      [&] {
        const auto now = transport->get(name, 100, kNoLimit);
        if (!now) {
          EXPECT_EQ(now.error().code, Code::unavailable) << now.error().message;
          return false;
        }
        got = *now;
        return true;
      },
      std::chrono::seconds(30));
  ASSERT_TRUE(found);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, "before");
  EXPECT_EQ(*transport->replace(name, "after", got->version, kNoLimit), Put::stored);
  EXPECT_EQ(read_object(*transport, name), "after");
}

// As the one before, but the connection stays open and nothing answers.
TEST_F(RedisClusterTest, LeavesAMasterThatHangs) {
  RedisCluster servers;
  ASSERT_TRUE(servers.is_up());
  const std::size_t victim = *servers.master_of(key_of(record_name(fresh("any"))));
  // The only server that the client was told of.
  const auto transport = make_transport({.endpoints = {servers.server(victim).tcp()}});
  const Name name = name_at(servers, victim);
  ASSERT_TRUE(transport->put(name, {.bytes = "before"}, kNoLimit));
  wait_for_replica(servers.server(victim), name);
  servers.server(victim).send(SIGSTOP);
  std::string last;
  const bool found = test::wait_until(
      [&] {
        const auto now = transport->get(name, 100, {os::monotonic_ns() + 300'000'000});
        last = !now ? now.error().message : *now ? (*now)->bytes : kAbsent;
        return last == "before";
      },
      std::chrono::seconds(30));
  EXPECT_TRUE(found) << last;
  servers.server(victim).send(SIGCONT);
}

}  // namespace
}  // namespace deja::remote
