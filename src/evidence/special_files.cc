// SPDX-License-Identifier: Apache-2.0
#include "evidence/special_files.h"

#include "base/path.h"

namespace deja::evidence {
namespace {

struct Row {
  std::string_view path;  // the path itself and everything below it
  Special special;
};
// The first row that matches decides.
constexpr Row kRows[] = {
    {"/dev/null", Special::harmless},
    {"/dev/zero", Special::harmless},
    {"/dev/full", Special::harmless},
    {"/dev/tty", Special::harmless},    // prompts; a tool that reads it cannot be replayed anyway
    {"/dev/stdin", Special::harmless},  // the adapter knows whether the tool reads it
    {"/dev/stdout", Special::harmless},
    {"/dev/stderr", Special::harmless},
    {"/dev/fd", Special::harmless},
    {"/dev/pts", Special::harmless},
    {"/dev/urandom", Special::harmless},  // names of temporary files, hash seeds
    {"/dev/random", Special::harmless},
    {"/dev/shm", Special::ordinary},
    {"/dev", Special::unprovable},
    {"/proc/self/cwd", Special::unprovable},  // another name of files; the log lacks the real one
    {"/proc/self/root", Special::unprovable},
    {"/proc/self/environ", Special::unprovable},
    {"/proc/self", Special::harmless},  // its own maps, executable, descriptors
    {"/proc/thread-self/cwd", Special::unprovable},
    {"/proc/thread-self/root", Special::unprovable},
    {"/proc/thread-self/environ", Special::unprovable},
    {"/proc/thread-self", Special::harmless},
    {"/proc/meminfo", Special::harmless},  // sizes of heaps and worker pools
    {"/proc/cgroups", Special::harmless},  // the JVM asks which limits there are
    {"/proc/stat", Special::harmless},
    {"/proc/loadavg", Special::harmless},
    {"/proc/filesystems", Special::harmless},  // libselinux at start-up
    {"/proc/mounts", Special::harmless},
    {"/proc/sys/vm/overcommit_memory", Special::harmless},  // malloc
    {"/proc/sys/kernel/ngroups_max", Special::harmless},
    {"/proc/cpuinfo", Special::machine},
    {"/proc/version", Special::machine},
    {"/proc/sys", Special::machine},
    {"/proc", Special::unprovable},
    {"/sys/devices/system/cpu/online", Special::harmless},  // sysconf(_SC_NPROCESSORS_ONLN)
    {"/sys/devices/system/cpu/possible", Special::harmless},
    {"/sys/fs/cgroup", Special::harmless},                       // limits: worker pools
    {"/sys/kernel/mm/transparent_hugepage", Special::harmless},  // Go's and others' allocators
    {"/sys/devices/system", Special::machine},
    {"/sys", Special::unprovable},
};

}  // namespace

Special classify_special(std::string_view path) {
  if (!path.starts_with("/dev") && !path.starts_with("/proc") && !path.starts_with("/sys"))
    return Special::ordinary;
  for (const Row& row : kRows) {
    if (is_within(path, row.path)) return row.special;
  }
  return Special::ordinary;
}

}  // namespace deja::evidence
