// SPDX-License-Identifier: Apache-2.0
#include "tool/program_name.h"
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

namespace {

// clang takes its mode from the end of its name, before a version or before the last part (LLVM's
// clang/lib/Driver/ToolChain.cpp, FindDriverSuffix).
bool names_a_mode(std::string_view called) {
  while (!called.empty() && (is_version(called.substr(called.size() - 1)) || called.back() == '.' ||
                             called.back() == '-'))
    called.remove_suffix(1);
  const std::string_view shorter = called.substr(0, called.rfind('-'));
  for (const std::string_view mode : {"cl", "cpp", "flang", "dxc", "++"})
    if (called.ends_with(mode) || shorter.ends_with(mode)) return true;
  return false;
}

}  // namespace

// Most of LLVM's programs are several in one, and the name selects one.
const Adapter* find_adapter_by_link(std::string_view called, std::string_view leads_to) {
  if (leads_to.starts_with("llvm-") || leads_to.find("lld") != std::string_view::npos)
    return nullptr;
  if (leads_to.find("clang") != std::string_view::npos && names_a_mode(called)) return nullptr;
  const Adapter* adapter = find_adapter(leads_to);
  return adapter == &rust_adapter() ? nullptr : adapter;
}

}  // namespace deja::tool
