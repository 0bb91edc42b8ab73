// SPDX-License-Identifier: Apache-2.0
#include "exchange/record_update.h"

namespace deja::exchange {

Result<Updated> update_record(remote::Transport& transport, const remote::Name& name,
                              std::uint64_t bytes_max, std::optional<remote::Object> present,
                              const RecordChange& change, remote::Deadline deadline) {
  for (unsigned tries = 0; tries < kUpdateTriesMax; ++tries) {
    if (tries != 0) present = TRY(transport.get(name, bytes_max, deadline));
    const auto bytes = change(present);
    if (!bytes) return Updated::left;
    const std::string version = present ? present->version : "";
    if (TRY(transport.replace(name, *bytes, version, deadline)) == remote::Put::stored)
      return Updated::written;
  }
  return Updated::contended;
}

}  // namespace deja::exchange
