// SPDX-License-Identifier: Apache-2.0
#include "engine/remotes.h"

#include <algorithm>
#include <utility>

#include "remote_loader/configure.h"
#include "remote_loader/plugin.h"

namespace deja::engine {
std::shared_ptr<pipeline::Remotes> RemoteRegistry::find(
    const config::Config& config, const std::vector<std::string_view>& environment) {
  if (options_.library.empty()) return nullptr;
  auto options = exchange::options_from(config, environment);
  if (!options) return nullptr;
  const std::string key = exchange::digest_of(*options);
  options->cache_dir = options_.cache_dir;
  options->linger_ns = options_.linger_ns;
  options->trouble = options_.trouble;
  // Its end may take a while, so it does not come under the lock.
  std::shared_ptr<pipeline::Remotes> dropped;
  const MutexLock lock(mutex_);
  const auto at = std::find_if(known_.begin(), known_.end(),
                               [&key](const Known& known) { return known.key == key; });
  if (at != known_.end()) {
    std::rotate(at, at + 1, known_.end());
    return known_.back().remotes;
  }
  if (known_.size() >= kKnownMax) {
    dropped = std::move(known_.front().remotes);
    known_.erase(known_.begin());
  }
  const auto plugin = exchange::load_plugin(options_.library);
  auto opened = plugin ? (*plugin)->open_remotes(*options, blobs_, records_)
                       : Result<std::unique_ptr<pipeline::Remotes>>(plugin.error());
  if (!opened) options_.trouble("remote: " + opened.error().message);
  known_.push_back(
      {key, opened ? std::shared_ptr<pipeline::Remotes>(*std::move(opened)) : nullptr});
  return known_.back().remotes;
}

}  // namespace deja::engine
