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

// Compilation_Date, Compilation_ISO_Date and Compilation_Time are the only ways that a source has, and
// who declares one of them himself has to call it so. A letter can be spelled ["43"]; the preprocessor
// in the compiler (-gnateD, -gnatep) can put names together. "Compiled at:" heads a listing.
constexpr std::string_view kTelling[] = {"compilation_", "[\"", "-gnated", "-gnatep",
                                         "compiled at:"};

bool may_tell(std::string_view text) {
  return std::any_of(std::begin(kTelling), std::end(kTelling),
                     [&](std::string_view word) { return holds(text, word); });
}

}  // namespace

const Timekeeper gnat_timekeeper = {"gnat1", may_tell};

}  // namespace deja::tool::cc
