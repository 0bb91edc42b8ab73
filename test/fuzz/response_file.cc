// SPDX-License-Identifier: Apache-2.0
// Response files: words that were split off, written with every character quoted, are the same
// words.
#include <cstdint>

#include "base/check.h"
#include "tool/cc/arguments.h"

using deja::tool::cc::split_response;

namespace {

std::string quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    // A backslash before a newline is no quoting that all compilers share; double quotes are.
    text += '"';
    for (const char c : word) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += "\"\n";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto words = split_response(text);
  if (words) {
    for (const std::string& word : *words) CHECK(!word.empty());
    CHECK(split_response(quoted(*words)) == words);
  }
  // A file that names itself and others ends at a limit.
  std::size_t reads = 0;
  const deja::tool::cc::ReadText read =
      [&](std::string_view) -> deja::Result<std::optional<std::string>> {
    ++reads;
    return std::optional<std::string>(text);
  };
  const auto expanded =
      deja::tool::cc::expand_arguments({"@x"}, read, {.files = 8, .bytes = 1u << 16});
  CHECK(reads <= 9);
  CHECK(expanded.index() == 1 || words);
  return 0;
}
