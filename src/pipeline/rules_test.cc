// SPDX-License-Identifier: Apache-2.0
#include "pipeline/rules.h"

#include <gtest/gtest.h>

namespace deja::pipeline {
namespace {

using tool::Bypass;
using tool::BypassReason;

tool::Command a_command() {
  tool::Command command;
  command.tool = "/usr/bin/x86_64-linux-gnu-gcc-12";
  command.argv = {"my-cc", "-fplugin=/x/y.so", "-c", "a.c"};
  command.cwd = "/w";
  command.environment = {{"FOO", "secret"}, {"EMPTY", ""}};
  return command;
}

// "" when no rule speaks against it.
std::string detail(const std::optional<Bypass>& why) { return why ? why->detail : ""; }
std::string against(const Rules& rules) { return detail(rule_against(rules, a_command())); }

TEST(Rules, ATool) {
  EXPECT_EQ(against({.tools = {"my-cc"}}), "bypass.tools = \"my-cc\"");
  EXPECT_EQ(against({.tools = {"clang", "*-gcc-*"}}), "bypass.tools = \"*-gcc-*\"");
  EXPECT_EQ(against({.tools = {"/usr/bin/*"}}), "bypass.tools = \"/usr/bin/*\"");
  EXPECT_EQ(against({.tools = {"gcc", "/usr/*", "/w/my-cc"}}), "");
  EXPECT_EQ(rule_against({.tools = {"*"}}, a_command())->reason, BypassReason::rule);
}

TEST(Rules, AnArgument) {
  EXPECT_EQ(against({.arguments = {"-fplugin=*"}}), "bypass.arguments = \"-fplugin=*\"");
  EXPECT_EQ(against({.arguments = {"my-cc", "-fplugin", "-c a.c"}}), "");
}

// A value may be a secret, so the reason has what the rule says.
TEST(Rules, AVariable) {
  EXPECT_EQ(against({.variables = {"FO?"}}), "bypass.variables = \"FO?\"");
  EXPECT_EQ(against({.variables = {"FOO=s*"}}), "bypass.variables = \"FOO=s*\"");
  EXPECT_EQ(against({.variables = {"EMPTY"}}), "bypass.variables = \"EMPTY\"");
  EXPECT_EQ(against({.variables = {"EMPTY="}}), "bypass.variables = \"EMPTY=\"");
  EXPECT_EQ(against({.variables = {"FOO=", "FO", "secret", "=secret", "EMPTY=?*"}}), "");
}

// What `deja exec` keeps from the tool cannot matter; what it adds can.
TEST(Rules, TheVariablesAreThoseOfTheTool) {
  tool::Command command = a_command();
  command.given.emplace().push_back({"ADDED", "1"});
  EXPECT_EQ(detail(rule_against({.variables = {"FOO"}}, command)), "");
  EXPECT_EQ(detail(rule_against({.variables = {"ADDED"}}, command)),
            "bypass.variables = \"ADDED\"");
}

TEST(Rules, ASource) {
  tool::Invocation invocation;
  const auto excluded = [&](const char* pattern) {
    return detail(rule_against({.sources = {pattern}}, invocation));
  };
  EXPECT_EQ(excluded("**"), "");
  invocation.identity.source = "/w/sub/../a.c";
  EXPECT_EQ(excluded("/w/*.c"), "/w/a.c: exclude = \"/w/*.c\"");
  EXPECT_EQ(excluded("/w/sub/**"), "");
  invocation.key.sources = {"/w/x/b.c", "/w/x/c.c"};
  EXPECT_EQ(excluded("/w/x/c.*"), "/w/x/c.c: exclude = \"/w/x/c.*\"");
  EXPECT_EQ(rule_against({.sources = {"**"}}, invocation)->reason, BypassReason::excluded);
}

TEST(Rules, AnArgumentThatTheAdapterHasRead) {
  tool::Invocation invocation;
  invocation.key.arguments.push_back({"-DFROM_A_RESPONSE_FILE"});
  EXPECT_EQ(detail(rule_against({.arguments = {"-DFROM*"}}, invocation)),
            "bypass.arguments = \"-DFROM*\"");
  EXPECT_EQ(detail(rule_against({.arguments = {"-D"}}, invocation)), "");
}

}  // namespace
}  // namespace deja::pipeline
