// SPDX-License-Identifier: Apache-2.0
// The HTTP transport with nginx: passwords, limits, TLS with a private CA and client certificates.
#include "remote/nginx.h"

#include <gtest/gtest.h>

#include "remote/http_transport.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

using test::Nginx;

// One for all tests of this process; ended with it.
Nginx& nginx() {
  static Nginx nginx;
  return nginx;
}
#define NEEDS_NGINX() \
  if (!nginx().skip.empty()) GTEST_SKIP() << nginx().skip

std::unique_ptr<HttpTransport> open_nginx(const std::string& text,
                                          const Environment& environment = {}) {
  auto transport = HttpTransport::open(*parse_address(text), environment);
  EXPECT_TRUE(transport) << transport.error().message;
  return std::move(*transport);
}
std::string private_url(const std::string& user) {
  return "http://" + user + "127.0.0.1:" + std::to_string(nginx().private_port);
}
std::string tls_url(const std::string& query) {
  return "https://127.0.0.1:" + std::to_string(nginx().tls_port) + "/tls/?" + query;
}
std::string file(const std::string& name) { return percent_encode(nginx().server.at(name), "/"); }
std::string with_client(const std::string& name) {
  return "ca=" + file("ca.pem") + "&cert=" + file(name + ".pem") + "&key=" + file(name + ".key");
}

std::unique_ptr<HttpTransport> open_if_there(const std::string& (*address)()) {
  return nginx().skip.empty() ? open_nginx(address()) : nullptr;
}
const std::string& open_address() {
  static const std::string address = Nginx::url(nginx().open_port) + "/a/b%20c";
  return address;
}
const std::string& nginx_tls_address() {
  static const std::string address = tls_url(with_client("client"));
  return address;
}

struct Plain {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string skip() { return nginx().skip; }
  std::unique_ptr<HttpTransport> first = open_if_there(open_address),
                                 second = open_if_there(open_address);
};
struct Tls {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string skip() { return nginx().skip; }
  std::unique_ptr<HttpTransport> first = open_if_there(nginx_tls_address),
                                 second = open_if_there(nginx_tls_address);
};
INSTANTIATE_TEST_SUITE_P(NginxPlain, TransportReads, subjects<Plain>());
INSTANTIATE_TEST_SUITE_P(NginxPlain, TransportWrites, subjects<Plain>());
INSTANTIATE_TEST_SUITE_P(NginxTls, TransportReads, subjects<Tls>());
INSTANTIATE_TEST_SUITE_P(NginxTls, TransportWrites, subjects<Tls>());

TEST(NginxServer, WantsTheRightPassword) {
  NEEDS_NGINX();
  const std::string bytes = fresh("blob");
  const auto right = open_nginx(private_url("me:p%40ss%2Fword@"));
  ASSERT_TRUE(right->put(blob_name(bytes), {.bytes = bytes}, kNoLimit));
  EXPECT_EQ(read_object(*right, blob_name(bytes)), bytes);
  for (const std::string user : {"", "me:wrong@", "you:p%40ss%2Fword@"}) {
    const auto wrong = open_nginx(private_url(user));
    const auto got = wrong->get(blob_name(bytes), 100, kNoLimit);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::denied) << got.error().message;
    EXPECT_EQ(got.error().message.find("wrong"), std::string::npos) << got.error().message;
    EXPECT_EQ(code_of(wrong->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), Code::denied);
    EXPECT_EQ(code_of(wrong->exists(std::vector{blob_name("x")}, kNoLimit)), Code::denied);
  }
}

TEST(NginxServer, RefusesWhatIsTooLargeOrReadOnly) {
  NEEDS_NGINX();
  const auto transport = open_nginx(private_url("me:p%40ss%2Fword@"));
  const std::string bytes = noise((1 << 20) + 1);
  EXPECT_EQ(code_of(transport->put(blob_name(bytes), {.bytes = bytes}, kNoLimit)), Code::no_space);
  const auto reader = open_nginx(private_url("me:p%40ss%2Fword@") + "/ro");
  EXPECT_EQ(code_of(reader->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), Code::denied);
  EXPECT_EQ(read_object(*reader, blob_name("x")), kAbsent);
}

TEST(NginxServer, IgnoresConditions) {
  NEEDS_NGINX();
  const auto transport = open_nginx(open_address());
  const Name name = record_name(fresh("record"));
  EXPECT_EQ(*transport->replace(name, "1", "", kNoLimit), Put::stored);
  EXPECT_FALSE(transport->abilities().replaces_by_version);
  EXPECT_EQ(*transport->replace(name, "2", "", kNoLimit), Put::stored);
  EXPECT_EQ(read_object(*transport, name), "2");
}

TEST(NginxServer, IsTrustedByThePrivateCaOnly) {
  NEEDS_NGINX();
  const Name name = blob_name(fresh("absent"));
  EXPECT_EQ(read_object(*open_nginx(nginx_tls_address()), name), kAbsent);
  for (const std::string& ca : {std::string(), "ca=" + file("other_ca.pem"),
                                std::string("ca=/etc/ssl/certs/ca-certificates.crt")}) {
    const auto got = open_nginx(tls_url(ca))->get(name, 10, kNoLimit);
    ASSERT_FALSE(got) << ca;
    EXPECT_EQ(got.error().code, Code::denied) << got.error().message;
    EXPECT_NE(got.error().message.find("ca="), std::string::npos) << got.error().message;
  }
  const auto stranger = open_nginx("https://127.0.0.1:" + std::to_string(nginx().stranger_port) +
                                   "/?ca=" + file("ca.pem"))
                            ->get(name, 10, kNoLimit);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, Code::denied) << stranger.error().message;
}

TEST(NginxServer, WantsTheRightClientCertificate) {
  NEEDS_NGINX();
  const Name name = blob_name(fresh("absent"));
  for (const std::string& query : {"ca=" + file("ca.pem"), with_client("old")}) {
    const auto got = open_nginx(tls_url(query))->get(name, 10, kNoLimit);
    ASSERT_FALSE(got) << query;
    EXPECT_EQ(got.error().code, Code::denied) << got.error().message;
    EXPECT_NE(got.error().message.find("certificate"), std::string::npos) << got.error().message;
  }
  ASSERT_TRUE(os::change_mode(nginx().server.at("old.key"), 0644));
  const auto refused = HttpTransport::open(*parse_address(tls_url(with_client("old"))), {});
  ASSERT_TRUE(os::change_mode(nginx().server.at("old.key"), 0600));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("chmod 600"), std::string::npos);
}

// 1 GiB through a file: neither the upload nor the download holds more of it than its buffers.
TEST(NginxServer, MovesAGigabyteInLittleMemory) {
  NEEDS_NGINX();
  constexpr std::uint64_t kSize = 1 << 30;
  const os::Fd file = sparse_file(kSize);
  const auto transport = open_nginx(open_address());
  const Name name = blob_name(fresh("gigabyte"));
  const auto peak_kib = [] {
    const std::string status = *os::read_file("/proc/self/status");
    return std::stol(status.substr(status.find("VmHWM:") + 6));
  };
  ASSERT_TRUE(os::read_file("/proc/self/status"));
  const long before = peak_kib();
  const Status put = transport->put(name, {.file = &file, .size = kSize}, kNoLimit);
  ASSERT_TRUE(put) << put.error().message;
  std::uint64_t taken = 0;
  const auto got = transport->get_to(
      name, kSize,
      [&taken](std::string_view piece) {
        taken += piece.size();
        return Status();
      },
      kNoLimit);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(taken, kSize);
  EXPECT_LT(peak_kib() - before, 16 << 10);
  EXPECT_TRUE(*transport->remove(name, kNoLimit));
}

}  // namespace
}  // namespace deja::remote
