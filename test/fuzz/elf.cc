// SPDX-License-Identifier: Apache-2.0
// ELF files, as compilers write them and as programs are started: what is read of one lies in it, and a section table
// that cannot be read hides text.
#include "formats/elf.h"

#include <fcntl.h>

#include <cstdint>
#include <string>

#include "formats/hidden_text.h"
#include "memory_file.h"
#include "observe/preload/loadable.h"
#include "observe/raw_calls.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const deja::os::Fd file = deja::fuzz::memory_file(bytes);
  const auto sections = deja::formats::ElfSections::of(file, size, 32);
  if (sections) {
    CHECK(sections->count() <= size / sizeof(Elf64_Shdr));
    CHECK(!sections->at(sections->count()));
    for (std::uint64_t i = 0; i < sections->count(); ++i) {
      const auto section = sections->at(i);
      CHECK(section);
      const auto name = sections->name_of(*section);
      CHECK(!name || bytes.find(*name) != std::string_view::npos);
    }
  }
  const auto hidden = deja::formats::hidden_text(file);
  CHECK(hidden);
  if (bytes.starts_with(ELFMAG) && !sections) CHECK(hidden->is_more);
  if (deja::observe::makes_raw_calls(bytes)) CHECK(bytes.find("\x0f\x05") != bytes.npos);
  // A script's first line would name another file, which is not the input's to choose.
  if (!bytes.starts_with("#!")) {
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    CHECK(deja_fit_at(AT_FDCWD, path.c_str(), 0) <= DEJA_GAINS_RIGHTS);
  }
  return 0;
}
