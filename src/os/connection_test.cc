// SPDX-License-Identifier: Apache-2.0
#include "os/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

#include "os/clock.h"
#include "os/directory_test.h"
#include "os/socket.h"

namespace deja::os {
namespace {

class Connection : public DirectoryTest {
 protected:
  static Limit in_ms(std::int64_t ms) { return {.deadline_ns = monotonic_ns() + ms * 1'000'000}; }
  static Code code_of(const Status& status) {
    EXPECT_FALSE(status);
    return status ? Code::io : status.error().code;
  }
  template <typename T>
  static Code code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? Code::io : result.error().code;
  }
  // A socket of ours, and the other end.
  std::pair<Fd, Fd> pair() {
    const std::string path = at("s");
    const Fd listener = std::move(*listen_unix(path));
    Fd ours = std::move(*connect_unix(path, in_ms(10'000)));
    auto theirs = accept_unix(listener);
    EXPECT_TRUE(theirs && *theirs);
    return {std::move(ours), std::move(**theirs)};
  }
};

TEST_F(Connection, CarriesBytes) {
  const auto [ours, theirs] = pair();
  ASSERT_TRUE(send_all(ours, "hello", in_ms(10'000)));
  char bytes[10];
  const auto got = receive(theirs, bytes, sizeof(bytes), in_ms(10'000));
  ASSERT_TRUE(got);
  EXPECT_EQ(std::string_view(bytes, *got), "hello");
}

TEST_F(Connection, SeesTheOtherSideClose) {
  auto [ours, theirs] = pair();
  theirs.reset();
  char byte = 0;
  const auto got = receive(ours, &byte, 1, in_ms(10'000));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, 0U);
  EXPECT_EQ(code_of(send_all(ours, "x", in_ms(10'000))), Code::unavailable);
}

TEST_F(Connection, ASilentPeerIsATimeout) {
  const auto [ours, theirs] = pair();
  char byte = 0;
  EXPECT_EQ(code_of(receive(ours, &byte, 1, in_ms(5))), Code::timeout);
  // It takes no more bytes than the kernel holds for it.
  EXPECT_EQ(code_of(send_all(ours, std::string(64 << 20, 'x'), in_ms(5))), Code::timeout);
}

TEST_F(Connection, ADeadlineInThePastIsATimeoutEvenIfThereAreBytes) {
  const auto [ours, theirs] = pair();
  ASSERT_TRUE(send_all(theirs, "x", in_ms(10'000)));
  char byte = 0;
  EXPECT_EQ(code_of(receive(ours, &byte, 1, {.deadline_ns = 1})), Code::timeout);
}

TEST_F(Connection, AWakeUpEndsAWaitThatHasNoEnd) {
  const auto [ours, theirs] = pair();
  const WakeUp wake;
  EXPECT_FALSE(wake.is_set());
  std::jthread waiter([&] {
    char byte = 0;
    EXPECT_EQ(code_of(receive(ours, &byte, 1, {.wake = &wake})), Code::unavailable);
  });
  wake.set();
  waiter.join();
  EXPECT_TRUE(wake.is_set());
  EXPECT_EQ(code_of(connect_tcp("127.0.0.1", 1, {.wake = &wake})), Code::unavailable);
}

TEST_F(Connection, NobodyListening) {
  EXPECT_EQ(code_of(connect_unix(at("nobody"), in_ms(10'000))), Code::unavailable);
  // Port 1 (tcpmux) is not in use anywhere.
  EXPECT_EQ(code_of(connect_tcp("127.0.0.1", 1, in_ms(10'000))), Code::unavailable);
}

TEST_F(Connection, APathThatIsTooLongIsInvalid) {
  EXPECT_EQ(code_of(connect_unix("/" + std::string(kSocketPathMax, 'x'), in_ms(10'000))),
            Code::invalid);
}

TEST_F(Connection, FindsLocalhostByName) {
  // The name needs the resolver's thread; that nobody listens is answer enough.
  const auto none = connect_tcp("localhost", 1, in_ms(30'000));
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("localhost:1"), std::string::npos) << none.error().message;
}

}  // namespace
}  // namespace deja::os
