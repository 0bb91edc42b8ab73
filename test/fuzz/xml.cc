// SPDX-License-Identifier: Apache-2.0
// Answers of S3: paths and texts are bounded by the answer, and what is well-formed has one root.
#include "remote/xml.h"

#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t sum = 0;
  int roots = 0;
  const bool is_good = deja::remote::read_xml(text, [&](const deja::remote::XmlElement& element) {
    CHECK(!element.path.empty() && element.path.size() <= size);
    sum += element.text.size();
    if (element.path.find('/') == element.path.npos) ++roots;
  });
  CHECK(sum <= size);
  CHECK(!is_good || roots == 1);
  return 0;
}
