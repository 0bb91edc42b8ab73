// SPDX-License-Identifier: Apache-2.0
#include "remote/source.h"

#include <algorithm>

#include "os/file.h"

namespace deja::remote {

std::uint64_t size_of(const Source& source) {
  return source.file == nullptr ? source.bytes.size() : source.size;
}

Status read_source(const Source& source, std::size_t piece_bytes, const Sink& each) {
  if (source.file == nullptr) {
    for (std::string_view rest = source.bytes; !rest.empty();) {
      TRY(each(rest.substr(0, piece_bytes)));
      rest.remove_prefix(std::min(rest.size(), piece_bytes));
    }
    return {};
  }
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, source.size)),
                    '\0');
  for (std::uint64_t at = 0; at < source.size;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, source.size - at));
    const std::size_t got = TRY(os::read_at(*source.file, at, piece.data(), wanted));
    if (got < wanted)
      return Error{Code::io, 0,
                   "the file to send has " + std::to_string(at + got) + " bytes, expected " +
                       std::to_string(source.size) + ": it was truncated while it was sent"};
    TRY(each(std::string_view(piece).substr(0, got)));
    at += got;
  }
  return {};
}

}  // namespace deja::remote
