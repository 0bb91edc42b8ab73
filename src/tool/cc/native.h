// SPDX-License-Identifier: Apache-2.0
// What -march=native means on this machine. Compilers ask the processor itself (CPUID), which
// cannot be observed, so the key must name the processor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deja::tool::cc {

// The lines of /proc/cpuinfo that a compiler's answer depends on, once for each kind of processor.
std::string cpu_identity_text(std::string_view cpuinfo);
inline constexpr const char* kUnknownProcessor =
    "=native: /proc/cpuinfo does not describe the processor";
// A digest of those lines and of the cache sizes (which gcc passes on as --param). Read once per
// process. Empty when the machine does not report them.
std::optional<std::string> cpu_identity();

}  // namespace deja::tool::cc
