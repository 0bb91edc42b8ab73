#include "pipeline/hidden_text.h"

#include <elf.h>

#include <cstring>
#include <string_view>

#include "os/file.h"
#include "os/mapping.h"

namespace deja::pipeline {
namespace {

constexpr std::string_view kHidingFiles[] = {
    "\x1f\x8b",          // gzip: gcc's optimisation record
    "BC\xc0\xde",        // LLVM bitcode: strings are not at whole bytes
    "\xde\xc0\x17\x0b",  // the same, wrapped
    "gpch",              // gcc's precompiled header
    "CPCH",              // clang's
    "DIAG",              // clang's serialized diagnostics, also a bit stream
};
constexpr std::string_view kHidingSections[] = {
    ".gnu.lto_",        ".gnu.debuglto_",  // compressed
    ".zdebug",                             // compressed the old way
    ".llvmbc",          ".llvm.lto",       // bitcode
    "__llvm_prf_names", "__llvm_covmap",  "__llvm_covfun",
};

// Tables that are cut short or lie elsewhere hide whatever they like.
bool sections_may_hide_text(std::string_view file) {
  Elf64_Ehdr header;
  if (file.size() < sizeof(header)) return true;
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr))
    return true;
  const auto section = [&](std::uint64_t index, Elf64_Shdr& out) {
    if (header.e_shoff > file.size() || index >= (file.size() - header.e_shoff) / sizeof(out))
      return false;
    std::memcpy(&out, file.data() + header.e_shoff + index * sizeof(out), sizeof(out));
    return true;
  };
  if (header.e_shoff == 0) return false;
  Elf64_Shdr first, names;
  if (!section(0, first)) return true;
  const std::uint64_t count = header.e_shnum != 0 ? header.e_shnum : first.sh_size;
  const std::uint64_t names_index =
      header.e_shstrndx != SHN_XINDEX ? header.e_shstrndx : first.sh_link;
  if (!section(names_index, names) || names.sh_offset > file.size()) return true;
  for (std::uint64_t i = 1; i < count; ++i) {
    Elf64_Shdr s;
    if (!section(i, s) || s.sh_name >= file.size() - names.sh_offset) return true;
    if ((s.sh_flags & SHF_COMPRESSED) != 0) return true;
    const std::string_view name = file.substr(names.sh_offset + s.sh_name);
    for (const std::string_view hiding : kHidingSections) {
      if (name.starts_with(hiding)) return true;
    }
  }
  return false;
}

}  // namespace

Result<bool> may_hide_text(const os::Fd& fd) {
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size < 4) return false;
  const os::Mapping mapping = TRY(os::Mapping::read_only(fd, identity.size));
  const std::string_view file = mapping.view();
  for (const std::string_view magic : kHidingFiles) {
    if (file.starts_with(magic)) return true;
  }
  return file.starts_with(ELFMAG) && sections_may_hide_text(file);
}

}  // namespace deja::pipeline
