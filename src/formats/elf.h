// SPDX-License-Identifier: Apache-2.0
// ElfSections: the section headers of a 64-bit ELF file. None of its numbers is trusted, and the file may
// be truncated meanwhile.
#pragma once

#include <elf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/fd.h"

namespace deja::formats {

class ElfSections {
 public:
  // Empty: the table cannot be read. name_bytes: the length that name_of() returns at least, unless the file
  // ends before.
  static std::optional<ElfSections> of(const os::Fd& fd, std::uint64_t file_size,
                                       std::uint64_t name_bytes);

  std::uint64_t count() const { return count_; }
  std::optional<Elf64_Shdr> at(std::uint64_t index) const;
  // Returns the bytes to the end of the name table, not only this name.
  std::optional<std::string_view> name_of(const Elf64_Shdr& section) const;

 private:
  std::string table_, names_;
  std::uint64_t names_size_ = 0, count_ = 0;
};

}  // namespace deja::formats
