// SPDX-License-Identifier: Apache-2.0
// Does a program or library make system calls by itself, where the interposer cannot see them? Go's runtime does, and
// so do Rust programs with rustix. glibc does, too, for its own functions, which are interposed.
#pragma once

#include <string_view>

namespace deja::observe {

// elf: the whole file. Looks in its machine code for a system call that concerns paths (observed_calls.h), whose number
// is loaded into eax shortly before; so a function that is given the number is not found. On x86-64 only.
bool makes_raw_calls(std::string_view elf);

}  // namespace deja::observe
