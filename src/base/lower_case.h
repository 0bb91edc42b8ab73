// SPDX-License-Identifier: Apache-2.0
// Lower case for words of protocols and files: only the letters of ASCII change, in every locale.
#pragma once

#include <string>
#include <string_view>

namespace deja {

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace deja
