// Opening the store from a subcommand, beside whatever engine is using it.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "cli/context.h"
#include "store/local_store.h"

namespace deja::cli {

// read: changes nothing, but an index that is missing is made.
enum class Access { only_read, read, change };
// Null when there is no store yet: subcommands never make one.
Result<std::unique_ptr<store::LocalStore>> open_store(const Context& context, Access access);

}  // namespace deja::cli
