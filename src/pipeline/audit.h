// An audit runs the tool although a stored result would do, and compares. What differs is wrong:
// its entry is dropped, and the inputs that the new run read and the old trace does not hold are
// named, because one of them is what was missed.
#pragma once

#include <string>

#include "pipeline/look_up.h"
#include "pipeline/publish.h"

namespace deja::pipeline {

// Is this request one of the sample? rate: 0 none, 1 all.
bool is_audited(double rate);

// What differs between a stored result and the one a run has just left, and why that may be, in one
// line; empty when they are equal. A result made in other roots is compared as it would be served.
std::string audit(const StoredResult& stored, const Published& fresh,
                  const action::Trace& old_trace, const Target& target);

// Drops a result that was found wrong, wherever this services remembers it.
void forget(const ActionKey& key, Services& services);

}  // namespace deja::pipeline
