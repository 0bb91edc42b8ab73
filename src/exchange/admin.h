// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "remote_loader/admin.h"
#include "remote_loader/options.h"
#include "store/store.h"

namespace deja::exchange {

// The stores must outlive it.
Result<std::unique_ptr<Admin>> open_admin(const Options& options, const std::string& cwd,
                                          store::BlobStore& blobs, store::RecordStore& records);

}  // namespace deja::exchange
