// What /proc says, in memory of the caller's. Freestanding.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

namespace deja::os {

// All of a small file, with a NUL; what does not fit is left out. Its length, or -1.
ssize_t read_text(const char* path, char* out, std::size_t size);

// What follows the name in /proc/PID/stat: "state ppid …" (proc(5)). The name may hold anything. "": there
// is no such process, or it cannot be looked at.
std::string_view process_stat(std::string_view pid, char* memory, std::size_t size);

}  // namespace deja::os
