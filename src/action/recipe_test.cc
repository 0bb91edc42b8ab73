#include "action/recipe.h"

#include <gtest/gtest.h>

#include <functional>

namespace deja::action {
namespace {

struct World {
  tool::Command command;
  tool::Invocation invocation;
  Roots roots{"/w/b", "/w"};
  Digest tool_digest;
  unsigned umask = 022;
  std::string salt;

  World() {
    command.tool = "/usr/bin/gcc";
    command.cwd = "/w/b";
    command.environment = {{"HOME", "/h"}, {"LANG", "C"}};
    invocation.adapter = "cc";
    invocation.run_argv = {"gcc", "-c", "/w/a.c"};
    invocation.key_arguments = {{"-c", tool::KeyArgument::kNoPath}, {"-I/w/i", 2}, {"/w/a.c", 0}};
  }
  ProbeKey key() const { return probe_key({command, invocation, roots, tool_digest, umask, salt}); }
};

TEST(Recipe, EveryFieldPreventsItsWrongHit) {
  const ProbeKey plain = World().key();
  const std::function<void(World&)> changes[] = {
      [](World& w) { w.command.tool = "/opt/gcc"; },
      [](World& w) { w.tool_digest.bytes[0] = 1; },
      [](World& w) { w.invocation.adapter = "exec"; },
      [](World& w) { w.invocation.run_argv[0] = "g++"; },
      [](World& w) { w.invocation.key_arguments[0].text = "-S"; },
      [](World& w) { std::swap(w.invocation.key_arguments[0], w.invocation.key_arguments[1]); },
      [](World& w) { w.invocation.key_arguments[2].text = "/w/b.c"; },
      [](World& w) { w.invocation.key_arguments.push_back({"", tool::KeyArgument::kNoPath}); },
      [](World& w) { w.umask = 077; },
      [](World& w) { w.salt = "x"; },
      [](World& w) { w.command.environment[1].value = "de_DE"; },
      [](World& w) { w.command.environment.pop_back(); },
      [](World& w) { w.command.environment.push_back({"LC_ALL", ""}); },  // unset is not empty
      [](World& w) { w.roots = Roots("/w/b", ""); },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    World world;
    changes[i](world);
    EXPECT_NE(world.key(), plain) << i;
  }
}

TEST(Recipe, WhatTheTraceHoldsIsNotInTheKey) {
  const ProbeKey plain = World().key();
  World world;
  world.command.environment[0].value = "/elsewhere";
  EXPECT_EQ(world.key(), plain);
}

TEST(Recipe, AnotherCheckoutHasTheSameKey) {
  World world;
  world.roots = Roots("/other/b", "/other");
  world.command.cwd = "/other/b";
  world.invocation.key_arguments = {
      {"-c", tool::KeyArgument::kNoPath}, {"-I/other/i", 2}, {"/other/a.c", 0}};
  EXPECT_EQ(world.key(), World().key());
}

TEST(Recipe, ExplanationNamesTheFields) {
  const World w;
  const std::string text =
      explain({w.command, w.invocation, w.roots, w.tool_digest, w.umask, w.salt});
  EXPECT_NE(text.find("argument: -I<workspace>/i"), std::string::npos) << text;
  EXPECT_NE(text.find("argument: <workspace>/a.c"), std::string::npos) << text;
}

}  // namespace
}  // namespace deja::action
