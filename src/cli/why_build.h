// SPDX-License-Identifier: Apache-2.0
// `deja why --last-build` and `deja why A B`.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/options.h"
#include "explain/nearest.h"
#include "journal/event.h"
#include "store/local_store.h"

namespace deja::cli {

// What made the last build miss. `store` may be null.
int why_last_build(const Context& context, store::LocalStore* store, Format format);

// In what two commands differ, each given as find_events() takes it.
int why_different(const Context& context, store::LocalStore* store, const std::string& first,
                  const std::string& second, Format format);

// What the nearest known command has otherwise, as one text: "argument -O2 instead of -O1, …". Empty: nothing is near.
std::string new_because(const explain::KeyHistory& history, const journal::Event& event);

}  // namespace deja::cli
