// SPDX-License-Identifier: Apache-2.0
#include "remote_loader/configure.h"

#include <algorithm>

#include "digest/hasher.h"

namespace deja::exchange {
namespace {

// What libcurl and the AWS tools are told by, and what an address names itself ("token_variable=CI_TOKEN").
bool concerns_remotes(std::string_view name, const config::Config& config) {
  constexpr std::string_view kNames[] = {"HOME",      "http_proxy", "https_proxy", "HTTPS_PROXY",
                                         "all_proxy", "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
  if (name.starts_with("AWS_")) return true;
  if (std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames)) return true;
  return std::any_of(config.remote.begin(), config.remote.end(), [name](const std::string& url) {
    return url.find("_variable=" + std::string(name)) != std::string::npos;
  });
}

}  // namespace

std::optional<Options> options_from(const config::Config& config,
                                    const std::vector<std::string_view>& environment) {
  using config::RemoteMode;
  if (config.remote.empty() || config.remote_mode == RemoteMode::off) return std::nullopt;
  Options options;
  options.addresses = config.remote;
  options.reads = config.remote_mode != RemoteMode::write_only;
  options.writes = config.remote_mode != RemoteMode::read_only;
  options.space = config.remote_namespace;
  options.signing_key = config.remote_signing_key;
  options.trusted_writers = config.remote_trusted_writers;
  options.timeout_ns = static_cast<std::int64_t>(config.remote_timeout_ms) * 1'000'000;
  options.upload_bytes_per_s = config.remote_upload_limit;
  options.download_bytes_per_s = config.remote_download_limit;
  options.prefetches = config.remote_prefetch;
  options.project = config.remote_project;
  for (const std::string_view entry : environment) {
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos || !concerns_remotes(entry.substr(0, equals), config)) continue;
    options.environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return options;
}

std::string digest_of(const Options& o) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    text += std::to_string(part.size()) + ':';
    text += part;
  };
  for (const std::string& address : o.addresses) add(address);
  for (const std::string& part : {o.space, o.signing_key, o.trusted_writers, o.project}) add(part);
  for (const std::uint64_t number :
       {std::uint64_t{o.reads}, std::uint64_t{o.writes}, std::uint64_t{o.prefetches},
        static_cast<std::uint64_t>(o.timeout_ns), o.upload_bytes_per_s, o.download_bytes_per_s})
    add(std::to_string(number));
  for (const auto& [name, value] : o.environment) add(name), add(value);
  return digest::digest_bytes(text).hex();
}

}  // namespace deja::exchange
