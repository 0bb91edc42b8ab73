// SPDX-License-Identifier: Apache-2.0
#include "formats/archive_dates.h"

#include <charconv>
#include <string_view>

#include "os/file.h"

namespace deja::formats {
namespace {

// ar(5), and GNU's thin archives: their members are separate files, so only the symbol table and the
// table of long names are in the archive.
constexpr std::string_view kArchiveMagic = "!<arch>\n";
constexpr std::string_view kThinMagic = "!<thin>\n";
constexpr std::size_t kHeader = 60;
struct Field {
  std::size_t at, size;
};
constexpr Field kName = {0, 16}, kDate = {16, 12}, kOwner = {28, 6}, kGroup = {34, 6},
                kSize = {48, 10};

std::string_view field(std::string_view header, Field f) {
  const std::string_view text = header.substr(f.at, f.size);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

bool is_set(std::string_view number) {
  return number.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

Result<bool> holds_dates(const os::Fd& file) {
  char bytes[kHeader];
  const std::size_t begun = TRY(os::read_at(file, 0, bytes, kArchiveMagic.size()));
  const std::string_view magic(bytes, begun);
  const bool thin = magic == kThinMagic;
  if (!thin && magic != kArchiveMagic) return false;
  for (std::uint64_t at = kArchiveMagic.size();;) {
    const std::size_t got = TRY(os::read_at(file, at, bytes, kHeader));
    if (got == 0) return false;
    const std::string_view header(bytes, got);
    std::uint64_t size = 0;
    const std::string_view digits = got == kHeader ? field(header, kSize) : "";
    if (std::from_chars(digits.data(), digits.data() + digits.size(), size).ec != std::errc())
      return Error{Code::corrupt, 0, "the archive ends too early"};
    if (is_set(field(header, kDate)) || is_set(field(header, kOwner)) ||
        is_set(field(header, kGroup)))
      return true;
    const std::string_view name = field(header, kName);
    const bool is_here = !thin || name == "/" || name == "//" || name == "/SYM64/";
    at += kHeader + (is_here ? size + size % 2 : 0);
  }
}

}  // namespace deja::formats
