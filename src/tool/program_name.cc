// SPDX-License-Identifier: Apache-2.0
#include "tool/program_name.h"

namespace deja::tool {

bool is_version(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_target_prefix(std::string_view text) {
  return text.empty() || (text.size() > 1 && text.back() == '-');
}

bool is_called(std::string_view base, std::string_view word) {
  const std::size_t at = base.rfind(word);
  if (at == std::string_view::npos || !is_target_prefix(base.substr(0, at))) return false;
  const std::string_view rest = base.substr(at + word.size());
  return rest.empty() || (rest.front() == '-' && is_version(rest.substr(1)));
}

}  // namespace deja::tool
