// SPDX-License-Identifier: Apache-2.0
#include "remote/write_only.h"

namespace deja::remote {

Abilities WriteOnlyTransport::abilities() const {
  Abilities abilities = inner().abilities();
  abilities.replaces_by_version = false;
  abilities.gets_many = false;
  return abilities;
}

Result<std::optional<Object>> WriteOnlyTransport::get(const Name&, std::uint64_t, Deadline) {
  return std::optional<Object>();
}

Result<bool> WriteOnlyTransport::get_to(const Name&, std::uint64_t, const Sink&, Deadline) {
  return false;
}

Result<std::vector<std::optional<Object>>> WriteOnlyTransport::get_many(std::span<const Name> names,
                                                                        std::uint64_t, Deadline) {
  return std::vector<std::optional<Object>>(names.size());
}

Result<Put> WriteOnlyTransport::replace(const Name& name, std::string_view bytes,
                                        const std::string&, Deadline deadline) {
  TRY(inner().put(name, {.bytes = bytes}, deadline));
  return Put::stored;
}

}  // namespace deja::remote
