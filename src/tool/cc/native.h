// What -march=native means on this machine. Compilers ask the processor itself (CPUID), which no
// observer sees, so the key has to say which processor that was.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deja::tool::cc {

// The lines of /proc/cpuinfo that a compiler's answer depends on, for every different processor.
std::string cpu_identity_text(std::string_view cpuinfo);
inline constexpr const char* kUnknownProcessor = "=native: this machine does not say what it is";
// A digest of that and of the cache sizes (which gcc passes on as --param). Read once a process.
// Empty when the machine does not say.
std::optional<std::string> cpu_identity();

}  // namespace deja::tool::cc
