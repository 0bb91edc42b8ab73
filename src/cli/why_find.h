// SPDX-License-Identifier: Apache-2.0
// Finds the events that a user means, and what the store has of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/result.h"
#include "action/trace.h"
#include "base/result.h"
#include "cli/context.h"
#include "journal/event.h"
#include "store/local_store.h"

namespace deja::cli {

// The newest events about a source, an output, a key (its first hex digits, six or more), or a name as the journal
// has it (a crate, a file without its directory); oldest first. `store` may be null: then outputs that only the store
// knows are not found.
Result<std::vector<journal::Event>> find_events(const Context& context, const std::string& query,
                                                store::LocalStore* store);

// Six hex digits or more: fewer could be a file's name.
bool is_key_prefix(std::string_view text);

// Empty when the store no longer has it, or there is no store.
std::optional<action::ActionResult> stored_result(store::LocalStore* store,
                                                  const std::string& key_hex);

// Where the event's run or hit has put the artifact.
std::string artifact_path(const action::ActionResult& result, const action::Artifact& artifact,
                          const journal::Event& event);

// The claims of the result; empty when the store no longer has them.
action::Trace stored_trace(store::LocalStore* store, const journal::Event& event);

}  // namespace deja::cli
