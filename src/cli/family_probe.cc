// SPDX-License-Identifier: Apache-2.0
// `deja -E file`: build scripts that use the crate cc ask their compiler's family in this way. When
// CC is "deja gcc" they take "deja" for the compiler and the rest for its arguments. The compiler
// that their variable names after "deja" answers. Tested by test/e2e/calling_test.cc.

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/real_tool.h"
#include "os/process.h"

namespace deja::cli {
namespace {

// "clang" from a variable's text "deja clang -O2".
std::optional<std::string> compiler_behind_deja(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size() && words.size() < 2;) {
    const std::size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    at = end;
  }
  const bool is_deja = words.size() == 2 && base_name(words[0]) == "deja";
  if (!is_deja || base_name(words[1]) == "deja") return std::nullopt;
  return words[1];
}

// The names of a variable in the order of the crate cc (its getenv_with_target_prefixes): for the
// target, then for any, then for the host.
std::vector<std::string> names_of(const std::string& variable, const std::string& target) {
  std::vector<std::string> names;
  if (!target.empty()) {
    std::string with_lines = target;
    std::replace(with_lines.begin(), with_lines.end(), '-', '_');
    names = {variable + "_" + target, variable + "_" + with_lines, "TARGET_" + variable};
  }
  names.push_back(variable);
  names.push_back("HOST_" + variable);
  return names;
}

// CC, CC_*, TARGET_CC, HOST_CC.
bool is_of_family(std::string_view name, std::string_view variable) {
  return name.starts_with(std::string(variable) + "_") ||
         name == "TARGET_" + std::string(variable) || name == "HOST_" + std::string(variable);
}

std::string find_compiler(os::Texts environment) {
  const auto value = [&](std::string_view name) -> std::string_view {
    for (const std::string_view text : environment)
      if (text.starts_with(std::string(name) + "=")) return text.substr(name.size() + 1);
    return {};
  };
  std::sort(environment.begin(), environment.end());
  const std::string target(value("TARGET"));
  for (const char* variable : {"CC", "CXX"})
    for (const std::string& name : names_of(variable, target))
      if (auto compiler = compiler_behind_deja(value(name))) return *std::move(compiler);
  for (const char* variable : {"CC", "CXX"}) {
    for (const std::string_view text : environment) {
      const std::string_view name = text.substr(0, text.find('='));
      if (!is_of_family(name, variable)) continue;
      if (auto compiler = compiler_behind_deja(value(name))) return *std::move(compiler);
    }
  }
  return "cc";
}

}  // namespace

int run_family_probe(const Context& context, Args args) {
  const os::Texts environment = os::own_environment();
  const std::string compiler = find_compiler(environment);
  const std::string path = find_real_tool(context, compiler);
  if (path.empty()) {
    print_error("-E: there is no program '" + compiler + "' on PATH");
    return kNotFound;
  }
  os::Texts argv = {compiler};
  argv.insert(argv.end(), args.begin(), args.end());
  const int error = os::become_program(path, argv, environment);
  print_error("-E: cannot start '" + path + "': " + std::strerror(error));
  return kNotRunnable;
}

}  // namespace deja::cli
