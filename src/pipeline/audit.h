// SPDX-License-Identifier: Apache-2.0
// An audit runs the tool although a stored result could be used, and compares the two. A stored result
// that differs is wrong: it is removed, and the inputs that the new run read and that are not in the old
// trace are named, because one of them was missed.
#pragma once

#include <string>

#include "pipeline/look_up.h"
#include "pipeline/publish.h"

namespace deja::pipeline {

// Is this request to be audited? rate: 0 none, 1 all.
bool is_audited(double rate);

// What differs between a stored result and that of a new run, and which inputs may be the reason, in one
// line; empty when they are equal. A result made in other roots is compared as it would be served.
std::string audit(const StoredResult& stored, const Published& fresh,
                  const action::Trace& old_trace, const Target& target);

// Removes a result that was found wrong, from the store and from memory.
void forget(const ActionKey& key, Services& services);

}  // namespace deja::pipeline
