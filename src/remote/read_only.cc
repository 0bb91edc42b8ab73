// SPDX-License-Identifier: Apache-2.0
#include "remote/read_only.h"

#include <string>

namespace deja::remote {

Abilities ReadOnlyTransport::abilities() const {
  Abilities abilities = inner().abilities();
  abilities.reads_only = true;
  abilities.replaces_by_version = false;
  return abilities;
}

Error ReadOnlyTransport::refuse(std::string_view call) const {
  return {Code::denied, 0, name() + ": it is read-only, so '" + std::string(call) + "' is refused"};
}

Status ReadOnlyTransport::put(const Name&, const Source&, Deadline) { return refuse("put"); }

Result<Put> ReadOnlyTransport::replace(const Name&, std::string_view, const std::string&,
                                       Deadline) {
  return refuse("replace");
}

Result<bool> ReadOnlyTransport::remove(const Name&, Deadline) { return refuse("remove"); }

}  // namespace deja::remote
