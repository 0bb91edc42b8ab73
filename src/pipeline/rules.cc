// SPDX-License-Identifier: Apache-2.0
// Tested by rules_test.cc, request_path_rules_test.cc and test/e2e/rules_test.cc.
#include "pipeline/rules.h"

#include <algorithm>

#include "base/glob.h"
#include "base/path.h"
#include "base/shell_noise.h"

namespace deja::pipeline {
namespace {

using tool::Bypass;
using tool::BypassReason;

// The first pattern that matches; null: none does.
template <typename Matches>
const std::string* first_of(const std::vector<std::string>& patterns, Matches matches) {
  const auto found = std::ranges::find_if(patterns, matches);
  return found == patterns.end() ? nullptr : &*found;
}

Bypass by_rule(const char* setting, const std::string& pattern) {
  return {BypassReason::rule, std::string(setting) + " = \"" + pattern + "\""};
}

bool is_tool(const std::string& pattern, const tool::Command& command) {
  if (pattern.find('/') != std::string::npos)
    return glob_matches(pattern, command.tool, GlobOf::path);
  return glob_matches(pattern, base_name(command.argv.front()), GlobOf::text) ||
         glob_matches(pattern, base_name(command.tool), GlobOf::text);
}

// The value stays out of the reason: it may be a secret.
bool is_variable(std::string_view pattern, const tool::EnvironmentVariable& variable) {
  const std::size_t equals = pattern.find('=');
  return glob_matches(pattern.substr(0, equals), variable.name, GlobOf::text) &&
         (equals == std::string_view::npos ||
          glob_matches(pattern.substr(equals + 1), variable.value, GlobOf::text));
}

}  // namespace

bool names_shell_noise(const Rules& rules) {
  return std::ranges::any_of(rules.variables, [](std::string_view pattern) {
    const std::string_view name = pattern.substr(0, pattern.find('='));
    return std::ranges::any_of(kShellNoise, [&](std::string_view noise) {
      return glob_matches(name, noise, GlobOf::text);
    });
  });
}

std::optional<Bypass> rule_against(const Rules& rules, const tool::Command& command) {
  if (const auto* rule = first_of(rules.tools, [&](const auto& p) { return is_tool(p, command); }))
    return by_rule("bypass.tools", *rule);
  const auto is_argument = [&](const std::string& pattern) {
    return std::any_of(
        command.argv.begin() + 1, command.argv.end(),
        [&](std::string_view argument) { return glob_matches(pattern, argument, GlobOf::text); });
  };
  if (const auto* rule = first_of(rules.arguments, is_argument))
    return by_rule("bypass.arguments", *rule);
  const auto& given = command.given ? *command.given : command.environment;
  const auto is_given = [&](const std::string& pattern) {
    return std::ranges::any_of(given, [&](const auto& v) { return is_variable(pattern, v); });
  };
  if (const auto* rule = first_of(rules.variables, is_given))
    return by_rule("bypass.variables", *rule);
  return std::nullopt;
}

std::optional<Bypass> rule_against(const Rules& rules, const tool::Invocation& invocation) {
  std::vector<std::string> sources;
  if (!rules.sources.empty()) {
    for (const std::string& source : invocation.key.sources) sources.push_back(clean_path(source));
    if (!invocation.identity.source.empty())
      sources.push_back(clean_path(invocation.identity.source));
  }
  for (const std::string& source : sources) {
    const auto matches = [&](const std::string& p) {
      return glob_matches(p, source, GlobOf::path);
    };
    if (const auto* rule = first_of(rules.sources, matches))
      return Bypass{BypassReason::excluded, source + ": exclude = \"" + *rule + "\""};
  }
  const auto is_argument = [&](const std::string& pattern) {
    return std::ranges::any_of(invocation.key.arguments, [&](const tool::KeyArgument& argument) {
      return glob_matches(pattern, argument.text, GlobOf::text);
    });
  };
  if (const auto* rule = first_of(rules.arguments, is_argument))
    return by_rule("bypass.arguments", *rule);
  return std::nullopt;
}

}  // namespace deja::pipeline
