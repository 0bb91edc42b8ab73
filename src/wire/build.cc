// SPDX-License-Identifier: Apache-2.0
#include "wire/build.h"

#include <build_id.h>  // made by cmake/BuildId.cmake

namespace deja::wire {

std::uint32_t build_number() { return DEJA_BUILD_ID; }

}  // namespace deja::wire
