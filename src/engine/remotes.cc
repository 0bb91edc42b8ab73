// SPDX-License-Identifier: Apache-2.0
#include "engine/remotes.h"

#include <algorithm>
#include <utility>

#include "os/clock.h"
#include "os/file.h"
#include "remote_loader/configure.h"
#include "remote_loader/plugin.h"

namespace deja::engine {
namespace {

// A remote that could not be opened (a key file was missing) is tried again after this time.
constexpr std::int64_t kRetryNs = 30'000'000'000;

// Changes when the file does: a writer who is no longer trusted must not be trusted by a running engine.
std::string stamp_of(const std::string& path) {
  if (path.empty()) return {};
  const auto file = os::stat_file(path);
  if (!file || !*file) return "none";
  return std::to_string((*file)->inode) + '.' + std::to_string((*file)->ctime_ns);
}

}  // namespace

std::shared_ptr<pipeline::Remotes> RemoteRegistry::find(
    const config::Config& config, const std::vector<std::string_view>& environment) {
  if (options_.library.empty()) return nullptr;
  auto options = exchange::options_from(config, environment);
  if (!options) return nullptr;
  const std::string key = exchange::digest_of(*options) + '/' + stamp_of(options->signing_key) +
                          '/' + stamp_of(options->trusted_writers);
  options->cache_dir = options_.cache_dir;
  options->linger_ns = options_.linger_ns;
  options->trouble = options_.trouble;

  const std::int64_t now = os::monotonic_ns();
  // Its end may take a while, so it does not come under the lock.
  std::shared_ptr<pipeline::Remotes> dropped;
  const MutexLock lock(mutex_);
  const auto at = std::find_if(known_.begin(), known_.end(),
                               [&key](const Known& known) { return known.key == key; });
  if (at != known_.end()) {
    std::rotate(at, at + 1, known_.end());
    Known& known = known_.back();
    if (known.remotes != nullptr || now - known.opened_ns < kRetryNs) return known.remotes;
    known_.pop_back();
  }
  if (known_.size() >= kKnownMax) {
    dropped = std::move(known_.front().remotes);
    known_.erase(known_.begin());
  }
  known_.push_back({key, open(*options), now});
  return known_.back().remotes;
}

std::shared_ptr<pipeline::Remotes> RemoteRegistry::open(const exchange::Options& options) {
  const auto plugin = exchange::load_plugin(options_.library);
  auto opened = plugin ? (*plugin)->open_remotes(options, blobs_, records_)
                       : Result<std::unique_ptr<pipeline::Remotes>>(plugin.error());
  if (opened) return *std::move(opened);
  options_.trouble("remote: " + opened.error().message);
  return nullptr;
}

}  // namespace deja::engine
