// SPDX-License-Identifier: Apache-2.0
#include "pipeline/testing/path_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "os/file.h"
#include "pipeline/prewarm.h"
#include "pipeline/request_path.h"

namespace deja::pipeline::testing {
namespace {

digest::FileDigester::Options digester_options() {
  digest::FileDigester::Options options;
  options.scan = tool::scan_source;
  return options;
}

}  // namespace

TestEngine::TestEngine(FaultyStore& store)
    : digester(digester_options()), services{store, store, digester, "", nullptr, {}, {}, {}} {}

PathTest::PathTest() : ws_(join_path(dir_, "one")), gcc_(join_path(dir_, "bin/gcc")) {
  write("bin/gcc", "a compiler");
  EXPECT_EQ(::chmod(gcc_.c_str(), 0755), 0);
  write_source("a.c", "int a;\n");
  write_source("a.h", "int b;\n");
  argv_ = {gcc_, "-c", "a.c", "-o", "a.o"};
  environment_ = {"PATH=/nowhere", "FLAVOUR=sweet"};
  restart();
}

void PathTest::compile(FakeRun& run) {
  run.reads("a.c");
  run.reads("first/a.h");
  run.reads("a.h");
  run.asks("FLAVOUR");
  run.writes("a.o", "object of " + run.text("a.c") + run.text("first/a.h") + run.text("a.h"));
  run.report.err = "a.c: warning: unused\n";
}

std::string PathTest::object() const {
  return "object of " + text("a.c") + text("first/a.h") + text("a.h");
}

Request PathTest::request() const {
  Request request;
  request.calling = calling_;
  request.cwd = ws_;
  request.argv.assign(argv_.begin(), argv_.end());
  request.environment.assign(environment_.begin(), environment_.end());
  return request;
}

Outcome PathTest::ask(FakeClient& client, const std::vector<std::string>& environment) {
  client.environment = environment;
  Request request = this->request();
  request.environment.assign(environment.begin(), environment.end());
  return RequestPath(request, settings_, engine_->services, client).answer();
}

Outcome PathTest::ask() {
  FakeClient client(ws_, tool_);
  Outcome outcome = ask(client);
  runs_ += client.runs;
  return outcome;
}

Outcome PathTest::while_another_runs(const std::function<Outcome()>& second) {
  std::atomic<bool> runs = false;
  FakeClient client(ws_, [&](FakeRun& run) {
    runs = true;
    while (services().flights.waiting() == 0) std::this_thread::yield();
    compile(run);
  });
  const std::jthread runner([&] { ask(client); });
  while (!runs) std::this_thread::yield();
  return second();
}

Outcome PathTest::ask_exec(std::vector<std::string> arguments) {
  calling_ = Calling::exec;
  argv_ = std::move(arguments);
  argv_.insert(argv_.begin(), "exec");
  return ask();
}

void PathTest::prewarm() { pipeline::prewarm(request(), settings_, engine_->services); }

void PathTest::expect_hit(const std::string& what) {
  remove("a.o");
  const int before = runs_;
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.kind, OutcomeKind::hit) << what << ": " << outcome.reason;
  EXPECT_EQ(runs_, before) << what;
  EXPECT_EQ(text("a.o"), object()) << what;
}

void PathTest::expect_miss(const std::string& reason, const std::string& what) {
  remove("a.o");
  const int before = runs_;
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.kind, OutcomeKind::miss) << what;
  EXPECT_NE(outcome.reason.find(reason), std::string::npos) << what << ": " << outcome.reason;
  EXPECT_EQ(runs_, before + 1) << what;
  EXPECT_EQ(text("a.o"), object()) << what;
}

void PathTest::write_source(const std::string& name, std::string_view text) const {
  write(std::string(base_name(ws_)) + "/" + name, text);
}

void PathTest::remove(const std::string& name) const { EXPECT_TRUE(os::remove_tree(at(name))); }

bool PathTest::exists(const std::string& name) const {
  const auto there = os::stat_file(at(name));
  return there && *there;
}

std::string PathTest::text(const std::string& name) const {
  const auto text = os::read_file_if_exists(at(name), 1 << 20);
  return text && *text ? **text : "";
}

Replay replay_of(const Outcome& outcome) {
  const auto* replay = std::get_if<Replay>(&outcome.answer);
  EXPECT_NE(replay, nullptr);
  return replay == nullptr ? Replay{} : *replay;
}

}  // namespace deja::pipeline::testing
