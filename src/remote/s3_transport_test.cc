// SPDX-License-Identifier: Apache-2.0
// The S3 transport with a web server of the test's own, which does not check signatures. With Ceph RGW, which does:
// test/remote/.
#include "remote/s3_transport.h"

#include <gtest/gtest.h>

#include "os/directory_test.h"
#include "remote/sha256.h"
#include "remote/test_http_server.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

using HttpReply = TestHttpServer::Reply;
using Asked = TestHttpServer::Request;

const Environment kKeys{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "hush"}};

std::unique_ptr<S3Transport> open_s3(const std::string& text,
                                     const Environment& environment = kKeys,
                                     S3Transport::Clocks clocks = {}) {
  const auto address = parse_address(text);
  EXPECT_TRUE(address) << address.error().message;
  auto transport = S3Transport::open(*address, environment, std::move(clocks));
  EXPECT_TRUE(transport) << transport.error().message;
  return std::move(*transport);
}
std::string s3_address(const TestHttpServer& server, const std::string& more = "") {
  return "s3://builds/team%20a?endpoint=" + server.url() + more;
}
HttpReply error_reply(int status, const std::string& code, const std::string& more = "") {
  return {.status = status,
          .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>hush</Message>" +
                  more + "</Error>"};
}

struct S3Subject {
  S3Subject() { EXPECT_TRUE(first->replace(record_name(fresh("first")), "x", "", kNoLimit)); }
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string secret() { return "hush"; }
  TestHttpServer server{TestWebStore({.page = 2})};
  std::unique_ptr<S3Transport> first = open_s3(s3_address(server)),
                               second = open_s3(s3_address(server));
};
INSTANTIATE_TEST_SUITE_P(S3, TransportReads, subjects<S3Subject>());
INSTANTIATE_TEST_SUITE_P(S3, TransportWrites, subjects<S3Subject>());

TEST(S3Transport, SignsWhatItSends) {
  TestHttpServer server{TestWebStore()};
  Environment environment = kKeys;
  environment["AWS_SESSION_TOKEN"] = "token";
  const auto transport = open_s3(s3_address(server, "&region=eu-central-1"), environment,
                                 {.wall_ns = [] { return 1'770'091'506'000'000'000; }});
  const Name blob = blob_name("bytes");
  ASSERT_TRUE(transport->put(blob, {.bytes = "bytes"}, kNoLimit));
  const Asked put = server.requests().at(0);
  EXPECT_EQ(put.target, "/builds/team%20a/" + blob.path());
  EXPECT_EQ(put.header("x-amz-content-sha256"), blob.hex());
  EXPECT_EQ(put.header("x-amz-date"), "20260203T040506Z");
  EXPECT_EQ(put.header("x-amz-security-token"), "token");
  EXPECT_TRUE(
      put.header("authorization")
          .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20260203/eu-central-1/s3/aws4_request, "
                       "SignedHeaders="
                       "host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="));
  const os::Fd file = file_of("record");
  ASSERT_TRUE(transport->put(record_name("r"), {.file = &file, .size = 6}, kNoLimit));
  EXPECT_EQ(server.requests().at(1).header("x-amz-content-sha256"), sha256_hex("record"));
}

TEST(S3Transport, AnonymousIsNotSigned) {
  TestHttpServer server{TestWebStore()};
  const auto transport = open_s3(s3_address(server, "&anonymous=1"), {});
  EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
  EXPECT_EQ(server.requests().at(0).header("authorization"), "");
  EXPECT_EQ(server.requests().at(0).header("x-amz-date"), "");
}

TEST(S3Transport, FindsTheBucket) {
  Environment environment = kKeys;
  const auto name = [&environment](const std::string& text) {
    return open_s3(text, environment)->name();
  };
  EXPECT_EQ(name("s3://b"), "S3 bucket b at b.s3.us-east-1.amazonaws.com");
  EXPECT_EQ(name("s3://b.c/p"), "S3 bucket b.c/p at s3.us-east-1.amazonaws.com");
  EXPECT_EQ(name("s3://b?style=path"), "S3 bucket b at s3.us-east-1.amazonaws.com");
  EXPECT_EQ(name("s3://b?endpoint=http://h:9000"), "S3 bucket b at h:9000");
  EXPECT_EQ(name("s3://b?endpoint=http://h:9000&style=virtual"), "S3 bucket b at b.h:9000");
  environment["AWS_DEFAULT_REGION"] = "eu-west-1";
  EXPECT_EQ(name("s3://b"), "S3 bucket b at b.s3.eu-west-1.amazonaws.com");
  environment["AWS_REGION"] = "eu-west-2";
  EXPECT_EQ(name("s3://b"), "S3 bucket b at b.s3.eu-west-2.amazonaws.com");
  EXPECT_EQ(name("s3://b?region=cn-north-1"), "S3 bucket b at b.s3.cn-north-1.amazonaws.com.cn");
  environment["AWS_ENDPOINT_URL"] = "http://e";
  EXPECT_EQ(name("s3://b"), "S3 bucket b at e");
  environment["AWS_ENDPOINT_URL_S3"] = "https://f:1";
  EXPECT_EQ(name("s3://b"), "S3 bucket b at f:1");
  environment["AWS_REGION"] = "x/../y";
  EXPECT_FALSE(S3Transport::open(*parse_address("s3://b"), environment));
  environment["AWS_REGION"] = "";
  environment["AWS_ENDPOINT_URL_S3"] = "http://me:hush@h";
  const auto refused = S3Transport::open(*parse_address("s3://b"), environment);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("hush"), std::string::npos);
}

TEST(S3Transport, PutsTheBucketIntoTheHost) {
  TestHttpServer server{TestWebStore()};
  const std::string host =
      "localhost:" + std::to_string(server.port());  // libcurl knows all hosts below it
  const auto transport = open_s3("s3://builds/team%20a?style=virtual&endpoint=http://" + host);
  const Name name = blob_name("x");
  ASSERT_TRUE(transport->put(name, {.bytes = "x"}, kNoLimit));
  EXPECT_EQ(server.requests().at(0).target, "/team%20a/" + name.path());
  EXPECT_EQ(server.requests().at(0).header("host"), "builds." + host);
}

TEST(S3Transport, NeedsNoFilesForKeysOfVariables) {
  const os::ScratchDirectory scratch;
  scratch.write("credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = hush\n",
                0644);
  Environment environment = kKeys;
  environment["AWS_SHARED_CREDENTIALS_FILE"] = scratch.at("credentials");
  EXPECT_TRUE(S3Transport::open(*parse_address("s3://b"), environment));
  EXPECT_TRUE(S3Transport::open(*parse_address("s3://b?anonymous=1"), environment));
  const auto refused = S3Transport::open(*parse_address("s3://b?profile=default"), environment);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::denied);
}

TEST(S3Transport, OfAwsItIsKnownThatConditionsAreKept) {
  EXPECT_TRUE(open_s3("s3://b")->abilities().replaces_by_version);
  EXPECT_FALSE(open_s3("s3://b?endpoint=http://h")->abilities().replaces_by_version);
}

TEST(S3Transport, ErrorsHaveTheirCodes) {
  struct Row {
    HttpReply reply;
    std::optional<Code> code;
    std::string_view message = "";
  };
  const Row rows[] = {
      {error_reply(403, "AccessDenied"), Code::denied, "s3:ListBucket"},
      {error_reply(403, "SignatureDoesNotMatch"), Code::denied, "secret key"},
      {error_reply(403, "QuotaExceeded"), Code::no_space, "quota"},
      {error_reply(400, "ExpiredToken"), Code::denied, "expired"},
      {error_reply(400, "EntityTooLarge"), Code::no_space, "too large"},
      {error_reply(400, "BadDigest"), Code::corrupt, "digest"},
      {error_reply(400, "RequestTimeout"), Code::unavailable, "RequestTimeout"},
      {error_reply(404, "NoSuchBucket"), Code::invalid, "create it"},
      {error_reply(404, "NoSuchKey"), std::nullopt},
      {error_reply(503, "SlowDown"), Code::unavailable, "SlowDown"},
      {error_reply(500, "InternalError"), Code::unavailable, "500"},
      {error_reply(400, "AuthorizationHeaderMalformed", "<Region>eu-west-9</Region>"),
       Code::invalid, "region=eu-west-9"},
      {error_reply(400, "AuthorizationHeaderMalformed", "<Region>&lt;x&gt;</Region>"),
       Code::protocol, "400"},
      {{.status = 301, .headers = {"x-amz-bucket-region: eu-west-9"}},
       Code::invalid,
       "region=eu-west-9"},
      {{.status = 307, .headers = {"Location: http://127.0.0.1:1/"}},
       Code::invalid,
       "another endpoint"},
      {{.status = 401, .body = "<"}, Code::denied, "401"},
      {{.status = 429}, Code::unavailable, "429"},
      {{.status = 418, .body = "hush"}, Code::protocol, "418"},
  };
  for (const Row& row : rows) {
    TestHttpServer server(always(row.reply));
    const auto got = open_s3(s3_address(server))->get(blob_name("x"), 10, kNoLimit);
    EXPECT_EQ(code_of(got), row.code) << row.reply.status << row.reply.body;
    if (got) continue;
    EXPECT_NE(got.error().message.find(row.message), std::string::npos) << got.error().message;
    EXPECT_EQ(got.error().message.find("hush"), std::string::npos) << got.error().message;
  }
}

TEST(S3Transport, LearnsTheServersClock) {
  TestHttpServer server([](const Asked& request) {
    const bool is_right = request.header("x-amz-date") == "20260203T040506Z";
    HttpReply reply =
        is_right ? error_reply(404, "NoSuchKey") : error_reply(403, "RequestTimeTooSkewed");
    reply.headers = {"Date: Tue, 03 Feb 2026 04:05:06 GMT"};
    return reply;
  });
  const auto transport =
      open_s3(s3_address(server), kKeys, {.wall_ns = [] { return 1'000'000'000; }});
  EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(S3Transport, UsesNewCredentialsOfAFile) {
  const os::ScratchDirectory scratch;
  const auto write = [&scratch](const std::string& key) {
    scratch.write("credentials",
                  "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = s\n");
  };
  write("OLD");
  TestHttpServer server([](const Asked& request) {
    const bool is_new =
        request.header("authorization").find("Credential=NEW/") != std::string::npos;
    return is_new ? error_reply(404, "NoSuchKey") : error_reply(400, "ExpiredToken");
  });
  const auto transport =
      open_s3(s3_address(server), {{"AWS_SHARED_CREDENTIALS_FILE", scratch.at("credentials")}});
  EXPECT_EQ(code_of(transport->get(blob_name("x"), 10, kNoLimit)), Code::denied);
  write("NEW");
  EXPECT_EQ(read_object(*transport, blob_name("x")), kAbsent);
}

constexpr std::size_t kRange = 4 << 20;

TEST(S3Transport, ReadsALargeObjectInRanges) {
  TestHttpServer server{TestWebStore()};
  const auto transport = open_s3(s3_address(server));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kRange - 1, kRange, kRange + 1, 5 * kRange + 7}) {
    const std::string bytes = noise(size);
    ASSERT_TRUE(transport->put(blob_name(bytes), {.bytes = bytes}, kNoLimit));
    server.forget_requests();
    EXPECT_TRUE(read_streamed(*transport, blob_name(bytes)) == bytes) << size;
    EXPECT_EQ(server.requests().size(), std::max<std::size_t>(1, (size + kRange - 1) / kRange))
        << size;
  }
}

TEST(S3Transport, AFailedRangeIsAskedForOnceMore) {
  const TestWebStore store;
  const std::string bytes = noise(3 * kRange);
  int failures = 1;
  TestHttpServer server([&](const Asked& request) {
    HttpReply reply = store(request);
    const bool is_second =
        request.header("range").starts_with("bytes=" + std::to_string(kRange) + "-");
    if (is_second && failures-- > 0) reply.cut_after = kRange / 2;
    return reply;
  });
  const auto transport = open_s3(s3_address(server));
  ASSERT_TRUE(transport->put(blob_name(bytes), {.bytes = bytes}, kNoLimit));
  EXPECT_TRUE(read_streamed(*transport, blob_name(bytes)) == bytes);
  failures = 2;
  const auto got = transport->get_to(
      blob_name(bytes), kAnySize, [](std::string_view) { return Status(); }, kNoLimit);
  EXPECT_EQ(code_of(got), Code::unavailable);
}

TEST(S3Transport, RangesThatLieAreNotTaken) {
  const std::string first(kRange, 'x');
  const std::string good = "Content-Range: bytes 0-" + std::to_string(kRange - 1) + "/";
  const HttpReply replies[] = {
      {.status = 206, .body = first},
      {.status = 206,
       .body = first,
       .headers = {"Content-Range: bytes 1-" + std::to_string(kRange) + "/9999999"}},
      {.status = 206, .body = first, .headers = {good + "10"}},
      {.status = 206, .body = first, .headers = {good + "99999999999999"}},
      {.status = 206, .body = "x", .headers = {good + "9999999"}},
      {.status = 206, .body = "xx", .headers = {"Content-Range: bytes 0-0/1"}},
      // Every range is answered with the first one.
      {.status = 206, .body = first, .headers = {good + std::to_string(2 * kRange)}},
  };
  for (const HttpReply& reply : replies) {
    TestHttpServer server(always(reply));
    const auto got =
        open_s3(s3_address(server))
            ->get_to(blob_name("x"), kAnySize, [](std::string_view) { return Status(); }, kNoLimit);
    EXPECT_EQ(code_of(got), Code::protocol) << testing::PrintToString(reply.headers);
  }
}

TEST(S3Transport, AnObjectThatChangesWhileItIsReadIsUnavailable) {
  TestHttpServer server([](const Asked& request) {
    if (!request.header("if-match").empty()) return error_reply(412, "PreconditionFailed");
    return HttpReply{.status = 206,
                     .body = std::string(kRange, 'x'),
                     .headers = {"ETag: \"1\"", "Content-Range: bytes 0-" +
                                                    std::to_string(kRange - 1) + "/9999999"}};
  });
  const auto got =
      open_s3(s3_address(server))
          ->get_to(blob_name("x"), kAnySize, [](std::string_view) { return Status(); }, kNoLimit);
  EXPECT_EQ(code_of(got), Code::unavailable);
}

TEST(S3Transport, ListsThatLieEnd) {
  const std::string_view bodies[] = {
      "", "<html>", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
      "NextContinuationToken>"
      "</ListBucketResult>"};
  for (const std::string_view body : bodies) {
    TestHttpServer server(always({.body = std::string(body)}));
    EXPECT_EQ(
        code_of(open_s3(s3_address(server))->list([](const auto&) { return true; }, kNoLimit)),
        Code::protocol)
        << body;
  }
}

TEST(S3Transport, AListHasOnlyWhatIsOurs) {
  const TestWebStore store;
  const Name name = blob_name("x");
  for (const std::string& key :
       {std::string("team%20a/cas/readme"), "team%20a/cas/../" + name.path(), name.path(),
        "team%20b/" + name.path(), "team%20a/" + name.path()})
    store.objects()["/builds/" + key] = {"x", ""};
  TestHttpServer server{store};
  std::vector<Name> names;
  const Status done = open_s3(s3_address(server))
                          ->list(
                              [&names](const Transport::Listed& listed) {
                                names.push_back(listed.name);
                                return true;
                              },
                              kNoLimit);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(names, std::vector{name});
}

}  // namespace
}  // namespace deja::remote
