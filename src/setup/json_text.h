// SPDX-License-Identifier: Apache-2.0
// Where the parts of a JSON text are, for edits that leave all other bytes as they are.
// REQUIRES: the text is valid JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace deja::setup {

// Offsets of a value: `end` is behind its last byte.
struct JsonSpan {
  std::size_t begin = 0, end = 0;
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

// The value of the text itself.
JsonSpan json_root(std::string_view text);
// The value of an object's member; the last one if the name is there twice. The name must have no escapes.
std::optional<JsonSpan> json_member(std::string_view text, JsonSpan object, std::string_view name);
std::vector<JsonSpan> json_elements(std::string_view text, JsonSpan array);

}  // namespace deja::setup
