// SPDX-License-Identifier: Apache-2.0
// Texts that tools leave: make rules, include directives, rustc's dep-info. Whatever they hold, what is
// found is part of the text, and a text moves there and back.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "tool/exec/includes.h"
#include "tool/exec/make_rules.h"
#include "tool/rust/dep_info.h"
#include "tool/shell/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto names = deja::tool::exec::prerequisites(text)) {
    CHECK(std::is_sorted(names->begin(), names->end()));
    CHECK(std::adjacent_find(names->begin(), names->end()) == names->end());
    for (const std::string& name : *names) CHECK(!name.empty() && name.size() <= text.size());
  }
  for (const auto& include : deja::tool::exec::find_includes(text).includes)
    CHECK(!include.name.empty() && include.name.size() <= text.size());
  using deja::tool::shell::Kind;
  for (const Kind kind : {Kind::dash, Kind::bash, Kind::busybox})
    for (const std::string& name : deja::tool::shell::read_code(text, kind).names)
      CHECK(!name.empty());
  const auto moved = deja::tool::rust::move_dep_info(text, {{{"/w", "/a/longer place"}}, {}, {}});
  if (moved && text.find("/a/longer") == text.npos)
    CHECK(deja::tool::rust::move_dep_info(*moved, {{{"/a/longer place", "/w"}}, {}, {}}) == text);
  return 0;
}
