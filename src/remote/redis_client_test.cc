// SPDX-License-Identifier: Apache-2.0
// What servers do that a real one does not do when it is told to: cut replies, lies, redirects to nowhere. A server of the
// test's own answers from a script.
#include "remote/redis_client.h"

#include <gtest/gtest.h>

#include <thread>

#include "os/directory_test.h"
#include "os/io.h"
#include "os/socket.h"
#include "remote/redis_transport.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

TEST(RedisSlot, IsTheOneOfTheSpecification) {
  EXPECT_EQ(redis_slot("123456789"),
            0x31c3 % kRedisSlots);      // the test vector of the cluster specification
  EXPECT_EQ(redis_slot("foo"), 12182);  // CLUSTER KEYSLOT foo
  EXPECT_EQ(redis_slot("{user1000}.following"), redis_slot("{user1000}.followers"));
  EXPECT_EQ(redis_slot("deja:tmp:ab{deja:cas/cd}"), redis_slot("deja:cas/cd"));
  EXPECT_EQ(redis_slot("foo{}{bar}"), redis_slot(std::string("foo{}{bar}")));
  EXPECT_NE(redis_slot("foo{}{bar}"), redis_slot("bar"));
  EXPECT_EQ(redis_slot("foo{{bar}}zap"), redis_slot("{bar"));
  EXPECT_EQ(redis_slot("foo{bar}{zap}"), redis_slot("bar"));
}

std::optional<RedisRedirect> redirect(std::string_view text) {
  return parse_redirect({.type = Reply::Type::error, .text = std::string(text)});
}

TEST(RedisRedirect, IsReadWithAnyHost) {
  const auto moved = redirect("MOVED 3999 127.0.0.1:6381");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->kind, RedisRedirect::Kind::moved);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->to, (RedisEndpoint{.host = "127.0.0.1", .port = 6381}));
  EXPECT_EQ(redirect("ASK 1 ::1:6381")->to.host, "::1");
  EXPECT_EQ(redirect("MOVED 1 :6381")->to.host, "");
  EXPECT_EQ(redirect("READONLY no")->kind, RedisRedirect::Kind::elsewhere);
  for (const char* text :
       {"MOVED", "MOVED 1", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h:0", "MOVED 1 h:65536",
        "MOVED 1 h:x", "MOVED 1 /tmp/x:1", "MOVED 1 a b:1", "ERR MOVED 1 h:1", "ASK x h:1"})
    EXPECT_FALSE(redirect(text)) << text;
  EXPECT_FALSE(parse_redirect({.type = Reply::Type::bulk, .text = "MOVED 1 h:1"}));
}

struct Step {
  std::string expect;  // what the commands must hold
  std::string send;
  bool closes = false;
};
using Steps = std::vector<Step>;

// Answers each connection from a script: waits for `expect` bytes of commands at least, then sends.
class ScriptedServer {
 public:
  // The steps of the first connection, and of a second one.
  explicit ScriptedServer(Steps first, Steps second = {})
      : script_{std::move(first), std::move(second)},
        listener_(*os::listen_unix(directory_.at("s"))) {
    thread_ = std::jthread([this] {
      for (const Steps& steps : script_)
        if (!steps.empty()) serve(steps);
    });
  }
  ~ScriptedServer() {
    // A connection that a failing client has not made would be waited for.
    for (std::size_t i = 0; i < script_.size(); ++i)
      ignore(os::connect_unix(directory_.at("s")), "the server has ended");
  }
  RedisEndpoint endpoint() const { return {.path = directory_.at("s")}; }

 private:
  void serve(const Steps& steps) {
    const auto accepted = os::accept_unix(listener_);
    ASSERT_TRUE(accepted && *accepted);
    const os::Fd& fd = **accepted;
    std::string seen;
    for (const Step& step : steps) {
      char bytes[4096];
      while (seen.find(step.expect) == std::string::npos) {
        const ssize_t got = os::read_some(fd.get(), bytes, sizeof(bytes));
        if (got <= 0) return;
        seen.append(bytes, static_cast<std::size_t>(got));
      }
      seen.clear();
      // Byte by byte: a reply comes in any pieces.
      for (const char c : step.send)
        if (os::send_all(fd.get(), &c, 1) != 0) return;
      if (step.closes) return;
    }
    char byte = 0;
    while (os::read_some(fd.get(), &byte, 1) > 0) {
    }
  }

  const os::ScratchDirectory directory_;
  const std::vector<Steps> script_;
  const os::Fd listener_;
  std::jthread thread_;
};

std::unique_ptr<RedisTransport> client_of(const ScriptedServer& server, RedisOptions options = {}) {
  options.endpoints = {server.endpoint()};
  return std::move(*RedisTransport::make(options));
}

std::string bulk(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}
// The reply to GETRANGE and STRLEN.
std::string value_of(std::string_view bytes) {
  return bulk("deja:v1\n0123456789abcdef" + std::string(bytes)) + ":" +
         std::to_string(24 + bytes.size()) + "\r\n";
}
const Name kName = {Kind::record, {}};

TEST(RedisScript, ReadsRepliesInAnyPieces) {
  const ScriptedServer server(Steps{{"STRLEN", value_of("bytes")}});
  EXPECT_EQ(read_object(*client_of(server), kName), "bytes");
}

TEST(RedisScript, LogsInBeforeItAsks) {
  const ScriptedServer server(
      Steps{{"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$2\r\npw\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n",
             "+OK\r\n+OK\r\n"},
            {"STRLEN", value_of("x")}});
  EXPECT_EQ(read_object(*client_of(server, {.user = "me", .password = "pw", .database = 5}), kName),
            "x");
}

TEST(RedisScript, AConnectionThatWasClosedWhileIdleIsNoFailure) {
  const ScriptedServer server(Steps{{"STRLEN", value_of("x")}, {"STRLEN", "", true}},
                              {{"STRLEN", value_of("y")}});
  const auto transport = client_of(server);
  EXPECT_EQ(read_object(*transport, kName), "x");
  EXPECT_EQ(read_object(*transport, kName), "y");
}

TEST(RedisScript, AConnectionThatBreaksInAReplyIsUnavailable) {
  const std::string reply = value_of("bytes");
  const ScriptedServer server(Steps{{"STRLEN", reply.substr(0, reply.size() - 4), true}},
                              {{"STRLEN", value_of("bytes")}});
  const auto transport = client_of(server);
  EXPECT_EQ(code_of(transport->get(kName, 10, kNoLimit)), Code::unavailable);
  EXPECT_EQ(read_object(*transport, kName), "bytes");
}

TEST(RedisScript, ALieAboutTheLengthTakesNoMemory) {
  const ScriptedServer server(Steps{{"STRLEN", "$99999999999\r\n"}},
                              {{"STRLEN", "*999999999\r\n"}});
  const auto transport = client_of(server);
  EXPECT_EQ(code_of(transport->get(kName, 10, kNoLimit)), Code::protocol);
  EXPECT_EQ(code_of(transport->get(kName, 10, kNoLimit)), Code::protocol);
}

TEST(RedisScript, MoreThanWasAskedForIsProtocol) {
  const ScriptedServer server(Steps{{"STRLEN", value_of("eleven byte")}});
  EXPECT_EQ(code_of(client_of(server)->get(kName, 10, kNoLimit)), Code::protocol);
}

TEST(RedisScript, AnotherProtocolIsSaidToBeOne) {
  const ScriptedServer server(Steps{{"STRLEN", "HTTP/1.1 400 Bad Request\r\n\r\n"}});
  const auto got = client_of(server)->get(kName, 10, kNoLimit);
  EXPECT_EQ(code_of(got), Code::protocol);
  EXPECT_NE(got.error().message.find("redis at /"), std::string::npos) << got.error().message;
}

TEST(RedisScript, AServerThatLoadsIsUnavailable) {
  const ScriptedServer server(
      Steps{{"STRLEN", "-LOADING Redis is loading\r\n-LOADING Redis is loading\r\n"}});
  EXPECT_EQ(code_of(client_of(server)->get(kName, 10, kNoLimit)), Code::unavailable);
}

TEST(RedisScript, RedirectsInACircleEnd) {
  // Each one says that the next one has it; all are this server, which speaks only over its socket.
  const ScriptedServer server(Steps{{"STRLEN", "-ASK 1 127.0.0.1:1\r\n-ASK 1 127.0.0.1:1\r\n"}});
  EXPECT_EQ(code_of(client_of(server)->get(kName, 10, kNoLimit)), Code::unavailable);
}

TEST(RedisScript, AReadOnlyServerWithoutAnotherIsAskedOnce) {
  const ScriptedServer server(Steps{{"SET", "-READONLY You can't write\r\n"}});
  EXPECT_EQ(code_of(client_of(server)->put(kName, {.bytes = "x"}, kNoLimit)), Code::unavailable);
}

TEST(RedisScript, AnEvictedPieceIsNoticed) {
  const std::string bytes(3 << 20, 'x');
  const std::size_t piece = (1 << 20) + 24;
  const ScriptedServer server(Steps{{"SET", "+OK\r\n"},
                                    {"APPEND", ":" + std::to_string(piece) + "\r\n"},
                                    {"APPEND", ":1048576\r\n"},  // the key had vanished
                                    {"UNLINK", ":1\r\n"}});
  const Status done = client_of(server)->put(kName, {.bytes = bytes}, kNoLimit);
  EXPECT_EQ(code_of(done), Code::unavailable);
  EXPECT_NE(done.error().message.find("evicted"), std::string::npos) << done.error().message;
}

TEST(RedisScript, AnErrorInATransactionIsAnError) {
  const std::string bytes((1 << 20) + 1, 'x');
  const ScriptedServer server(
      Steps{{"SET", "+OK\r\n"},
            {"APPEND", ":1048600\r\n"},
            {"APPEND", ":1048601\r\n"},
            {"EXEC", "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-ERR no such key\r\n:0\r\n"}});
  EXPECT_EQ(code_of(client_of(server)->put(kName, {.bytes = bytes}, kNoLimit)), Code::unavailable);
}

TEST(RedisScript, AConnectionIsUsedAgain) {
  const ScriptedServer server(Steps{{"STRLEN", value_of("x")}, {"STRLEN", value_of("y")}});
  const auto transport = client_of(server);
  EXPECT_EQ(read_object(*transport, kName), "x");
  EXPECT_EQ(read_object(*transport, kName), "y");
}

TEST(RedisOptions, NamesHoldNoPassword) {
  const auto made = RedisTransport::make({.endpoints = {{.host = "cache.test", .port = 6379}},
                                          .user = "me",
                                          .password = "hidden",
                                          .database = 2});
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->name(), "redis at cache.test:6379, database 2");
}

}  // namespace
}  // namespace deja::remote
