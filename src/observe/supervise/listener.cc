// SPDX-License-Identifier: Apache-2.0
// The BPF program compares the architecture first, then the call numbers from the table in calls.cc in turn,
// and where the table says so one argument.
#include "observe/supervise/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "observe/supervise/calls.h"

namespace deja::observe::supervise {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
constexpr std::uint32_t kX32 = 0x40000000;  // numbers of the x32 calls

// Newer than Debian 12's headers (6.6).
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, std::uint64_t);
constexpr unsigned long kSyncWakeUp = 1;

class Filter {
 public:
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset), 0, 0);
  }
  void load_number() { load(offsetof(seccomp_data, nr)); }
  // Skips `count` instructions if the values differ.
  void skip_unless_equal(std::uint32_t value, std::uint8_t count) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
  }
  void skip_if_equal(std::uint32_t value, std::uint8_t count) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0);
  }
  void skip_unless_at_least(std::uint32_t value, std::uint8_t count) {
    add(BPF_JMP | BPF_JGE | BPF_K, value, 0, count);
  }
  void end(std::uint32_t action) { add(BPF_RET | BPF_K, action, 0, 0); }

  void add_call(const Syscall& call) {
    bool always = true;
    for (const Condition& condition : conditions())
      if (condition.number == call.number) {
        add_condition(condition);
        always = false;
      }
    if (!always) return;
    skip_unless_equal(static_cast<std::uint32_t>(call.number), 1);
    end(SECCOMP_RET_USER_NOTIF);
  }

  sock_fprog view() {
    return {static_cast<unsigned short>(instructions_.size()), instructions_.data()};
  }

 private:
  // Compares the lower halves of small numbers; both architectures are little-endian.
  void add_condition(const Condition& condition) {
    skip_unless_equal(static_cast<std::uint32_t>(condition.number), 4);
    load(offsetof(seccomp_data, args) + static_cast<std::size_t>(condition.argument) * 8);
    if (condition.is_not) {
      skip_if_equal(condition.value, 1);
    } else {
      skip_unless_equal(condition.value, 1);
    }
    end(SECCOMP_RET_USER_NOTIF);
    load_number();
  }
  void add(std::uint16_t code, std::uint32_t k, std::uint8_t if_true, std::uint8_t if_false) {
    instructions_.push_back({code, if_true, if_false, k});
  }
  std::vector<sock_filter> instructions_;
};

// All calls of another architecture (a 32-bit program) stop: the first one makes the log unusable.
Filter make_program() {
  Filter program;
  program.load(offsetof(seccomp_data, arch));
  program.skip_if_equal(kArchitecture, 1);
  program.end(SECCOMP_RET_USER_NOTIF);
  program.load_number();
#if defined(__x86_64__)
  program.skip_unless_at_least(kX32, 1);
  program.end(SECCOMP_RET_USER_NOTIF);
#endif
  for (const Syscall& call : watched_calls()) program.add_call(call);
  // What the table does not cover could do anything: the log becomes unusable.
  program.skip_unless_at_least(DEJA_NEWEST_CALL + 1, 1);
  program.end(SECCOMP_RET_USER_NOTIF);
  program.end(SECCOMP_RET_ALLOW);
  return program;
}

int set_filter(unsigned flags, const sock_fprog& program) {
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

}  // namespace

os::Fd install_filter() {
  Filter program = make_program();
  const sock_fprog view = program.view();
  // While its call is examined, only a fatal signal interrupts the caller (5.19). Otherwise a signal would
  // restart the call, or end it with EINTR.
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  int fd = set_filter(kFlags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, view);
  if (fd < 0 && errno == EACCES) {
    // Without privileges, the kernel allows a filter only with no_new_privs.
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    fd = set_filter(kFlags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, view);
  }
  if (fd < 0 && errno == EINVAL) fd = set_filter(kFlags, view);
  return os::Fd(fd);
}

Listener::Listener(os::Fd fd) : fd_(std::move(fd)) {
  // Caller and supervisor alternate, which is faster on one processor. Older kernels refuse the flag.
  ::ioctl(fd_.get(), kSetFlags, kSyncWakeUp);
}

bool Listener::is_usable() const {
  seccomp_notif_addfd none = {};
  none.flags = SECCOMP_ADDFD_FLAG_SEND;
  none.srcfd = static_cast<std::uint32_t>(-1);
  return ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &none) != 0 && errno == EBADF;
}

bool Listener::receive(seccomp_notif& call) const {
  call = {};
  return ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) == 0;
}

bool Listener::is_valid(std::uint64_t id) const {
  return ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void Listener::let_go(std::uint64_t id) const {
  seccomp_notif_resp response = {};
  response.id = id;
  response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response);
}

void Listener::answer(std::uint64_t id, int result) const {
  seccomp_notif_resp response = {};
  response.id = id;
  if (result < 0) response.error = result;
  if (result >= 0) response.val = result;
  ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response);
}

void Listener::answer_with(std::uint64_t id, const os::Fd& fd, bool close_on_exec) const {
  seccomp_notif_addfd add = {};
  add.id = id;
  add.flags = SECCOMP_ADDFD_FLAG_SEND;
  add.srcfd = static_cast<std::uint32_t>(fd.get());
  add.newfd_flags = close_on_exec ? O_CLOEXEC : 0;
  if (::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0) answer(id, -errno);
}

}  // namespace deja::observe::supervise
