// SPDX-License-Identifier: Apache-2.0
// Traces of one action share most of their claims, so claims are stored once and sorted, each with the prefix
// that it shares with the one before, as in a manifest. Such prefixes let a few bytes stand for many, so the
// decoder counts what it expands.
//
// Tested by offer_test.cc and test/fuzz/offer.cc.
#include "exchange/offer.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "exchange/offer_check.h"
#include "exchange/payload.h"

namespace deja::exchange {
namespace {

using action::Observation;

constexpr PayloadFormat kOfferFormat{"dejO", 1, 16 << 20};
constexpr std::uint64_t kClaimsMax = 200'000;
constexpr std::uint64_t kExpandedMax = 64 << 20;  // of all claims together
constexpr std::uint64_t kEntriesMax = 256;        // whatever another deja's limits are
constexpr std::uint64_t kEntryBytesMin = 32 + 1 + 1 + 8 + 1 + 1;
constexpr std::uint64_t kBlobBytesMin = 32 + 1 + 1 + 1;

void put_claims(Encoder& e, const std::vector<Observation>& claims) {
  e.varint(claims.size());
  std::string_view before;
  for (const Observation& o : claims) {
    const std::string_view subject = o.subject;
    const auto end = std::mismatch(before.begin(), before.end(), subject.begin(), subject.end());
    const auto shared = static_cast<std::size_t>(end.first - before.begin());
    e.u8(static_cast<std::uint8_t>(o.claim));
    e.varint(shared);
    e.bytes(subject.substr(shared));
    e.bytes(o.value);
    before = subject;
  }
}

// False: they are no claims in order, or too many.
bool get_claims(Decoder& d, std::vector<Observation>& claims) {
  const std::uint64_t n = d.count(4);
  if (n > kClaimsMax) return false;
  claims.resize(n);
  std::uint64_t expanded = 0;
  std::string_view before;
  for (std::uint64_t i = 0; i < n; ++i) {
    Observation& o = claims[i];
    o.claim = static_cast<action::Claim>(d.u8());
    const std::uint64_t shared = d.varint();
    const std::string_view rest = d.bytes();
    o.value = d.bytes();
    if (d.failed() || shared > before.size()) return false;
    expanded += shared + rest.size() + o.value.size();
    if (expanded > kExpandedMax) return false;
    o.subject.append(before.substr(0, shared)).append(rest);
    before = o.subject;
    if (i != 0 && !(claims[i - 1] < o)) return false;
  }
  return !d.failed();
}

void put_blob(Encoder& e, const OfferedBlob& blob) {
  e.raw(blob.digest.view());
  e.varint(blob.size);
  e.u8(static_cast<std::uint8_t>(blob.encoding));
  if (blob.encoding == Encoding::in_offer) {
    e.bytes(blob.bytes);
  } else {
    e.varint(blob.stored_size);
    e.raw({reinterpret_cast<const char*>(blob.id.data()), blob.id.size()});
  }
}

template <std::size_t N>
void get_array(Decoder& d, std::array<std::uint8_t, N>& out) {
  const std::string_view bytes = d.raw(N);
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

OfferedBlob get_blob(Decoder& d) {
  OfferedBlob blob;
  blob.digest = Digest::from_view(d.raw(32));
  blob.size = d.varint();
  const std::uint8_t encoding = d.u8();
  if (encoding > static_cast<std::uint8_t>(Encoding::in_offer)) d.fail();
  blob.encoding = static_cast<Encoding>(encoding);
  if (blob.encoding == Encoding::in_offer) {
    blob.bytes = d.bytes();
  } else {
    blob.stored_size = d.varint();
    get_array(d, blob.id);
  }
  return blob;
}

void put_entry(Encoder& e, const OfferEntry& entry) {
  e.raw(entry.key.digest.view());
  e.varint(entry.claims.size());
  std::uint32_t last = 0;
  for (const std::uint32_t i : entry.claims) e.varint(i - std::exchange(last, i));
  e.bytes(entry.result);
  e.i64(entry.made_at_ns);
  e.varint(entry.blobs.size());
  for (const OfferedBlob& blob : entry.blobs) put_blob(e, blob);
  e.u8(entry.writer ? 1 : 0);
  if (!entry.writer) return;
  e.raw({reinterpret_cast<const char*>(entry.writer->data()), entry.writer->size()});
  e.raw({reinterpret_cast<const char*>(entry.signature.data()), entry.signature.size()});
}

// `claims`: how many there are. A failure of d: not an entry.
OfferEntry get_entry(Decoder& d, std::uint64_t claims) {
  OfferEntry entry;
  entry.key.digest = Digest::from_view(d.raw(32));
  const std::uint64_t count = d.count(1);
  if (count > claims) d.fail();
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < count && !d.failed(); ++i) {
    const std::uint64_t delta = d.varint();
    if ((i != 0 && delta == 0) || delta >= claims - last) return d.fail(), entry;
    last += delta;
    entry.claims.push_back(static_cast<std::uint32_t>(last));
  }
  entry.result = d.bytes();
  entry.made_at_ns = d.i64();
  const std::uint64_t blobs = d.count(kBlobBytesMin);
  for (std::uint64_t i = 0; i < blobs && !d.failed(); ++i) {
    entry.blobs.push_back(get_blob(d));
    if (i != 0 && !(entry.blobs[i - 1].digest < entry.blobs[i].digest)) d.fail();
  }
  const std::uint8_t is_signed = d.u8();
  if (is_signed > 1) d.fail();
  if (is_signed == 0) return entry;
  get_array(d, entry.writer.emplace());
  get_array(d, entry.signature);
  return entry;
}

Error no_offer(std::string_view why) {
  return {Code::corrupt, 0, "not an offer for this fingerprint: " + std::string(why)};
}

std::uint64_t size_of(const Observation& claim) {
  return claim.subject.size() + claim.value.size() + 6;
}

// Without its claims; an upper estimate.
std::uint64_t size_of(const OfferEntry& entry) {
  std::uint64_t size = 160 + entry.result.size() + entry.claims.size();
  for (const OfferedBlob& blob : entry.blobs) size += 80 + blob.bytes.size();
  return size;
}

struct Candidate {
  const Offer* offer;
  const OfferEntry* entry;
  std::size_t rank = 0;  // among its writer's, newest first
};

// One candidate for each trace and writer, those first that are kept first.
std::vector<Candidate> candidates(const Offer& mine, const Offer& theirs) {
  std::vector<Candidate> all;
  for (const Offer* offer : {&mine, &theirs})
    for (const OfferEntry& entry : offer->entries) all.push_back({offer, &entry});
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return a.entry->made_at_ns > b.entry->made_at_ns;
  });
  std::set<std::pair<std::optional<PublicKey>, ActionKey>> seen;
  std::erase_if(all, [&](const Candidate& c) {
    return !seen.insert(std::pair(c.entry->writer, c.entry->key)).second;
  });
  std::map<std::optional<PublicKey>, std::size_t> counts;
  for (Candidate& c : all) c.rank = counts[c.entry->writer]++;
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  return all;
}

// Takes candidates until the limits are reached; at least the first.
std::vector<Candidate> choose(const std::vector<Candidate>& all, const OfferLimits& limits) {
  std::vector<Candidate> chosen;
  std::set<Observation> claims;
  std::uint64_t bytes = 0;
  for (const Candidate& c : all) {
    std::uint64_t more = size_of(*c.entry);
    for (const std::uint32_t i : c.entry->claims)
      if (!claims.contains(c.offer->claims[i])) more += size_of(c.offer->claims[i]);
    if (chosen.size() == limits.entries || (!chosen.empty() && bytes + more > limits.bytes))
      continue;
    bytes += more;
    for (const std::uint32_t i : c.entry->claims) claims.insert(c.offer->claims[i]);
    chosen.push_back(c);
  }
  return chosen;
}

// An offer of the chosen entries with the claims that they need.
Offer assemble(std::vector<Candidate> chosen) {
  std::stable_sort(chosen.begin(), chosen.end(), [](const Candidate& a, const Candidate& b) {
    return a.entry->made_at_ns > b.entry->made_at_ns;
  });
  std::map<Observation, std::uint32_t> numbers;
  for (const Candidate& c : chosen)
    for (const std::uint32_t i : c.entry->claims) numbers.emplace(c.offer->claims[i], 0);
  Offer out;
  for (auto& [claim, number] : numbers) {
    number = static_cast<std::uint32_t>(out.claims.size());
    out.claims.push_back(claim);
  }
  for (const Candidate& c : chosen) {
    OfferEntry& entry = out.entries.emplace_back(*c.entry);
    for (std::uint32_t& i : entry.claims) i = numbers.at(c.offer->claims[i]);
    std::sort(entry.claims.begin(), entry.claims.end());
  }
  return out;
}

}  // namespace

action::Trace Offer::trace(const OfferEntry& entry) const {
  action::Trace out;
  out.observations.reserve(entry.claims.size());
  for (const std::uint32_t i : entry.claims) out.observations.push_back(claims[i]);
  return out;
}

Offer make_offer(const action::Trace& trace, OfferEntry entry) {
  Offer offer;
  action::Trace sorted = trace;
  sorted.normalize();
  offer.claims = std::move(sorted.observations);
  entry.claims.clear();
  for (std::uint32_t i = 0; i < offer.claims.size(); ++i) entry.claims.push_back(i);
  offer.entries.push_back(std::move(entry));
  return offer;
}

Offer merge(const Offer& mine, const Offer& theirs, const OfferLimits& limits) {
  return assemble(choose(candidates(mine, theirs), limits));
}

std::string encode_offer_payload(const ProbeKey& probe, const Offer& offer) {
  Encoder e;
  e.raw(probe.digest.view());
  put_claims(e, offer.claims);
  e.varint(offer.entries.size());
  for (const OfferEntry& entry : offer.entries) put_entry(e, entry);
  return std::move(e).take();
}

std::string encode_offer(const ProbeKey& probe, const Offer& offer) {
  return wrap_payload(kOfferFormat, encode_offer_payload(probe, offer));
}

bool fits(const Offer& offer) {
  std::uint64_t expanded = 0;
  for (const Observation& o : offer.claims) expanded += o.subject.size() + o.value.size();
  return offer.claims.size() <= kClaimsMax && expanded <= kExpandedMax &&
         offer.entries.size() <= kEntriesMax &&
         encode_offer_payload({}, offer).size() <= kOfferFormat.size_max;
}

std::uint64_t offer_bytes_max() { return wrapped_max(kOfferFormat); }

Result<DecodedOffer> decode_offer_payload(const ProbeKey& probe, std::string_view payload) {
  Decoder d(payload);
  if (d.raw(32) != probe.digest.view()) return no_offer("it is for another one");
  DecodedOffer out;
  std::vector<Observation>& claims = out.offer.claims;
  if (!get_claims(d, claims)) return no_offer("its claims are damaged");
  std::vector<bool> is_known(claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) is_known[i] = is_well_formed(claims[i]);
  const std::uint64_t entries = d.count(kEntryBytesMin);
  if (entries > kEntriesMax) return no_offer("it has too many entries");
  for (std::uint64_t i = 0; i < entries; ++i) {
    OfferEntry entry = get_entry(d, claims.size());
    if (d.failed()) break;
    const bool is_usable = std::all_of(entry.claims.begin(), entry.claims.end(),
                                       [&](std::uint32_t claim) { return is_known[claim]; });
    if (is_usable) {
      out.offer.entries.push_back(std::move(entry));
    } else {
      ++out.refused;
    }
  }
  if (!d.done()) return no_offer("it is damaged");
  return out;
}

Result<DecodedOffer> decode_offer(const ProbeKey& probe, std::string_view bytes) {
  return decode_offer_payload(probe, TRY(unwrap_payload(kOfferFormat, bytes)));
}

}  // namespace deja::exchange
