// SPDX-License-Identifier: Apache-2.0
// Read, change, write of a record that several writers share: what another writer has put in between is read
// and changed in its turn, where the remote can tell.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "remote/transport.h"

namespace deja::exchange {

// The new record, from what is there; empty: leave it as it is. May be called several times.
using RecordChange =
    std::function<std::optional<std::string>(const std::optional<remote::Object>& present)>;

enum class Updated {
  written,
  left,       // the change had nothing to write
  contended,  // others were first each time
};

inline constexpr unsigned kUpdateTriesMax = 6;

// present: what the caller has just read.
Result<Updated> update_record(remote::Transport& transport, const remote::Name& name,
                              std::uint64_t bytes_max, std::optional<remote::Object> present,
                              const RecordChange& change, remote::Deadline deadline);

}  // namespace deja::exchange
