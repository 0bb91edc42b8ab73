// SPDX-License-Identifier: Apache-2.0
// Digest: a hash of content. Key types: hashes of descriptions. They are different types, so they do not
// convert into one another by accident.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace deja {

// BLAKE3-256 of content. Every record that contains a digest names the function (docs/format.md), so
// that it can be changed.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string hex() const { return to_hex(view()); }
  static Digest from_view(std::string_view v) {  // v.size() == 32, else all zero
    Digest d;
    if (v.size() == d.bytes.size()) std::memcpy(d.bytes.data(), v.data(), v.size());
    return d;
  }
  static std::optional<Digest> from_hex(std::string_view hex) {
    std::string raw;
    if (!deja::from_hex(hex, raw) || raw.size() != 32) return std::nullopt;
    return from_view(raw);
  }
};

// The digest of a description of kind Tag.
template <typename Tag>
struct Key {
  Digest digest;
  auto operator<=>(const Key&) const = default;
  std::string hex() const { return digest.hex(); }
};
using ProbeKey = Key<struct ProbeKeyTag>;    // an action, before any file is read
using ActionKey = Key<struct ActionKeyTag>;  // an action with all inputs of one trace

}  // namespace deja

template <>
struct std::hash<deja::Digest> {
  std::size_t operator()(const deja::Digest& d) const noexcept {
    std::size_t h;
    std::memcpy(&h, d.bytes.data(), sizeof(h));
    return h;
  }
};
template <typename Tag>
struct std::hash<deja::Key<Tag>> {
  std::size_t operator()(const deja::Key<Tag>& k) const noexcept {
    return std::hash<deja::Digest>()(k.digest);
  }
};
