// SPDX-License-Identifier: Apache-2.0
// The build number of deja. Client and engine must have the same.
#pragma once

#include <cstdint>

namespace deja::wire {

// A digest of the sources (cmake/BuildId.cmake).
std::uint32_t build_number();

}  // namespace deja::wire
