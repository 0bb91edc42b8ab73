// SPDX-License-Identifier: Apache-2.0
// Reads files of /proc into memory of the caller. Freestanding.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

namespace deja::os {

// Reads a small file and adds a NUL; bytes that do not fit are left out. Returns the length, or -1.
ssize_t read_text(const char* path, char* out, std::size_t size);

// The text after the name in /proc/PID/stat: "state ppid …" (proc(5)). The name may hold any bytes. "":
// there is no such process, or it cannot be read.
std::string_view process_stat(std::string_view pid, char* memory, std::size_t size);

}  // namespace deja::os
