// SPDX-License-Identifier: Apache-2.0
// The remotes of an engine: one object for each configuration that requests come with (addresses, mode, namespace, the
// credentials in their environment). Made when it is first asked for, kept while it is used.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "config/config.h"
#include "pipeline/remotes.h"
#include "pipeline/services.h"
#include "remote_loader/options.h"
#include "store/store.h"

namespace deja::engine {

class RemoteRegistry {
 public:
  struct Options {
    std::string library;  // path of libdeja-remote.so; empty: there are no remotes
    std::string cache_dir;
    std::int64_t linger_ns = 0;  // how long the engine's end may be put off for uploads
    std::function<void(const std::string&)> trouble;
  };
  // The stores must outlive it.
  RemoteRegistry(Options options, store::BlobStore& blobs, store::RecordStore& records)
      : options_(std::move(options)), blobs_(blobs), records_(records) {}

  // Null: none is configured, or it cannot be opened, which becomes a trouble of the journal.
  std::shared_ptr<pipeline::Remotes> find(const config::Config& config,
                                          const std::vector<std::string_view>& environment);

 private:
  std::shared_ptr<pipeline::Remotes> open(const exchange::Options& options);

  // More than a machine has projects with remotes of their own at one time.
  static constexpr std::size_t kKnownMax = 8;
  struct Known {
    std::string key;                             // digest of all that the object was made from
    std::shared_ptr<pipeline::Remotes> remotes;  // null: could not be opened
    std::int64_t opened_ns = 0;                  // monotonic
  };

  const Options options_;
  store::BlobStore& blobs_;
  store::RecordStore& records_;
  Mutex mutex_;
  std::vector<Known> known_ GUARDED_BY(mutex_);  // most recently used last
};

}  // namespace deja::engine
