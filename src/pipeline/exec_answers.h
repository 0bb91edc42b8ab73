// SPDX-License-Identifier: Apache-2.0
// What `deja exec` itself says to its user: the key, a wrong option, what --strict and --timeout found.
#pragma once

#include <string>

#include "pipeline/client.h"
#include "pipeline/outcome.h"
#include "pipeline/prepare.h"
#include "pipeline/publish.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// A command line that `deja exec` refuses.
Replay usage_error(const std::string& what);
// --print-key: the key, and with --explain what it is made of.
Replay print_key(const Prepared& prepared, const Request& request, const Settings& settings);
// After a run. For every other caller than `deja exec` there is nothing to say.
Done last_word(const RunReport& report, const PublishOutcome& published,
               const tool::Invocation& invocation);

}  // namespace deja::pipeline
