// SPDX-License-Identifier: Apache-2.0
#include "tool/programs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace deja::tool {
namespace {

// The programs of `names` that have the fact, separated by blanks.
std::string with(ProgramFact fact, const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names)
    if (has_fact(name, fact)) out += (out.empty() ? "" : " ") + std::string(name);
  return out;
}

TEST(Programs, ShellsAreKnownByTheirExactName) {
  EXPECT_EQ(with(ProgramFact::shell, {"sh", "dash", "bash", "busybox", "bash-5.2", "zsh", "env"}),
            "sh dash bash busybox");
  EXPECT_EQ(with(ProgramFact::has_applets, {"sh", "dash", "bash", "busybox"}), "busybox");
}

TEST(Programs, LinkersMayHaveATargetAndAVersion) {
  const std::vector<std::string_view> names = {"ld",     "x86_64-linux-gnu-ld",
                                               "ld.bfd", "ld.gold-2.40",
                                               "gold",   "collect2",
                                               "ldd",    "ld.lld",
                                               "lld",    "aarch64-linux-gnu-lto-wrapper-12"};
  EXPECT_EQ(with(ProgramFact::linker, names),
            "ld x86_64-linux-gnu-ld ld.bfd ld.gold-2.40 collect2 aarch64-linux-gnu-lto-wrapper-12");
  EXPECT_EQ(with(ProgramFact::draws_build_id, names), "ld x86_64-linux-gnu-ld ld.bfd ld.gold-2.40");
  EXPECT_EQ(with(ProgramFact::loads_llvm_plugin, names),
            "ld x86_64-linux-gnu-ld ld.bfd ld.gold-2.40 gold");
}

TEST(Programs, LldHasManyNames) {
  EXPECT_EQ(with(ProgramFact::lld, {"lld", "ld.lld", "ld.lld-19", "rust-lld", "wasm-ld-14", "ld",
                                    "ld64.lld", "x-lld"}),
            "lld ld.lld ld.lld-19 rust-lld wasm-ld-14");
}

TEST(Programs, SomeUseTheClockInTheirOwnWay) {
  const std::vector<std::string_view> names = {
      "nasm", "yasm", "gnat1", "d21", "cc1", "lto1", "x86_64-linux-gnu-lto1-12"};
  EXPECT_EQ(with(ProgramFact::has_own_words_for_time, names), "nasm gnat1 d21");
  EXPECT_EQ(with(ProgramFact::makes_names_from_clock, names), "lto1 x86_64-linux-gnu-lto1-12");
}

TEST(Programs, SmallToolsReadSingleVariables) {
  const std::vector<std::string_view> names = {"cat", "sed", "env", "awk", "printenv", "bash"};
  EXPECT_EQ(with(ProgramFact::reads_single_variables, names), "cat sed");
  EXPECT_EQ(with(ProgramFact::passes_environment_on, names), "env");
}

TEST(Programs, InterpretersMayHaveAVersion) {
  EXPECT_TRUE(is_interpreter("python3.11", "python"));
  EXPECT_TRUE(is_interpreter("node20", "node"));
  EXPECT_TRUE(is_interpreter("node", "node"));
  EXPECT_FALSE(is_interpreter("nodejs", "node"));
  EXPECT_FALSE(is_interpreter("pypython", "python"));
  EXPECT_TRUE(is_part_of_interpreter("/usr/share/nodejs/undici/lib/a.js"));
  EXPECT_FALSE(is_part_of_interpreter("/usr/share/nodejs/undici-types/a.js"));
}

}  // namespace
}  // namespace deja::tool
