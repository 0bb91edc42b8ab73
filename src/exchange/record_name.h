// SPDX-License-Identifier: Apache-2.0
// The names of records on a remote: a SHA-256 of what the record is about. A namespace ("space") separates
// groups of machines that do not trust each other: the names of one cannot be derived from those of another.
#pragma once

#include <string_view>

#include "digest/digest.h"
#include "remote/transport.h"

namespace deja::exchange {

remote::Name offer_name(std::string_view space, const ProbeKey& probe);
// branch: "" stands for any branch.
remote::Name session_name(std::string_view space, std::string_view project,
                          std::string_view branch);

}  // namespace deja::exchange
