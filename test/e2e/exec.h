// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of `deja exec`.
#pragma once

#include "e2e/setup.h"

namespace deja::test {

class ExecTest : public ::testing::TestWithParam<Mode> {
 protected:
  // deja exec <options> -- <command>
  static Argv exec(const Argv& options, const Argv& command) {
    Argv argv = {"exec"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    argv.insert(argv.end(), command.begin(), command.end());
    return argv;
  }
  static Argv sh(const Argv& options, const std::string& script) {
    return exec(options, {"/bin/sh", "-c", script});
  }
  // The key that --print-key prints.
  std::string key(Argv argv, const Options& options = {}) const {
    argv.insert(argv.begin() + 1, "--print-key");
    const Result printed = ws.deja(argv, options);
    EXPECT_TRUE(printed.ok()) << printed;
    EXPECT_EQ(printed.out.find_first_not_of("0123456789abcdef\n"), std::string::npos) << printed;
    EXPECT_EQ(printed.out.size(), 65U) << printed;
    return printed.out;
  }
  // Expects exit code 2, one line on stderr that contains the texts, and no run of the tool.
  void expect_refused(const Argv& argv, const std::vector<std::string>& texts,
                      const Options& options = {}) const {
    const Result refused = ws.deja(argv, options);
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_EQ(refused.out, "");
    EXPECT_EQ(refused.err.find('\n'), refused.err.size() - 1) << refused;
    EXPECT_TRUE(refused.err.starts_with("deja exec: ")) << refused;
    for (const std::string& text : texts)
      EXPECT_NE(refused.err.find(text), std::string::npos) << refused << "lacks " << text;
    EXPECT_EQ(ws.last_event().reason, "not_run");
    EXPECT_EQ(ws.last_event().tool_runs, 0);
  }

  Workspace ws{GetParam()};
};

}  // namespace deja::test
