// SPDX-License-Identifier: Apache-2.0
// Dependency files: names survive being written and read again, and a text moves there and back.
#include <cstdint>

#include "base/check.h"
#include "tool/cc/depfile.h"

using deja::tool::cc::Depfile;
using deja::tool::cc::DepfileStyle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto depfile = deja::tool::cc::parse_depfile(text);
  if (!depfile) return 0;
  CHECK(!depfile->targets.empty());
  const auto again = deja::tool::cc::parse_depfile(format_depfile(*depfile, DepfileStyle::gcc));
  CHECK(again && again->targets == depfile->targets &&
        again->dependencies == depfile->dependencies && again->phony == depfile->phony);
  for (const auto style : {DepfileStyle::gcc, DepfileStyle::clang, DepfileStyle::clang_14}) {
    const auto moved =
        deja::tool::cc::move_depfile(text, {{{"/w", "/a/longer place"}}, {}, {}}, {style});
    if (!moved || text.find("/a/longer") != text.npos) continue;
    // Quoting hides no occurrence of a root; so what is left of it is another directory's name.
    const auto back =
        deja::tool::cc::move_depfile(*moved, {{{"/a/longer place", "/w"}}, {}, {}}, {style});
    CHECK(back && *back == text);
  }
  return 0;
}
