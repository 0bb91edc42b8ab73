// SPDX-License-Identifier: Apache-2.0
// The table of the system calls that stop for the supervisor. The kernel's filter and the recorder are
// both made from it.
#pragma once

#include <cstdint>
#include <span>

namespace deja::observe::supervise {

enum class SyscallKind : std::uint8_t {
  open,      // data: the flags; the mode follows
  openat2,   // data: struct open_how
  creat,     // data: the mode
  stat,      // data: AT_ flags, when there are any
  access,    // data: the mode (R_OK …)
  readlink,  //
  statfs,    //
  exec,      // data: AT_ flags, when there are any
  change,    // data: AT_ flags, when there are any; no path: of the descriptor
  mkdir,     // data: the mode
  unlink,    // data: AT_ flags, when there are any
  rename,    // data: RENAME_ flags, when there are any; the new name follows the old
  link,      // data: AT_ flags, when there are any; the new name follows the old
  symlink,   // the text comes first
  chdir,
  list,     // of the descriptor
  lock,     // of the descriptor; data: LOCK_ flags
  connect,  // data: the address; its size follows
  talk,     // to another process
  clock,    // data: the clock's number, when there is one
  host,     // reads a property of the machine
  start,    // the first call of libc in a new program
  sandbox,  // installs a seccomp filter of its own, or prepares for it
  confine,  // restricts the tool's rights from here on
  hide      // changes the meaning of names or memory, which a log of paths cannot express
};

// A call stops only if the argument with this index has (or does not have) this value.
struct Condition {
  int argument = -1;  // -1: always
  std::uint32_t value = 0;
  bool is_not = false;
};

struct Syscall {
  int number;
  SyscallKind kind;
  // Indices of arguments; -1: none. at: the directory the path is relative to, or the descriptor.
  std::int8_t at = -1;
  std::int8_t path = -1;
  std::int8_t data = -1;
  std::uint32_t fixed = 0;  // used instead of data
  Condition when = {};
};

std::span<const Syscall> watched_calls();
const Syscall* find_call(int number);

}  // namespace deja::observe::supervise
