// Response files: "@file" stands for the arguments in file, as gcc and binutils (libiberty's
// expandargv) and LLVM's programs (TokenizeGNUCommandLine) read them. The expansion is for classifying and for the key only;
// the tool is run with the arguments it was given and reads the files itself, so they are observed.
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

// The text of a file named as the user named it. Empty when there is none: then "@file" is an
// argument like others. An error when there is one that must not be read here (a pipe, too large).
using ReadText = std::function<Result<std::optional<std::string>>(std::string_view name)>;
// As ReadText, for a command that is started in cwd.
Result<std::optional<std::string>> read_response(std::string_view cwd, std::string_view name);

struct ResponseLimits {
  std::size_t files = 64;        // in all: a file that names itself ends here
  std::size_t bytes = 8u << 20;  // in all
};

// What a response file's text means. Empty when compilers (or their releases) differ about it:
// a backslash inside quotes before another character than a quote or backslash, an empty argument,
// a form feed, a byte order mark, a NUL.
std::optional<std::vector<std::string>> split_response(std::string_view text);

// arguments: without argv[0]. A file that cannot be read leaves its argument as it is.
std::variant<std::vector<std::string>, Bypass> expand_arguments(
    const std::vector<std::string_view>& arguments, const ReadText& read,
    const ResponseLimits& limits = {});

}  // namespace deja::tool::cc
