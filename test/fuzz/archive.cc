// SPDX-License-Identifier: Apache-2.0
// Archives of ar: any file is read to its end or refused. An empty member in front of the others changes the answer only
// if it has a date.
#include "formats/archive_dates.h"

#include <cstdint>
#include <optional>
#include <string>

#include "memory_file.h"

namespace {

constexpr std::size_t kMagic = 8;

std::optional<bool> dates_of(std::string_view bytes) {
  const auto dates = deja::formats::holds_dates(deja::fuzz::memory_file(bytes));
  return dates ? std::optional(*dates) : std::nullopt;
}

std::string with_first(std::string_view archive, const char* member) {
  return std::string(archive.substr(0, kMagic)) + member + std::string(archive.substr(kMagic));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto dates = dates_of(bytes);
  if (!bytes.starts_with("!<arch>\n") && !bytes.starts_with("!<thin>\n")) {
    CHECK(dates == false);
    return 0;
  }
  constexpr const char* kPlain = "a/              0           0     0     100644  0         `\n";
  constexpr const char* kDated = "a/              1700000000  0     0     100644  0         `\n";
  CHECK(dates_of(with_first(bytes, kPlain)) == dates);
  CHECK(dates_of(with_first(bytes, kDated)) == true);
  return 0;
}
