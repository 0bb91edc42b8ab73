#include "tool/tool.h"

namespace deja::tool {

std::optional<std::string_view> Command::variable(std::string_view name) const {
  for (const EnvironmentVariable& variable : environment)
    if (variable.name == name) return variable.value;
  return std::nullopt;
}

std::string_view KeyArgument::path() const {
  if (!has_path()) return {};
  return std::string_view(text).substr(path_at,
                                       path_end == kNoPath ? path_end : path_end - path_at);
}

const Adapter* find_adapter(std::string_view program_name) {
  for (const Adapter* adapter : {&cc_adapter(), &job_adapter(), &rust_adapter()})
    if (adapter->knows(program_name)) return adapter;
  return nullptr;
}

}  // namespace deja::tool
