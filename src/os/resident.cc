// SPDX-License-Identifier: Apache-2.0
#include "os/resident.h"

#include <malloc.h>

#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>
#include <memory>

namespace deja::os {

void release_mapped_pages(const FileIdentity& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/maps", "re"),
                                                             std::fclose);
  if (!maps) return;
  char line[8192];
  while (std::fgets(line, sizeof(line), maps.get()) != nullptr) {
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;
    char access[5] = {};
    unsigned major_number = 0;
    unsigned minor_number = 0;
    std::uint64_t inode = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %x:%x %" SCNu64, &start, &end, access,
                    &major_number, &minor_number, &inode) != 6)
      continue;
    const bool is_shared_reader = access[1] == '-' && access[3] == 's';
    if (inode != file.inode || !is_shared_reader) continue;
    // The device is not compared: some file systems (btrfs, overlays) show another one here. Dropping
    // the wrong shared read-only mapping costs only a few page faults.
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the address comes as text, from no pointer of ours.
    ::madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
  }
}

void give_memory_back() { ::malloc_trim(0); }

}  // namespace deja::os
