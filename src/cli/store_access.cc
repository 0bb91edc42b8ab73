// SPDX-License-Identifier: Apache-2.0
#include "cli/store_access.h"

#include <utility>

#include "os/file.h"
#include "store/layout.h"

namespace deja::cli {

Result<std::unique_ptr<store::LocalStore>> open_store(const Context& context, Access access) {
  const store::Layout layout(context.places.dir);
  if (!TRY(os::stat_file(layout.format()))) return std::unique_ptr<store::LocalStore>();
  store::LocalStore::Options options;
  options.dir = context.places.dir;
  options.limit_bytes = context.loaded.config.store_limit_bytes;
  options.read_only = access != Access::change;
  auto opened = store::LocalStore::open(options);
  if (opened || access != Access::read) return opened;
  // An index that must be rebuilt first cannot be opened read-only.
  options.read_only = false;
  return store::LocalStore::open(std::move(options));
}

}  // namespace deja::cli
