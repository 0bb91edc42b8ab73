// SPDX-License-Identifier: Apache-2.0
#include "pipeline/request_name.h"

#include "base/shell_noise.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace deja::pipeline {
namespace {

Request a_request() {
  Request request;
  request.argv = {"gcc", "-c", "a.c"};
  request.cwd = "/w";
  request.environment = {"A=1", "B=2", "SHLVL=1", "_=/bin/make"};
  return request;
}

Digest name_with(const std::function<void(Request&, Settings&)>& change) {
  Request request = a_request();
  Settings settings;
  change(request, settings);
  return request_name(request, settings);
}

// What a client sends, and each setting that can change an answer.
TEST(RequestName, EachPartOfARequestCounts) {
  const std::function<void(Request&, Settings&)> changes[] = {
      [](Request&, Settings&) {},
      [](Request& q, Settings&) { q.argv[0] = "g++"; },
      [](Request& q, Settings&) { q.argv.emplace_back(""); },
      [](Request& q, Settings&) { std::swap(q.argv[1], q.argv[2]); },
      [](Request& q, Settings&) { q.argv = {"gcc", "-ca.c"}; },
      [](Request& q, Settings&) { q.calling = Calling::masquerade; },
      [](Request& q, Settings&) { q.program = "/usr/bin/gcc"; },
      [](Request& q, Settings&) { q.cwd = "/w2"; },
      [](Request& q, Settings&) { q.environment[0] = "A=2"; },
      [](Request& q, Settings&) { q.environment.erase(q.environment.begin()); },
      [](Request& q, Settings&) { std::swap(q.environment[0], q.environment[1]); },
      [](Request& q, Settings&) { q.umask = 077; },
      [](Request& q, Settings&) { q.stdout_is_terminal = true; },
      [](Request& q, Settings&) { q.stderr_is_terminal = true; },
      [](Request& q, Settings&) { q.streams_are_one = true; },
      [](Request& q, Settings&) { q.client.device = 9; },
      [](Request& q, Settings&) { q.client.inode = 9; },
      [](Request&, Settings& s) { s.read_only = true; },
      // Every setting that can change an answer is in this text (config/settings.h).
      [](Request&, Settings& s) { s.answer_text = "key.salt=\"x\""; },
  };
  std::set<std::string> names;
  for (const auto& change : changes) names.insert(name_with(change).hex());
  EXPECT_EQ(names.size(), std::size(changes));
}

TEST(RequestName, WhatShellsCountForThemselvesDoesNot) {
  const Digest name = name_with([](Request&, Settings&) {});
  EXPECT_EQ(name, name_with([](Request& q, Settings&) { q.environment[2] = "SHLVL=2"; }));
  EXPECT_EQ(name, name_with([](Request& q, Settings&) { q.environment.pop_back(); }));
  EXPECT_TRUE(is_shell_noise("OLDPWD"));
  EXPECT_FALSE(is_shell_noise("PWD"));
}

}  // namespace
}  // namespace deja::pipeline
