// SPDX-License-Identifier: Apache-2.0
// Offers, whose payload begins with the fingerprint that they are for. What is accepted can be written again, merged,
// checked and described.
#include <algorithm>
#include <cstdint>

#include "action/claim_text.h"
#include "action/trace.h"
#include "base/check.h"
#include "exchange/offer.h"
#include "exchange/offer_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace exchange = deja::exchange;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(static_cast<bool>(exchange::decode_offer({}, bytes)));
  const deja::ProbeKey probe{deja::Digest::from_view(bytes.substr(0, 32))};
  const auto decoded = exchange::decode_offer_payload(probe, bytes);
  if (!decoded) return 0;
  const exchange::Offer& offer = decoded->offer;
  for (const exchange::OfferEntry& entry : offer.entries) {
    for (const auto& claim : offer.trace(entry).observations)
      CHECK(!deja::action::describe(claim).empty());
    const auto result = exchange::check_entry(probe, offer, entry);
    if (!result) continue;
    for (const auto& artifact : result->artifacts)
      CHECK(artifact.path.find("/../") == std::string::npos);
  }
  const auto again =
      exchange::decode_offer_payload(probe, exchange::encode_offer_payload(probe, offer));
  CHECK(again && again->offer == offer);
  const exchange::Offer merged = exchange::merge(offer, again->offer, {});
  CHECK(merged.entries.size() <= exchange::OfferLimits().entries);
  CHECK(merged.entries.empty() == offer.entries.empty());
  const auto whole = exchange::decode_offer(probe, exchange::encode_offer(probe, merged));
  CHECK(whole && whole->offer == merged && whole->refused == 0);
  return 0;
}
