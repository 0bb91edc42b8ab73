#include "tool/cc/depfile.h"
namespace deja::tool::cc {
std::optional<std::string> move_depfile(std::string_view, std::string_view, std::string_view) {
  return std::nullopt;
}
}  // namespace deja::tool::cc
