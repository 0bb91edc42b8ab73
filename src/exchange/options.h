// SPDX-License-Identifier: Apache-2.0
// What a user has configured about remotes, as far as the exchange needs it. Made from the settings by the engine
// and by the subcommands.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "remote/environment.h"

namespace deja::exchange {

struct Options {
  std::vector<std::string> addresses;  // nearest first
  bool reads = true;
  bool writes = true;
  std::string space;                // namespace: machines of one trust domain
  remote::Environment environment;  // the client's: credentials and proxies
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
