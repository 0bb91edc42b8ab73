// SPDX-License-Identifier: Apache-2.0
// clang's precompiled headers and modules, which are LLVM bit streams: inputs have absolute names, and a file whose
// inputs cannot be read may hold times.
#include "formats/ast_file.h"

#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool may_hold_times = deja::formats::ast_may_hold_times(bytes);
  const auto inputs = deja::formats::ast_inputs(bytes);
  if (!bytes.starts_with(deja::formats::kAstMagic)) {
    CHECK(may_hold_times && !inputs);
    return 0;
  }
  if (!inputs) return 0;
  CHECK(!inputs->empty());
  for (const deja::formats::AstInput& input : *inputs)
    CHECK(input.asked.starts_with('/') && input.found.starts_with('/'));
  return 0;
}
