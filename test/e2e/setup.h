// SPDX-License-Identifier: Apache-2.0
// The combinations in which these tests run: a compiler, and a kind of engine.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/workspace.h"

namespace deja::test {

struct Setup {
  std::string compiler;  // the C compiler
  Mode mode = Mode::daemon;
};

inline std::string mode_name(Mode mode) { return mode == Mode::daemon ? "daemon" : "one_shot"; }

inline std::ostream& operator<<(std::ostream& to, const Setup& s) {
  return to << s.compiler << ", " << mode_name(s.mode);
}

// The newest clang that is installed. A name that does not exist makes tests skip with a message.
inline std::string newest_clang() {
  for (const char* name : {"clang-19", "clang-14", "clang"}) {
    if (!find_program(name).empty()) return name;
  }
  return "clang";
}

class SetupTest : public ::testing::TestWithParam<Setup> {
 protected:
  void SetUp() override { NEEDS_TOOL(cc()); }
  std::string cc() const { return GetParam().compiler; }
  // "gcc" -> "g++", "clang-19" -> "clang++-19"
  std::string cxx() const {
    return cc() == "gcc" ? "g++" : "clang++" + cc().substr(sizeof("clang") - 1);
  }
  bool is_gcc() const { return cc() == "gcc"; }

  Workspace ws{GetParam().mode};
};

class ModeTest : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override { NEEDS_TOOL("gcc"); }
  Workspace ws{GetParam()};
};

inline std::string setup_label(const ::testing::TestParamInfo<Setup>& info) {
  std::string name = info.param.compiler + "_" + mode_name(info.param.mode);
  for (char& c : name) c = c == '-' || c == '+' ? '_' : c;
  return name;
}
inline std::string mode_label(const ::testing::TestParamInfo<Mode>& info) {
  return mode_name(info.param);
}

}  // namespace deja::test

// Every compiler and every kind of engine. (A one-shot engine with clang would read the 100 MB of
// clang in every test and find nothing new.)
#define EVERY_SETUP(suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(                                                       \
      , suite,                                                                    \
      ::testing::Values(Setup{"gcc", Mode::daemon}, Setup{"gcc", Mode::one_shot}, \
                        Setup{newest_clang(), Mode::daemon}),                     \
      setup_label)
// Every compiler, with a daemon: where the kind of engine makes no difference.
#define EVERY_COMPILER(suite)                                                                      \
  INSTANTIATE_TEST_SUITE_P(                                                                        \
      , suite, ::testing::Values(Setup{"gcc", Mode::daemon}, Setup{newest_clang(), Mode::daemon}), \
      setup_label)
// Both kinds of engine, with gcc.
#define EVERY_MODE(suite) \
  INSTANTIATE_TEST_SUITE_P(, suite, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label)
