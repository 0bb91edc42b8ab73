// SPDX-License-Identifier: Apache-2.0
#include "remote/resp.h"

#include <gtest/gtest.h>

#include "remote/redis_connection.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

using Type = Reply::Type;

Result<std::optional<Reply>> decode(std::string_view bytes, RespDecoder::Limits limits = {}) {
  RespDecoder decoder(limits);
  auto reply = decoder.take(bytes);
  EXPECT_TRUE(!reply || bytes.empty());
  return reply;
}
Reply whole(std::string_view bytes) {
  auto reply = decode(bytes);
  EXPECT_TRUE(reply && *reply) << bytes;
  return reply && *reply ? **reply : Reply();
}

TEST(Resp, EncodesACommandWithAnyBytes) {
  std::string out;
  append_command(out, {"SET", "k", std::string_view("\r\n\0", 3), ""});
  EXPECT_EQ(out, std::string("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\r\n\0\r\n$0\r\n\r\n", 35));
}

TEST(Resp, DecodesEachType) {
  EXPECT_TRUE(whole("+OK\r\n").is_status("OK"));
  EXPECT_TRUE(whole("-ERR no\r\n").is(Type::error));
  EXPECT_EQ(whole("-ERR no\r\n").text, "ERR no");
  EXPECT_EQ(whole(":-7\r\n").integer, -7);
  EXPECT_EQ(whole("$4\r\n\r\nab\r\n").text, "\r\nab");
  EXPECT_TRUE(whole("$0\r\n\r\n").is(Type::bulk));
  EXPECT_TRUE(whole("$-1\r\n").is(Type::nil));
  EXPECT_TRUE(whole("*-1\r\n").is(Type::nil));
  EXPECT_TRUE(whole("*0\r\n").is(Type::array));
  const Reply nested = whole("*2\r\n*1\r\n:1\r\n$1\r\nx\r\n");
  ASSERT_EQ(nested.elements.size(), 2U);
  EXPECT_EQ(nested.elements[0].elements[0].integer, 1);
  EXPECT_EQ(nested.elements[1].text, "x");
}

TEST(Resp, NeedsMoreUntilTheReplyIsWhole) {
  const std::string bytes = "*3\r\n$3\r\nabc\r\n:12\r\n*1\r\n+x\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto reply = decode(std::string_view(bytes).substr(0, size));
    ASSERT_TRUE(reply) << size;
    EXPECT_FALSE(*reply) << size;
  }
}

TEST(Resp, LeavesTheBytesOfTheNextReply) {
  RespDecoder decoder{RespDecoder::Limits()};
  std::string_view bytes = ":1\r\n:2\r\n";
  EXPECT_EQ((**decoder.take(bytes)).integer, 1);
  EXPECT_EQ(bytes, ":2\r\n");
  EXPECT_EQ((**decoder.take(bytes)).integer, 2);
}

TEST(Resp, RefusesWhatIsNoResp) {
  for (const std::string_view bytes :
       {"\r\n", "x\r\n", "HTTP/1.1 400 Bad Request\r\n", ":\r\n", ":1x\r\n",
        ":99999999999999999999\r\n", "$-2\r\n", "*-2\r\n", "$1\r\nab\r\n", "$1\r\na\n", "+OK\n"})
    EXPECT_EQ(code_of(decode(bytes)), Code::protocol) << bytes;
}

TEST(Resp, RefusesWhatIsTooLargeWhenItIsAnnounced) {
  const RespDecoder::Limits limits{
      .bulk_max = 10, .line_max = 20, .elements_max = 3, .depth_max = 2, .reply_max = 900};
  EXPECT_EQ(code_of(decode("$11\r\n", limits)), Code::protocol);
  EXPECT_EQ(code_of(decode("*4\r\n", limits)), Code::protocol);
  EXPECT_EQ(code_of(decode("*1\r\n*1\r\n*1\r\n", limits)), Code::protocol);
  EXPECT_EQ(code_of(decode("+" + std::string(30, 'x'), limits)), Code::protocol);
  EXPECT_TRUE(decode("$10\r\n", limits));
  std::string many = "*3\r\n";
  for (int i = 0; i < 3; ++i) many += "*3\r\n:1\r\n:1\r\n:1\r\n";
  EXPECT_EQ(code_of(decode(many, limits)),
            Code::protocol);  // 13 replies of more than 70 bytes each
}

TEST(Resp, TakesNothingAfterAnError) {
  RespDecoder decoder{RespDecoder::Limits()};
  std::string_view bytes = "x\r\n";
  EXPECT_FALSE(decoder.take(bytes));
  bytes = ":1\r\n";
  EXPECT_FALSE(decoder.take(bytes));
}

TEST(RedisError, HasTheCodeOfItsKind) {
  const auto code = [](const char* text) {
    return redis_error({.type = Type::error, .text = text}).code;
  };
  EXPECT_EQ(code("NOAUTH Authentication required."), Code::denied);
  EXPECT_EQ(code("WRONGPASS invalid username-password pair or user is disabled."), Code::denied);
  EXPECT_EQ(code("NOPERM this user has no permissions to run the 'set' command"), Code::denied);
  EXPECT_EQ(code("OOM command not allowed when used memory > 'maxmemory'."), Code::no_space);
  EXPECT_EQ(code("MISCONF Redis is configured to save RDB snapshots"), Code::no_space);
  EXPECT_EQ(code("LOADING Redis is loading the dataset in memory"), Code::unavailable);
  EXPECT_EQ(code("READONLY You can't write against a read only replica."), Code::unavailable);
  EXPECT_EQ(code("CLUSTERDOWN The cluster is down"), Code::unavailable);
  EXPECT_EQ(code("TRYAGAIN Multiple keys request during rehashing of slot"), Code::unavailable);
  EXPECT_EQ(code("ERR max number of clients reached"), Code::unavailable);
  EXPECT_EQ(code("WRONGTYPE Operation against a key"), Code::corrupt);
  EXPECT_EQ(code("ERR unknown command 'GETRANGE'"), Code::protocol);
  EXPECT_EQ(redis_error({.type = Type::integer}).code, Code::protocol);
}

TEST(RedisError, HasATextThatFitsALine) {
  const Error error =
      redis_error({.type = Type::error, .text = "ERR \x1b[31m\t" + std::string(999, 'x')});
  EXPECT_LE(error.message.size(), 200U);
  EXPECT_EQ(error.message.substr(0, 10), "ERR ?[31m?");
}

}  // namespace
}  // namespace deja::remote
