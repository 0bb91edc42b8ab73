// SPDX-License-Identifier: Apache-2.0
// L3, the cache is never in the way: whatever is broken, the command does what it does without
// deja. The same bytes, the same exit code, no other text on stdout or stderr, no hang.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/workspace.h"

namespace deja::test {

class Fault : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    NEEDS_TOOL("gcc");
    ws.write("a.h", "#define V 1\n");
    ws.write("a.c", "#include \"a.h\"\nint f(void) { int unused; return V; }\n");
    before_ = ws.tree();
    bare_ = ws.run(argv_);
    left_ = ws.tree();
    ASSERT_TRUE(bare_.ok()) << bare_;
    ws.restore(before_);
  }

  const Argv& argv() const { return argv_; }
  const Result& bare() const { return bare_; }
  // An empty directory, as before the first run.
  void reset() { ws.restore(before_); }
  // Checks the output and the files of a client that ran this test's command.
  void expect_like_bare(const Result& got, Workspace::Here here = Workspace::Here::current()) {
    const std::string place = std::string(here.file_name()) + ":" + std::to_string(here.line());
    if (tolerates_leftovers_) remove_leftovers();
    EXPECT_EQ(got, bare_) << "called from " << place;
    EXPECT_EQ(difference(left_, ws.tree()), "") << "called from " << place;
    reset();
  }
  // Runs the command through deja. The deadline allows for the longest silence that a client
  // accepts.
  void expect_undisturbed(Options options = {}, Workspace::Here here = Workspace::Here::current()) {
    options.deadline = kDeadline;
    expect_like_bare(ws.deja(argv_, options), here);
  }
  // Stores a result, and empties the directory.
  void warm() {
    ws.expect_miss(argv_);
    reset();
    ws.expect_hit(argv_);
    reset();
  }

  // An engine that is killed between creating an artifact and renaming it leaves the temporary
  // file, as a killed assembler leaves half an object.
  void tolerate_leftovers() { tolerates_leftovers_ = true; }

  static constexpr std::chrono::milliseconds kDeadline{15'000};
  Workspace ws{GetParam()};

 private:
  void remove_leftovers() {
    for (const auto& [name, node] : ws.tree()) {
      if (name.starts_with(".deja-")) ws.remove(name);
    }
  }

  bool tolerates_leftovers_ = false;
  const Argv argv_ = {"gcc", "-Wall", "-MD", "-c", "a.c"};
  Result bare_;
  Tree before_, left_;
};

inline std::string mode_label(const ::testing::TestParamInfo<Mode>& info) {
  return info.param == Mode::daemon ? "daemon" : "one_shot";
}

}  // namespace deja::test

#define EVERY_MODE(suite) \
  INSTANTIATE_TEST_SUITE_P(, suite, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label)
#define ONLY_DAEMON(suite) \
  INSTANTIATE_TEST_SUITE_P(, suite, ::testing::Values(Mode::daemon), mode_label)
