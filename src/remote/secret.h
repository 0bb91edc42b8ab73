// SPDX-License-Identifier: Apache-2.0
// Secrets come from files and variables, and never go into a message.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "remote/environment.h"

namespace deja::remote {

// The text of a file that holds a secret. `denied`: others than its owner can read it (or write to it);
// `invalid`: it is not a regular file, is longer than 64 KiB, or is not there. `what`: "token file", for messages.
Result<std::string> read_secret_file(std::string_view what, const std::string& path);
// Only the check; for a private key, which libcurl or OpenSSL reads.
Status check_secret_file(std::string_view what, const std::string& path);
// One line: a token or password. Blanks and line ends around it are removed; `invalid` if it is then empty or
// has a control character (so it cannot add a header).
Result<std::string> read_secret_line(std::string_view what, const std::string& path);
Result<std::string> read_secret_variable(const Environment& environment, std::string_view name);

}  // namespace deja::remote
