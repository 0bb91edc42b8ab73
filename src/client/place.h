// SPDX-License-Identifier: Apache-2.0
// Puts the files of an answer from the table in place.
#pragma once

#include <cstdint>
#include <string_view>

namespace deja::client {

struct Placed {
  bool done = false;
  std::string_view replay;         // the rest of the answer, the body of a replay
  std::uint64_t cloned_bytes = 0;  // what the file system shares with the store instead of copying
};

// Places all files of an answer (wire/answer_table.h). Not done: something is in the way, or not as it was; then no
// file that was there has changed, except outputs that the engine or the tool will write again.
Placed place_files(std::string_view answer);

}  // namespace deja::client
