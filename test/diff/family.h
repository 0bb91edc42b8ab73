// SPDX-License-Identifier: Apache-2.0
// What the named families have in common: a command is warm, one thing in the world changes, and the
// command is run again.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>
#include <string>

#include "diff/tester.h"

namespace deja::test {

class Family : public ::testing::Test {
 protected:
  // After a warm run and `change`, the same command, or `then`, must leave what the bare tool
  // leaves.
  Verdict after(const Command& command, const std::function<void()>& change,
                const Command* then = nullptr) {
    warm_up(ws, command);
    if (change) change();
    const Verdict verdict = judge(ws, then != nullptr ? *then : command);
    EXPECT_FALSE(verdict.noisy) << "the tool itself leaves something else every time";
    EXPECT_EQ(verdict.difference, "") << as_shell(command) << "\ndeja: " << verdict.event;
    return verdict;
  }
  // An assembler that writes a mark.
  static std::string marking_as(int mark) {
    return "#!/bin/sh\nexec /usr/bin/as --defsym mark=" + std::to_string(mark) + " \"$@\"\n";
  }
  void set_time(const std::string& name, time_t seconds) const {
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, ws.path(name).c_str(), times, 0), 0);
  }

  const Argv kCompile = {"gcc", "-c", "a.c"};
  Workspace ws;
};

}  // namespace deja::test
