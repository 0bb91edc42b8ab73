// SPDX-License-Identifier: Apache-2.0
// What earlier runs have shown of commands that no adapter knows, by their shape: `deja run` leaves those
// alone that take less time than it costs to store them, or that were not closed. The interposer reads the
// table by itself (observe/preload/route_layout.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "action/not_stored.h"
#include "pipeline/client.h"

namespace deja::pipeline {

// What a run took at least for its result to be worth storing.
inline constexpr std::uint64_t kWorthNs = 10'000'000;

// Notes the run of a command in the table at this path. Nothing happens if there is none.
// not_stored: why its result was not stored; empty: it was.
void note_shape(const std::string& path, const Request& request, std::uint64_t elapsed_ns,
                std::optional<action::NotStored> not_stored);

}  // namespace deja::pipeline
