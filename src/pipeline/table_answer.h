// SPDX-License-Identifier: Apache-2.0
// What a client needs to answer a request from the shared table by itself (wire/answer_table.h).
#pragma once

#include <optional>
#include <string>

#include "pipeline/client.h"
#include "pipeline/outcome.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// The bytes of the answer. Empty: it is not simple enough for a client, or the engine has more to do for such a
// request than to answer it.
std::optional<std::string> table_answer(const Request& request, const Settings& settings,
                                        const warm::CachedAnswer& cached, store::BlobStore& blobs);

// The outcome of a request that was answered in this way, without its answer.
Outcome table_outcome(const warm::CachedAnswer& cached);

}  // namespace deja::pipeline
