// SPDX-License-Identifier: Apache-2.0
// An audit runs the tool although a stored result could be used, and compares the two
// (sharing/result_difference.h). A stored result that differs is wrong: it is removed, and the inputs that
// its trace has missed are named.
#pragma once

#include "pipeline/services.h"

namespace deja::pipeline {

// Is this request to be audited? rate: 0 none, 1 all.
bool is_audited(double rate);

// Removes a result that was found wrong, from the store and from memory.
void forget(const ActionKey& key, Services& services);

}  // namespace deja::pipeline
