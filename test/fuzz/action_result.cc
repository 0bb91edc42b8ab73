// SPDX-License-Identifier: Apache-2.0
// What a server has under /ac: a record that is found is part of it, and is found again in its own encoding.
#include "remote/action_result.h"

#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = deja::remote::decode_action_result(bytes);
  if (record && *record) CHECK((*record)->size() <= bytes.size());
  const std::string encoded = deja::remote::encode_action_result(bytes);
  const auto again = deja::remote::decode_action_result(encoded);
  CHECK(again && *again && **again == bytes);
  return 0;
}
