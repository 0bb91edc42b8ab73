// SPDX-License-Identifier: Apache-2.0
// Response files: "@file" stands for the arguments in file, as gcc and binutils (libiberty's
// expandargv) and LLVM's programs (TokenizeGNUCommandLine) read it. The expansion serves only the
// classification and the key. The tool runs with its original arguments and reads the files itself,
// so they are observed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tool/tool.h"

namespace deja::tool::cc {

// The text of a file, by the name that the user gave. Empty: there is no such file, and "@file" is
// an ordinary argument. An error: there is one, and it must not be read here (a pipe, too large).
using ReadText = std::function<Result<std::optional<std::string>>(std::string_view name)>;
// A ReadText for a command that is started in cwd.
Result<std::optional<std::string>> read_response(std::string_view cwd, std::string_view name);

struct ResponseLimits {
  std::size_t files = 64;        // in all; stops a file that names itself
  std::size_t bytes = 8u << 20;  // in all
};

// The arguments that a response file's text holds. Empty when compilers (or their releases) read it
// differently: a backslash inside quotes before a character that is neither a quote nor a
// backslash, an empty argument, a form feed, a byte order mark, a NUL.
std::optional<std::vector<std::string>> split_response(std::string_view text);

// arguments: without argv[0]. An "@file" that cannot be read stays as it is.
std::variant<std::vector<std::string>, Bypass> expand_arguments(
    const std::vector<std::string_view>& arguments, const ReadText& read,
    const ResponseLimits& limits = {});

}  // namespace deja::tool::cc
