// SPDX-License-Identifier: Apache-2.0
// Requests as they come from a socket: any bytes may, and none may end the engine.
#include "daemon/session.h"

#include <gtest/gtest.h>

#include <random>

namespace deja::daemon {
namespace {

struct Words {
  std::uint32_t calling = 0;
  std::string cwd = "/w";
  std::vector<std::string> argv = {"gcc", "-c", "a.c"};
  std::vector<std::string> environment = {"A=1", "", "B"};
};

constexpr std::int64_t kBeganNs = 123;

std::string encode(const Words& words, const wire::RequestHead& head = {}) {
  const auto write = [&](wire::Writer& w) {
    wire::write(w, head);
    w.u32(words.calling);
    w.text(words.cwd);
    for (const auto* list : {&words.argv, &words.environment}) {
      w.u32(static_cast<std::uint32_t>(list->size()));
      for (const std::string& text : *list) w.text(text);
    }
    w.u32(1);
    w.text("SHLVL=2");  // noise comes after all that counts
    w.u64(kBeganNs);
  };
  wire::Writer counting;
  write(counting);
  std::string body(counting.size(), '\0');
  wire::Writer writer(body.data(), body.size());
  write(writer);
  return body;
}

TEST(DecodeRequest, SaysWhatTheClientSent) {
  const std::string body = encode({}, {.stream_flags = wire::kStderrIsTerminal, .umask = 027});
  const auto decoded = decode_request(body);
  ASSERT_TRUE(decoded);
  const pipeline::Request& request = decoded->request;
  EXPECT_EQ(request.cwd, "/w");
  EXPECT_EQ(request.argv, (std::vector<std::string_view>{"gcc", "-c", "a.c"}));
  EXPECT_EQ(request.environment, (std::vector<std::string_view>{"A=1", "", "B", "SHLVL=2"}));
  EXPECT_EQ(request.began_ns, kBeganNs);
  EXPECT_EQ(request.umask, 027u);
  EXPECT_TRUE(request.stderr_is_terminal);
  EXPECT_FALSE(request.stdout_is_terminal);
  EXPECT_FALSE(request.streams_are_one);
}

TEST(DecodeRequest, ARoutedRequestNamesItsProgram) {
  const std::string body = encode({.calling = 3, .argv = {"/usr/bin/gcc", "gcc", "-c"}});
  const auto decoded = decode_request(body);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->request.program, "/usr/bin/gcc");
  EXPECT_EQ(decoded->request.argv, (std::vector<std::string_view>{"gcc", "-c"}));
}

TEST(DecodeRequest, EveryCutAndEveryRestIsRefused) {
  const std::string body = encode({});
  for (std::size_t n = 0; n < body.size(); ++n)
    EXPECT_FALSE(decode_request(body.substr(0, n))) << n;
  EXPECT_FALSE(decode_request(body + "x"));
}

TEST(DecodeRequest, WhatMakesNoSenseIsRefused) {
  EXPECT_TRUE(decode_request(encode({.calling = 2})));
  EXPECT_FALSE(decode_request(encode({.calling = 4})));
  EXPECT_FALSE(decode_request(encode({.calling = 3, .argv = {"/usr/bin/gcc"}})));
  EXPECT_FALSE(decode_request(encode({.calling = 3, .argv = {"", "gcc"}})));
  EXPECT_FALSE(decode_request(encode({.cwd = "relative"})));
  EXPECT_FALSE(decode_request(encode({.cwd = ""})));
}

// A count or a length that is far more than what follows must not make room for it.
TEST(DecodeRequest, HugeNumbersAreRefused) {
  const std::string body = encode({});
  for (std::size_t i = 0; i + 4 <= body.size(); ++i) {
    std::string damaged = body;
    damaged.replace(i, 4, "\xff\xff\xff\xff");
    const auto decoded = decode_request(damaged);
    if (!decoded) continue;
    EXPECT_LE(decoded->request.argv.size() + decoded->request.environment.size(), 7u) << i;
  }
}

TEST(DecodeRequest, AnyBytesAreRefusedOrReadAsTheyAre) {
  const std::string body = encode({});
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = body;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto decoded = decode_request(damaged);
    if (!decoded) continue;
    std::size_t bytes = decoded->request.cwd.size();
    for (const std::string_view text : decoded->request.argv) bytes += text.size();
    for (const std::string_view text : decoded->request.environment) bytes += text.size();
    EXPECT_LE(bytes, damaged.size());
  }
}

}  // namespace
}  // namespace deja::daemon
