// SPDX-License-Identifier: Apache-2.0
// CHECK states an invariant of deja. If it does not hold, deja has a bug and the process aborts.
// That is safe in the engine: a client whose engine ends runs the real tool.
#pragma once

#include <cstdio>
#include <cstdlib>

#define DEJA_CHECK_STRING2(x) #x
#define DEJA_CHECK_STRING(x) DEJA_CHECK_STRING2(x)
#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) [[unlikely]] {                                    \
      std::fputs("deja: CHECK failed: " #condition " at " __FILE_NAME__ \
                 ":" DEJA_CHECK_STRING(__LINE__) "\n",                  \
                 stderr);                                               \
      std::abort();                                                     \
    }                                                                   \
  } while (false)
