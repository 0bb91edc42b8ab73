// SPDX-License-Identifier: Apache-2.0
// The S3 transport with Swift. What Ceph has shown is not shown again; here is what differs.
#include "remote/swift.h"

#include <gtest/gtest.h>

#include "remote/retry.h"
#include "remote/s3_transport.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

using test::Swift;

// One for all tests of this process; ended with it.
Swift& swift() {
  static Swift swift;
  return swift;
}
#define NEEDS_SWIFT() \
  if (!swift().skip.empty()) GTEST_SKIP() << swift().skip

std::unique_ptr<S3Transport> open_swift(const std::string& more = "",
                                        const Environment& environment = Swift::keys()) {
  auto transport = S3Transport::open(
      *parse_address("s3://builds/team?endpoint=" + swift().url() + more), environment);
  EXPECT_TRUE(transport) << transport.error().message;
  return std::move(*transport);
}
std::unique_ptr<Transport> open_if_there() {
  if (!swift().skip.empty()) return nullptr;
  return std::make_unique<RetryTransport>(open_swift(), RetryTransport::Options{.attempts = 20});
}

struct S3api {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  static std::string secret() { return "testing-secret"; }
  static std::string skip() { return swift().skip; }
  std::unique_ptr<Transport> first = open_if_there(), second = open_if_there();
};
INSTANTIATE_TEST_SUITE_P(SwiftS3, TransportReads, subjects<S3api>());
INSTANTIATE_TEST_SUITE_P(SwiftS3, TransportWrites, subjects<S3api>());

TEST(SwiftServer, WantsTheRightKeyAndRegion) {
  NEEDS_SWIFT();
  const Name name = blob_name(fresh("absent"));
  const auto wrong = open_swift("", Swift::keys("hush"))->get(name, 10, kNoLimit);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::denied) << wrong.error().message;
  const auto elsewhere = open_swift("&region=eu-central-1")->get(name, 10, kNoLimit);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, Code::invalid) << elsewhere.error().message;
  EXPECT_NE(elsewhere.error().message.find("region=us-east-1"), std::string::npos)
      << elsewhere.error().message;
}

}  // namespace
}  // namespace deja::remote
