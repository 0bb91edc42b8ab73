// SPDX-License-Identifier: Apache-2.0
#include "remote_loader/configure.h"

#include <algorithm>

#include "digest/hasher.h"

namespace deja::exchange {
namespace {

// The variables that addresses name themselves: "?token_variable=CI_TOKEN".
std::vector<std::string_view> named_variables(const std::vector<std::string>& addresses) {
  constexpr std::string_view kParameter = "_variable=";
  std::vector<std::string_view> names;
  for (const std::string_view address : addresses) {
    for (std::size_t at = address.find(kParameter); at != address.npos;
         at = address.find(kParameter, at + 1)) {
      const std::string_view rest = address.substr(at + kParameter.size());
      names.push_back(rest.substr(0, rest.find('&')));
    }
  }
  return names;
}

// What libcurl and the AWS tools are told by.
bool concerns_remotes(std::string_view name) {
  constexpr std::string_view kNames[] = {"HOME",      "http_proxy", "https_proxy", "HTTPS_PROXY",
                                         "all_proxy", "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
  return name.starts_with("AWS_") ||
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
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
  const std::vector<std::string_view> named = named_variables(config.remote);
  for (const std::string_view entry : environment) {
    const std::string_view name = entry.substr(0, entry.find('='));
    if (name.size() == entry.size()) continue;
    if (concerns_remotes(name) || std::find(named.begin(), named.end(), name) != named.end())
      options.environment.emplace(name, entry.substr(name.size() + 1));
  }
  return options;
}

std::string digest_of(const Options& o) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    text += std::to_string(part.size()) + ':';
    text += part;
  };
  add(std::to_string(o.addresses.size()));
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
