// SPDX-License-Identifier: Apache-2.0
// An offer: the record that a remote has for one action fingerprint. It holds the newest traces of several
// writers with their results and small blobs, so that a small hit costs one round trip.
//
// clang-format off
//   offer   = "dejO" u8 version, varint size, raw checksum[8], zstd frame: payload    (exchange/payload.h)
//   payload = raw probe[32], varint n, n * claim, varint m, m * entry      (newest entry first)
//   claim   = u8 claim, varint shared, bytes rest, bytes value             (strictly ascending)
//             (subject = first `shared` bytes of the previous subject, then rest)
//   entry   = raw key[32], varint k, k * varint delta, bytes result, i64 made_at_ns,
//             varint b, b * blob, u8 is_signed, is_signed * (raw writer[32], raw signature[64])
//             (claims ascending, first delta from 0; result: action/result.cc)
//   blob    = raw digest[32], varint size, u8 encoding,                    (digests strictly ascending)
//             (varint stored_size, raw sha256[32] | bytes)                 (bytes: encoding 2)
// clang-format on
//
// What comes from a remote may be a lie. decode_offer() bounds what it takes; check_entry() tests everything
// that can be told without the blobs themselves; who wrote an entry is a question for exchange/signing.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/result.h"
#include "action/trace.h"
#include "base/result.h"
#include "digest/digest.h"
#include "exchange/offered_blob.h"
#include "store/store.h"

namespace deja::exchange {

using PublicKey = std::array<std::uint8_t, 32>;  // of Ed25519 (RFC 8032)
using Signature = std::array<std::uint8_t, 64>;

struct OfferEntry {
  ActionKey key;
  std::vector<std::uint32_t> claims;  // ascending indexes into Offer::claims
  std::string result;                 // a record of action/result.h
  std::int64_t made_at_ns = 0;        // the result's own; here for the order
  std::vector<OfferedBlob> blobs;     // ascending digests
  std::optional<PublicKey> writer;    // empty: not signed
  Signature signature{};
  bool operator==(const OfferEntry&) const = default;
};

struct Offer {
  std::vector<action::Observation> claims;  // of all entries, sorted, each once
  std::vector<OfferEntry> entries;          // newest first

  action::Trace trace(const OfferEntry& entry) const;
  bool operator==(const Offer&) const = default;
};

// An offer of one entry; entry.claims is set from the trace.
Offer make_offer(const action::Trace& trace, OfferEntry entry);

struct OfferLimits {
  std::size_t entries = 16;
  std::uint64_t bytes = 512 << 10;  // of the payload; one entry alone may be larger
};
// Both offers' entries within the limits. Of each writer the newest is kept before the second newest of any
// writer, so nobody crowds the others out. Of one trace and writer the newer entry is kept, of equally old
// ones that of `mine`.
Offer merge(const Offer& mine, const Offer& theirs, const OfferLimits& limits);

std::string encode_offer(const ProbeKey& probe, const Offer& offer);
// Could it be decoded again? What is larger is not offered.
bool fits(const Offer& offer);
// The limit for a get.
std::uint64_t offer_bytes_max();

struct DecodedOffer {
  Offer offer;
  std::size_t refused = 0;  // entries whose claims this deja does not know or that are malformed
};
// `corrupt`: not an offer, or one for another fingerprint. `protocol`: of another version.
Result<DecodedOffer> decode_offer(const ProbeKey& probe, std::string_view bytes);
// The same without the wrapping, for tests.
std::string encode_offer_payload(const ProbeKey& probe, const Offer& offer);
Result<DecodedOffer> decode_offer_payload(const ProbeKey& probe, std::string_view payload);

}  // namespace deja::exchange
