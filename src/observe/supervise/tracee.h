// SPDX-License-Identifier: Apache-2.0
// A process that waits for the answer to its call, examined from outside: its memory, and the files that
// its names refer to. Only expose_clock() and cover_clock() change it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deja::observe::supervise {

// A name in a call of another process.
struct Name {
  std::string text;     // absolute, as it is recorded
  std::string lookup;   // a path by which this process reaches the same file
  bool is_own = false;  // below /proc/self or /dev/fd: it refers to another file in each process
};

enum class TextRead { good, bad_address, denied };

// The content of a short file of the kernel; empty: it cannot be read, or is empty.
std::string read_text(const std::string& path);
// The number in "Name:\t123\n" in the text of /proc/N/status.
std::optional<unsigned long> field(std::string_view text, std::string_view name, int base);

// An address in another process, as the kernel's calls take it.
inline void* remote_pointer(std::uint64_t address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): not of our memory
}

class Tracee {
 public:
  explicit Tracee(pid_t thread) : thread_(thread) {}

  pid_t thread() const { return thread_; }
  TextRead text(std::uint64_t address, std::string& out) const;
  // A text of any length up to a maximum; false: it cannot be read, or is longer.
  bool long_text(std::uint64_t address, std::size_t max, std::string& out) const;
  bool bytes(std::uint64_t address, void* out, std::size_t size) const;

  // The path of a directory descriptor, AT_FDCWD or a file's descriptor; empty: it has no path.
  std::string path_of(int at) const;
  std::optional<Name> name(int at, const std::string& path) const;
  // A file that is given by a descriptor only.
  std::optional<Name> opened(int fd) const;

  struct Status {
    pid_t process = 0, parent = 0;
    mode_t umask = 022;
    unsigned threads = 1;
    bool no_new_privs = true;
    unsigned filters = 0;  // number of seccomp filters; 0: unknown (before Linux 5.9)
  };
  std::optional<Status> status() const;
  // Everything that decides on access to files: users, groups, capabilities, their namespaces, a profile
  // (AppArmor, SELinux). They belong to the calling thread, which waits meanwhile. Empty: unknown.
  std::string rights() const;
  std::string program() const;  // its executable; empty if unknown

  // Programs can read the clock without a system call, by functions that the kernel maps into them.
  // Rewrites these to make the call. False: they are unchanged, or may be.
  bool expose_clock() const;
  // Restores the original functions. No thread may be inside one of them.
  void cover_clock() const;

 private:
  std::string proc(const char* what) const;
  pid_t thread_;
};

}  // namespace deja::observe::supervise
