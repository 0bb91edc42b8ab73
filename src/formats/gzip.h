// Reading gzip files (RFC 1952 and 1951), to search what is in them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deja::formats {

// The text of a file of one member. Empty: it is none, is broken, or holds more than that many bytes.
// (Its check sum is not looked at: a text that is another would only hide what is found in it by chance.)
std::optional<std::string> unpack_gzip(std::string_view file, std::size_t most);

}  // namespace deja::formats
