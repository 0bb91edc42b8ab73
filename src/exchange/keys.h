// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "remote_loader/admin.h"

namespace deja::exchange {

Keys* keys();

}  // namespace deja::exchange
