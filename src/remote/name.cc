// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/bytes.h"
#include "remote/transport.h"

namespace deja::remote {

std::string Name::hex() const {
  return to_hex({reinterpret_cast<const char*>(id.data()), id.size()});
}

std::string Name::path() const { return (kind == Kind::record ? "ac/" : "cas/") + hex(); }

std::optional<Name> Name::from_path(std::string_view path) {
  Name name;
  if (path.starts_with("ac/")) {
    name.kind = Kind::record;
  } else if (!path.starts_with("cas/")) {
    return std::nullopt;
  }
  std::string raw;
  if (!from_hex(path.substr(path.find('/') + 1), raw) || raw.size() != name.id.size())
    return std::nullopt;
  std::copy(raw.begin(), raw.end(), name.id.begin());
  if (name.path() != path) return std::nullopt;  // upper-case digits
  return name;
}

}  // namespace deja::remote
