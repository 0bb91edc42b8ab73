// SPDX-License-Identifier: Apache-2.0
// What may be in an offer. The same rules hold for what is offered: what a reader would refuse is not sent.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "exchange/offer.h"

namespace deja::exchange {

// Does the claim have the form that its kind has? Code that checks claims or describes them relies on it.
bool is_well_formed(const action::Observation& claim);

// May a result that came from elsewhere name this place? Below a root, an output that the command line names, or an
// absolute path, of which the reader knows whether it may be written (ImportRequest::may_write); never through "..",
// nor into a version control's own directory, whose hooks are programs.
bool is_safe_place(std::string_view tagged, action::Role role);

// The blobs that a result names, ascending and each once. Empty: one digest with two sizes.
std::optional<std::vector<store::BlobReference>> blobs_of(const action::ActionResult& result);

// The result of an entry. `invalid`: why it is refused, in a line without the remote's bytes:
//   its record is none, or not as deja encodes it;
//   its action key is not that of this fingerprint and these claims;
//   its blob table is not exactly what the result names, or sizes or bytes in the offer are wrong;
//   an output lies where is_safe_place() says no, or twice in one place, or below a symlink of the same result;
//   a file would gain a user's or group's rights.
Result<action::ActionResult> check_entry(const ProbeKey& probe, const Offer& offer,
                                         const OfferEntry& entry);
// The part of it that concerns the result alone. An error names what cannot be shared.
Status check_result(const action::ActionResult& result);

}  // namespace deja::exchange
