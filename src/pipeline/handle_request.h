// The hallway: the way of a request, door by door (docs/ARCHITECTURE.md).
#pragma once

#include "pipeline/client.h"
#include "pipeline/outcome.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// Answers one request. May have the client run the tool on the way; blocks until that has ended.
// The outcome's answer is the last word, which the caller sends after recording the outcome.
// Thread-safe: any number of requests at once on one services.
Outcome handle_request(const Request& request, const Settings& settings, Services& services,
                       Client& client);

}  // namespace deja::pipeline
