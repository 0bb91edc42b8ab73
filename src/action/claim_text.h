// SPDX-License-Identifier: Apache-2.0
// Claims as text for people. Neither text has the value of a variable in it, which may be a secret.
#pragma once

#include <string>

#include "action/trace.h"

namespace deja::action {

// What the claim says: "file <cwd>/a.h has the content 12ab34…".
std::string describe(const Observation& claim);

// What has changed when the claim no longer holds: "changed: file <cwd>/a.h", "changed: <cwd>/b.h, which
// was not there".
std::string describe_change(const Observation& claim);

}  // namespace deja::action
