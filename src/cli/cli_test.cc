// SPDX-License-Identifier: Apache-2.0
#include "cli/cli_test.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "action/result.h"
#include "base/path.h"
#include "journal/journal.h"
#include "journal/troubles.h"
#include "store/local_store.h"
#include "wire/subcommands.h"

namespace deja::cli {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

void CliTest::SetUp() {
  cache_ = dir_ + "/cache";
  for (const char* name : {"/home", "/work"}) ASSERT_TRUE(os::make_directory(dir_ + name));
  environment_ = {
      {"DEJA_DIR", cache_}, {"HOME", dir_ + "/home"}, {"TZ", "UTC"}, {"PATH", "/usr/bin:/bin"}};
}

Ran CliTest::run(const std::vector<std::string>& args) {
  std::vector<std::string> words = {"deja"};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment_) variables.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);

  const std::string out = dir_ + "/out", err = dir_ + "/err", work = dir_ + "/work";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    if (::chdir(work.c_str()) == 0) ::execve(program_.c_str(), argv.data(), envp.data());
    ::_exit(126);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), *os::read_file(out),
          *os::read_file(err)};
}

nlohmann::json CliTest::json(std::vector<std::string> args) {
  args.insert(args.end(), {"--format", "json"});
  const Ran ran = run(args);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  auto value = nlohmann::json::parse(ran.out, nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << ran.out;
  return value;
}

namespace {

journal::Event sample(journal::Outcome outcome, std::string what) {
  journal::Event e;
  e.outcome = outcome;
  e.what = std::move(what);
  e.tool = "/usr/bin/gcc";
  e.probe_key = "abcdef0123456789";
  e.evidence = "interposer";
  e.elapsed_us = 120'000;
  return e;
}

TEST_F(CliTest, HelpNamesEverySubcommand) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{}, {"help"}, {"--help"}, {"-h"}}) {
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, AllOf(HasSubstr("DEJA_DISABLE"), HasSubstr("CC=\"deja gcc\"")));
    for (const std::string_view name : wire::kSubcommands)
      EXPECT_THAT(ran.out, HasSubstr("\n  " + std::string(name) + " "));
  }
}

TEST_F(CliTest, EachSubcommandHasItsOwnHelp) {
  for (const std::string_view name : wire::kSubcommands) {
    if (name == "help") continue;
    const Ran by_help = run({"help", std::string(name)});
    EXPECT_EQ(by_help.code, 0) << name;
    EXPECT_THAT(by_help.out, HasSubstr("Usage: deja " + std::string(name)));
    EXPECT_EQ(run({std::string(name), "--help"}).out, by_help.out);
  }
  environment_.clear();  // also when there is no directory for a cache
  EXPECT_EQ(run({"help", "stats"}).code, 0);
}

TEST_F(CliTest, WrongUsageIsOneLineAndTwo) {
  const std::vector<std::vector<std::string>> wrong = {{"--frobnicate"},
                                                       {"stats", "--frob"},
                                                       {"stats", "--format", "xml"},
                                                       {"stats", "--format"},
                                                       {"events", "--limit", "many"},
                                                       {"events", "--limit", "-1"},
                                                       {"events", "--outcome", "lost"},
                                                       {"why"},
                                                       {"why", "a", "b", "c"},
                                                       {"why", "a", "--last-build"},
                                                       {"daemon"},
                                                       {"daemon", "fly"},
                                                       {"gc", "now"},
                                                       {"purge"},
                                                       {"help", "frobnicate"},
                                                       {"version", "1"},
                                                       {"verify", "--repair=maybe"}};
  for (const auto& args : wrong) {
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 2) << args[0];
    EXPECT_EQ(ran.out, "") << args[0];
    EXPECT_THAT(ran.err, StartsWith("deja: "));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  }
  EXPECT_THAT(run({"frobnicate"}).err, HasSubstr("no such program or subcommand 'frobnicate'"));
  EXPECT_EQ(run({"frobnicate"}).code, 127);
  for (const auto& [word, meant] : {std::pair("statz", "stats"),
                                    {"stast", "stats"},
                                    {"docter", "doctor"},
                                    {"evens", "events"},
                                    {"-s", "stats"},
                                    {"--show-stats", "stats"},
                                    {"-C", "purge --yes"}})
    EXPECT_THAT(run({word}).err, HasSubstr("did you mean 'deja " + std::string(meant) + "'?"));
}

TEST_F(CliTest, Version) {
  EXPECT_THAT(run({"version"}).out, testing::StartsWith("deja " DEJA_VERSION " (build "));
  EXPECT_EQ(run({"--version"}).out, run({"version"}).out);
  EXPECT_EQ(json({"version"})["version"], DEJA_VERSION);
  // Bug reports start with this line: it must tell the sources and how they were built.
  EXPECT_THAT(run({"version"}).out,
              testing::MatchesRegex(
                  "deja [0-9.]+ \\(build [0-9a-f]{8}(, commit [0-9a-f]{12}\\+?)?, [^()]+\\)\n"));
  EXPECT_EQ(json({"version"})["kind"].get<std::string>().find("debug"), 0u);
}

TEST_F(CliTest, AskingLeavesNothingBehind) {
  for (const char* name : {"stats", "events", "gc", "verify", "config", "doctor"})
    (void)run({name});
  EXPECT_EQ(run({"daemon", "status"}).out, "not running\n");
  EXPECT_EQ(run({"daemon", "stop"}).out, "not running\n");
  EXPECT_EQ(run({"purge", "--yes"}).code, 0);
  EXPECT_FALSE(*os::stat_file(cache_));
}

TEST_F(CliTest, WithoutAnyPlaceForTheCache) {
  environment_ = {{"PATH", "/usr/bin"}};
  const Ran ran = run({"stats"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "deja: there is no cache directory: set DEJA_DIR, XDG_CACHE_HOME or HOME\n");
  EXPECT_EQ(run({"config"}).code, 0);
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("PROBLEM  directory"));
}

TEST_F(CliTest, StatsCountAndZero) {
  {
    auto journal = journal::Journal::open(cache_);
    for (int i = 0; i < 3; ++i) journal->record(sample(journal::Outcome::hit, "a.c"));
    journal::Event dup = sample(journal::Outcome::miss, "b.c");
    dup.dup = true;
    dup.tool_runs = 1;
    journal->record(dup);
    journal::Event bypass = sample(journal::Outcome::bypass, "");
    bypass.reason = "no_input";
    journal->record(bypass);
    journal->record(sample(journal::Outcome::failure, "c.c"));
    journal->trouble("store: disk full");
  }
  const auto stats = json({"stats"});
  EXPECT_EQ(stats["hits"], 3);
  EXPECT_EQ(stats["misses"], 1);
  EXPECT_EQ(stats["dups"], 1);
  EXPECT_EQ(stats["bypasses"], 1);
  EXPECT_EQ(stats["bypass_reasons"]["no_input"], 1);
  EXPECT_EQ(stats["failures"], 1);
  EXPECT_EQ(stats["errors"], 1);
  EXPECT_EQ(stats["tool_runs"], 1);
  EXPECT_EQ(stats["remote_hits"], 0);
  EXPECT_EQ(stats["store"]["bytes"], 0);
  EXPECT_EQ(stats["store"]["blobs"], 0);
  EXPECT_EQ(stats["store"]["limit_bytes"], 10'000'000'000);
  EXPECT_EQ(stats["troubles"][0]["text"], "store: disk full");
  const std::string text = run({"stats"}).out;
  EXPECT_THAT(text, AllOf(HasSubstr("hits        3  75.0 % of the commands that were looked up"),
                          HasSubstr("no_input 1"), ContainsRegex("1 ×  .*  store: disk full")));
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("store: disk full"));

  const auto zeroed = json({"stats", "--zero"});
  EXPECT_EQ(zeroed["hits"], 0);
  EXPECT_TRUE(zeroed["since"].is_number());
  EXPECT_TRUE(json({"stats"})["troubles"].empty());
}

TEST_F(CliTest, EventsAsTextAndJson) {
  {
    auto journal = journal::Journal::open(cache_);
    for (int i = 0; i < 60; ++i)
      journal->record(sample(journal::Outcome::hit, std::to_string(i) + ".c"));
    journal::Event miss = sample(journal::Outcome::miss, "bad\x1b[31m\xff.c");
    miss.reason = "changed: /x/a.h";
    journal->record(miss);
  }
  const Ran all = run({"events", "--format", "json"});
  EXPECT_EQ(std::ranges::count(all.out, '\n'), 61);
  std::string_view rest = all.out;
  while (!rest.empty()) {
    const auto line = nlohmann::json::parse(rest.substr(0, rest.find('\n')), nullptr, false);
    ASSERT_TRUE(line.is_object());
    for (const char* name : {"time", "outcome", "reason", "tool", "what", "cwd", "probe_key",
                             "action_key", "tool_runs", "elapsed_us", "evidence"})
      EXPECT_TRUE(line.contains(name)) << name;
    rest.remove_prefix(rest.find('\n') + 1);
  }
  EXPECT_EQ(std::ranges::count(run({"events"}).out, '\n'), 50);
  EXPECT_EQ(std::ranges::count(run({"events", "--outcome", "miss"}).out, '\n'), 1);
  const std::string last = run({"events", "--limit", "1"}).out;
  EXPECT_THAT(last, AllOf(HasSubstr("  miss  "), HasSubstr("120.0 ms"), HasSubstr("  gcc  "),
                          HasSubstr("changed: /x/a.h"), Not(HasSubstr("\x1b"))));
}

TEST_F(CliTest, StatsByToolProjectAndSession) {
  ASSERT_TRUE(os::make_directories(dir_ + "/work/checkout/.git"));
  ASSERT_TRUE(os::make_directories(dir_ + "/work/checkout/src"));
  auto journal = journal::Journal::open(cache_);
  journal::Event hit = sample(journal::Outcome::hit, "a.c");
  hit.cwd = dir_ + "/work/checkout/src";
  journal::Event miss = sample(journal::Outcome::miss, "b.c");
  miss.cwd = dir_ + "/work/checkout";
  miss.tool = "/usr/bin/clang";
  journal->record(hit);
  journal->record(miss);
  const auto tools = json({"stats", "--by", "tool"});
  ASSERT_EQ(tools["groups"].size(), 2u);
  const auto projects = json({"stats", "--by", "project"});
  ASSERT_EQ(projects["groups"].size(), 1u) << projects;
  EXPECT_EQ(projects["groups"][0]["name"], dir_ + "/work/checkout");
  EXPECT_EQ(projects["groups"][0]["hits"], 1);
  EXPECT_EQ(projects["groups"][0]["misses"], 1);
  EXPECT_EQ(json({"stats", "--by", "session"})["groups"].size(), 1u);
  EXPECT_EQ(run({"stats", "--by", "tool", "--zero"}).code, 2);
}

TEST_F(CliTest, StatsForPrometheus) {
  journal::Journal::open(cache_)->record(sample(journal::Outcome::hit, "a.c"));
  const Ran ran = run({"stats", "--format", "prometheus"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("# TYPE deja_hits_total counter\ndeja_hits_total 1\n"),
                             HasSubstr("deja_store_bytes ")));
}

TEST_F(CliTest, WhyFindsSourceAndKey) {
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/work/a.c", "int a;\n"));
  {
    auto journal = journal::Journal::open(cache_);
    journal::Event miss = sample(journal::Outcome::miss, "a.c");
    miss.cwd = dir_ + "/work";
    miss.reason = "changed: /x/a.h";
    journal->record(sample(journal::Outcome::hit, dir_ + "/work/./a.c"));
    journal->record(miss);
    journal::Event bypass = sample(journal::Outcome::bypass, "main.o");
    bypass.cwd = dir_ + "/work";
    bypass.reason = "no_input";
    bypass.detail = "-o prog";
    bypass.probe_key.clear();
    journal->record(bypass);
  }
  for (const std::string& spelled : {std::string("a.c"), std::string("./x/../a.c"),
                                     dir_ + "/work/a.c", std::string("abcdef01")}) {
    const Ran ran = run({"why", spelled});
    EXPECT_EQ(ran.code, 0) << spelled;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("a.c: miss, "), HasSubstr("the tool ran: /x/a.h changed"),
                               HasSubstr("interposer"), HasSubstr("abcdef0123456789"),
                               HasSubstr("before\n")));
  }
  const auto answer = json({"why", "a.c"});
  EXPECT_EQ(answer["outcome"], "miss");
  EXPECT_EQ(answer["reason"], "changed: /x/a.h");
  EXPECT_EQ(answer["events"].size(), 2u);
  EXPECT_EQ(answer["events"][1]["outcome"], "hit");
  EXPECT_THAT(run({"why", "main.o"}).out,
              HasSubstr("not looked up (no_input): The command names no source file [-o prog]"));
  for (const char* unknown : {"b.c", "ffffff", "abc"}) {
    const Ran ran = run({"why", unknown});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "deja: why: the journal has no event of '" + std::string(unknown) +
                           "'; give a source or an output of a command, or a key\n");
  }
}

TEST_F(CliTest, WhySaysReasonsInPlainWords) {
  const auto explained = [&](journal::Outcome outcome, std::string reason, std::string detail) {
    journal::Event e = sample(outcome, "x.c");
    e.cwd = "/work";
    e.reason = std::move(reason);
    e.detail = std::move(detail);
    journal::Journal::open(cache_)->record(e);
    return json({"why", "/work/x.c"})["explanation"].get<std::string>();
  };
  using journal::Outcome;
  EXPECT_EQ(explained(Outcome::miss, "new", ""),
            "the tool ran: the cache has no result for this command");
  EXPECT_EQ(explained(Outcome::miss, "changed: file <cwd>/a.h", ""),
            "the tool ran: file /work/a.h changed");
  EXPECT_EQ(explained(Outcome::miss, "evicted", "disk full"),
            "the tool ran: its result had been evicted; nothing was stored: disk full");
  EXPECT_EQ(json({"why", "/work/x.c"})["hint"], "");
  journal::Event unstored = sample(Outcome::miss, "x.c");
  unstored.cwd = "/work";
  unstored.reason = "new";
  unstored.not_stored = "times_stored";
  unstored.detail = "an output of the tool holds times and owners of files: /work/lib.a";
  journal::Journal::open(cache_)->record(unstored);
  EXPECT_THAT(run({"why", "/work/x.c"}).out,
              AllOf(HasSubstr("nothing was stored: an output of the tool holds times and owners"),
                    HasSubstr("Give ar the modifier D.")));
  EXPECT_THAT(run({"events", "--limit", "1"}).out, HasSubstr("new; not stored: an output of"));
  EXPECT_THAT(run({"stats"}).out, ContainsRegex("not stored +1 +times_stored 1"));
  EXPECT_EQ(json({"stats"})["not_stored"]["times_stored"], 1);
  EXPECT_EQ(explained(Outcome::failure, "exit code 1", ""), "the tool itself failed: exit code 1");
  EXPECT_EQ(explained(Outcome::bypass, "another_reason", "x"),
            "not looked up (another_reason): another_reason [x]");
}

class CliStoreTest : public CliTest {
 protected:
  // Stores one result that names one blob; returns the blob's path.
  std::string fill() {
    auto store = store::LocalStore::open({.dir = cache_, .limit_bytes = 1'000'000});
    EXPECT_TRUE(store) << store.error().message;
    const auto blob = (*store)->put_blob_bytes("some bytes");
    EXPECT_TRUE(blob);
    store::ResultFacts facts;
    facts.blobs = {{blob->digest, blob->size}};
    EXPECT_TRUE((*store)->put_result(ActionKey{blob->digest}, "record", facts));
    return (*store)->layout().blob(blob->digest);
  }
};

TEST_F(CliStoreTest, StatsGcVerifyPurge) {
  (void)fill();
  auto stats = json({"stats"})["store"];
  EXPECT_EQ(stats["blobs"], 1);
  EXPECT_EQ(stats["results"], 1);
  EXPECT_GE(stats["bytes"], 10);
  EXPECT_EQ(json({"gc"})["evicted_results"], 0);
  const auto verified = json({"verify"});
  EXPECT_EQ(verified["clean"], true);
  EXPECT_EQ(verified["blobs_ok"], 1);
  EXPECT_EQ(run({"purge"}).code, 2);
  EXPECT_EQ(json({"stats"})["store"]["blobs"], 1);
  EXPECT_EQ(run({"purge", "--yes"}).out, "purged " + cache_ + "\n");
  EXPECT_EQ(json({"stats"})["store"]["blobs"], 0);
}

TEST_F(CliStoreTest, VerifyFindsDamageAndRepairs) {
  const std::string blob = fill();
  ASSERT_TRUE(os::remove_file(blob));
  ASSERT_TRUE(os::write_file_atomic(blob, "other byte", 0444));
  const Ran found = run({"verify"});
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.out, AllOf(HasSubstr("problem: 1 blob damaged"), HasSubstr("--repair")));
  EXPECT_EQ(run({"verify", "--repair"}).code, 1);  // it found problems and repaired them
  EXPECT_EQ(run({"verify"}).code, 0);
}

TEST_F(CliStoreTest, WhyFindsAnOutputThroughItsResult) {
  const ActionKey key{Digest::from_view(std::string(32, 'k'))};
  {
    auto store = store::LocalStore::open({.dir = cache_, .limit_bytes = 1'000'000});
    ASSERT_TRUE(store);
    const auto blob = (*store)->put_blob_bytes("object");
    action::ActionResult result;
    result.made_in = action::Roots("/elsewhere", "");
    action::Artifact artifact;
    artifact.path = result.made_in.tag("/elsewhere/out/a.o");
    artifact.size = blob->size;
    artifact.digest = blob->digest;
    result.artifacts = {artifact};
    store::ResultFacts facts;
    facts.blobs = {{blob->digest, blob->size}};
    ASSERT_TRUE((*store)->put_result(key, action::encode(result), facts));
    journal::Event hit = sample(journal::Outcome::hit, "a.c");
    hit.cwd = dir_ + "/work";
    hit.action_key = key.hex();
    journal::Journal::open(cache_)->record(hit);
  }
  const auto answer = json({"why", "out/a.o"});
  EXPECT_EQ(answer["outcome"], "hit");
  EXPECT_EQ(answer["outputs"][0]["path"], dir_ + "/work/out/a.o");
  EXPECT_THAT(run({"why", key.hex().substr(0, 12)}).out, HasSubstr("out/a.o (6 B)"));
  EXPECT_EQ(run({"purge", "--yes"}).code, 0);
  EXPECT_THAT(run({"why", "a.c"}).out, HasSubstr("no longer in the store"));
  EXPECT_EQ(run({"why", "out/a.o"}).code, 1);
}

TEST_F(CliTest, ConfigShowsValueOriginAndProblems) {
  EXPECT_EQ(run({"config"}).code, 0);
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/work/.deja.toml",
                                    "key.salt = '1G'\nnonsense = 1\nstore.limit = '1G'\n", 0644));
  environment_["DEJA_PROGRESS"] = "hits";
  const Ran ran = run({"config"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("key.salt                 \"1G\"     " + dir_ + "/work/.deja.toml:1"),
                    HasSubstr(":3: store.limit: works only in the user's own file"),
                    HasSubstr("progress                 \"hits\"   environment DEJA_PROGRESS"),
                    HasSubstr(":2: nonsense: there is no such setting"),
                    HasSubstr("directory  " + cache_)));
  const Ran as_json = run({"config", "--format", "json"});
  EXPECT_EQ(nlohmann::json::parse(as_json.out)["problems"].size(), 2u);
  EXPECT_EQ(json({"stats"})["store"]["limit_bytes"], 10'000'000'000);
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("PROBLEM  config"));
}

TEST_F(CliTest, DoctorNamesAMistakeInTheConfigurationOnce) {
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/work/.deja.toml",
                                    "excludes = ['x']\nfallback = 'no-such-wrapper'\n"));
  const std::string mistake =
      dir_ + "/work/.deja.toml:1: excludes: there is no such setting; did you mean exclude?";
  ASSERT_TRUE(os::make_directories(cache_ + "/journal"));
  ASSERT_TRUE(journal::prepare_troubles(cache_ + "/journal"));
  ASSERT_TRUE(journal::note_trouble(cache_ + "/journal", mistake + "; `deja config` lists all"));
  ASSERT_TRUE(journal::note_trouble(cache_ + "/journal", "another trouble"));
  const std::string out = run({"doctor"}).out;
  EXPECT_THAT(out, HasSubstr("PROBLEM  config     " + mistake));
  EXPECT_EQ(out.find(mistake), out.rfind(mistake)) << out;
  EXPECT_THAT(out, HasSubstr("PROBLEM  journal    another trouble"));
  EXPECT_THAT(out, HasSubstr("fallback: there is no program no-such-wrapper on PATH"));
}

TEST_F(CliTest, DoctorChecksTheDirectory) {
  ASSERT_TRUE(os::make_directory(cache_, 0700));
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("  directory  " + cache_ + ", "));
  ASSERT_EQ(::chmod(cache_.c_str(), 0777), 0);
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("chmod go-w"));
  ASSERT_TRUE(os::remove_tree(cache_));
  ASSERT_TRUE(os::write_file_atomic(cache_, ""));
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("it is not a directory"));
  EXPECT_EQ(run({"doctor"}).code, 1);
  ASSERT_TRUE(os::remove_file(cache_));
  ASSERT_TRUE(os::make_directory(cache_, 0700));
  ASSERT_TRUE(os::write_file_atomic(cache_ + "/thesis.tex", ""));
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("holds other things"));
}

// deja-cli with an engine that only answers questions.
class CliDaemonTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    ASSERT_TRUE(os::make_directory(dir_ + "/libexec"));
    program_ = dir_ + "/libexec/deja-cli";
    ASSERT_EQ(::symlink(DEJA_CLI, (dir_ + "/cli").c_str()), 0);
    const auto program = os::read_file(DEJA_CLI);
    ASSERT_TRUE(program);
    ASSERT_TRUE(os::write_file_atomic(program_, *program, 0755));
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/libexec/dejad", kEngine, 0755));
  }
  void TearDown() override {
    (void)run({"daemon", "stop"});
    CliTest::TearDown();
  }
  static constexpr std::string_view kEngine = R"(#!/usr/bin/python3
import fcntl, json, os, socket, struct, sys, time
assert sys.argv[1:] == ["--daemon", os.environ["DEJA_DIR"]], sys.argv
fcntl.flock(4, fcntl.LOCK_EX | fcntl.LOCK_NB)
listener = socket.socket(fileno=3)
while True:
    client, _ = listener.accept()
    head = client.recv(16, socket.MSG_WAITALL)
    if len(head) < 16: continue
    magic, protocol, kind, size, build = struct.unpack("<IHHII", head)
    word = client.recv(size, socket.MSG_WAITALL)
    answer = json.dumps({"pid": os.getpid(), "version": "0.1.0", "build": build, "sessions": 7}).encode()
    if word == b"stop": os.unlink(listener.getsockname())
    client.sendall(struct.pack("<IHHII", magic, protocol, kind + 1, len(answer), build) + answer)
    client.close()
    if word == b"stop":
        time.sleep(0.3)  # at the end of its work: the socket is gone, the lock is not
        sys.exit(0)
)";
};

TEST_F(CliDaemonTest, StartStatusStop) {
  const Ran started = run({"daemon", "start"});
  EXPECT_EQ(started.code, 0) << started.err;
  EXPECT_THAT(started.out, StartsWith("running, process "));
  const auto status = json({"daemon", "status"});
  EXPECT_EQ(status["running"], true);
  EXPECT_GT(status["pid"], 1);
  EXPECT_EQ(status["socket"], cache_ + "/daemon.sock");
  EXPECT_EQ(status["version"], "0.1.0");
  EXPECT_EQ(status["sessions"], 7);
  EXPECT_THAT(run({"daemon", "start"}).out, StartsWith("already running"));
  EXPECT_THAT(run({"daemon", "run"}).err, HasSubstr("is already running"));
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("ok       daemon     running"));
  EXPECT_EQ(run({"daemon", "stop"}).out, "stopped\n");
  EXPECT_EQ(json({"daemon", "status"})["running"], false);
  EXPECT_EQ(run({"daemon", "stop"}).out, "not running\n");
  EXPECT_THAT(run({"daemon", "start"}).out, StartsWith("running"));
}

TEST_F(CliDaemonTest, LongDirectoryNames) {
  environment_["DEJA_DIR"] = cache_ + "/" + std::string(150, 'x');
  environment_["TMPDIR"] = dir_;
  EXPECT_EQ(run({"daemon", "start"}).code, 0);
  const auto status = json({"daemon", "status"});
  EXPECT_EQ(status["running"], true);
  EXPECT_THAT(status["socket"].get<std::string>(), StartsWith(dir_ + "/deja-"));
  EXPECT_EQ(run({"daemon", "stop"}).code, 0);
}

TEST_F(CliDaemonTest, NoEngineIsSaid) {
  ASSERT_TRUE(os::remove_file(dir_ + "/libexec/dejad"));
  const Ran ran = run({"daemon", "start"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("dejad is missing"));
}

}  // namespace
}  // namespace deja::cli
