// SPDX-License-Identifier: Apache-2.0
// The files of AWS's tools: names and values are parts of the text, without blanks around them.
#include "remote/aws_files.h"

#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& [section, settings] : deja::remote::parse_aws_file(text)) {
    CHECK(text.find(section) != text.npos);
    for (const auto& [name, value] : settings) {
      CHECK(value.find('\n') == value.npos && text.find(value) != text.npos);
      CHECK(!value.starts_with(' ') && !value.ends_with('\r'));
    }
  }
  return 0;
}
