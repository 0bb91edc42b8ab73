// SPDX-License-Identifier: Apache-2.0
// Writer and Reader: the byte layout of a message. Freestanding (the client links no libstdc++): a
// Writer fills memory of its caller, a Reader points into memory of its caller.
//
//   u32, u64   little endian
//   text       u32 length, then the bytes (any value)
//   list       u32 count, then that many texts
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace deja::wire {

class Writer {
 public:
  // A Writer without memory only counts bytes.
  Writer() = default;
  Writer(char* memory, std::size_t size) : memory_(memory), capacity_(size) {}

  void u32(std::uint32_t v) { fixed(v); }
  void u64(std::uint64_t v) { fixed(v); }
  void text(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    raw(v);
  }
  void raw(std::string_view v) {
    if (size_ + v.size() <= capacity_) std::memcpy(memory_ + size_, v.data(), v.size());
    size_ += v.size();
  }
  // Bytes written or counted. If more than the capacity, the output is not usable.
  std::size_t size() const { return size_; }
  bool fits() const { return size_ <= capacity_; }

 private:
  template <typename U>
  void fixed(U v) {
    char bytes[sizeof(U)];
    for (unsigned i = 0; i < sizeof(U); ++i) bytes[i] = static_cast<char>((v >> (8 * i)) & 0xff);
    raw({bytes, sizeof(U)});
  }
  char* memory_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

class Reader {
 public:
  Reader(const char* data, std::size_t size) : data_(data), size_(size) {}

  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::string_view text() { return raw(u32()); }
  std::string_view raw(std::size_t n) {
    if (failed_ || n > size_) {
      failed_ = true;
      return {};
    }
    const std::string_view v(data_, n);
    data_ += n;
    size_ -= n;
    return v;
  }
  // A count of texts (each at least four bytes), bounded by the bytes that are left.
  std::uint32_t count() {
    const std::uint32_t n = u32();
    if (n > size_ / 4) failed_ = true;
    return failed_ ? 0 : n;
  }
  // Bytes that are still to be read.
  std::size_t left() const { return size_; }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && size_ == 0; }

 private:
  template <typename U>
  U fixed() {
    const std::string_view v = raw(sizeof(U));
    U out = 0;
    for (std::size_t i = 0; i < v.size(); ++i)
      out |= static_cast<U>(static_cast<U>(static_cast<unsigned char>(v[i])) << (8 * i));
    return out;
  }
  const char* data_;
  std::size_t size_;
  bool failed_ = false;
};

}  // namespace deja::wire
