// SPDX-License-Identifier: Apache-2.0
// Fills the request cache in idle time: prepares and looks up a request that was a hit or was stored, and puts
// its inputs under watch. The next such request is answered without a look at a file.
#pragma once

#include "digest/digest.h"
#include "pipeline/client.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// Nothing is cached when the request would not hit, or when something it depends on cannot be watched.
void prewarm(const Request& request, const Settings& settings, Services& services);

// The cached answer of this name while everything it depends on is unchanged; else null.
std::shared_ptr<const warm::CachedAnswer> cached_answer(const Digest& name, const Request& request,
                                                        Services& services);

}  // namespace deja::pipeline
