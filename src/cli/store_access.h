// SPDX-License-Identifier: Apache-2.0
// Opens the store in a subcommand, while an engine may be using it.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "cli/context.h"
#include "store/local_store.h"

namespace deja::cli {

// read: changes nothing, except that a missing index is rebuilt.
enum class Access { only_read, read, change };
// Null when there is no store yet: subcommands do not create one.
Result<std::unique_ptr<store::LocalStore>> open_store(const Context& context, Access access);

}  // namespace deja::cli
