// SPDX-License-Identifier: Apache-2.0
// What differs between a stored result and that of a new run of the same action (an audit).
#pragma once

#include <string>

#include "action/result.h"
#include "action/roots.h"
#include "action/trace.h"

namespace deja::sharing {

// A result, and the trace that it depends on.
struct Evidenced {
  const action::ActionResult& result;
  const action::Trace& trace;
};

// What differs, and which inputs the stored result's trace has missed and that may be the reason, in one
// line; empty when they are equal. A result made in other roots is compared as it would be served here.
std::string difference(const Evidenced& stored, const Evidenced& fresh, const action::Roots& here);

}  // namespace deja::sharing
