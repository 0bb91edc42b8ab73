// SPDX-License-Identifier: Apache-2.0
#include "engine/remotes.h"

#include <algorithm>
#include <utility>

#include "digest/hasher.h"
#include "exchange/plugin.h"

namespace deja::engine {
namespace {

// A remote may read credentials from any variable that its address names, so all that look like one count, and the
// usual ones. Two requests with equal values share one object.
bool concerns_remotes(std::string_view name, const config::Config& config) {
  constexpr std::string_view kNames[] = {"HOME",      "http_proxy", "https_proxy", "HTTPS_PROXY",
                                         "all_proxy", "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
  if (name.starts_with("AWS_")) return true;
  if (std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames)) return true;
  return std::any_of(config.remote.begin(), config.remote.end(), [name](const std::string& url) {
    return url.find("_variable=" + std::string(name)) != std::string::npos;
  });
}

remote::Environment environment_of(const std::vector<std::string_view>& entries,
                                   const config::Config& config) {
  remote::Environment environment;
  for (const std::string_view entry : entries) {
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos || !concerns_remotes(entry.substr(0, equals), config)) continue;
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::string key_of(const exchange::Options& o) {
  std::string text = o.space + '\0' + o.project + '\0' + o.signing_key + '\0' + o.trusted_writers;
  for (const std::string& address : o.addresses) text += '\0' + address;
  for (const auto& [name, value] : o.environment) text += '\0' + name + '=' + value;
  for (const std::uint64_t number :
       {std::uint64_t{o.reads}, std::uint64_t{o.writes}, std::uint64_t{o.prefetches},
        static_cast<std::uint64_t>(o.timeout_ns), o.upload_bytes_per_s, o.download_bytes_per_s})
    text += '\0' + std::to_string(number);
  return digest::digest_bytes(text).hex();
}

}  // namespace

std::shared_ptr<pipeline::Remotes> RemoteRegistry::find(
    const config::Config& config, const std::vector<std::string_view>& environment) {
  if (config.remote.empty() || config.remote_mode == config::RemoteMode::off ||
      options_.library.empty())
    return nullptr;
  exchange::Options options;
  options.addresses = config.remote;
  options.reads = config.remote_mode != config::RemoteMode::write_only;
  options.writes = config.remote_mode != config::RemoteMode::read_only;
  options.environment = environment_of(environment, config);
  options.cache_dir = options_.cache_dir;
  options.linger_ns = options_.linger_ns;
  options.trouble = options_.trouble;
  const std::string key = key_of(options);

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
  auto opened = plugin ? (*plugin)->open_remotes(options, blobs_, records_)
                       : Result<std::unique_ptr<pipeline::Remotes>>(plugin.error());
  if (!opened) options_.trouble("remote: " + opened.error().message);
  known_.push_back(
      {key, opened ? std::shared_ptr<pipeline::Remotes>(*std::move(opened)) : nullptr});
  return known_.back().remotes;
}

}  // namespace deja::engine
