// SPDX-License-Identifier: Apache-2.0
// The HTTP transport with a web server of the test's own. With nginx: test/remote/.
#include "remote/http_transport.h"

#include <gtest/gtest.h>

#include "os/directory_test.h"
#include "remote/action_result.h"
#include "remote/test_http_server.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

using HttpReply = TestHttpServer::Reply;
using Asked = TestHttpServer::Request;

std::unique_ptr<HttpTransport> open_http(const std::string& text,
                                         const Environment& environment = {},
                                         WebTransport::Clock clock = os::monotonic_ns) {
  const auto address = parse_address(text);
  EXPECT_TRUE(address) << address.error().message;
  auto transport = HttpTransport::open(*address, environment, std::move(clock));
  EXPECT_TRUE(transport) << transport.error().message;
  return std::move(*transport);
}
Error refusal_at(const std::string& text, const Environment& environment = {}) {
  const auto address = parse_address(text);
  EXPECT_TRUE(address) << address.error().message;
  auto transport = HttpTransport::open(*address, environment);
  EXPECT_FALSE(transport);
  return transport ? Error{} : transport.error();
}
// Makes the transport find out whether the server keeps conditions.
void warm_up(Transport& transport) {
  EXPECT_TRUE(transport.replace(record_name(fresh("first")), "x", "", kNoLimit));
}

struct WithConditions {
  WithConditions() { warm_up(*first); }
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string secret() { return "hush"; }
  TestHttpServer server{TestWebStore()};
  std::string address =
      "http://me:hush@127.0.0.1:" + std::to_string(server.port()) + "/cache/a%20b/";
  std::unique_ptr<HttpTransport> first = open_http(address), second = open_http(address);
};
INSTANTIATE_TEST_SUITE_P(HttpWithConditions, TransportReads, subjects<WithConditions>());
INSTANTIATE_TEST_SUITE_P(HttpWithConditions, TransportWrites, subjects<WithConditions>());

// As nginx: it gives ETags and does not look at If-Match.
struct WithoutConditions {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  TestHttpServer server{TestWebStore({.checks_conditions = false})};
  std::unique_ptr<HttpTransport> first = open_http(server.url()), second = open_http(server.url());
};
INSTANTIATE_TEST_SUITE_P(HttpWithoutConditions, TransportReads, subjects<WithoutConditions>());
INSTANTIATE_TEST_SUITE_P(HttpWithoutConditions, TransportWrites, subjects<WithoutConditions>());

TEST(HttpTransport, HasThePathsOfBazelsCache) {
  TestHttpServer server{TestWebStore()};
  const auto transport = open_http(server.url() + "/base/");
  const Name blob = blob_name("b"), record = record_name("r");
  ASSERT_TRUE(transport->put(blob, {.bytes = "b"}, kNoLimit));
  ASSERT_TRUE(transport->put(record, {.bytes = "r"}, kNoLimit));
  const auto asked = server.requests();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].target, "/base/cas/" + blob.hex());
  EXPECT_EQ(asked[0].body, "b");
  EXPECT_EQ(asked[1].target, "/base/ac/" + record.hex());
  EXPECT_EQ(asked[1].body, encode_action_result("r"));
}

TEST(HttpTransport, AnotherProgramsRecordIsAbsent) {
  const TestWebStore store;
  TestHttpServer server{store};
  const Name name = record_name("r");
  const std::string path = "/" + name.path();
  store.objects()[path] = {
      "\x20\x01\x2a\x03"
      "abc",
      "\"1\""};
  const auto transport = open_http(server.url());
  EXPECT_EQ(read_object(*transport, name), kAbsent);
  EXPECT_EQ(read_streamed(*transport, name), kAbsent);
  store.objects()[path] = {"<html>please log in</html>", "\"1\""};
  EXPECT_EQ(code_of(transport->get(name, 1000, kNoLimit)), Code::protocol);
}

TEST(HttpTransport, StatusesHaveTheirCodes) {
  struct Row {
    int status;
    std::optional<Code> get, put;
  };
  const Row rows[] = {
      {400, Code::protocol, Code::protocol},       {401, Code::denied, Code::denied},
      {403, Code::denied, Code::denied},           {404, std::nullopt, Code::invalid},
      {405, Code::denied, Code::denied},           {408, Code::unavailable, Code::unavailable},
      {409, Code::invalid, Code::invalid},         {410, std::nullopt, Code::invalid},
      {413, Code::no_space, Code::no_space},       {429, Code::unavailable, Code::unavailable},
      {500, Code::unavailable, Code::unavailable}, {501, Code::denied, Code::denied},
      {502, Code::unavailable, Code::unavailable}, {503, Code::unavailable, Code::unavailable},
      {507, Code::no_space, Code::no_space},       {204, Code::protocol, std::nullopt},
      {302, Code::protocol, Code::protocol},       {418, Code::protocol, Code::protocol},
  };
  for (const Row& row : rows) {
    TestHttpServer server(always({.status = row.status}));
    const auto transport = open_http(server.url());
    const auto no_sink = [](std::string_view) { return Status(); };
    EXPECT_EQ(code_of(transport->get(blob_name("x"), 10, kNoLimit)), row.get) << row.status;
    EXPECT_EQ(code_of(transport->get_to(blob_name("x"), 10, no_sink, kNoLimit)), row.get)
        << row.status;
    EXPECT_EQ(code_of(transport->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), row.put)
        << row.status;
  }
}

TEST(HttpTransport, ReadsLengthsThatLie) {
  TestHttpServer server(always({.body = "x", .says_length = 10, .cut_after = 60}));
  server.set_handler(always({.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"}));
  const auto transport = open_http(server.url());
  EXPECT_EQ(code_of(transport->get(blob_name("x"), 10, kNoLimit)), Code::unavailable);
  server.set_handler(always({.says_length = 1ULL << 50, .hangs = true}));
  server.set_handler(always({.body = "x", .says_length = 1ULL << 50, .hangs = true}));
  EXPECT_EQ(code_of(transport->get(blob_name("x"), 10, kNoLimit)), Code::protocol);
}

TEST(HttpTransport, PausesAsTheServerWants) {
  std::int64_t now = 0;
  TestHttpServer server(always({.status = 503, .headers = {"Retry-After: 3"}}));
  const auto transport = open_http(server.url(), {}, [&now] { return now; });
  const auto code = [&] { return code_of(transport->get(blob_name("x"), 10, kNoLimit)); };
  EXPECT_EQ(code(), Code::unavailable);
  EXPECT_EQ(code(), Code::unavailable);
  EXPECT_EQ(code_of(transport->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), Code::unavailable);
  EXPECT_EQ(server.requests().size(), 1U);
  now += 3'000'000'000;
  server.set_handler(always({.status = 429, .headers = {"Retry-After: 9999"}}));
  EXPECT_EQ(code(), Code::unavailable);
  EXPECT_EQ(server.requests().size(), 2U);
  server.set_handler(TestWebStore());
  now += 9'999'999'999;
  EXPECT_EQ(code(), Code::unavailable);
  now += 1;
  EXPECT_EQ(code(), std::nullopt);
}

TEST(HttpTransport, FindsOutOnceWhetherConditionsAreKept) {
  for (const bool keeps : {true, false}) {
    TestHttpServer server{TestWebStore({.checks_conditions = keeps})};
    const auto transport = open_http(server.url());
    EXPECT_FALSE(transport->abilities().replaces_by_version);
    const Name name = record_name("r");
    ASSERT_EQ(*transport->replace(name, "1", "", kNoLimit), Put::stored);
    EXPECT_EQ(transport->abilities().replaces_by_version, keeps);
    EXPECT_EQ(server.requests().size(), keeps ? 2U : 1U);
    EXPECT_EQ(read_object(*transport, name), "1");
    server.forget_requests();
    ASSERT_EQ(*transport->replace(name, "2", "", kNoLimit), keeps ? Put::lost : Put::stored);
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(read_object(*transport, name), keeps ? "1" : "2");
  }
}

TEST(HttpTransport, AServerThatRefusesConditionsGetsPlainPuts) {
  const TestWebStore store;
  TestHttpServer server([&store](const Asked& request) {
    if (!request.header("if-match").empty()) return HttpReply{.status = 501};
    return store(request);
  });
  const auto transport = open_http(server.url());
  const Name name = record_name("r");
  for (const std::string bytes : {"1", "2"}) {
    EXPECT_EQ(*transport->replace(name, bytes, "", kNoLimit), Put::stored);
    EXPECT_EQ(read_object(*transport, name), bytes);
  }
  EXPECT_FALSE(transport->abilities().replaces_by_version);
}

// As Ceph 16: what is refused is the quotes.
TEST(HttpTransport, AServerThatKnowsNoQuotesGetsNone) {
  const TestWebStore store;
  TestHttpServer server([&store](const Asked& request) {
    Asked changed = request;
    const std::string expected = request.header("if-match");
    if (!expected.empty()) changed.headers["if-match"] = "\"" + expected + "\"";
    return store(changed);
  });
  const auto transport = open_http(server.url());
  const Name name = record_name("r");
  ASSERT_EQ(*transport->replace(name, "1", "", kNoLimit), Put::stored);
  const std::string first = (*transport->get(name, 10, kNoLimit))->version;
  ASSERT_EQ(*transport->replace(name, "2", first, kNoLimit), Put::stored);
  EXPECT_EQ(read_object(*transport, name), "2");
  EXPECT_EQ(*transport->replace(name, "3", first, kNoLimit), Put::lost);
  const std::string second = (*transport->get(name, 10, kNoLimit))->version;
  server.forget_requests();
  ASSERT_EQ(*transport->replace(name, "3", second, kNoLimit), Put::stored);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpTransport, AWeakETagIsNoVersion) {
  TestHttpServer server(always({.body = "b", .headers = {"ETag: W/\"1\""}}));
  const auto got = open_http(server.url())->get(blob_name("b"), 10, kNoLimit);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->version.find('"'), std::string::npos);
  EXPECT_FALSE((*got)->version.empty());  // an empty one would mean: only if there is none
}

class HttpCredentials : public os::DirectoryTest {
 protected:
  std::string authorization(const std::string& user, const std::string& query = "",
                            const Environment& environment = {}) {
    server_.forget_requests();
    const auto transport =
        open_http("http://" + user + "127.0.0.1:" + std::to_string(server_.port()) + "/?" + query,
                  environment);
    EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
    return server_.requests().back().header("authorization");
  }
  std::string refusal(const std::string& user, const std::string& query) {
    const Error error = refusal_at("http://" + user + "h/?" + query);
    EXPECT_EQ(error.message.find("hush"), std::string::npos) << error.message;
    return error.message;
  }
  TestHttpServer server_{always({.status = 404})};
};

TEST_F(HttpCredentials, ComeFromAddressFilesAndVariables) {
  EXPECT_EQ(authorization(""), "");
  EXPECT_EQ(authorization("me:p%40ss@"), "Basic bWU6cEBzcw==");
  write("secret", "p@ss\n");
  EXPECT_EQ(authorization("me@", "password_file=" + percent_encode(at("secret"))),
            "Basic bWU6cEBzcw==");
  EXPECT_EQ(authorization("me@", "password_variable=P", {{"P", "p@ss"}}), "Basic bWU6cEBzcw==");
  EXPECT_EQ(authorization("", "token_file=" + percent_encode(at("secret"))), "Bearer p@ss");
  EXPECT_EQ(authorization("", "token_variable=T", {{"T", "abc"}}), "Bearer abc");
  write("headers", "# of our proxy\nX-Key: hush\r\n\nX-Team:  a b\n");
  EXPECT_EQ(authorization("", "header_file=" + percent_encode(at("headers"))), "");
  EXPECT_EQ(server_.requests().back().header("x-key"), "hush");
  EXPECT_EQ(server_.requests().back().header("x-team"), "a b");
}

TEST_F(HttpCredentials, AreRefusedWhenTheyAreUnclear) {
  EXPECT_NE(refusal("me:hush@", "token_variable=T").find("token"), std::string::npos);
  EXPECT_NE(refusal("me:hush@", "password_variable=P").find("more than one password"),
            std::string::npos);
  EXPECT_NE(refusal("", "token_variable=T").find("variable T"), std::string::npos);
  for (const std::string_view text : {"hush", "X Y: hush", ": hush", "X-Y: hush\x01"}) {
    write("headers", text);
    EXPECT_NE(refusal("", "header_file=" + percent_encode(at("headers"))).find("Name: value"),
              std::string::npos);
  }
}

TEST_F(HttpCredentials, ATokenFileIsReadAgainWhenItIsRefused) {
  write("token", "old");
  const auto transport = open_http(server_.url() + "/?token_file=" + percent_encode(at("token")));
  EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
  server_.set_handler([](const Asked& request) {
    return HttpReply{.status = request.header("authorization") == "Bearer new" ? 404 : 401};
  });
  EXPECT_EQ(code_of(transport->get(blob_name("x"), 10, kNoLimit)), Code::denied);
  write("token", "new");
  EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
}

}  // namespace
}  // namespace deja::remote
