// SPDX-License-Identifier: Apache-2.0
// The interpreters of scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deja::evidence {

// As many as the kernel allows, where the interpreter of a script is a script itself.
inline constexpr int kInterpretersMax = 5;

// The program that the kernel starts for this file, or libc (for a text without "#!"). Empty when
// the file is a program itself or cannot be read.
std::string interpreter_of(const std::string& path);

// All programs that are started for a script, each by the one before. "env NAME" also starts the
// program of that name on `path` (a PATH; relative directories are relative to cwd).
std::vector<std::string> interpreters_of(const std::string& script, std::string_view path,
                                         std::string_view cwd);

}  // namespace deja::evidence
