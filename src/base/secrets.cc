// SPDX-License-Identifier: Apache-2.0
#include "base/secrets.h"

#include <algorithm>
#include <cctype>

namespace deja {
namespace {

constexpr std::string_view kWords[] = {"TOKEN",  "SECRET",        "PASSW",       "CREDENTIAL",
                                       "APIKEY", "API_KEY",       "PRIVATE_KEY", "ACCESS_KEY",
                                       "BEARER", "AUTHORIZATION", "COOKIE"};

std::string plain_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool is_name_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The end of the name that begins with the word at `at`.
std::size_t name_end(std::string_view upper, std::size_t at) {
  while (at < upper.size() && is_name_byte(upper[at])) ++at;
  return at;
}

}  // namespace

std::size_t secret_at(std::string_view argument) {
  const std::string upper = plain_upper(argument);
  std::size_t first = std::string_view::npos;
  for (const std::string_view word : kWords) {
    for (std::size_t at = upper.find(word); at != std::string::npos;
         at = upper.find(word, at + 1)) {
      const std::size_t end = name_end(upper, at);
      const bool is_followed =
          end + 1 < upper.size() && (upper[end] == '=' || upper[end] == ':' || upper[end] == ' ');
      if (is_followed) first = std::min(first, end + 1);
    }
  }
  return first;
}

bool announces_secret(std::string_view argument) {
  if (!argument.starts_with('-') || argument.find_first_of("=: ") != std::string_view::npos)
    return false;
  const std::string upper = plain_upper(argument);
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return upper.find(word) != std::string::npos; });
}

std::string without_passwords(std::string text) {
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
    at += 3;
    const std::size_t end = std::min(text.find_first_of("/?# \"'\n", at), text.size());
    const std::size_t user_end = text.rfind('@', end);
    const std::size_t colon = text.find(':', at);
    if (user_end == std::string::npos || user_end < at || colon > user_end) continue;
    text.replace(colon + 1, user_end - colon - 1, "***");
  }
  return text;
}

}  // namespace deja
