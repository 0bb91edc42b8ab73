// SPDX-License-Identifier: Apache-2.0
// Inflates by RFC 1951, with canonical Huffman codes decoded bit by bit. Tested by gzip_test.cc.
#include "formats/gzip.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace deja::formats {
namespace {

constexpr unsigned kMaxBits = 15;
constexpr std::uint16_t kNoSymbol = 0xffff;

// Reads bits, lowest first. Past the end it returns zeros and remembers that.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  unsigned take(unsigned count) {
    unsigned value = 0;
    for (unsigned i = 0; i < count; ++i) value |= take_one() << i;
    return value;
  }
  unsigned take_one() {
    const std::size_t at = bit_ / 8;
    const unsigned byte = at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0;
    return byte >> (bit_++ % 8) & 1;
  }
  void to_whole_byte() { bit_ = (bit_ + 7) / 8 * 8; }
  bool is_past_end() const { return (bit_ + 7) / 8 > bytes_.size(); }
  // The bytes after the current one.
  std::string_view rest() const { return bytes_.substr(std::min((bit_ + 7) / 8, bytes_.size())); }
  void skip_bytes(std::size_t count) { bit_ += 8 * count; }

 private:
  std::string_view bytes_;
  std::size_t bit_ = 0;
};

// A canonical Huffman code: symbols in the order of their codes, and the number of codes of each length.
class HuffmanCode {
 public:
  explicit HuffmanCode(std::span<const std::uint8_t> lengths) {
    for (const std::uint8_t length : lengths) ++count_[length];
    count_[0] = 0;
    std::array<std::uint16_t, kMaxBits + 2> first{};
    for (unsigned n = 1; n <= kMaxBits; ++n)
      first[n + 1] = static_cast<std::uint16_t>(first[n] + count_[n]);
    for (std::size_t s = 0; s < lengths.size(); ++s)
      if (lengths[s] != 0) symbols_[first[lengths[s]]++] = static_cast<std::uint16_t>(s);
  }

  std::uint16_t next(BitReader& bits) const {
    unsigned code = 0, first = 0, index = 0;
    for (unsigned n = 1; n <= kMaxBits; ++n) {
      code |= bits.take_one();
      if (code < first + count_[n])
        return code < first ? kNoSymbol : symbols_[index + code - first];
      index += count_[n];
      first = (first + count_[n]) << 1;
      code <<= 1;
    }
    return kNoSymbol;
  }

 private:
  std::array<std::uint16_t, kMaxBits + 1> count_{};
  std::array<std::uint16_t, 288> symbols_{};
};

constexpr std::array<std::uint16_t, 29> kLengthBase = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                       15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                       67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, 29> kLengthBits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint16_t, 30> kDistanceBase = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr std::array<std::uint8_t, 30> kDistanceBits = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                        4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                        9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};

class Inflate {
 public:
  Inflate(std::string_view bytes, std::size_t most) : bits_(bytes), most_(most) {}

  std::optional<std::string> run() {
    for (bool is_last = false; !is_last;) {
      is_last = bits_.take_one() != 0;
      const unsigned kind = bits_.take(2);
      const bool good = kind == 0 ? stored() : kind == 1 ? fixed() : kind == 2 ? dynamic() : false;
      if (!good || bits_.is_past_end()) return std::nullopt;
    }
    return std::move(out_);
  }
  std::string_view rest() const { return bits_.rest(); }

 private:
  bool stored() {
    bits_.to_whole_byte();
    const unsigned size = bits_.take(16);
    if ((size ^ bits_.take(16)) != 0xffff) return false;
    const std::string_view rest = bits_.rest();
    if (rest.size() < size || out_.size() + size > most_) return false;
    out_.append(rest.substr(0, size));
    bits_.skip_bytes(size);
    return true;
  }

  bool fixed() {
    std::array<std::uint8_t, 288> lengths{};
    for (std::size_t s = 0; s < lengths.size(); ++s)
      lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    std::array<std::uint8_t, 30> distances{};
    distances.fill(5);
    return symbols(HuffmanCode(lengths), HuffmanCode(distances));
  }

  bool dynamic() {
    const unsigned literals = bits_.take(5) + 257;
    const unsigned distances = bits_.take(5) + 1;
    const unsigned orders = bits_.take(4) + 4;
    if (literals > 286 || distances > 30) return false;
    std::array<std::uint8_t, 19> of_lengths{};
    for (unsigned i = 0; i < orders; ++i)
      of_lengths[kOrder[i]] = static_cast<std::uint8_t>(bits_.take(3));
    const HuffmanCode code(of_lengths);
    std::array<std::uint8_t, 286 + 30> lengths{};
    for (unsigned at = 0; at < literals + distances;) {
      const std::uint16_t symbol = code.next(bits_);
      if (symbol < 16) {
        lengths[at++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol > 18 || (symbol == 16 && at == 0)) return false;
      const std::uint8_t value = symbol == 16 ? lengths[at - 1] : std::uint8_t{0};
      const unsigned times = symbol == 16   ? 3 + bits_.take(2)
                             : symbol == 17 ? 3 + bits_.take(3)
                                            : 11 + bits_.take(7);
      if (at + times > literals + distances) return false;
      std::fill_n(lengths.begin() + at, times, value);
      at += times;
    }
    const std::span<const std::uint8_t> all(lengths);
    return symbols(HuffmanCode(all.first(literals)), HuffmanCode(all.subspan(literals, distances)));
  }

  bool symbols(const HuffmanCode& literals, const HuffmanCode& distances) {
    while (!bits_.is_past_end()) {
      const std::uint16_t symbol = literals.next(bits_);
      if (symbol == 256) return true;
      if (symbol < 256) {
        if (out_.size() >= most_) return false;
        out_.push_back(static_cast<char>(symbol));
      } else if (symbol - 257u >= kLengthBase.size() || !copy(symbol - 257u, distances)) {
        return false;
      }
    }
    return false;
  }

  bool copy(std::size_t which, const HuffmanCode& distances) {
    const std::size_t length = kLengthBase[which] + bits_.take(kLengthBits[which]);
    const std::uint16_t symbol = distances.next(bits_);
    if (symbol >= kDistanceBase.size()) return false;
    const std::size_t distance = kDistanceBase[symbol] + bits_.take(kDistanceBits[symbol]);
    if (distance > out_.size() || out_.size() + length > most_) return false;
    for (std::size_t i = 0; i < length; ++i) out_.push_back(out_[out_.size() - distance]);
    return true;
  }

  BitReader bits_;
  std::size_t most_;
  std::string out_;
};

}  // namespace

std::optional<std::string> unpack_gzip(std::string_view file, std::size_t most) {
  constexpr std::size_t kHeader = 10, kTrailer = 8, kFlags = 3;
  // Only the plain header: a compiler writes no name or comment.
  if (!file.starts_with("\x1f\x8b\x08") || file.size() < kHeader + kTrailer || file[kFlags] != 0)
    return std::nullopt;
  Inflate inflate(file.substr(kHeader), most);
  auto text = inflate.run();
  if (!text || inflate.rest().size() != kTrailer) return std::nullopt;
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i)
    size |= std::uint32_t{static_cast<unsigned char>(file[file.size() - 4 + i])} << (8 * i);
  if (size != static_cast<std::uint32_t>(text->size())) return std::nullopt;
  return text;
}

}  // namespace deja::formats
