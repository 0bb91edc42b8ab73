// Which build of deja this is. Client and engine must be of one.
#pragma once

#include <cstdint>

namespace deja::wire {

// A digest of the sources (cmake/BuildId.cmake).
std::uint32_t build_number();

}  // namespace deja::wire
