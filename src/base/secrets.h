// SPDX-License-Identifier: Apache-2.0
// Which part of a text may be a secret, for what deja keeps or prints of command lines and addresses. A guess by the
// words in front of it: it hides too much rather than too little, and nothing is decided by it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deja {

// Where the secret in an argument begins: behind the '=', ':' or blank that follows a word such as TOKEN, SECRET,
// PASSWORD or AUTHORIZATION ("-DAPI_TOKEN=x", "Authorization: Bearer x", "TOKEN=x make"). npos: there is none.
std::size_t secret_at(std::string_view argument);

// Is the next argument the secret ("--password", "-api-key")?
bool announces_secret(std::string_view argument);

// "***" for each password in addresses such as "redis://user:password@host".
std::string without_passwords(std::string text);

}  // namespace deja
