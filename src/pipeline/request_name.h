// SPDX-License-Identifier: Apache-2.0
// The name of a request in the request cache: everything that a client sends, and every setting that can
// change an answer. Shell noise (base/shell_noise.h) is not part of it, so a result that depends on it is not put into
// the request cache. Two requests with the same name have the same answer while nothing on the disk changes.
#pragma once

#include "digest/digest.h"
#include "pipeline/client.h"
#include "pipeline/services.h"

namespace deja::pipeline {

Digest request_name(const Request& request, const Settings& settings);

}  // namespace deja::pipeline
