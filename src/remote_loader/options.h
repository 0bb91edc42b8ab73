// SPDX-License-Identifier: Apache-2.0
// What a user has configured about remotes, as far as the exchange needs it. Made from the settings by the engine
// and by the subcommands.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace deja::exchange {

// The same type as remote::Environment, without its module.
using Variables = std::map<std::string, std::string, std::less<>>;

struct Options {
  std::vector<std::string> addresses;  // nearest first
  bool reads = true;
  bool writes = true;
  std::string space;      // namespace: machines of one trust domain
  Variables environment;  // the client's: credentials and proxies
  std::string cache_dir;
  std::string signing_key;      // a file; empty: what is written is not signed
  std::string trusted_writers;  // a file; empty: everyone's results are taken
  std::int64_t timeout_ns = 500'000'000;
  std::uint64_t upload_bytes_per_s = 0;  // 0: no limit
  std::uint64_t download_bytes_per_s = 0;
  bool prefetches = true;
  std::string project;  // empty: from the checkout (project.h)
  // How long the end of the process may be put off for uploads.
  std::int64_t linger_ns = 0;
  // Is told what goes wrong, one line each, without secrets. Thread-safe.
  std::function<void(const std::string&)> trouble;
};

}  // namespace deja::exchange
