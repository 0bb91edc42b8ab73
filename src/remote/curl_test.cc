// SPDX-License-Identifier: Apache-2.0
// What the client does with servers that misbehave. TLS is tested with a real server: test/remote/.
#include "remote/curl.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <thread>

#include "os/directory_test.h"
#include "remote/test_http_server.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

using HttpReply = TestHttpServer::Reply;
using Asked = TestHttpServer::Request;

std::unique_ptr<HttpClient> make_client(HttpOptions options = {}) {
  options.subject = "cache at h";
  auto client = HttpClient::make(std::move(options));
  EXPECT_TRUE(client) << client.error().message;
  return std::move(*client);
}
HttpRequest get(const TestHttpServer& server, std::uint64_t max_bytes = 1000) {
  return {.url = server.url() + "/x", .max_bytes = max_bytes};
}

TEST(HttpClient, KeepsItsConnection) {
  TestHttpServer server(always({.body = "hello", .headers = {"ETag: \"v1\""}}));
  const auto client = make_client();
  for (int i = 0; i < 5; ++i) {
    const auto answer = client->run(get(server), kNoLimit);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->etag, "\"v1\"");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SendsBytesAndFiles) {
  TestHttpServer server(always({.status = 201}));
  const auto client = make_client();
  const std::string large = noise(3 << 20);  // libcurl announces it with "Expect"
  const os::Fd file = file_of(large + "and more");
  const Source sources[] = {
      {.bytes = "small"}, {.bytes = ""}, {.bytes = large}, {.file = &file, .size = 3 << 20}};
  for (const Source& source : sources) {
    const HttpRequest put{
        .method = Method::put, .url = server.url() + "/p", .headers = {"X-Y: z"}, .body = source};
    const auto answer = client->run(put, kNoLimit);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 201);
  }
  const auto asked = server.requests();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(asked[0].body, "small");
  EXPECT_EQ(asked[0].method, "PUT");
  EXPECT_EQ(asked[0].header("x-y"), "z");
  EXPECT_EQ(asked[1].header("content-length"), "0");
  EXPECT_TRUE(asked[2].body == large);
  EXPECT_TRUE(asked[3].body == large);
}

TEST(HttpClient, OneMethodLeavesNothingForTheNext) {
  TestHttpServer server(always({.body = "x"}));
  const auto client = make_client();
  const Method methods[] = {Method::put, Method::head,   Method::get,  Method::remove,
                            Method::get, Method::post,   Method::head, Method::post,
                            Method::put, Method::remove, Method::put,  Method::get};
  for (const Method method : methods) {
    const auto answer = client->run(
        {.method = method, .url = server.url(), .body = {.bytes = "b"}, .max_bytes = 10}, kNoLimit);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, method == Method::head ? "" : "x");
  }
  const std::string expected[] = {"PUT",  "HEAD", "GET", "DELETE", "GET", "POST",
                                  "HEAD", "POST", "PUT", "DELETE", "PUT", "GET"};
  const auto asked = server.requests();
  ASSERT_EQ(asked.size(), std::size(expected));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i].method, expected[i]) << i;
    const bool sends = expected[i][0] == 'P';
    EXPECT_EQ(asked[i].body, sends ? "b" : "") << i;
    EXPECT_EQ(asked[i].headers.count("content-length"), sends ? 1U : 0U) << i;
  }
}

TEST(HttpClient, AFileThatWasCutIsNotSent) {
  TestHttpServer server(always({.status = 201}));
  const os::Fd file = file_of("short");
  const auto answer = make_client()->run(
      {.method = Method::put, .url = server.url(), .body = {.file = &file, .size = 100}}, kNoLimit);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::io);
  EXPECT_NE(answer.error().message.find("was truncated"), std::string::npos);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, HoldsNoMoreThanAllowed) {
  // With the length announced, and without.
  const HttpReply replies[] = {
      {.body = std::string(100, 'x')},
      {.says_length = 1ULL << 40, .hangs = true},
      {.raw = "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')},
      {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" +
              std::string(100, 'x') + "\r\n0\r\n\r\n"},
  };
  const auto client = make_client();
  for (const HttpReply& original : replies) {
    HttpReply reply = original;
    if (reply.says_length) reply.body = "x";  // the first byte brings the decision
    TestHttpServer server(always(reply));
    const auto answer = client->run(get(server, 99), kNoLimit);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::protocol);
    EXPECT_NE(answer.error().message.find("at most 99 "), std::string::npos)
        << answer.error().message;
  }
  TestHttpServer server(always({.body = std::string(99, 'x')}));
  EXPECT_TRUE(client->run(get(server, 99), kNoLimit));
}

TEST(HttpClient, ReadsLittleOfARefusal) {
  TestHttpServer server(always({.status = 500, .body = std::string(5 << 20, 'e')}));
  const auto answer = make_client()->run(get(server, 1), kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 500);
  EXPECT_LE(answer->body.size(), std::size_t{16 << 10});
  EXPECT_FALSE(answer->body.empty());
}

TEST(HttpClient, ASinkGetsOnlyWhatWasAskedFor) {
  TestHttpServer server(always({.body = "object"}));
  std::string sunk;
  const Sink sink = [&sunk](std::string_view piece) {
    sunk += piece;
    return Status();
  };
  HttpRequest request = get(server);
  request.sink = &sink;
  const auto client = make_client();
  auto answer = client->run(request, kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(sunk, "object");
  EXPECT_EQ(answer->body, "");
  sunk.clear();
  server.set_handler(always({.status = 404, .body = "no such thing"}));
  answer = client->run(request, kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(sunk, "");
  EXPECT_EQ(answer->body, "no such thing");
}

TEST(HttpClient, FaultsHaveTheirCodes) {
  const std::pair<HttpReply, Code> rows[] = {
      {{.body = "0123456789", .cut_after = 45}, Code::unavailable},
      {{.cut_after = 0}, Code::unavailable},
      {{.body = "x", .says_length = 10, .raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"},
       Code::unavailable},
      {{.raw = "SSH-2.0-OpenSSH_9.2\r\n"}, Code::protocol},
      {{.raw = "HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\nx"}, Code::protocol},
      {{.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}, Code::unavailable},
  };
  const auto client = make_client();
  for (const auto& [reply, code] : rows) {
    TestHttpServer server(always(reply));
    const auto answer = client->run(get(server), kNoLimit);
    ASSERT_FALSE(answer) << reply.raw.value_or("");
    EXPECT_EQ(answer.error().code, code) << answer.error().message;
    EXPECT_TRUE(answer.error().message.starts_with("cache at h: ")) << answer.error().message;
  }
  std::string gone;
  {
    TestHttpServer server(always({}));
    gone = server.url();
  }
  const auto answer = client->run({.url = gone}, kNoLimit);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::unavailable);
}

TEST(HttpClient, TheDeadlineHoldsForTheWholeCall) {
  // One byte is there at once, so it is not the wait for the first one that ends.
  TestHttpServer server(always({.body = "x", .says_length = 10, .hangs = true}));
  const auto client = make_client();
  const auto answer = client->run(get(server), {os::monotonic_ns() + 50'000'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::timeout);
  server.forget_requests();
  EXPECT_EQ(code_of(client->run(get(server), kPast)), Code::timeout);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, AServerThatStallsIsATimeoutWithoutADeadline) {
  TestHttpServer server(always({.body = "x", .says_length = 10, .hangs = true}));
  EXPECT_EQ(code_of(make_client({.stall_limit_s = 1})->run(get(server), kNoLimit)), Code::timeout);
}

TEST(HttpClient, StopEndsWhatIsUnderWay) {
  TestHttpServer server(always({.body = "x", .says_length = 10, .hangs = true}));
  const auto client = make_client();
  std::jthread stopper([&] {
    server.wait_for_a_hang();
    client->stop();
  });
  EXPECT_EQ(code_of(client->run(get(server), kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(client->run(get(server), kNoLimit)), Code::unavailable);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, AsksManyAtATimeInOrder) {
  TestHttpServer server([](const Asked& request) { return HttpReply{.body = request.target}; });
  const auto client = make_client();
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 100; ++i)
    requests.push_back({.url = server.url() + "/" + std::to_string(i), .max_bytes = 100});
  const auto answers = client->run_all(requests, kNoLimit);
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), 100U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ((*answers)[static_cast<std::size_t>(i)].body, "/" + std::to_string(i));
  EXPECT_LE(server.connections(), 16);
  EXPECT_GT(server.connections(), 1);
}

TEST(HttpClient, ServesManyThreads) {
  TestHttpServer server([](const Asked& request) { return HttpReply{.body = request.target}; });
  const auto client = make_client();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) {
        const std::string path = "/" + std::to_string(i) + "-" + std::to_string(k);
        const auto answer = client->run({.url = server.url() + path, .max_bytes = 100}, kNoLimit);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->body, path);
      }
    });
  }
}

TEST(HttpClient, ARedirectTakesNoCredentialsElsewhere) {
  TestHttpServer elsewhere(always({.body = "from elsewhere"}));
  TestHttpServer server([&elsewhere](const Asked& request) {
    if (request.target == "/x")
      return HttpReply{.status = 307, .headers = {"Location: /here?sig=hush"}};
    if (request.target == "/loop")
      return HttpReply{.status = 302, .headers = {"Location: /loop?sig=hush"}};
    if (request.target.starts_with("/loop?"))
      return HttpReply{.status = 302, .headers = {"Location: /loop"}};
    return HttpReply{.status = 302,
                     .headers = {"Location: " + elsewhere.url() + "/there?sig=hush"}};
  });
  HttpRequest request = get(server);
  request.headers = {"Authorization: Bearer hush", "X-Token: hush"};
  const auto client = make_client();
  auto answer = client->run(request, kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 307);  // not asked to follow

  request.follows_redirects = true;
  answer = client->run(request, kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "from elsewhere");
  EXPECT_EQ(server.requests().back().target, "/here?sig=hush");
  EXPECT_EQ(server.requests().back().header("x-token"), "hush");
  ASSERT_EQ(elsewhere.requests().size(), 1U);
  EXPECT_EQ(elsewhere.requests()[0].header("authorization"), "");
  EXPECT_EQ(elsewhere.requests()[0].header("x-token"), "");

  request.url = server.url() + "/loop";
  answer = client->run(request, kNoLimit);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::protocol);
  EXPECT_EQ(answer.error().message.find("hush"), std::string::npos) << answer.error().message;

  request.method = Method::put;
  request.url = server.url() + "/x";
  answer = client->run(request, kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 307);
}

TEST(HttpClient, ARedirectToAnotherProtocolIsRefused) {
  TestHttpServer server(always({.status = 302, .headers = {"Location: file:///etc/passwd"}}));
  HttpRequest request = get(server);
  request.follows_redirects = true;
  EXPECT_EQ(code_of(make_client()->run(request, kNoLimit)), Code::protocol);
}

TEST(HttpClient, ProxiesComeFromTheGivenEnvironmentOnly) {
  TestHttpServer proxy(always({.body = "by the proxy"}));
  TestHttpServer server(always({.body = "direct"}));
  const auto body = [&](const Environment& environment) {
    const auto answer = make_client({.environment = environment})->run(get(server), kNoLimit);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->body : "";
  };
  EXPECT_EQ(body({{"http_proxy", proxy.url()}}), "by the proxy");
  EXPECT_EQ(body({{"ALL_PROXY", proxy.url()}}), "by the proxy");
  EXPECT_EQ(body({{"https_proxy", proxy.url()}}), "direct");
  EXPECT_EQ(body({{"HTTP_PROXY", proxy.url()}}), "direct");
  EXPECT_EQ(body({{"http_proxy", proxy.url()}, {"no_proxy", "127.0.0.1"}}), "direct");
  ASSERT_EQ(::setenv("http_proxy", proxy.url().c_str(), 1), 0);
  EXPECT_EQ(body({}), "direct");
  ::unsetenv("http_proxy");
  ASSERT_EQ(::setenv("no_proxy", "127.0.0.1", 1), 0);
  EXPECT_EQ(body({{"http_proxy", proxy.url()}}), "by the proxy");
  ::unsetenv("no_proxy");
}

TEST(HttpClient, AKeyThatOthersCanReadIsRefused) {
  const os::ScratchDirectory scratch;
  scratch.write("key.pem", "key", 0644);
  scratch.write("cert.pem", "cert", 0644);
  const auto client = HttpClient::make(
      {.subject = "s", .tls = {.cert = scratch.at("cert.pem"), .key = scratch.at("key.pem")}});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Code::denied);
  const auto missing = HttpClient::make({.subject = "s", .tls = {.ca = scratch.at("none.pem")}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::invalid);
}

TEST(HttpClient, ReadsRetryAfter) {
  TestHttpServer server(always(
      {.status = 503, .headers = {"Retry-After: 7", "Date: Thu, 01 Jan 1970 00:01:00 GMT"}}));
  const auto answer = make_client()->run(get(server), kNoLimit);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->retry_after_s, 7);
  EXPECT_EQ(answer->date_s, 60);
}

}  // namespace
}  // namespace deja::remote
