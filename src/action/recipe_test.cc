// SPDX-License-Identifier: Apache-2.0
#include "action/recipe.h"

#include <gtest/gtest.h>

#include <functional>

namespace deja::action {
namespace {

struct ClaimChecker {
  tool::Command command;
  tool::Invocation invocation;
  Roots roots{"/w/b", "/w"};
  Digest tool_digest;
  unsigned umask = 022;
  std::string salt;

  ClaimChecker() {
    command.tool = "/usr/bin/gcc";
    command.cwd = "/w/b";
    command.environment = {{"HOME", "/h"}, {"LANG", "C"}};
    invocation.identity.adapter = "cc";
    invocation.run.argv = {"gcc", "-c", "/w/a.c"};
    invocation.key.arguments = {{"-c", tool::KeyArgument::kNoPath}, {"-I/w/i", 2}, {"/w/a.c", 0}};
  }
  ProbeKey key() const { return probe_key({command, invocation, roots, tool_digest, umask, salt}); }
};

TEST(Recipe, EveryFieldPreventsItsWrongHit) {
  const ProbeKey plain = ClaimChecker().key();
  const std::function<void(ClaimChecker&)> changes[] = {
      [](ClaimChecker& w) { w.command.tool = "/opt/gcc"; },
      [](ClaimChecker& w) { w.tool_digest.bytes[0] = 1; },
      [](ClaimChecker& w) { w.invocation.identity.adapter = "exec"; },
      [](ClaimChecker& w) { w.invocation.run.argv[0] = "g++"; },
      [](ClaimChecker& w) { w.invocation.key.arguments[0].text = "-S"; },
      [](ClaimChecker& w) {
        std::swap(w.invocation.key.arguments[0], w.invocation.key.arguments[1]);
      },
      [](ClaimChecker& w) { w.invocation.key.arguments[2].text = "/w/b.c"; },
      [](ClaimChecker& w) {
        w.invocation.key.arguments.push_back({"", tool::KeyArgument::kNoPath});
      },
      [](ClaimChecker& w) { w.umask = 077; },
      [](ClaimChecker& w) { w.salt = "x"; },
      [](ClaimChecker& w) { w.command.environment[1].value = "de_DE"; },
      [](ClaimChecker& w) { w.command.environment.pop_back(); },
      [](ClaimChecker& w) {
        w.command.environment.push_back({"LC_ALL", ""});
      },  // unset is not empty
      [](ClaimChecker& w) { w.roots = Roots("/w/b", ""); },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    ClaimChecker checker;
    changes[i](checker);
    EXPECT_NE(checker.key(), plain) << i;
  }
}

TEST(Recipe, WhatTheTraceHoldsIsNotInTheKey) {
  const ProbeKey plain = ClaimChecker().key();
  ClaimChecker checker;
  checker.command.environment[0].value = "/elsewhere";
  EXPECT_EQ(checker.key(), plain);
}

TEST(Recipe, AnotherCheckoutHasTheSameKey) {
  ClaimChecker checker;
  checker.roots = Roots("/other/b", "/other");
  checker.command.cwd = "/other/b";
  checker.invocation.key.arguments = {
      {"-c", tool::KeyArgument::kNoPath}, {"-I/other/i", 2}, {"/other/a.c", 0}};
  EXPECT_EQ(checker.key(), ClaimChecker().key());
}

TEST(Recipe, ExplanationNamesTheFields) {
  const ClaimChecker w;
  const std::string text =
      explain({w.command, w.invocation, w.roots, w.tool_digest, w.umask, w.salt});
  EXPECT_NE(text.find("argument: -I<workspace>/i"), std::string::npos) << text;
  EXPECT_NE(text.find("argument: <workspace>/a.c"), std::string::npos) << text;
}

TEST(Recipe, FieldsForPeopleHoldNoValuesOfVariables) {
  ClaimChecker checker;
  checker.invocation.key.arguments.push_back({"-DAPI_TOKEN=hunter2", tool::KeyArgument::kNoPath});
  checker.salt = "pepper";
  std::string all;
  for (const tool::KeyField& field : key_fields({checker.command, checker.invocation, checker.roots,
                                                 checker.tool_digest, checker.umask, checker.salt}))
    all += field.name + "=" + field.value + "\n";
  EXPECT_NE(all.find("argument=<workspace>/a.c\n"), std::string::npos) << all;
  EXPECT_NE(all.find("variable LANG=#"), std::string::npos) << all;
  EXPECT_EQ(all.find("LANG=C"), std::string::npos) << all;
  EXPECT_EQ(all.find("hunter2"), std::string::npos) << all;
  EXPECT_EQ(all.find("pepper"), std::string::npos) << all;
}

TEST(Recipe, FieldsForPeopleTellSecretsApart) {
  const auto fields = [](std::string_view value, std::string_view token) {
    FieldsSink sink;
    sink.field("given variable", "TOKEN");
    sink.field("value", value);
    sink.field("extra", value);
    sink.field("argument", "--password");
    sink.field("argument", value);
    sink.field("argument", std::string("-DAPI_TOKEN=").append(token));
    sink.field("argument", std::string("redis://u:").append(value).append("@h"));
    std::string all;
    for (const tool::KeyField& field : sink.take()) all += field.name + "=" + field.value + "\n";
    return all;
  };
  const std::string one = fields("hunter2", "horse");
  EXPECT_EQ(one.find("hunter2"), std::string::npos) << one;
  EXPECT_EQ(one.find("horse"), std::string::npos) << one;
  EXPECT_NE(one.find("variable TOKEN=#"), std::string::npos) << one;
  EXPECT_NE(one.find("argument=-DAPI_TOKEN=#"), std::string::npos) << one;
  EXPECT_NE(fields("hunter3", "horse"), one);
  EXPECT_NE(fields("hunter2", "mare"), one);
}

}  // namespace
}  // namespace deja::action
