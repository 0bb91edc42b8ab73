// SPDX-License-Identifier: Apache-2.0
#include "os/process.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace deja::os {
namespace {

TEST(Process, ADetachedProcessHasASessionOfItsOwn) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  ASSERT_TRUE(run_detached([&] {
    const pid_t session = ::getsid(0);
    (void)!::write(in.get(), &session, sizeof(session));
  }));
  in.reset();
  pid_t session = 0;
  ASSERT_EQ(::read(out.get(), &session, sizeof(session)), static_cast<ssize_t>(sizeof(session)));
  EXPECT_NE(session, ::getsid(0));
  char more = 0;
  EXPECT_EQ(::read(out.get(), &more, 1), 0);  // it has ended
}

TEST(Process, AProgramWithoutASlashIsFoundInPath) {
  const auto child = start_program("sh", {"sh", "-c", "exit 7"}, own_environment());
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(ended(*child, true)->exit_code, 7);
  EXPECT_FALSE(start_program("no-such-program-of-deja", {"x"}, own_environment()));
}

// A stream that was closed is open afterwards.
TEST(Process, AThreadOfLowPriorityLeavesTheOthersAsTheyAre) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  int lowered = 0;
  std::thread([&lowered] {
    lower_thread_priority();
    lowered = ::getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_GE(lowered, 10);
  EXPECT_GE(lowered, before);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

TEST(Process, AClosedStreamCanBeSilenced) {
  const auto code = run_in_copy([] {
    ::close(0);
    silence_stream(0);
    char byte = 0;
    return ::read(0, &byte, 1) == 0 ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace deja::os
