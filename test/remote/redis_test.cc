// SPDX-License-Identifier: Apache-2.0
// The Redis transport against real servers: the contract over TCP, a Unix socket, TLS and a user with few rights, and what
// servers say when they will not.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "remote/redis_server.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

constexpr const char* kSecret = "s3cret-of-the-cache";

// One server of each sort for all tests of this program.
RedisServer& plain_server() {
  static RedisServer server;
  return server;
}
RedisServer& guarded_server() {
  static RedisServer server;
  // The rights are those that redis_transport.h names.
  static const Reply made =
      server.run({"ACL",     "SETUSER",       "builder",  "on",      std::string(">") + kSecret,
                  "~deja:*", "+getrange",     "+strlen",  "+exists", "+set",
                  "+append", "+rename",       "+persist", "+expire", "+unlink",
                  "+watch",  "+unwatch",      "+multi",   "+exec",   "+scan",
                  "+select", "+cluster|slots"});
  EXPECT_TRUE(made.is_status("OK")) << made.text;
  return server;
}
const Certificates& certificates() {
  static const Certificates all;
  return all;
}
RedisServer& tls_server() {
  static RedisServer server({}, &certificates());
  return server;
}
RedisOptions tls_options() {
  const Certificates& all = certificates();
  return {.endpoints = {tls_server().tcp()},
          .uses_tls = true,
          .tls = {.ca_file = all.file("ca.crt"),
                  .certificate_file = all.file("client.crt"),
                  .key_file = all.file("client.key")}};
}

struct Pair {
  explicit Pair(RedisOptions (*options)()) {
    if (!reason.empty()) return;
    first = make_transport(options());
    second = make_transport(options());
  }
  const std::string& skip() const { return reason; }
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  const std::string reason = why_no_redis();
  std::unique_ptr<RedisTransport> first, second;
};
struct Tcp : Pair {
  Tcp() : Pair([] { return RedisOptions{.endpoints = {plain_server().tcp()}, .database = 3}; }) {}
};
struct UnixSocket : Pair {
  UnixSocket()
      : Pair([] {
          return RedisOptions{.endpoints = {plain_server().unix_socket()}, .expire_s = 1000};
        }) {}
};
struct Guarded : Pair {
  Guarded()
      : Pair([] {
          return RedisOptions{
              .endpoints = {guarded_server().tcp()}, .user = "builder", .password = kSecret};
        }) {}
  std::string secret() { return kSecret; }
};
struct Tls : Pair {
  Tls() : Pair(tls_options) {}
};

TEST(Redis, HasAServer) {
  if (const std::string why = why_no_redis(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_TRUE(plain_server().is_up()) << plain_server().log();
  EXPECT_TRUE(guarded_server().is_up()) << guarded_server().log();
  ASSERT_TRUE(certificates().made) << "openssl is missing: apt-get install openssl";
  EXPECT_TRUE(tls_server().is_up()) << tls_server().log();
}

const auto kServers = subjects<Tcp, UnixSocket, Guarded, Tls>();
INSTANTIATE_TEST_SUITE_P(Redis, TransportReads, kServers);
INSTANTIATE_TEST_SUITE_P(Redis, TransportWrites, kServers);

class RedisTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_redis(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::unique_ptr<RedisTransport> at(const RedisServer& server) {
    return make_transport({.endpoints = {server.tcp()}});
  }
  static Deadline soon(int ms) { return {os::monotonic_ns() + ms * 1'000'000LL}; }
  const Name name_ = record_name(fresh("r"));
};

TEST_F(RedisTest, WritesOnlyBelowItsPrefixAndLeavesNoTemporaryKey) {
  RedisServer server;
  const auto transport = at(server);
  const std::string large = noise(3 << 20);
  ASSERT_TRUE(transport->put(name_, {.bytes = "x"}, kNoLimit));
  ASSERT_TRUE(transport->put(blob_name(large), {.bytes = large}, kNoLimit));
  ASSERT_EQ(
      *transport->replace(name_, large, (**transport->get(name_, 10, kNoLimit)).version, kNoLimit),
      Put::stored);
  EXPECT_EQ(*transport->replace(name_, large, std::string(32, 'a'), kNoLimit), Put::lost);
  const Reply keys = server.run({"KEYS", "*"});
  std::vector<std::string> found;
  for (const Reply& key : keys.elements) found.push_back(key.text);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found,
            (std::vector<std::string>{"deja:" + name_.path(), "deja:" + blob_name(large).path()}));
  EXPECT_EQ(server.run({"TTL", found[0]}).integer, -1);
  EXPECT_EQ(server.run({"TTL", found[1]}).integer, -1);
}

TEST_F(RedisTest, ObjectsExpireWhenTheyAreToldTo) {
  RedisServer server;
  const auto transport = make_transport({.endpoints = {server.tcp()}, .expire_s = 1000});
  const std::string large = noise(3 << 20);
  ASSERT_TRUE(transport->put(name_, {.bytes = "x"}, kNoLimit));
  ASSERT_TRUE(transport->put(blob_name(large), {.bytes = large}, kNoLimit));
  const Name first = record_name(fresh("f"));
  ASSERT_TRUE(transport->replace(first, "x", "", kNoLimit));
  ASSERT_TRUE(
      transport->replace(first, "y", (**transport->get(first, 10, kNoLimit)).version, kNoLimit));
  for (const Name& name : {name_, blob_name(large), first}) {
    const std::int64_t rest = server.run({"TTL", "deja:" + name.path()}).integer;
    EXPECT_GT(rest, 900);
    EXPECT_LE(rest, 1000);
  }
}

TEST_F(RedisTest, AWrongPasswordIsDeniedAndNotRepeated) {
  for (const std::string user : {"builder", ""}) {
    const auto transport = make_transport(
        {.endpoints = {guarded_server().tcp()}, .user = user, .password = "wrong-secret"});
    const auto got = transport->get(name_, 10, kNoLimit);
    EXPECT_EQ(code_of(got), Code::denied);
    EXPECT_EQ(got.error().message.find("wrong-secret"), std::string::npos) << got.error().message;
  }
}

TEST_F(RedisTest, AServerWithoutAuthDoesNotRepeatThePassword) {
  RedisServer server({"--rename-command", "AUTH", "HIDDEN"});
  ASSERT_TRUE(server.is_up()) << server.log();
  const auto transport =
      make_transport({.endpoints = {server.tcp()}, .user = "me", .password = kSecret});
  const auto got = transport->get(name_, 10, kNoLimit);
  EXPECT_EQ(code_of(got), Code::denied);
  EXPECT_EQ(got.error().message.find(kSecret), std::string::npos) << got.error().message;
}

TEST_F(RedisTest, ForbiddenCommandsAreDenied) {
  RedisServer server;
  ASSERT_TRUE(server
                  .run({"ACL", "SETUSER", "reader", "on", "nopass", "~deja:*", "+getrange",
                        "+strlen", "+exists"})
                  .is_status("OK"));
  ASSERT_TRUE(at(server)->put(name_, {.bytes = "x"}, kNoLimit));
  const auto reader =
      make_transport({.endpoints = {server.tcp()}, .user = "reader", .password = "any"});
  EXPECT_EQ(read_object(*reader, name_), "x");
  EXPECT_EQ(code_of(reader->put(name_, {.bytes = "y"}, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(reader->replace(name_, "y", std::string(32, 'a'), kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(reader->remove(name_, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(reader->list([](const auto&) { return true; }, kNoLimit)), Code::denied);
  EXPECT_EQ(read_object(*reader, name_), "x");
}

TEST_F(RedisTest, AFullServerIsNoSpaceAndKeepsWhatItHas) {
  RedisServer server({"--maxmemory", "6mb", "--maxmemory-policy", "noeviction"});
  const auto transport = at(server);
  ASSERT_TRUE(transport->put(name_, {.bytes = "kept"}, kNoLimit));
  const std::string large = noise(16 << 20);
  EXPECT_EQ(code_of(transport->put(blob_name(large), {.bytes = large}, kNoLimit)), Code::no_space);
  EXPECT_EQ(read_object(*transport, blob_name(large)), kAbsent);
  EXPECT_EQ(read_object(*transport, name_), "kept");
  const Reply keys = server.run({"KEYS", "*"});
  EXPECT_EQ(keys.elements.size(), 1U);  // the temporary key is gone, too
}

TEST_F(RedisTest, AReplicaIsNotWrittenAndThePrimaryIsFound) {
  RedisServer primary;
  RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(primary.port())});
  ASSERT_TRUE(replica.is_up()) << replica.log();
  EXPECT_EQ(code_of(at(replica)->put(name_, {.bytes = "x"}, kNoLimit)), Code::unavailable);
  const auto transport = make_transport({.endpoints = {replica.tcp(), primary.tcp()}});
  const Status done = transport->put(name_, {.bytes = "x"}, kNoLimit);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(read_object(*at(primary), name_), "x");
}

TEST_F(RedisTest, AServerThatDoesNotAnswerCostsTheDeadline) {
  RedisServer server;
  const auto transport = at(server);
  ASSERT_TRUE(transport->put(name_, {.bytes = "x"}, kNoLimit));
  server.send(SIGSTOP);
  EXPECT_EQ(code_of(transport->get(name_, 10, soon(50))), Code::timeout);
  EXPECT_EQ(code_of(transport->put(name_, {.bytes = std::string(30 << 20, 'x')}, soon(50))),
            Code::timeout);
  server.send(SIGCONT);
  EXPECT_EQ(read_object(*transport, name_), "x");
}

TEST_F(RedisTest, StopEndsACallThatWaits) {
  RedisServer server;
  const auto transport = at(server);
  ASSERT_TRUE(transport->put(name_, {.bytes = "x"}, kNoLimit));
  server.send(SIGSTOP);
  std::jthread caller(
      [&] { EXPECT_EQ(code_of(transport->get(name_, 10, kNoLimit)), Code::unavailable); });
  transport->stop();
  caller.join();
  server.send(SIGCONT);
}

TEST_F(RedisTest, ADeadServerIsUnavailableAndARestartedOneIsFound) {
  RedisServer server;
  const auto transport = at(server);
  ASSERT_TRUE(transport->put(name_, {.bytes = "x"}, kNoLimit));
  // The server closes idle connections; the next call does not notice.
  EXPECT_GE(server.run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}).integer, 1);
  EXPECT_EQ(read_object(*transport, name_), "x");
  server.kill();
  const auto got = transport->get(name_, 10, kNoLimit);
  EXPECT_EQ(code_of(got), Code::unavailable);
  EXPECT_NE(got.error().message.find("redis at 127.0.0.1:"), std::string::npos)
      << got.error().message;
}

TEST_F(RedisTest, WhatOthersHaveStoredIsCorruptAndNotDelivered) {
  RedisServer server;
  const auto transport = at(server);
  const std::string key = "deja:" + name_.path();
  server.run({"SET", key, "something that another program has put here"});
  EXPECT_EQ(code_of(transport->get(name_, 100, kNoLimit)), Code::corrupt);
  server.run({"DEL", key});
  server.run({"LPUSH", key, "a list"});
  EXPECT_EQ(code_of(transport->get(name_, 100, kNoLimit)), Code::corrupt);
  const Status done = transport->put(name_, {.bytes = "ours"}, kNoLimit);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(read_object(*transport, name_), "ours");
}

// Larger than one GETRANGE brings.
TEST_F(RedisTest, ALargeRecordIsSeenWholeWhileItIsReplaced) {
  const auto transport = at(plain_server());
  const std::string versions[] = {std::string(5 << 20, 'a'), std::string(6 << 20, 'b')};
  ASSERT_TRUE(transport->put(name_, {.bytes = versions[0]}, kNoLimit));
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    const auto second = at(plain_server());
    for (int i = 1; !done; ++i)
      EXPECT_TRUE(second->put(name_, {.bytes = versions[i % 2]}, kNoLimit));
  });
  int seen = 0;
  for (int i = 0; i < 20; ++i) {
    const auto got = transport->get(name_, kAnySize, kNoLimit);
    if (!got) {
      // Twenty times in a row the writer was faster.
      EXPECT_EQ(got.error().code, Code::unavailable) << got.error().message;
      continue;
    }
    ASSERT_TRUE(*got);
    EXPECT_TRUE((*got)->bytes == versions[0] || (*got)->bytes == versions[1])
        << (*got)->bytes.size();
    ++seen;
  }
  done = true;
  EXPECT_GT(seen, 0);
}

TEST_F(RedisTest, ABlobThatIsRemovedWhileItStreamsIsAnError) {
  const auto transport = at(plain_server());
  const std::string bytes = noise(8 << 20);
  const Name name = blob_name(bytes);
  ASSERT_TRUE(transport->put(name, {.bytes = bytes}, kNoLimit));
  std::size_t received = 0;
  const auto sink = [&](std::string_view piece) -> Status {
    if (received == 0) {
      EXPECT_TRUE(*transport->remove(name, kNoLimit));
    }
    received += piece.size();
    return {};
  };
  EXPECT_EQ(code_of(transport->get_to(name, kAnySize, sink, kNoLimit)), Code::unavailable);
  EXPECT_LT(received, bytes.size());
}

TEST_F(RedisTest, TheServersCertificateIsVerified) {
  RedisOptions options = tls_options();
  options.tls.ca_file = certificates().file("stranger.crt");
  auto got = make_transport(options)->get(name_, 10, kNoLimit);
  EXPECT_EQ(code_of(got), Code::denied);
  EXPECT_NE(got.error().message.find("certificate"), std::string::npos) << got.error().message;
  options = tls_options();
  options.tls.server_name = "another.test";
  EXPECT_EQ(code_of(make_transport(options)->get(name_, 10, kNoLimit)), Code::denied);
  options.tls.server_name = "cache.test";
  EXPECT_EQ(read_object(*make_transport(options), name_), kAbsent);
}

TEST_F(RedisTest, TheClientsCertificateIsAskedFor) {
  RedisOptions options = tls_options();
  options.tls.certificate_file = {};
  options.tls.key_file = {};
  const auto got = make_transport(options)->get(name_, 10, kNoLimit);
  ASSERT_FALSE(got);
  // The server's refusal and its end of the connection race each other.
  EXPECT_TRUE(got.error().code == Code::denied || got.error().code == Code::unavailable)
      << got.error().message;
  options.tls.certificate_file = certificates().file("strange-client.crt");
  options.tls.key_file = certificates().file("strange-client.key");
  EXPECT_FALSE(make_transport(options)->get(name_, 10, kNoLimit));
}

TEST_F(RedisTest, AServerInClearIsNoTlsServer) {
  RedisOptions options = tls_options();
  options.endpoints = {plain_server().tcp()};
  EXPECT_FALSE(make_transport(options)->get(name_, 10, soon(200)));
}

TEST_F(RedisTest, OptionsWithoutSenseAreRefused) {
  const RedisEndpoint here{.host = "127.0.0.1", .port = 1};
  EXPECT_EQ(code_of(RedisTransport::make({})), Code::invalid);
  EXPECT_EQ(code_of(RedisTransport::make({.endpoints = {here}, .prefix = "a{b}"})), Code::invalid);
  EXPECT_EQ(code_of(RedisTransport::make({.endpoints = {here}, .database = -1})), Code::invalid);
  const Certificates& all = certificates();
  RedisOptions options = tls_options();
  options.tls.ca_file = all.file("missing");
  auto made = RedisTransport::make(options);
  EXPECT_EQ(code_of(made), Code::invalid);
  EXPECT_NE(made.error().message.find("missing"), std::string::npos);
  options = tls_options();
  options.tls.key_file = all.file("server.key");
  EXPECT_EQ(code_of(RedisTransport::make(options)), Code::invalid);
  options = tls_options();
  ASSERT_TRUE(os::change_mode(options.tls.key_file, 0644));
  made = RedisTransport::make(options);
  EXPECT_EQ(code_of(made), Code::denied);
  EXPECT_NE(made.error().message.find("chmod 600"), std::string::npos) << made.error().message;
  ASSERT_TRUE(os::change_mode(options.tls.key_file, 0600));
}

TEST_F(RedisTest, ADatabaseThatIsNotThereIsInvalid) {
  EXPECT_EQ(code_of(make_transport({.endpoints = {plain_server().tcp()}, .database = 99})
                        ->get(name_, 9, kNoLimit)),
            Code::invalid);
}

}  // namespace
}  // namespace deja::remote
