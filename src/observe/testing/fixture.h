// SPDX-License-Identifier: Apache-2.0
// The fixture of this module's tests: a scratch directory, and running a program in it under observation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "observe/log_file.h"
#include "os/directory_test.h"

namespace deja::observe::testing {

struct ToolRun {
  int exit_code = -1;  // 128 + signal when it was killed
  std::string output;  // stdout and stderr
  Log log;

  // The events with this op and path, in order.
  std::vector<Event> all(deja_op op, const std::string& path) const;
  bool has(deja_op op, const std::string& path, int error = 0) const;
};

struct RunOptions {
  std::vector<std::string> environment = {};  // added to a small fixed one
  std::string client = {};
  std::uint64_t capacity = kLogCapacity;
  std::vector<std::string> before = {};  // put before the command, and not observed (strace)
  bool observed = true;
  bool supervised = false;  // by the supervisor, not by the interposer
};

class ObserveTest : public ::testing::Test {
 protected:
  // A path in the scratch directory, which is the working directory of the program.
  std::string at(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  void make_directory(const std::string& name) const;
  ToolRun run(std::vector<std::string> command, const RunOptions& options = {}) const;
  ToolRun probe(std::vector<std::string> arguments, const RunOptions& options = {}) const;

  // Without a space: scripts name it in their first line.
  const os::ScratchDirectory scratch_{"/tmp/deja-observe."};
  const std::string& directory_ = scratch_.path();
};

// Paths fixed by the build.
std::string interposer();
std::string supervisor();
std::string probe_program();
std::string static_probe_program();
// Where PATH has it, or empty.
std::string find_tool(const std::string& name);

}  // namespace deja::observe::testing
