// SPDX-License-Identifier: Apache-2.0
// Reads a Source: what each transport's put begins with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "remote/transport.h"

namespace deja::remote {

std::uint64_t size_of(const Source& source);

// Calls back with the bytes in order, in pieces of at most `piece_bytes`. An error of the callback ends it.
// `io`: the file is shorter than source.size, or cannot be read.
Status read_source(const Source& source, std::size_t piece_bytes, const Sink& each);

}  // namespace deja::remote
