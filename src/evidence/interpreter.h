// What runs a script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deja::evidence {

inline constexpr int kInterpretersMax = 5;  // as the kernel: scripts whose interpreter is a script

// The program that the kernel, or libc (a text without "#!"), starts for this file; empty when the
// file is a program itself or cannot be read.
std::string interpreter_of(const std::string& path);

// All programs that are started in a script's stead, one for the other; "env NAME" starts the one
// that it finds on the PATH that is given (relative to cwd), too.
std::vector<std::string> interpreters_of(const std::string& script, std::string_view path,
                                         std::string_view cwd);

}  // namespace deja::evidence
