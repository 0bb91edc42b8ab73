// SPDX-License-Identifier: Apache-2.0
// strip_ansi: a whole text without its colour sequences (base/ansi.h).
#pragma once

#include <string>
#include <string_view>

#include "base/ansi.h"

namespace deja {

inline std::string strip_ansi(std::string_view text) {
  AnsiStripper stripper;
  std::string out(text.size() + kAnsiMax, '\0');
  std::size_t n = stripper.feed(text.data(), text.size(), out.data());
  n += stripper.finish(out.data() + n);
  out.resize(n);
  return out;
}

}  // namespace deja
