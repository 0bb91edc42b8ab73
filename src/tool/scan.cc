// scan_source: does a text mention something that makes a compiler put the file's own path, the
// clock, or the file's own time into its output?
//
// It runs over every header once (the digester remembers the answer with the digest), so it must
// cost little beside hashing: a few memmem passes over strings that hardly occur. A false alarm (a
// comment, an unused macro) costs sharing, never soundness.
// Tested by scan_test.cc.
#include <cstring>

#include "tool/tool.h"

namespace deja::tool {
namespace {

struct Needle {
  std::string_view text;
  std::uint32_t fact;
};

// Left out on purpose: __FILE_NAME__ (last component only, which is in the key), __LINE__,
// __INCLUDE_LEVEL__, __func__ (names only), `.file "x"` and `#line 3 "x"` (their text is literal,
// so it is content), #pragma message (a message, not an output; streams are searched for roots),
// .incbin, #embed and __has_include (observed as reads and absences).
constexpr Needle kNeedles[] = {
    {"__FILE__", kMentionsOwnPath},             // the path as the compiler found the file
    {"__BASE_FILE__", kMentionsOwnPath},        // the path of the main source
    {"__builtin_FILE", kMentionsOwnPath},       // __FILE__ as a function
    {"source_location", kMentionsOwnPath},      // std:: and __builtin_source_location: file_name()
    {"__PRETTY_FUNCTION__", kMentionsOwnPath},  // clang spells unnamed types "(lambda at PATH:1:2)"
    {"__TIME__", kMentionsClock},
    {"__DATE__", kMentionsClock},
    {"__TIMESTAMP__", kMentionsFileTime},
};

}  // namespace

std::uint32_t scan_source(std::string_view bytes) {
  std::uint32_t facts = 0;
  for (const Needle& needle : kNeedles) {
    if ((facts & needle.fact) != 0) continue;
    if (memmem(bytes.data(), bytes.size(), needle.text.data(), needle.text.size()) != nullptr)
      facts |= needle.fact;
  }
  return facts;
}

}  // namespace deja::tool
