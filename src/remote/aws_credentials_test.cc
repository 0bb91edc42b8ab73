// SPDX-License-Identifier: Apache-2.0
#include "remote/aws_credentials.h"

#include <gtest/gtest.h>

#include <thread>

#include "os/directory_test.h"
#include "remote/test_http_server.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

using HttpReply = TestHttpServer::Reply;
using Asked = TestHttpServer::Request;

TEST(AwsFiles, HaveSectionsAndSettings) {
  const auto sections = parse_aws_file(
      "x = before any section\n"
      "[default]\n"
      "# comment\n"
      "Region = eu-central-1 \r\n"
      "s3 =\n"
      "  region = nested\n"
      "no equals sign\n"
      "[ profile ci ]\n"
      "aws_secret_access_key=a=b\n"
      "aws_secret_access_key=c=d\n"
      "[broken\n"
      "y = 1\n");
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections.at("default"), (AwsProfile{{"region", "eu-central-1"}, {"s3", ""}}));
  EXPECT_EQ(sections.at("profile ci"), (AwsProfile{{"aws_secret_access_key", "c=d"}}));
}

TEST(AwsFiles, TimesAreUtc) {
  EXPECT_EQ(parse_iso_time("1970-01-02T00:00:01Z"), 86401);
  EXPECT_EQ(parse_iso_time("2026-02-03T04:05:06.789Z"), 1770091506);
  for (const std::string_view text :
       {"", "Z", "2026-02-30T00:00:00Z", "2026-02-03T04:05:06", "2026-02-03 04:05:06Z"})
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
}

class AwsCredentialsTest : public os::DirectoryTest {
 protected:
  AwsCredentialsTest() { environment_["HOME"] = dir_; }

  std::unique_ptr<AwsCredentialSource> make(AwsCredentialSource::Options options = {}) {
    auto source = AwsCredentialSource::make(complete(std::move(options)));
    EXPECT_TRUE(source) << source.error().message;
    return source ? std::move(*source) : nullptr;
  }
  std::string key(AwsCredentialSource::Options options = {}) {
    return key_of(*make(std::move(options)));
  }
  static std::string key_of(AwsCredentialSource& source) {
    const auto credentials = source.get(kNoLimit);
    EXPECT_TRUE(credentials) << credentials.error().message;
    if (!credentials) return "error";
    if (!*credentials) return "anonymous";
    return (*credentials)->access_key + "/" + (*credentials)->secret_key + "/" +
           (*credentials)->session_token;
  }
  std::string refusal(AwsCredentialSource::Options options = {}) {
    const auto source = AwsCredentialSource::make(complete(std::move(options)));
    EXPECT_FALSE(source);
    if (source) return "";
    code_ = source.error().code;
    EXPECT_EQ(source.error().message.find("hush"), std::string::npos) << source.error().message;
    return source.error().message;
  }
  void write_credentials(const std::string& text) {
    ASSERT_TRUE(os::make_directories(at(".aws")));
    write(".aws/credentials", text);
  }

  Environment environment_;
  Code code_ = Code::io;
  std::int64_t now_ns_ = 1'000'000'000'000;  // 1000 s after 1970

 private:
  AwsCredentialSource::Options complete(AwsCredentialSource::Options options) {
    options.environment = environment_;
    options.region = "us-east-1";
    options.wall_ns = [this] { return now_ns_; };
    return options;
  }
};

TEST_F(AwsCredentialsTest, TheFirstPlaceCounts) {
  EXPECT_NE(refusal().find("AWS_ACCESS_KEY_ID"), std::string::npos);
  EXPECT_EQ(code_, Code::invalid);
  write_credentials(
      "[default]\naws_access_key_id = D\naws_secret_access_key = d\n"
      "[ci]\naws_access_key_id = C\naws_secret_access_key = c\naws_session_token = t\n");
  EXPECT_EQ(key(), "D/d/");
  environment_["AWS_PROFILE"] = "ci";
  EXPECT_EQ(key(), "C/c/t");
  environment_["AWS_ACCESS_KEY_ID"] = "V";
  EXPECT_NE(refusal().find("set both"), std::string::npos);
  environment_["AWS_SECRET_ACCESS_KEY"] = "v";
  EXPECT_EQ(key(), "V/v/");
  environment_["AWS_SESSION_TOKEN"] = "s";
  EXPECT_EQ(key(), "V/v/s");
  EXPECT_EQ(key({.profile = "default"}), "D/d/");
  EXPECT_NE(refusal({.profile = "other"}).find("other"), std::string::npos);
  EXPECT_EQ(key({.anonymous = true}), "anonymous");
}

TEST_F(AwsCredentialsTest, AProfileMayBeSpreadOverBothFiles) {
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = "~/cred";
  environment_["AWS_CONFIG_FILE"] = at("conf");
  write("cred", "[ci]\naws_access_key_id = C\naws_secret_access_key = c\n");
  write("conf", "[profile ci]\naws_access_key_id = not this\naws_session_token = t\n");
  EXPECT_EQ(key({.profile = "ci"}), "C/c/t");
}

TEST_F(AwsCredentialsTest, AFileThatOthersCanReadIsRefused) {
  write_credentials("[default]\naws_access_key_id = D\naws_secret_access_key = hush\n");
  ASSERT_TRUE(os::change_mode(at(".aws/credentials"), 0644));
  EXPECT_NE(refusal().find("chmod 600"), std::string::npos);
  EXPECT_EQ(code_, Code::denied);
}

TEST_F(AwsCredentialsTest, WhatDejaDoesNotDoIsNamed) {
  write_credentials(
      "[ci]\ncredential_process = /bin/hush\n[sso]\nsso_session = x\n[empty]\nregion = x\n"
      "[bad]\naws_access_key_id = A\naws_secret_access_key = hush hush\n");
  EXPECT_NE(refusal({.profile = "ci"}).find("credential_process"), std::string::npos);
  EXPECT_NE(refusal({.profile = "sso"}).find("sso_session"), std::string::npos);
  EXPECT_NE(refusal({.profile = "empty"}).find("aws_access_key_id"), std::string::npos);
  EXPECT_NE(refusal({.profile = "bad"}).find("a space"), std::string::npos);
}

TEST_F(AwsCredentialsTest, AFileIsReadAgainAfterARefusal) {
  write_credentials("[default]\naws_access_key_id = D\naws_secret_access_key = d\n");
  const auto source = make();
  EXPECT_FALSE(source->refresh());
  write_credentials("[default]\naws_access_key_id = E\naws_secret_access_key = e\n");
  EXPECT_EQ(key_of(*source), "D/d/");
  EXPECT_TRUE(source->refresh());
  EXPECT_EQ(key_of(*source), "E/e/");
}

class AwsRole : public AwsCredentialsTest {
 protected:
  AwsRole() {
    write("token", "hush=\n");
    environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = at("token");
    environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/x";
    environment_["AWS_ENDPOINT_URL_STS"] = server_.url();
  }
  static HttpReply answer(const std::string& key, const std::string& expires) {
    return {.body =
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><"
                "AccessKeyId>" +
                key +
                "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t+</SessionToken>"
                "<Expiration>" +
                expires +
                "</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                "</AssumeRoleWithWebIdentityResponse>"};
  }
  void serve(const HttpReply& reply) {
    server_.set_handler([reply](const Asked&) { return reply; });
  }
  Code refused(AwsCredentialSource& source) {
    const auto credentials = source.get(kNoLimit);
    EXPECT_FALSE(credentials);
    if (credentials) return Code::io;
    EXPECT_EQ(credentials.error().message.find("hush"), std::string::npos)
        << credentials.error().message;
    return credentials.error().code;
  }
  void pass(std::int64_t seconds) { now_ns_ += seconds * 1'000'000'000; }

  TestHttpServer server_{
      [](const Asked&) { return answer("K1", "1970-01-01T01:16:40Z"); }};  // in an hour
};

TEST_F(AwsRole, IsExchangedForCredentials) {
  const auto source = make();
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  const auto asked = server_.requests();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].method, "POST");
  EXPECT_EQ(asked[0].target, "/");
  EXPECT_EQ(asked[0].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%"
            "3Arole%2Fx"
            "&RoleSessionName=deja&WebIdentityToken=hush%3D");
}

TEST_F(AwsRole, IsExchangedAgainBeforeItExpires) {
  const auto source = make();
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  serve(answer("K2", "1970-01-01T02:16:40Z"));
  pass(3299);
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  pass(1);
  EXPECT_EQ(key_of(*source), "K2/s/t+");
}

TEST_F(AwsRole, IsUsedWhileItIsValidThoughStsIsDown) {
  const auto source = make();
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  serve({.status = 503});
  pass(3599);
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  pass(1);
  EXPECT_EQ(refused(*source), Code::unavailable);
  serve(
      {.status = 400,
       .body = "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>"});
  EXPECT_EQ(refused(*source), Code::denied);
  serve({.body = "<html/>"});
  EXPECT_EQ(refused(*source), Code::protocol);
  serve(answer("K3", "1970-01-01T00:00:00Z"));
  EXPECT_EQ(refused(*source), Code::denied);
  ASSERT_TRUE(os::remove_file(at("token")));
  EXPECT_EQ(refused(*source), Code::denied);
}

TEST_F(AwsRole, IsForgottenAfterARefusalButNotAtOnce) {
  const auto source = make();
  EXPECT_FALSE(source->refresh());
  EXPECT_EQ(key_of(*source), "K1/s/t+");
  EXPECT_FALSE(source->refresh());
  pass(60);
  EXPECT_TRUE(source->refresh());
  serve(answer("K2", "1970-01-01T02:16:40Z"));
  EXPECT_EQ(key_of(*source), "K2/s/t+");
}

TEST_F(AwsRole, IsAskedForOnceByManyThreads) {
  const auto source = make();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&source] { EXPECT_EQ(key_of(*source), "K1/s/t+"); });
  threads.clear();
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(AwsRole, WaitsNoLongerThanTheDeadline) {
  serve({.body = "x", .says_length = 10, .hangs = true});
  const auto source = make();
  std::jthread first([&source] { EXPECT_EQ(code_of(source->get(kNoLimit)), Code::unavailable); });
  server_.wait_for_a_hang();
  EXPECT_EQ(code_of(source->get({os::monotonic_ns() + 20'000'000})), Code::timeout);
  source->stop();
}

TEST_F(AwsRole, OfAProfile) {
  environment_.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  environment_["AWS_CONFIG_FILE"] = at("conf");
  write("conf", "[profile ci]\nrole_arn = arn:y\nweb_identity_token_file = " + at("token") + "\n");
  EXPECT_EQ(key({.profile = "ci"}), "K1/s/t+");
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = at("token");
  environment_.erase("AWS_ROLE_ARN");
  EXPECT_NE(refusal().find("AWS_ROLE_ARN"), std::string::npos);
}

}  // namespace
}  // namespace deja::remote
