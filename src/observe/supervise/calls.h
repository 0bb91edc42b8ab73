// SPDX-License-Identifier: Apache-2.0
// The system calls that stop for the supervisor: those of observe/preload/observed_calls.h. The kernel's filter
// and the recorder are both made from them.
#pragma once

#include <cstdint>
#include <span>

#include "observe/preload/observed_calls.h"

namespace deja::observe::supervise {

#define DEJA_SYSCALL_KIND(kind) kind,
enum class SyscallKind : std::uint8_t { DEJA_CALL_KINDS(DEJA_SYSCALL_KIND) };
#undef DEJA_SYSCALL_KIND

// A call for which there are conditions stops only if one of them holds: the argument with this index has
// (or does not have) this value.
struct Condition {
  int number;
  int argument;
  std::uint32_t value;
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
};

std::span<const Syscall> watched_calls();
std::span<const Condition> conditions();
const Syscall* find_call(int number);

}  // namespace deja::observe::supervise
