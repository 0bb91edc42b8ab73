// SPDX-License-Identifier: Apache-2.0
// Tested by adapter_test.cc and test/e2e/tools_test.cc.
#include "tool/cc/ada.h"

#include <algorithm>
#include <iterator>

namespace deja::tool::cc {
namespace {

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool holds(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return small(a) == b; }) != text.end();
}

// A source gets the time only through Compilation_Date, Compilation_ISO_Date and Compilation_Time;
// a unit that declares one of them itself must use the same name. A letter can be spelled ["43"],
// and the compiler's own preprocessor (-gnateD, -gnatep) can put names together. "Compiled at:" is
// in the head of a listing.
constexpr std::string_view kTimeSpellings[] = {"compilation_", "[\"", "-gnated", "-gnatep",
                                               "compiled at:"};

bool may_tell(std::string_view text) {
  return std::any_of(std::begin(kTimeSpellings), std::end(kTimeSpellings),
                     [&](std::string_view word) { return holds(text, word); });
}

}  // namespace

const Timekeeper gnat_timekeeper = {"gnat1", may_tell};

}  // namespace deja::tool::cc
