// SPDX-License-Identifier: Apache-2.0
#include "base/secrets.h"

#include <gtest/gtest.h>

namespace deja {
namespace {

std::string shown(std::string_view argument) {
  return std::string(argument.substr(0, secret_at(argument)));
}

TEST(Secrets, AreFoundByTheWordInFront) {
  EXPECT_EQ(shown("-DAPI_TOKEN=x"), "-DAPI_TOKEN=");
  EXPECT_EQ(shown("--api-key=x"), "--api-key=");
  EXPECT_EQ(shown("-Ddb_password=x"), "-Ddb_password=");
  EXPECT_EQ(shown("Authorization: Bearer x"), "Authorization:");
  EXPECT_EQ(shown("cd /w && AWS_SECRET_ACCESS_KEY=x make"), "cd /w && AWS_SECRET_ACCESS_KEY=");
  EXPECT_EQ(shown("--client_secret x"), "--client_secret ");
}

TEST(Secrets, OtherArgumentsAreShownWhole) {
  for (const char* argument : {"-DV=1", "-DTOKEN", "src/tokenizer.cc", "-Isecret", "--passes=3",
                               "-DTOKEN=", "token.txt", ""})
    EXPECT_EQ(shown(argument), argument);
}

TEST(Secrets, AnOptionAnnouncesThem) {
  for (const char* argument : {"--password", "-api-key", "--auth-token"})
    EXPECT_TRUE(announces_secret(argument)) << argument;
  for (const char* argument : {"--passes", "password", "--token=x", "-o"})
    EXPECT_FALSE(announces_secret(argument)) << argument;
}

TEST(Secrets, PasswordsInAddresses) {
  EXPECT_EQ(without_passwords("redis://u:p@h:6379/0"), "redis://u:***@h:6379/0");
  EXPECT_EQ(without_passwords("get https://:p@h and http://u@h:80/x@y"),
            "get https://:***@h and http://u@h:80/x@y");
  EXPECT_EQ(without_passwords("no address: a@b"), "no address: a@b");
}

}  // namespace
}  // namespace deja
