// SPDX-License-Identifier: Apache-2.0
#include "remote_loader/plugin.h"

#include "exchange/admin.h"
#include "exchange/keys.h"
#include "exchange/remotes.h"
#include "wire/build.h"

namespace deja::exchange {
namespace {

Result<std::unique_ptr<pipeline::Remotes>> open_remotes(const Options& options,
                                                        store::BlobStore& blobs,
                                                        store::RecordStore& records) {
  return std::unique_ptr<pipeline::Remotes>(TRY(Remotes::open(options, blobs, records)));
}

}  // namespace
}  // namespace deja::exchange

extern "C" __attribute__((visibility("default"))) const deja::exchange::Plugin*
deja_remote_plugin() {
  static const deja::exchange::Plugin plugin{deja::wire::build_number(),
                                             deja::exchange::open_remotes,
                                             deja::exchange::open_admin, deja::exchange::keys};
  return &plugin;
}
