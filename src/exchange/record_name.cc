// SPDX-License-Identifier: Apache-2.0
#include "exchange/record_name.h"

#include "base/bytes.h"
#include "remote/sha256.h"

namespace deja::exchange {

remote::Name offer_name(std::string_view space, const ProbeKey& probe) {
  Encoder e;
  e.bytes("deja offer 1");
  e.bytes(space);
  e.raw(probe.digest.view());
  return {remote::Kind::record, remote::sha256(e.view())};
}

remote::Name session_name(std::string_view space, std::string_view project,
                          std::string_view branch) {
  Encoder e;
  e.bytes("deja session 1");
  e.bytes(space);
  e.bytes(project);
  e.bytes(branch);
  return {remote::Kind::record, remote::sha256(e.view())};
}

}  // namespace deja::exchange
