// SPDX-License-Identifier: Apache-2.0
// From the settings of a request or a subcommand to the options of the exchange.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "remote_loader/options.h"

namespace deja::exchange {

// Empty: no remote is configured, or remotes are switched off. environment: "NAME=value". Of the variables only those
// that a remote may need are kept. cache_dir, linger_ns and trouble are left to the caller.
std::optional<Options> options_from(const config::Config& config,
                                    const std::vector<std::string_view>& environment);

// Equal for equal options: two requests with one digest can share one connection. A digest, because options
// hold secrets.
std::string digest_of(const Options& options);

}  // namespace deja::exchange
