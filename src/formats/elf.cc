// SPDX-License-Identifier: Apache-2.0
// Tested by sharing/root_search_test.cc.
#include "formats/elf.h"

#include <algorithm>
#include <cstring>

#include "formats/file_pieces.h"

namespace deja::formats {

std::optional<ElfSections> ElfSections::of(const os::Fd& fd, std::uint64_t file_size,
                                           std::uint64_t name_bytes) {
  ElfSections out;
  const auto header = exact_range(fd, 0, sizeof(Elf64_Ehdr));
  if (!header) return std::nullopt;
  Elf64_Ehdr h;
  std::memcpy(&h, header->data(), sizeof(h));
  if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_shentsize != sizeof(Elf64_Shdr)) return std::nullopt;
  if (h.e_shoff == 0) return out;
  if (h.e_shoff > file_size) return std::nullopt;
  auto table = exact_range(fd, h.e_shoff, sizeof(Elf64_Shdr));
  if (!table) return std::nullopt;
  out.table_ = *std::move(table);
  const Elf64_Shdr first = *out.at(0);
  out.count_ = h.e_shnum != 0 ? h.e_shnum : first.sh_size;
  if (out.count_ > (file_size - h.e_shoff) / sizeof(Elf64_Shdr)) return std::nullopt;
  table = exact_range(fd, h.e_shoff, out.count_ * sizeof(Elf64_Shdr));
  if (!table) return std::nullopt;
  out.table_ = *std::move(table);
  const auto names = out.at(h.e_shstrndx != SHN_XINDEX ? h.e_shstrndx : first.sh_link);
  if (!names || names->sh_offset > file_size) return std::nullopt;
  const std::uint64_t rest = file_size - names->sh_offset;
  if (names->sh_size > rest) return std::nullopt;
  out.names_size_ = names->sh_size;
  auto text = exact_range(fd, names->sh_offset, std::min(names->sh_size + name_bytes, rest));
  if (!text) return std::nullopt;
  out.names_ = *std::move(text);
  return out;
}

std::optional<Elf64_Shdr> ElfSections::at(std::uint64_t index) const {
  Elf64_Shdr out;
  if (index >= table_.size() / sizeof(out)) return std::nullopt;
  std::memcpy(&out, table_.data() + index * sizeof(out), sizeof(out));
  return out;
}

std::optional<std::string_view> ElfSections::name_of(const Elf64_Shdr& section) const {
  if (section.sh_name >= names_size_) return std::nullopt;
  return std::string_view(names_).substr(section.sh_name);
}

}  // namespace deja::formats
