// SPDX-License-Identifier: Apache-2.0
// What the setup of a user or a project needs to know of this process.
#pragma once

#include "cli/context.h"
#include "setup/plan.h"

namespace deja::cli {

setup::Surroundings surroundings_of(const Context& context);

}  // namespace deja::cli
