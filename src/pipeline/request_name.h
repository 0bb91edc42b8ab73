// SPDX-License-Identifier: Apache-2.0
// The name of a request in the request cache: everything that a client sends, and every setting that can
// change an answer. Two requests with the same name have the same answer while nothing on the disk changes.
#pragma once

#include <string_view>

#include "digest/digest.h"
#include "pipeline/client.h"
#include "pipeline/services.h"

namespace deja::pipeline {

Digest request_name(const Request& request, const Settings& settings);

// Variables that differ from one shell to the next and that no compiler reads (_, SHLVL, OLDPWD). They are
// not part of a request's name, so a result that depends on one of them is not put into the request cache.
bool is_shell_noise(std::string_view variable);

}  // namespace deja::pipeline
