// SPDX-License-Identifier: Apache-2.0
// Encoder and Decoder: the byte layout of all records and messages.
//
// Grammar (all records of this project are built from these four forms, little endian):
//   fixed   u8 | u32 | u64 | i64                       as they are
//   varint  7 bits a byte, low first, high bit = more  at most 10 bytes
//   bytes   varint length, then that many bytes        raw, any value
//   raw     exactly n bytes, n known from context
// A Decoder never throws and never reads past its end: the first violation sets failed(), after
// which every read returns zero or empty. Callers check failed() (or done()) once, at the end.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace deja {

class Encoder {
 public:
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u32(std::uint32_t v) { fixed(v); }
  void u64(std::uint64_t v) { fixed(v); }
  void i64(std::int64_t v) { fixed(static_cast<std::uint64_t>(v)); }
  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      u8(static_cast<std::uint8_t>(v | 0x80));
      v >>= 7;
    }
    u8(static_cast<std::uint8_t>(v));
  }
  void bytes(std::string_view v) {
    varint(v.size());
    out_.append(v);
  }
  void raw(std::string_view v) { out_.append(v); }

  const std::string& view() const { return out_; }
  std::string take() && { return std::move(out_); }

 private:
  template <typename U>
  void fixed(U v) {
    for (unsigned i = 0; i < sizeof(U); ++i)
      out_.push_back(static_cast<char>((v >> (8 * i)) & 0xff));
  }
  std::string out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = u8();
      if (failed_) return 0;
      if (shift == 63 && b > 1) break;  // more than 64 bits
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if ((b & 0x80) == 0) return v;
    }
    failed_ = true;
    return 0;
  }
  // The view points into the input.
  std::string_view bytes() {
    const std::uint64_t n = varint();
    return raw(n);
  }
  std::string_view raw(std::uint64_t n) {
    if (failed_ || n > in_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view v = in_.substr(0, n);
    in_.remove_prefix(n);
    return v;
  }
  // A count of things that take at least min_size bytes each; bounds what a caller may reserve.
  std::uint64_t count(std::uint64_t min_size) {
    const std::uint64_t n = varint();
    if (min_size != 0 && n > in_.size() / min_size) {
      failed_ = true;
      return 0;
    }
    return n;
  }

  void fail() { failed_ = true; }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && in_.empty(); }
  std::size_t remaining() const { return in_.size(); }

 private:
  template <typename U>
  U fixed() {
    if (failed_ || in_.size() < sizeof(U)) {
      failed_ = true;
      return 0;
    }
    std::uint64_t v = 0;
    for (unsigned i = 0; i < sizeof(U); ++i)
      v |= static_cast<std::uint64_t>(static_cast<unsigned char>(in_[i])) << (8 * i);
    in_.remove_prefix(sizeof(U));
    return static_cast<U>(v);
  }
  std::string_view in_;
  bool failed_ = false;
};

// Lower-case hex, and back; from_hex returns false on odd length or a foreign character.
std::string to_hex(std::string_view bytes);
bool from_hex(std::string_view hex, std::string& out);

}  // namespace deja
