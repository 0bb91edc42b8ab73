// SPDX-License-Identifier: Apache-2.0
// The form of a request: the part of its body that can change the answer. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/codec.h"
#include "wire/messages.h"

namespace deja::wire {

// Empty: the body is malformed.
inline std::string_view form_of(std::string_view body) {
  Reader r(body.data(), body.size());
  r.raw(kRequestHeadSize);
  r.u32();                              // Calling
  r.text();                             // cwd
  for (int list = 0; list < 2; ++list)  // argv, environment
    for (std::uint32_t n = r.count(); n > 0; --n) r.text();
  return r.failed() ? std::string_view() : body.substr(0, body.size() - r.left());
}

}  // namespace deja::wire
