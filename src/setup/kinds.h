// SPDX-License-Identifier: Apache-2.0
// The ways to put deja in front of a build, one function each: what to change, for the user to see first.
#pragma once

#include <string>

#include "base/result.h"
#include "setup/plan.h"

namespace deja::setup {

// Cargo: one line in $CARGO_HOME/config.toml.
Result<Plan> plan_rust(const Surroundings& surroundings, bool remove);
// Meson: a native file "deja", where `meson setup --native-file deja` finds it.
Result<Plan> plan_meson(const Surroundings& surroundings, bool remove);
// systemd: a user unit that runs the engine from log-in on.
Result<Plan> plan_systemd(const Surroundings& surroundings, bool remove);
// Links under the compilers' names in a directory for the front of PATH.
Result<Plan> plan_masquerade(const Surroundings& surroundings, bool remove);
std::string masquerade_directory(const Surroundings& surroundings);

// Lines for a shell that put deja in front of CC and CXX, or take it out: changes nothing by itself.
std::string shell_lines(const Surroundings& surroundings, bool remove);

}  // namespace deja::setup
