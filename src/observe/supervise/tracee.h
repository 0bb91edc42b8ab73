// One caller that waits for its answer, looked at from outside: its memory, and what the names it
// uses mean to it. Only expose_clock() changes it.
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
  std::string lookup;   // what leads us to the same file
  bool is_own = false;  // below /proc/self or /dev/fd: it means something else to each process
};

enum class Read { good, bad_address, denied };

// A short file of the kernel's; empty: it cannot be had, or has nothing to say.
std::string read_text(const std::string& path);
// "Name:\t123\n" in the text of /proc/N/status.
std::optional<unsigned long> field(std::string_view text, std::string_view name, int base);

class Tracee {
 public:
  explicit Tracee(pid_t thread) : thread_(thread) {}

  pid_t thread() const { return thread_; }
  Read text(std::uint64_t address, std::string& out) const;
  // A text of any length up to a maximum; false: it cannot be read, or is longer.
  bool long_text(std::uint64_t address, std::size_t max, std::string& out) const;
  bool bytes(std::uint64_t address, void* out, std::size_t size) const;

  // The directory behind a descriptor, AT_FDCWD or a file's descriptor; empty: it has no path.
  std::string path_of(int at) const;
  std::optional<Name> name(int at, const std::string& path) const;
  // A file that is known by a descriptor only.
  std::optional<Name> opened(int fd) const;

  struct Status {
    pid_t process = 0, parent = 0;
    mode_t umask = 022;
    unsigned threads = 1;
    bool no_new_privs = true;
    unsigned filters = 0;  // of seccomp, ours and others; 0: not known (before Linux 5.9)
  };
  std::optional<Status> status() const;
  // What decides which files it may have: users, groups, capabilities, the namespaces they are of, a
  // profile (AppArmor, SELinux). Each call's is the thread's own, and it waits for us meanwhile. Empty:
  // it cannot be had.
  std::string rights() const;
  std::string program() const;  // its executable; empty when it cannot be had

  // The clock can be read without a system call, by functions that the kernel maps into each
  // program. Rewrites them to make the call. False: they are as they were, or may be.
  bool expose_clock() const;
  // Gives it back its own. No thread may be in one of them.
  void cover_clock() const;

 private:
  std::string proc(const char* what) const;
  pid_t thread_;
};

}  // namespace deja::observe::supervise
