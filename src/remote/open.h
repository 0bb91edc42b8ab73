// SPDX-License-Identifier: Apache-2.0
// From an address to a transport with the policies that belong around it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "remote/address.h"
#include "remote/environment.h"
#include "remote/transport.h"

namespace deja::remote {

// One bare transport, without policies. Nothing is sent or read yet. `environment`: the client's.
Result<std::unique_ptr<Transport>> open_address(const Address& address,
                                                const Environment& environment);

struct OpenOptions {
  bool reads = true;
  bool writes = true;
  // How long an answer may take. Two stacks of one remote differ in it: a build that waits is impatient, an
  // upload is not.
  std::int64_t answer_ns = 500'000'000;
  std::int64_t transfer_ns = 600'000'000'000;
  std::uint64_t upload_bytes_per_s = 0;  // 0: no limit
  std::uint64_t download_bytes_per_s = 0;
};

// From inside to outside for each address: bandwidth, retry, deadline, breaker, and the side that is closed; then all
// of them as layers, nearest first; then coalescing and the memory of what is absent.
// REQUIRES: at least one address.
Result<std::unique_ptr<Transport>> open_remotes(std::span<const Address> addresses,
                                                const Environment& environment,
                                                const OpenOptions& options);

}  // namespace deja::remote
