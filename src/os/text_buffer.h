// SPDX-License-Identifier: Apache-2.0
// Text in memory of fixed size, always NUL-terminated. Freestanding: the client uses it instead of
// std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace deja::os {

class TextBuffer {
 public:
  // size includes room for the NUL.
  TextBuffer(char* out, std::size_t size) : out_(out), size_(size) { clear(); }

  void clear() {
    length_ = 0;
    if (size_ > 0) out_[0] = '\0';
  }
  TextBuffer& add(std::string_view text) {
    if (length_ < 0 || static_cast<std::size_t>(length_) + text.size() + 1 > size_) {
      length_ = -1;
      return *this;
    }
    if (!text.empty()) std::memcpy(out_ + length_, text.data(), text.size());
    length_ += static_cast<long>(text.size());
    out_[length_] = '\0';
    return *this;
  }
  TextBuffer& add_number(std::uint64_t n, unsigned base) {
    char digits[24];
    std::size_t at = sizeof(digits);
    do {
      digits[--at] = "0123456789abcdef"[n % base];
      n /= base;
    } while (n != 0);
    return add({digits + at, sizeof(digits) - at});
  }
  // Without the NUL; -1 once a text did not fit.
  long length() const { return length_; }
  bool fits() const { return length_ >= 0; }

 private:
  char* out_;
  std::size_t size_;
  long length_ = 0;
};

}  // namespace deja::os
