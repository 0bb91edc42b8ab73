// SPDX-License-Identifier: Apache-2.0
#include "base/ansi.h"

#include <gtest/gtest.h>

#include "base/strip_ansi.h"

namespace deja {
namespace {

TEST(Ansi, RemovesWhatGccAndClangEmit) {
  EXPECT_EQ(
      strip_ansi("\033[01m\033[Ka.c:1:2:\033[m\033[K \033[01;35m\033[Kwarning: \033[m\033[Kx\n"),
      "a.c:1:2: warning: x\n");
  EXPECT_EQ(strip_ansi("\033[1ma.c:1:2: \033[0m\033[0;1;35mwarning: \033[0mx"),
            "a.c:1:2: warning: x");
}

TEST(Ansi, KeepsOtherEscapesAndText) {
  EXPECT_EQ(strip_ansi("\033]8;;u\033\\x"), "\033]8;;u\033\\x");
  EXPECT_EQ(strip_ansi("\033[2Jx"), "\033[2Jx");
  EXPECT_EQ(strip_ansi("end\033["), "end\033[");
  EXPECT_EQ(strip_ansi("\033\033[m"), "\033");
}

TEST(Ansi, AnswerDoesNotDependOnWhereTheStreamIsCut) {
  const std::string text = "a\033[01;31m\033[Kb\033[m\033[Kc\033[5xd\033";
  const std::string whole = strip_ansi(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    AnsiStripper s;
    std::string out(text.size() + 2 * kAnsiMax, '\0');
    std::size_t n = s.feed(text.data(), cut, out.data());
    n += s.feed(text.data() + cut, text.size() - cut, out.data() + n);
    n += s.finish(out.data() + n);
    out.resize(n);
    EXPECT_EQ(out, whole) << cut;
  }
}

TEST(Ansi, LongParametersAreTextNotAnOverflow) {
  const std::string text = "\033[" + std::string(100, '1') + "m";
  EXPECT_EQ(strip_ansi(text), text);
}

}  // namespace
}  // namespace deja
