// SPDX-License-Identifier: Apache-2.0
// A whole frame as a string, for the engine and the subcommands. (The client links no std::string.)
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "wire/messages.h"

namespace deja::wire {

inline std::string frame_of(Kind kind, std::string_view body) {
  const FrameHead head = frame_head(kind, body.size());
  std::string bytes(sizeof(head), '\0');
  std::memcpy(bytes.data(), &head, sizeof(head));
  return bytes.append(body);
}

}  // namespace deja::wire
