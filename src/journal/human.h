// SPDX-License-Identifier: Apache-2.0
// Sizes and times in the form of messages.
#pragma once

#include <cstdint>
#include <string>

namespace deja::journal {

std::string human_size(std::uint64_t bytes);  // "1.2 GB"
std::string human_elapsed(std::uint64_t us);  // "0.12 s", "3 min 20 s"

}  // namespace deja::journal
