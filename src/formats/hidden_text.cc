// SPDX-License-Identifier: Apache-2.0
// Recognises file formats by their first bytes and ELF files by their section names. Anything unknown in
// a place where text could be hidden counts as hidden text.
#include "formats/hidden_text.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "formats/elf.h"
#include "formats/file_pieces.h"
#include "formats/gzip.h"
#include "formats/rust_metadata.h"
#include "os/disk.h"
#include "os/file.h"

namespace deja::formats {
namespace {

constexpr std::string_view kHidingFiles[] = {
    "BC\xc0\xde",        // LLVM bitcode: its strings do not start at whole bytes
    "\xde\xc0\x17\x0b",  // wrapped LLVM bitcode
    "gpch",              // gcc's precompiled header
    "CPCH",              // clang's
    "DIAG",              // clang's serialized diagnostics, also a bit stream
};
constexpr std::uint64_t kLongestName = 32;  // of the names below
constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kHidingSections[] = {
    ".gnu.lto_",        ".gnu.debuglto_",  // compressed
    ".zdebug",                             // compressed in the old form
    ".llvmbc",          ".llvm.lto",       // bitcode
    "__llvm_prf_names", "__llvm_covmap",  "__llvm_covfun",
};

// Other content could hide text in turn.
bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' && c != '\r';
  });
}

// The metadata section of a Rust library or proc macro.
bool is_metadata(std::string_view name) {
  constexpr char kMetadataSection[] = ".rustc";
  return name.starts_with(
      std::string_view(kMetadataSection, sizeof(kMetadataSection)));  // including the NUL
}

// Truncated or displaced tables could hide any text.
bool sections_may_hide_text(const os::Fd& fd, std::uint64_t file_size, std::string& unpacked) {
  const auto sections = ElfSections::of(fd, file_size, kLongestName);
  if (!sections) return true;
  for (std::uint64_t i = 1; i < sections->count(); ++i) {
    const auto section = sections->at(i);
    const auto name = section ? sections->name_of(*section) : std::nullopt;
    if (!name || (section->sh_flags & SHF_COMPRESSED) != 0) return true;
    const auto begins = [&](std::string_view hiding) { return name->starts_with(hiding); };
    if (std::any_of(std::begin(kHidingSections), std::end(kHidingSections), begins)) return true;
    if (!is_metadata(*name)) continue;
    if (section->sh_offset > file_size || section->sh_size > file_size - section->sh_offset ||
        section->sh_size > kMetadataMax)
      return true;
    const auto bytes = os::read_range(fd, section->sh_offset, section->sh_size);
    if (!bytes || bytes->size() != section->sh_size) return true;
    const auto text = unpack_rust_metadata(*bytes);
    if (!text) return true;
    unpacked += *text;
  }
  return false;
}

}  // namespace

Result<HiddenText> hidden_text(const os::Fd& fd) {
  HiddenText out;
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size < 4) return out;
  const auto head = exact_range(fd, 0, 4);
  if (!head) return Error{Code::invalid, 0, "the file changed while it was read"};
  if (head->starts_with(kGzip)) {  // gcc's optimisation record, or a Fortran module
    constexpr std::size_t kMost = 64 << 20;
    const auto file = identity.size <= kMost ? exact_range(fd, 0, identity.size) : std::nullopt;
    auto text = file ? unpack_gzip(*file, kMost) : std::nullopt;
    out.is_more = !text || !is_text(*text);
    out.unpacked = std::move(text).value_or("");
  }
  for (const std::string_view magic : kHidingFiles) {
    if (head->starts_with(magic)) out.is_more = true;
  }
  if (head->starts_with(ELFMAG))
    out.is_more = sections_may_hide_text(fd, identity.size, out.unpacked);
  return out;
}

}  // namespace deja::formats
