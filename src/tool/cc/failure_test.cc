// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/failure.h"

#include <gtest/gtest.h>

namespace deja::tool::cc {
namespace {

TEST(Failure, OfTheInputsIsProven) {
  for (const char* text : {
           "a.c:1:10: fatal error: no.h: No such file or directory\n",
           "\x1b[01m\x1b[Ka.c:2:1:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kunknown type "
           "name\n",
           "/usr/bin/ld: cannot find -lno: No such file or directory\ncollect2: error: ld returned "
           "1\n",
           "/usr/bin/ld: a.o: in function `main':\na.c:(.text+0x1): undefined reference to `f'\n",
           "ld.lld: error: undefined symbol: f\n",
           "a.c:1:1: error: x\nemcc: error: '/usr/bin/clang-14 -c a.c' failed (returned 1)\n",
       })
    EXPECT_TRUE(proves_failure(1, text)) << text;
}

TEST(Failure, OfTheMachineIsNot) {
  for (const char* text : {
           "",
           "warning: no proof\n",
           "a.c:1:1: fatal error: error writing to /tmp/x.s: No space left on device\n",
           "gcc: fatal error: Killed signal terminated program cc1\n",
           "cc1: error: out of memory allocating 65536 bytes\n",
           "a.c:3:1: internal compiler error: in f, at g.c:1\n",
           "gcc: error: unable to execute 'cc1'\n",
           "a.c:1:1: fatal error: opening output file a.o: Permission denied\n",
           "a.c:1:1: Fehler: unbekannter Typ\n",
           "emcc: error: '/usr/bin/clang -c a.c' failed (received SIGKILL (-9))\n",
           "Error: ENOSPC: no space left on device, write\nemcc: error: 'node x.js' failed "
           "(returned 1)\n",
           "Traceback (most recent call last):\nemcc: error: x\n",
       })
    EXPECT_FALSE(proves_failure(1, text)) << text;
}

TEST(Failure, OfAnotherExitCodeIsNot) {
  EXPECT_FALSE(proves_failure(4, "a.c:1:1: error: x\n"));
  EXPECT_FALSE(proves_failure(127, "a.c:1:1: error: x\n"));
  EXPECT_FALSE(proves_failure(0, "a.c:1:1: error: x\n"));
}

}  // namespace
}  // namespace deja::tool::cc
