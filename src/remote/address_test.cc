// SPDX-License-Identifier: Apache-2.0
#include "remote/address.h"

#include <gtest/gtest.h>

namespace deja::remote {
namespace {

Address parsed(std::string_view text) {
  auto address = parse_address(text);
  EXPECT_TRUE(address) << text << ": " << address.error().message;
  return address ? *address : Address{};
}
std::string refusal(std::string_view text) {
  const auto address = parse_address(text);
  EXPECT_FALSE(address) << text;
  if (address) return "";
  EXPECT_EQ(address.error().code, Code::invalid) << text;
  return address.error().message;
}

TEST(Address, OfHttp) {
  const Address plain = parsed("http://Cache.example.com");
  EXPECT_EQ(plain.scheme, Scheme::http);
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "cache.example.com");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.path, "");
  EXPECT_EQ(plain.text(), "http://cache.example.com");

  const Address full = parsed(
      "https://me%40x:p%2Fw%3a@[::1]:8443/a%20b/c/?ca=/etc/my%20ca.pem&token_variable=TOKEN");
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.user, "me@x");
  EXPECT_EQ(full.password, "p/w:");
  EXPECT_EQ(full.host, "::1");
  EXPECT_EQ(full.port, 8443);
  EXPECT_EQ(full.path, "/a%20b/c");
  EXPECT_EQ(full.parameter("ca"), "/etc/my ca.pem");
  EXPECT_EQ(full.parameter("token_variable"), "TOKEN");
  EXPECT_EQ(full.parameter("key"), std::nullopt);
  EXPECT_EQ(full.text(), "https://[::1]:8443/a%20b/c");
  EXPECT_EQ(parsed("https://host:443/").origin(), "https://host");
}

TEST(Address, OfS3) {
  const Address plain = parsed("s3://builds");
  EXPECT_EQ(plain.scheme, Scheme::s3);
  EXPECT_EQ(plain.bucket, "builds");
  EXPECT_EQ(plain.path, "");
  const Address full = parsed(
      "s3://builds/team%20a/x/?endpoint=http://"
      "127.0.0.1:9000&region=eu-central-1&style=path&anonymous=1&profile=ci");
  EXPECT_EQ(full.path, "team a/x");
  EXPECT_EQ(full.parameter("endpoint"), "http://127.0.0.1:9000");
  EXPECT_EQ(full.parameter("region"), "eu-central-1");
  EXPECT_EQ(full.text(), "s3://builds/team a/x");
}

TEST(Address, OfRedis) {
  const Address plain = parsed("redis://localhost");
  EXPECT_EQ(plain.scheme, Scheme::redis);
  EXPECT_EQ(plain.port, 6379);
  EXPECT_EQ(plain.database, 0U);
  const Address full = parsed("rediss://me:secret@h:1/7?ca=/ca&cert=/c&key=/k");
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.user, "me");
  EXPECT_EQ(full.password, "secret");
  EXPECT_EQ(full.database, 7U);
  EXPECT_EQ(full.text(), "rediss://h:1/7");
  EXPECT_EQ(parsed("redis://:secret@h").user, "");
  const Address socket = parsed("redis+unix:///run/my%20redis.sock?password_file=/p");
  EXPECT_EQ(socket.scheme, Scheme::redis);
  EXPECT_EQ(socket.path, "/run/my redis.sock");
  EXPECT_EQ(socket.host, "");
}

TEST(Address, OfFiles) {
  const Address directory = parsed("file:///mnt/a%2Cb/");
  EXPECT_EQ(directory.scheme, Scheme::directory);
  EXPECT_EQ(directory.path, "/mnt/a,b");
  const Address pack = parsed("file:///home/me/x.dejapack");
  EXPECT_EQ(pack.scheme, Scheme::pack);
  EXPECT_EQ(pack.text(), "file:///home/me/x.dejapack");
}

TEST(Address, MistakesAreNamed) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "it must start with"},
      {"/mnt/cache", "it must start with"},
      {"ftp://h/", "it must start with"},
      {"http:/h/", "it must start with"},
      {"HTTP://h/", "it must start with"},
      {"http://", "no host"},
      {"http://:80", "no host"},
      {"http://h:0", "port"},
      {"http://h:65536", "port"},
      {"http://h:8o", "port"},
      {"http://h:", "port"},
      {"http://[::1", "not closed"},
      {"http://[h]", "IPv6"},
      {"http://[::1]x", "port"},
      {"http://a b/", "space"},
      {"http://h/a\nb", "space"},
      {"http://h/a%2", "%25"},
      {"http://h/a%zz", "%25"},
      {"http://h/a\"b", "percent-encoded"},
      {"http://h/../b", ".."},
      {"http://h/b/..", ".."},
      {"http://h/#x", "%23"},
      {"http://h/?region=x", "unknown parameter \"region\"; http:// has ca, cert, key"},
      {"http://h/?ca=relative", "\"ca\" must be an absolute path"},
      {"http://h/?ca=/a&ca=/b", "twice"},
      {"http://h/?cert=/c", "together"},
      {"http://h/?token_variable=", "environment variable"},
      {"http://h/?ca", "\"ca\" must be"},
      {"s3://", "no bucket"},
      {"s3:///prefix", "no bucket"},
      {"s3://key:secret@bucket", "credentials belong in"},
      {"s3://b/a//b", "empty part"},
      {"s3://b/../b", ".."},
      {"s3://b?style=both", "path or virtual"},
      {"s3://b?anonymous=yes", "0 or 1"},
      {"s3://b?endpoint=127.0.0.1:9000", "http://host:port"},
      {"s3://b?endpoint=http://u:p@h", "without a password"},
      {"redis://h/x", "database"},
      {"redis://h/-1", "database"},
      {"redis://h/?ca=/ca", "unknown parameter"},
      {"redis+unix://run/x", "absolute"},
      {"redis+unix:///", "no path"},
      {"file://dir/x", "absolute"},
      {"file:///", "no path"},
      {"file:///x?y=1", "has none"},
      {"file:///x%00y", "NUL"},
  };
  for (const auto& [text, message] : rows)
    EXPECT_NE(refusal(text).find(message), std::string::npos) << text << "\n" << refusal(text);
}

TEST(Address, MessagesHoldNoSecret) {
  const std::string_view texts[] = {
      "http://me:hush@h:99999/", "http://hush@h:99999/",        "redis://:hush@h/x",
      "http://me:h/hush@h/%",    "http://me:x?hush@h/a?hush=1", "http://h/?hush!=1",
      "http://h/?ca=hush",       "s3://key:hush@bucket",        "hush",
      "http://me:p@hush@h:0/",   "http://me:hush%@h/",          "http://h:1x/?token=hush",
      "http://me:hush#@h",       "http://me:hu\x01hush@h:0",    "http://h/?token_variable=%01hush",
  };
  for (const std::string_view text : texts)
    EXPECT_EQ(refusal(text).find("hush"), std::string::npos) << text << "\n" << refusal(text);
  EXPECT_EQ(parsed("http://hush:hush@h/?token_file=/hush").text(), "http://h");
}

TEST(Address, ListsAreSeparatedByCommas) {
  const auto both = parse_addresses(" file:///a , http://h,");
  ASSERT_TRUE(both) << both.error().message;
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ((*both)[0].path, "/a");
  EXPECT_EQ((*both)[1].host, "h");
  EXPECT_TRUE(parse_addresses("")->empty());
  EXPECT_FALSE(parse_addresses("file:///a,b"));
}

TEST(Address, PercentEncoding) {
  EXPECT_EQ(percent_encode("a/b c%~\xff"), "a%2Fb%20c%25~%FF");
  EXPECT_EQ(percent_encode("a/b", "/"), "a/b");
  EXPECT_EQ(percent_decode("a%2fb+%FF"), "a/b+\xff");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%+4"), std::nullopt);
}

}  // namespace
}  // namespace deja::remote
