// SPDX-License-Identifier: Apache-2.0
// deja_run, called in the real library, with the real client.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <filesystem>
#include <thread>

#include "api/api.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

// From here on this process can neither exec a program nor create a child: SIGSYS ends it if it
// tries.
bool forbid_processes() {
  std::vector<struct sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
  for (const unsigned call : {
           unsigned{__NR_clone},
           unsigned{__NR_clone3},
           unsigned{__NR_execve},
           unsigned{__NR_execveat},
#ifdef __NR_fork
           unsigned{__NR_fork},
           unsigned{__NR_vfork},
#endif
       }) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const struct sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

class Run : public ApiTest {
 protected:
  Run() { ws.write("in", "input\n"); }

  static deja_status run(const Owned<deja_cache>& cache, const Argv& words,
                         const std::string& directory, Owned<deja_result>& result,
                         const Argv* environment = nullptr, deja_streams streams = DEJA_CAPTURE) {
    const auto pointers = [](const Argv& texts) {
      std::vector<const char*> out;
      for (const std::string& text : texts) out.push_back(text.c_str());
      out.push_back(nullptr);
      return out;
    };
    const auto words_of = pointers(words);
    const Argv none;
    const auto variables = pointers(environment != nullptr ? *environment : none);
    const deja_command command = {words_of.data(), directory.c_str(),
                                  environment != nullptr ? variables.data() : nullptr, streams};
    deja_result* raw = nullptr;
    const deja_status status = deja_run(cache.get(), &command, &raw);
    result.reset(raw);
    return status;
  }
  // A run that must succeed.
  Owned<deja_result> run(const Owned<deja_cache>& cache, const Argv& words,
                         const Argv* environment = nullptr,
                         deja_streams streams = DEJA_CAPTURE) const {
    Owned<deja_result> result;
    EXPECT_EQ(run(cache, words, ws.work(), result, environment, streams), DEJA_OK) << deja_error();
    return result;
  }
  static Argv sh(const std::string& script, const Argv& options = {}) {
    Argv words = options;
    for (const char* word : {"--", "/bin/sh", "-c"}) words.emplace_back(word);
    words.push_back(script);
    return words;
  }
  // Prints its input; "out" differs from run to run.
  static Argv tool() {
    return sh("read line < in; echo \"$line\"; echo warning >&2; echo $$ > out",
              {"--output-file", "out"});
  }
  static bool is_hit(const Owned<deja_result>& r) { return deja_result_is_hit(r.get()) != 0; }
  static std::string out(const Owned<deja_result>& r) {
    std::size_t size = 0;
    const char* const data = deja_result_out(r.get(), &size);
    return {data, size};
  }
  static std::string err(const Owned<deja_result>& r) { return deja_result_err(r.get(), nullptr); }
};

TEST_F(Run, MissByTheClientThenAHitHere) {
  const auto cache = open();
  const auto miss = run(cache, tool());
  EXPECT_FALSE(is_hit(miss));
  EXPECT_EQ(out(miss), "input\n");
  EXPECT_EQ(err(miss), "warning\n");
  EXPECT_EQ(ws.last_event().outcome, "miss");
  const std::string left = ws.read("out");
  ws.remove("out");
  const auto hit = run(cache, tool());
  EXPECT_TRUE(is_hit(hit));
  EXPECT_EQ(out(hit), "input\n");
  EXPECT_EQ(err(hit), "warning\n");
  EXPECT_EQ(deja_result_exit_code(hit.get()), 0);
  EXPECT_EQ(ws.read("out"), left) << "the tool ran again";
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_EQ(ws.events().size(), 2U);
  EXPECT_EQ(ws.troubles(), "");
}

// The kernel ends a process that starts a process or a thread here.
TEST_F(Run, AHitStartsNoProcess) {
  EXPECT_FALSE(is_hit(run(open(), tool())));
  const std::string left = ws.read("out");
  ws.remove("out");
  EXPECT_TRUE(in_child([&] {
    const auto cache = open();
    return forbid_processes() && is_hit(run(cache, tool()));
  }));
  EXPECT_EQ(ws.read("out"), left);
  // Check of the check: a miss does not get through.
  ws.write("in", "other input\n");
  EXPECT_FALSE(in_child([&] {
    const auto cache = open();
    return forbid_processes() && run(cache, tool()) != nullptr;
  }));
}

TEST_F(Run, WhatTheShellRanIsAHitHereAndTheOtherWayRound) {
  Argv words = tool();
  words.insert(words.begin(), "exec");
  EXPECT_TRUE(ws.deja(words).ok());
  const auto cache = open();
  EXPECT_TRUE(is_hit(run(cache, tool())));
  ws.write("in", "other input\n");
  EXPECT_FALSE(is_hit(run(cache, tool())));
  ws.expect_hit(words);
}

TEST_F(Run, AChangedInputRunsTheToolAgain) {
  const auto cache = open();
  run(cache, tool());
  ws.write("in", "other\n");
  const auto result = run(cache, tool());
  EXPECT_FALSE(is_hit(result));
  EXPECT_EQ(out(result), "other\n");
  ws.write("in", "input\n");
  EXPECT_EQ(out(run(cache, tool())), "input\n");
}

TEST_F(Run, TheEndOfAToolIsTold) {
  const auto cache = open();
  EXPECT_EQ(deja_result_exit_code(run(cache, sh("exit 3")).get()), 3);
  const auto killed = run(cache, sh("kill -9 $$"));
  EXPECT_EQ(deja_result_signal(killed.get()), 9);
  const auto wrong = run(cache, sh("true", {"--no-such-option"}));
  EXPECT_EQ(deja_result_exit_code(wrong.get()), 2);
  EXPECT_NE(err(wrong).find("--no-such-option"), std::string::npos);
  const auto missing = run(cache, {"--", "no-such-tool"});
  EXPECT_EQ(deja_result_exit_code(missing.get()), 127);
  const Argv failing = sh("echo no; exit 3", {"--cache-failures"});
  run(cache, failing);
  const auto again = run(cache, failing);
  EXPECT_TRUE(is_hit(again));
  EXPECT_EQ(deja_result_exit_code(again.get()), 3);
  EXPECT_EQ(out(again), "no\n");
}

TEST_F(Run, TheEnvironmentIsTheCommands) {
  const auto cache = open();
  const Argv words = sh("echo \"${V-unset}\"", {"--input-env", "V"});
  const auto with = [&](const char* value) {
    Argv environment = ws.environment({.env = {"DEJA_DAEMON=off"}});
    if (value != nullptr) environment.push_back(std::string("V=") + value);
    return run(cache, words, &environment);
  };
  EXPECT_EQ(out(with("1")), "1\n");
  EXPECT_EQ(out(with("")), "\n");
  EXPECT_EQ(out(with(nullptr)), "unset\n");
  EXPECT_TRUE(is_hit(with("1")));
  EXPECT_TRUE(is_hit(with("")));
  EXPECT_TRUE(is_hit(with(nullptr)));
  // The cache is the handle's, whatever the environment says.
  const Argv bare = {"V=1", "DEJA_DAEMON=off", "DEJA_DIR=" + ws.base() + "/other"};
  EXPECT_FALSE(is_hit(run(cache, sh("echo $V", {"--input-env", "V"}), &bare)));
  EXPECT_FALSE(ws.exists(ws.base() + "/other"));
}

TEST_F(Run, ADirectoryHasOneNameForBoth) {
  fs::create_directory_symlink(ws.work(), ws.base() + "/link");
  const auto cache = open();
  Owned<deja_result> result;
  ASSERT_EQ(run(cache, tool(), ws.base() + "/link", result), DEJA_OK);
  ASSERT_EQ(run(cache, tool(), ws.base() + "/link", result), DEJA_OK);
  EXPECT_TRUE(is_hit(result));
  EXPECT_EQ(run(cache, tool(), ws.path("nowhere"), result), DEJA_INVALID);
  EXPECT_NE(std::string(deja_error()).find("nowhere"), std::string::npos);
}

TEST_F(Run, InheritedStreamsAreTheCallers) {
  const auto in_a_child = [&](const std::string& file, bool wants_hit) {
    return in_child([&] {
      const int fd = ::open(ws.path(file).c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      const auto result = run(open(), sh("echo out; echo err >&2"), nullptr, DEJA_INHERIT);
      return is_hit(result) == wants_hit && out(result) == (wants_hit ? "out\nerr\n" : "");
    });
  };
  EXPECT_TRUE(in_a_child("first", false));
  EXPECT_EQ(ws.read("first"), "out\nerr\n");
  EXPECT_TRUE(in_a_child("second", true));
  EXPECT_EQ(ws.read("second"), "");
}

TEST_F(Run, AProcessThatIsLeftBehindIsNotWaitedFor) {
  // The other end of the gate stays closed during the run.
  ASSERT_EQ(::mkfifo(ws.path("gate").c_str(), 0600), 0);
  const auto result = run(open(), sh("(read line < gate; :) & echo done", {"--no-cache"}));
  EXPECT_EQ(out(result), "done\n");
  int gate = -1;
  EXPECT_TRUE(wait_until([&] {
    gate = ::open(ws.path("gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return gate >= 0;
  }));
  ::close(gate);
}

TEST_F(Run, MuchOutputComesWhole) {
  const auto cache = open();
  const Argv words =
      sh("i=0; while [ $i -lt 20000 ]; do echo 0123456789; echo 0123456789 >&2; i=$((i+1)); done");
  const auto miss = run(cache, words);
  EXPECT_EQ(out(miss).size(), 220'000U);
  EXPECT_EQ(err(miss).size(), 220'000U);
  const auto hit = run(cache, words);
  EXPECT_TRUE(is_hit(hit));
  EXPECT_EQ(out(hit), out(miss));
  EXPECT_EQ(err(hit), err(miss));
}

TEST_F(Run, StandardInputThatCountsIsForTheClient) {
  const auto result = run(open(), sh("cat; echo end", {"--stdin", "keyed"}));
  EXPECT_EQ(out(result), "end\n");
  EXPECT_FALSE(is_hit(result));
}

TEST_F(Run, AuditsRunTheTool) {
  const auto cache = open();
  run(cache, tool());
  ::setenv("DEJA_AUDIT", "1", 1);
  const Argv words = sh("read line < in; echo \"$line\"");
  run(cache, words);
  EXPECT_FALSE(is_hit(run(cache, words)));
  EXPECT_EQ(ws.last_event().reason, "audit: equal");
}

// What this process remembers of the store is gone, too.
TEST_F(Run, APurgeElsewhereRunsTheTool) {
  const auto cache = open();
  const Argv echo = sh("read line < in; echo \"$line\"");  // nothing of it is a file
  EXPECT_FALSE(is_hit(run(cache, echo)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(is_hit(run(cache, echo)));
  ASSERT_TRUE(ws.deja({"purge", "--yes"}).ok());
  EXPECT_FALSE(is_hit(run(cache, echo)));
  EXPECT_TRUE(is_hit(run(cache, echo)));
  ASSERT_TRUE(ws.deja({"purge", "--yes"}).ok());
  EXPECT_FALSE(is_hit(run(cache, echo)));
  EXPECT_EQ(ws.troubles(), "");
}

// What a run read is left out of its trace (DEJA_TEST_LEAVE_OUT), so that an edit of it goes unseen, until an audit in
// another process finds the result wrong.
TEST_F(Run, AnAuditElsewhereCountsHere) {
  const Argv echo = sh("read line < in; echo \"$line\"");
  Argv environment = ws.environment({.env = {"DEJA_TEST_LEAVE_OUT=/in"}});
  const auto cache = open();
  EXPECT_FALSE(is_hit(run(cache, echo, &environment)));
  ws.write("in", "other\n");
  environment = ws.environment();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(out(run(cache, echo, &environment)), "input\n");
  Argv audit = {Workspace::program(), "audit", "--all", Workspace::program(), "exec"};
  audit.insert(audit.end(), echo.begin(), echo.end());
  const Result audited = ws.run(audit);
  EXPECT_NE(audited.err.find("1 hit compared, 1 wrong"), std::string::npos) << audited;
  EXPECT_EQ(out(run(cache, echo, &environment)), "other\n");
}

TEST_F(Run, ThreadsShareACache) {
  const auto cache = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const std::string text = std::to_string(i);
        EXPECT_EQ(out(run(cache, sh("echo " + text))), text + "\n");
        EXPECT_EQ(out(run(cache, sh("echo " + text))), text + "\n");
      }
    });
  for (std::thread& thread : threads) thread.join();
}

// --- missing or broken parts ---

TEST_F(Run, WithoutAClientThereAreHitsOnly) {
  run(open(), tool());
  const auto cache = open("/nowhere/deja");
  EXPECT_TRUE(is_hit(run(cache, tool())));
  ws.write("in", "other\n");
  Owned<deja_result> result;
  EXPECT_EQ(run(cache, tool(), ws.work(), result), DEJA_NOT_RUN);
  EXPECT_NE(std::string(deja_error()).find("/nowhere/deja"), std::string::npos);
}

TEST_F(Run, ACacheThatDoesNotWorkRunsTheTool) {
  for (const std::string& directory : {ws.path("in"), std::string("/proc/x")}) {
    const auto cache = open_in(directory);
    EXPECT_STRNE(deja_trouble(cache.get()), "");
    for (int i = 0; i < 2; ++i) {
      const auto result = run(cache, tool());
      EXPECT_FALSE(is_hit(result));
      EXPECT_EQ(out(result), "input\n");
    }
  }
}

TEST_F(Run, ADamagedStoreRunsTheTool) {
  run(open(), tool());
  for (const char* file : {"index/data.mdb", "format", "ledger"}) {
    fs::remove_all(ws.cache() + "/" + file);
    ws.write(ws.cache() + "/" + file, std::string(50'000, '\x5a'));
    EXPECT_EQ(out(run(open(), tool())), "input\n") << file;
    EXPECT_EQ(out(run(open(), tool())), "input\n") << file;
  }
}

TEST_F(Run, SwitchedOffOrObservedItOnlyRuns) {
  run(open(), tool());
  for (const auto& [name, value] :
       {std::pair{"DEJA_DISABLE", "1"}, std::pair{"DEJA_OBSERVE_LOG", "0"}}) {
    ::setenv(name, value, 1);
    EXPECT_FALSE(is_hit(run(open(), tool()))) << name;
    ::unsetenv(name);
  }
  EXPECT_TRUE(is_hit(run(open(), tool())));
}

TEST_F(Run, MistakesAreTold) {
  const auto cache = open();
  deja_result* result = nullptr;
  const char* const nothing[] = {nullptr};
  const deja_command empty = {nothing, nullptr, nullptr, DEJA_CAPTURE};
  const deja_command none = {nullptr, nullptr, nullptr, DEJA_CAPTURE};
  EXPECT_EQ(deja_run(cache.get(), &empty, &result), DEJA_INVALID);
  EXPECT_EQ(deja_run(cache.get(), &none, &result), DEJA_INVALID);
  EXPECT_EQ(deja_run(cache.get(), nullptr, &result), DEJA_INVALID);
  EXPECT_EQ(deja_run(nullptr, &empty, &result), DEJA_INVALID);
}

}  // namespace
}  // namespace deja::test
