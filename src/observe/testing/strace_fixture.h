// SPDX-License-Identifier: Apache-2.0
// Runs a tool under `strace -f` and under observation at the same time, and compares the two.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "observe/testing/fixture.h"
#include "observe/testing/strace_log.h"

namespace deja::observe::testing {

// One line of the table that is printed at the end.
struct Coverage {
  std::size_t seen = 0;    // calls by strace that can change a result
  std::size_t logged = 0;  // of these, in the log
  std::size_t missing = 0;
  std::map<std::string, std::size_t> excepted;  // the rest, by the exception's name
};

class StraceTest : public ObserveTest {
 protected:
  void SetUp() override;

  // Expects that each call reported by strace is in the log, or covered by an exception.
  ToolRun compare(const std::vector<std::string>& command, const std::string& label = "",
                  const std::vector<std::string>& environment = {}) const;
  void write_sources() const;
};

}  // namespace deja::observe::testing

#define REQUIRE_TOOL(name)                             \
  if (deja::observe::testing::find_tool(name).empty()) \
  GTEST_SKIP() << "NOT TESTED: " << (name) << " is not installed"
