// SPDX-License-Identifier: Apache-2.0
#include "base/ansi.h"

#include <cstring>

namespace deja {
namespace {
// True if c continues an escape sequence of which `held` bytes were read.
bool continues_sequence(std::size_t held, char c) {
  return held == 1 ? c == '[' : (c >= '0' && c <= '9') || c == ';';
}
}  // namespace

std::size_t AnsiStripper::flush(char* output) {
  std::memcpy(output, held_, held_size_);
  const std::size_t n = held_size_;
  held_size_ = 0;
  return n;
}

std::size_t AnsiStripper::feed(const char* input, std::size_t size, char* output) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = input[i];
    if (held_size_ == 0 && c != '\033') {
      output[written++] = c;
      continue;
    }
    const bool starts = c == '\033';
    const bool ends = held_size_ >= 2 && (c == 'm' || c == 'K');
    if (ends) {
      held_size_ = 0;
    } else if (held_size_ == 0 || (continues_sequence(held_size_, c) && held_size_ < kAnsiMax)) {
      held_[held_size_++] = c;
    } else {  // not a sequence that is removed: plain text
      written += flush(output + written);
      if (starts)
        held_[held_size_++] = c;
      else
        output[written++] = c;
    }
  }
  return written;
}

std::size_t AnsiStripper::finish(char* output) { return flush(output); }

}  // namespace deja
