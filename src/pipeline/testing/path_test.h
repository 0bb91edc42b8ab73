// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests of a request's path: a store in memory, a client in memory, and a directory
// in which a tool that is a function of the test compiles "a.c" to "a.o".
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "digest/file_digester.h"
#include "os/directory_test.h"
#include "pipeline/outcome.h"
#include "pipeline/services.h"
#include "pipeline/testing/fake_client.h"
#include "pipeline/testing/faulty_store.h"

namespace deja::pipeline::testing {

// What an engine has in memory. A second one over the same store has nothing there.
struct TestEngine {
  explicit TestEngine(FaultyStore& store);
  digest::FileDigester digester;
  Services services;
};

class PathTest : public os::DirectoryTest {
 protected:
  PathTest();

  // What the default tool does: includes "a.h", which it looks for in "first/" before.
  static void compile(FakeRun& run);

  // `deja gcc -c a.c -o a.o` in ws_, or argv_ where a test sets it.
  Outcome ask(FakeClient& client) { return ask(client, environment_); }
  Outcome ask(FakeClient& client, const std::vector<std::string>& environment);
  Outcome ask();  // with a client that runs tool_
  // Calls `second` while another client runs compile() for the request; that run ends once somebody waits
  // for it.
  Outcome while_another_runs(const std::function<Outcome()>& second);
  Outcome ask_exec(std::vector<std::string> arguments);
  void prewarm();
  void restart() { engine_ = std::make_unique<TestEngine>(store_); }

  // Asks without an "a.o", and compares what is then there with what compile() would write.
  void expect_hit(const std::string& what = {});
  // reason: a part of the outcome's.
  void expect_miss(const std::string& reason, const std::string& what = {});

  void write_source(const std::string& name, std::string_view text) const;
  void remove(const std::string& name) const;
  bool exists(const std::string& name) const;
  std::string text(const std::string& name) const;  // "" where there is nothing
  std::string at(const std::string& name) const { return join_path(ws_, name); }
  // What a.o must hold now.
  std::string object() const;
  Services& services() { return engine_->services; }

  std::string ws_;  // the working directory
  std::string gcc_;
  std::vector<std::string> argv_, environment_;
  Calling calling_ = Calling::wrapper;
  Settings settings_;
  FakeClient::Tool tool_ = compile;
  int runs_ = 0;  // of tool_, by ask()
  store::MemStore memory_;
  FaultyStore store_{memory_};
  std::unique_ptr<TestEngine> engine_;
  Request request() const;  // its views point to the members
};

// The answer as a replay; a failure of the test where it is another one.
Replay replay_of(const Outcome& outcome);

}  // namespace deja::pipeline::testing
