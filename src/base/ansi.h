// SPDX-License-Identifier: Apache-2.0
// Takes colour out of compiler diagnostics, exactly: only the sequences that gcc and clang emit
// are removed (SGR "ESC [ digits;… m" and erase-line "ESC [ K"), so bytes of a source line that
// a diagnostic quotes stay as they are unless they form such a sequence.
//
// Source: ECMA-48 8.3.117 (SGR), 8.3.41 (EL); GCC manual, -fdiagnostics-color.
// Freestanding: the client uses it too, so it neither allocates nor throws. A call may end in the
// middle of a sequence; at most kAnsiMax bytes are held back until the next call.
#pragma once

#include <cstddef>

namespace deja {

inline constexpr std::size_t kAnsiMax = 32;

class AnsiStripper {
 public:
  // Filters input into output, which must hold size + kAnsiMax bytes. Returns the number of bytes
  // written.
  std::size_t feed(const char* input, std::size_t size, char* output);
  // Ends the stream: bytes that are still held back are plain text.
  std::size_t finish(char* output);

 private:
  std::size_t flush(char* output);
  char held_[kAnsiMax] = {};
  std::size_t held_size_ = 0;
};

}  // namespace deja
