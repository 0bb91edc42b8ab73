// SPDX-License-Identifier: Apache-2.0
// The S3 transport with Ceph's gateway, which checks signatures, digests, quotas and session tokens.
#include "remote/ceph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "remote/retry.h"
#include "remote/s3_transport.h"
#include "remote/transport_contract.h"
#include "remote/xml.h"

namespace deja::remote {
namespace {

using test::Ceph;

// One for all tests of this process; ended with it.
Ceph& ceph() {
  static Ceph ceph;
  return ceph;
}
#define NEEDS_CEPH() \
  if (!ceph().skip.empty()) GTEST_SKIP() << ceph().skip

std::string address(const std::string& prefix = "", const std::string& more = "") {
  return "s3://builds" + prefix + "?endpoint=" + ceph().url() + more;
}
std::unique_ptr<S3Transport> open_ceph(const std::string& text,
                                       const Environment& environment = Ceph::keys()) {
  auto transport = S3Transport::open(*parse_address(text), environment);
  EXPECT_TRUE(transport) << transport.error().message;
  return std::move(*transport);
}
// It knows whether conditions are kept. Repeated calls, because this gateway answers 500 when several clients write
// one object at once, or read it while it is written.
std::unique_ptr<Transport> open_warm(const std::string& text) {
  if (!ceph().skip.empty()) return nullptr;
  auto transport =
      std::make_unique<RetryTransport>(open_ceph(text), RetryTransport::Options{.attempts = 20});
  EXPECT_TRUE(transport->replace(record_name(fresh("first")), "x", "", kNoLimit));
  return transport;
}

struct Http {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string secret() { return Ceph::kSecret; }
  static std::string skip() { return ceph().skip; }
  std::unique_ptr<Transport> first = open_warm(address("/team%20a+b")),
                             second = open_warm(address("/team%20a+b"));
};
INSTANTIATE_TEST_SUITE_P(CephHttp, TransportReads, subjects<Http>());
INSTANTIATE_TEST_SUITE_P(CephHttp, TransportWrites, subjects<Http>());

std::string ceph_tls_address() {
  return "s3://builds/tls?endpoint=" + ceph().tls_url() +
         "&ca=" + percent_encode(ceph().server.at("ca.pem"), "/");
}
struct Https {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string skip() { return ceph().skip; }
  std::unique_ptr<Transport> first = open_warm(ceph_tls_address()),
                             second = open_warm(ceph_tls_address());
};
INSTANTIATE_TEST_SUITE_P(CephHttps, TransportReads, subjects<Https>());
INSTANTIATE_TEST_SUITE_P(CephHttps, TransportWrites, subjects<Https>());

TEST(CephServer, KeepsConditions) {
  NEEDS_CEPH();
  EXPECT_TRUE(open_warm(address())->abilities().replaces_by_version);
}

TEST(CephServer, TakesTheBucketFromTheHost) {
  NEEDS_CEPH();
  const auto transport = open_ceph("s3://builds/host?style=virtual&endpoint=http://localhost:" +
                                   std::to_string(ceph().port));
  const std::string bytes = fresh("blob");
  const Status done = transport->put(blob_name(bytes), {.bytes = bytes}, kNoLimit);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(read_object(*open_ceph(address("/host")), blob_name(bytes)), bytes);
  int count = 0;
  const Status listed = transport->list(
      [&count](const Transport::Listed&) {
        ++count;
        return true;
      },
      kNoLimit);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(count, 1);
}

TEST(CephServer, WantsTheRightKeys) {
  NEEDS_CEPH();
  const std::string bytes = fresh("blob");
  ASSERT_TRUE(open_ceph(address())->put(blob_name(bytes), {.bytes = bytes}, kNoLimit));
  const Environment wrong[] = {Ceph::keys(Ceph::kKey, "hush"), Ceph::keys("NOBODY", "hush")};
  for (const Environment& keys : wrong) {
    const auto transport = open_ceph(address(), keys);
    const auto got = transport->get(blob_name(bytes), 100, kNoLimit);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::denied);
    EXPECT_NE(got.error().message.find("key"), std::string::npos) << got.error().message;
    EXPECT_EQ(got.error().message.find("hush"), std::string::npos) << got.error().message;
    EXPECT_EQ(code_of(transport->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), Code::denied);
    EXPECT_EQ(code_of(transport->exists(std::vector{blob_name(bytes)}, kNoLimit)), Code::denied);
    EXPECT_EQ(code_of(transport->list([](const auto&) { return true; }, kNoLimit)), Code::denied);
    EXPECT_EQ(code_of(transport->remove(blob_name(bytes), kNoLimit)), Code::denied);
  }
}

TEST(CephServer, MissesABucketThatIsNotThere) {
  NEEDS_CEPH();
  const auto transport = open_ceph("s3://nothing?endpoint=" + ceph().url());
  const auto got = transport->get(blob_name("x"), 100, kNoLimit);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::invalid) << got.error().message;
  EXPECT_EQ(code_of(transport->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), Code::invalid);
}

TEST(CephServer, ChecksWhatABlobsNameSays) {
  NEEDS_CEPH();
  const auto transport = open_ceph(address());
  const Name name = blob_name(fresh("another"));
  const Status done = transport->put(name, {.bytes = "not these bytes"}, kNoLimit);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::corrupt) << done.error().message;
  EXPECT_EQ(read_object(*transport, name), kAbsent);
}

TEST(CephServer, IsReadByAnyoneIfItsPolicySaysSo) {
  NEEDS_CEPH();
  const std::string bytes = fresh("public");
  ASSERT_EQ(test::ask_signed(ceph().url(), Ceph::keys(), Method::put, "/open", "", "").status, 200);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],)"
      R"("Resource":["arn:aws:s3:::open","arn:aws:s3:::open/*"]}]})";
  const auto set =
      test::ask_signed(ceph().url(), Ceph::keys(), Method::put, "/open", "policy=", policy);
  ASSERT_LT(set.status, 300) << set.body;
  const std::string open = "s3://open?endpoint=" + ceph().url();
  ASSERT_TRUE(open_ceph(open)->put(blob_name(bytes), {.bytes = bytes}, kNoLimit));
  const auto anyone = open_ceph(open + "&anonymous=1", {});
  EXPECT_EQ(read_object(*anyone, blob_name(bytes)), bytes);
  EXPECT_EQ(read_object(*anyone, blob_name(fresh("absent"))), kAbsent);
  EXPECT_EQ(code_of(anyone->put(blob_name("x"), {.bytes = "x"}, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(open_ceph(address("", "&anonymous=1"), {})->get(blob_name("x"), 10, kNoLimit)),
            Code::denied);
}

// Credentials of the role "builder" for so many seconds, in a file of AWS's form.
void write_session(const os::ScratchDirectory& scratch, int seconds) {
  const auto answer = test::ask_signed(
      ceph().url(), Ceph::keys(), Method::post, "/", "",
      "Action=AssumeRole&DurationSeconds=" + std::to_string(seconds) +
          "&RoleArn=arn%3Aaws%3Aiam%3A%3A%3Arole%2Fbuilder&RoleSessionName=test&Version=2011-06-15",
      "sts");
  EXPECT_EQ(answer.status, 200) << answer.body;
  std::string file = "[default]\n";
  read_xml(answer.body, [&file](const XmlElement& element) {
    const std::string text(element.text);
    if (element.path.ends_with("/AccessKeyId")) file += "aws_access_key_id = " + text + "\n";
    if (element.path.ends_with("/SecretAccessKey"))
      file += "aws_secret_access_key = " + text + "\n";
    if (element.path.ends_with("/SessionToken")) file += "aws_session_token = " + text + "\n";
  });
  scratch.write("credentials", file);
}

TEST(CephServer, RefusesCredentialsThatHaveExpired) {
  NEEDS_CEPH();
  ceph().server.run(
      {"radosgw-admin", "role", "create", "--role-name=builder", "--path=/",
       R"(--assume-role-policy-doc={"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
       R"("Principal":{"AWS":["arn:aws:iam:::user/deja"]},"Action":["sts:AssumeRole"]}]})"});
  ceph().server.run(
      {"radosgw-admin", "role-policy", "put", "--role-name=builder", "--policy-name=all",
       R"(--policy-doc={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],)"
       R"("Resource":"arn:aws:s3:::*"}]})"});
  const Name name = blob_name(fresh("absent"));
  const os::ScratchDirectory scratch;
  write_session(scratch, 1);
  const auto transport =
      open_ceph(address(), Environment{{"AWS_SHARED_CREDENTIALS_FILE", scratch.at("credentials")}});
  const auto is_refused = [&] {
    return code_of(transport->get(name, 10, kNoLimit)) == Code::denied;
  };
  ASSERT_TRUE(test::wait_until(is_refused, std::chrono::seconds(30)));
  EXPECT_EQ(code_of(transport->exists(std::vector{name}, kNoLimit)), Code::denied);
  write_session(scratch, 3600);
  EXPECT_EQ(read_object(*transport, name), kAbsent);  // it reads the file again by itself
}

TEST(CephServer, IsReachedByAMachineWithAWrongClock) {
  NEEDS_CEPH();
  const auto hour_ago = [] { return os::wall_ns() - 3600'000'000'000; };
  const auto transport =
      S3Transport::open(*parse_address(address()), Ceph::keys(), {.wall_ns = hour_ago});
  ASSERT_TRUE(transport) << transport.error().message;
  const std::string bytes = fresh("blob");
  const Status done = (*transport)->put(blob_name(bytes), {.bytes = bytes}, kNoLimit);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(read_object(**transport, blob_name(bytes)), bytes);
}

TEST(CephServer, IsFullWhenTheQuotaIsUsed) {
  NEEDS_CEPH();
  ceph().server.run({"radosgw-admin", "user", "create", "--uid=small", "--display-name=small",
                     "--access-key=SMALL", "--secret=small"});
  const Environment small = Ceph::keys("SMALL", "small");
  ASSERT_EQ(test::ask_signed(ceph().url(), small, Method::put, "/small", "", "").status, 200);
  ceph().server.run(
      {"radosgw-admin", "quota", "set", "--quota-scope=user", "--uid=small", "--max-size=1"});
  ceph().server.run({"radosgw-admin", "quota", "enable", "--quota-scope=user", "--uid=small"});
  const auto transport = open_ceph("s3://small?endpoint=" + ceph().url(), small);
  const std::string bytes = noise(10'000);
  const auto is_full = [&] {
    return code_of(transport->put(blob_name(bytes), {.bytes = bytes}, kNoLimit)) == Code::no_space;
  };
  EXPECT_TRUE(test::wait_until(is_full, std::chrono::seconds(30)));
}

// A signal stops the threads of a process one after the other.
bool has_stopped(pid_t pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  const auto names = os::list_directory(tasks);
  if (!names) return false;
  return std::all_of(names->begin(), names->end(), [&tasks](const std::string& name) {
    const auto stat = os::read_file(tasks + "/" + name + "/stat");
    return stat && stat->substr(stat->rfind(')')).starts_with(") T");
  });
}

TEST(CephServer, IsATimeoutWhenItsStoreHangs) {
  NEEDS_CEPH();
  const auto transport = open_ceph(address());
  const Name name = blob_name(fresh("absent"));
  EXPECT_EQ(read_object(*transport, name), kAbsent);
  ceph().store->send(SIGSTOP);
  ASSERT_TRUE(
      test::wait_until([] { return has_stopped(ceph().store->pid()); }, std::chrono::seconds(10)));
  EXPECT_EQ(code_of(transport->get(name, 10, {os::monotonic_ns() + 200'000'000})), Code::timeout);
  ceph().store->send(SIGCONT);
  EXPECT_EQ(read_object(*transport, name), kAbsent);
}

TEST(CephServer, MovesALargeObjectInLittleMemory) {
  NEEDS_CEPH();
  constexpr std::uint64_t kSize = 256 << 20;
  const os::Fd file = sparse_file(kSize);
  const auto transport = open_ceph(address());
  const Name name = record_name(fresh("large"));  // its digest is of what is sent
  const auto peak_kib = [] {
    const std::string status = *os::read_file("/proc/self/status");
    return std::stol(status.substr(status.find("VmHWM:") + 6));
  };
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
  EXPECT_LT(peak_kib() - before, 32 << 10);
  EXPECT_TRUE(*transport->remove(name, kNoLimit));
}

}  // namespace
}  // namespace deja::remote
