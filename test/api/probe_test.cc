// SPDX-License-Identifier: Apache-2.0
// deja_probe and deja_store, called in the real library.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "api/api.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Probe : public ApiTest {
 protected:
  Probe() {
    ws.write("a.txt", "one\n");
    ws.write("b.txt", "two\n");
  }
  Action action() const { return {.inputs = {ws.path("a.txt"), ws.path("b.txt")}}; }
  // All blobs of the store.
  std::vector<std::string> blobs() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(ws.cache() + "/blobs"))
      if (entry.is_regular_file()) out.push_back(entry.path().string());
    return out;
  }
};

TEST_F(Probe, MissThenStoreThenHitInAnotherProcess) {
  const std::string payload = std::string("bytes\0and more", 14);
  ASSERT_TRUE(in_child([&] {
    const auto cache = open();
    const auto job = probe(cache, action());
    return deja_trouble(cache.get()) == std::string() && deja_job_is_hit(job.get()) == 0 &&
           payload_of(job).empty() && keep(job, payload, 3) == DEJA_OK;
  }));
  const auto job = probe(open(), action());
  EXPECT_EQ(deja_job_is_hit(job.get()), 1);
  EXPECT_EQ(payload_of(job), payload);
  EXPECT_EQ(deja_job_exit_code(job.get()), 3);
}

// A small payload is no file of its own, and the index that is open here still holds it.
TEST_F(Probe, APurgeElsewhereCountsHere) {
  const auto cache = open();
  for (int i = 0; i < 2; ++i) {
    const auto job = probe(cache, action());
    EXPECT_EQ(deja_job_is_hit(job.get()), 0);
    EXPECT_EQ(keep(job, "payload"), DEJA_OK);
    EXPECT_EQ(deja_job_is_hit(probe(cache, action()).get()), 1);
    ASSERT_TRUE(ws.deja({"purge", "--yes"}).ok());
  }
  EXPECT_EQ(deja_job_is_hit(probe(cache, action()).get()), 0);
}

TEST_F(Probe, TheLastStoreOfAKeyCounts) {
  ASSERT_TRUE(stored_elsewhere(action(), "old"));
  const auto cache = open();
  const auto job = probe(cache, action());
  EXPECT_EQ(payload_of(job), "old");
  EXPECT_EQ(keep(job, "new", -1), DEJA_OK);
  EXPECT_EQ(payload_of(probe(cache, action())), "new");
  EXPECT_EQ(deja_job_exit_code(probe(cache, action()).get()), -1);
}

TEST_F(Probe, LargeAndEmptyPayloadsComeBack) {
  const std::string large(3 << 20, 'x');
  ASSERT_TRUE(stored_elsewhere({.name = "large"}, large));
  ASSERT_TRUE(stored_elsewhere({.name = "empty"}, ""));
  const auto cache = open();
  EXPECT_EQ(payload_of(probe(cache, {.name = "large"})), large);
  const auto empty = probe(cache, {.name = "empty"});
  EXPECT_EQ(deja_job_is_hit(empty.get()), 1);
  EXPECT_EQ(payload_of(empty), "");
}

TEST_F(Probe, TheKeyIsOf64LowerCaseHexadecimalDigits) {
  const std::string text = key(open(), action());
  EXPECT_EQ(text.size(), 64U);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
}

// Each of these actions differs from every other.
TEST_F(Probe, WhateverDecidesAJobIsInItsKey) {
  ws.write("same/a.txt", "one\n");
  const std::string a = ws.path("a.txt");
  const std::vector<Action> all = {
      {},
      {.name = "test 2"},
      {.inputs = {a}},
      {.inputs = {a, ws.path("b.txt")}},
      {.inputs = {ws.path("same/a.txt")}},  // equal content, another name
      {.inputs = {"a.txt"}, .directory = ws.work()},
      {.variables = {{"V", nullptr}}},
      {.variables = {{"V", ""}}},
      {.variables = {{"V", "1"}}},
      {.variables = {{"V", "1"}, {"W", nullptr}}},
      {.variables = {{"W", "1"}, {"V", nullptr}}},
      {.extra = "x"},
      {.extra = std::string("x\0", 2)},
  };
  const auto cache = open();
  std::vector<std::string> keys;
  for (const Action& action : all) keys.push_back(key(cache, action));
  for (std::size_t i = 0; i < keys.size(); ++i)
    for (std::size_t j = i + 1; j < keys.size(); ++j) EXPECT_NE(keys[i], keys[j]) << i << ", " << j;
  ::setenv("DEJA_KEY_SALT", "pepper", 1);
  EXPECT_NE(key(open(), all[0]), keys[0]);
}

TEST_F(Probe, OrderAndDoublesAndOtherDirectoriesAreOfNoMatter) {
  const auto cache = open();
  const std::string a = ws.path("a.txt");
  const std::string b = ws.path("b.txt");
  EXPECT_EQ(key(cache, {.inputs = {a, b}}), key(cache, {.inputs = {b, a, b}}));
  EXPECT_EQ(key(cache, {.variables = {{"V", "1"}, {"W", "2"}}}),
            key(cache, {.variables = {{"W", "2"}, {"V", "1"}, {"V", "1"}}}));
  ws.write("elsewhere/a.txt", "one\n");
  EXPECT_EQ(key(cache, {.inputs = {"a.txt"}, .directory = ws.work()}),
            key(cache, {.inputs = {"./a.txt"}, .directory = ws.path("elsewhere")}));
}

TEST_F(Probe, AnInputThatIsMissingOrNoFileIsNamed) {
  const auto cache = open();
  Owned<deja_job> job;
  EXPECT_EQ((Action{.inputs = {ws.path("a.txt"), ws.path("nowhere.txt")}}.probe(cache.get(), job)),
            DEJA_NO_INPUT);
  EXPECT_NE(std::string(deja_error()).find(ws.path("nowhere.txt")), std::string::npos);
  EXPECT_EQ(job, nullptr);
  EXPECT_EQ((Action{.inputs = {ws.work()}}.probe(cache.get(), job)), DEJA_NO_INPUT);
  EXPECT_NE(std::string(deja_error()).find(ws.work()), std::string::npos);
}

TEST_F(Probe, AnInputThatHasChangedSinceTheProbeIsRefused) {
  const auto cache = open();
  const auto refused = [&](const std::function<void()>& change) {
    ws.write("a.txt", "one\n");
    const auto job = probe(cache, action());
    change();
    const deja_status status = keep(job, "made of what?");
    EXPECT_NE(std::string(deja_error()).find(ws.path("a.txt")), std::string::npos);
    return status;
  };
  EXPECT_EQ(refused([&] { ws.write("a.txt", "uno\n"); }), DEJA_CHANGED);
  EXPECT_EQ(refused([&] { ws.remove("a.txt"); }), DEJA_CHANGED);
  EXPECT_EQ(refused([&] {
              ws.write("new", "one\n");
              fs::rename(ws.path("new"), ws.path("a.txt"));
            }),
            DEJA_CHANGED);
  ws.write("a.txt", "one\n");
  const auto job = probe(cache, action());
  EXPECT_EQ(deja_job_is_hit(job.get()), 0) << "what was refused was kept";
  EXPECT_EQ(keep(job, "fine"), DEJA_OK);
}

TEST_F(Probe, MistakesAreToldApartFromTroubles) {
  const auto cache = open();
  deja_job* job = nullptr;
  deja_cache* other = nullptr;
  const deja_action nameless = {};
  const deja_action no_extra = {"n", nullptr, nullptr, nullptr, nullptr, 1};
  EXPECT_EQ(deja_probe(cache.get(), &nameless, &job), DEJA_INVALID);
  EXPECT_EQ(deja_probe(cache.get(), &no_extra, &job), DEJA_INVALID);
  EXPECT_EQ(deja_probe(cache.get(), nullptr, &job), DEJA_INVALID);
  EXPECT_EQ(deja_probe(nullptr, &nameless, &job), DEJA_INVALID);
  EXPECT_EQ(deja_open("", nullptr, &other), DEJA_INVALID);
  EXPECT_EQ(deja_open(nullptr, "", &other), DEJA_INVALID);
  EXPECT_EQ(deja_open(nullptr, nullptr, nullptr), DEJA_INVALID);
  EXPECT_EQ(deja_store(nullptr, 0, "", 0), DEJA_INVALID);
  const auto good = probe(cache, {});
  EXPECT_EQ(deja_store(good.get(), 0, "", std::size_t{DEJA_PAYLOAD_MAX} + 1), DEJA_INVALID);
  EXPECT_EQ(deja_store(good.get(), 0, nullptr, 1), DEJA_INVALID);
  deja_close(nullptr);
  deja_job_free(nullptr);
  deja_result_free(nullptr);
}

TEST_F(Probe, WithoutADirectoryTheEnvironmentSays) {
  ASSERT_TRUE(stored_elsewhere(action(), "here"));
  deja_cache* raw = nullptr;
  ASSERT_EQ(deja_open(nullptr, nullptr, &raw), DEJA_OK);  // from DEJA_DIR
  EXPECT_EQ(payload_of(probe(Owned<deja_cache>(raw), action())), "here");
  for (const char* name : {"DEJA_DIR", "XDG_CACHE_HOME", "HOME"}) ::unsetenv(name);
  ASSERT_EQ(deja_open(nullptr, nullptr, &raw), DEJA_OK);
  const Owned<deja_cache> nowhere(raw);
  EXPECT_STRNE(deja_trouble(nowhere.get()), "");
  EXPECT_EQ(keep(probe(nowhere, action()), "x"), DEJA_OK);
  EXPECT_EQ(deja_job_is_hit(probe(nowhere, action()).get()), 0);
}

TEST_F(Probe, ThreadsShareACache) {
  const auto cache = open();
  const auto work = [&](int thread) {
    for (int i = 0; i < 50; ++i) {
      // The threads share some keys.
      const std::string name = "job " + std::to_string(i % 5 == 0 ? i : thread * 1000 + i);
      const Action action = {.name = name, .inputs = {ws.path("a.txt")}};
      const auto job = probe(cache, action);
      EXPECT_EQ(payload_of(job), deja_job_is_hit(job.get()) != 0 ? name : "");
      EXPECT_EQ(keep(job, name), DEJA_OK);
      EXPECT_EQ(payload_of(probe(cache, action)), name);
    }
    Owned<deja_job> none;
    const std::string missing = ws.path("missing " + std::to_string(thread));
    EXPECT_EQ((Action{.inputs = {missing}}.probe(cache.get(), none)), DEJA_NO_INPUT);
    EXPECT_NE(std::string(deja_error()).find(missing), std::string::npos);
  };
  std::thread first(work, 1);
  std::thread second(work, 2);
  first.join();
  second.join();
}

TEST_F(Probe, TwoNamesOfOneDirectoryAreOneStore) {
  fs::create_directory(ws.cache());
  fs::create_directory_symlink(ws.cache(), ws.base() + "/link");
  const auto one = open();
  const auto other = open_in(ws.base() + "/link");
  EXPECT_EQ(keep(probe(one, action()), "x"), DEJA_OK);
  EXPECT_EQ(keep(probe(other, {.name = "y"}), "y"), DEJA_OK);
  EXPECT_EQ(payload_of(probe(other, action())), "x");
  EXPECT_EQ(payload_of(probe(one, {.name = "y"})), "y");
}

TEST_F(Probe, AJobOutlivesItsCache) {
  auto cache = open();
  const auto job = probe(cache, action());
  cache.reset();
  EXPECT_EQ(keep(job, "late"), DEJA_OK);
  EXPECT_EQ(payload_of(probe(open(), action())), "late");
}

TEST_F(Probe, AChildFindsAndKeepsNothing) {
  const auto cache = open();
  const auto job = probe(cache, action());
  EXPECT_EQ(keep(job, "x"), DEJA_OK);
  EXPECT_TRUE(in_child([&] {
    return keep(job, "from the child") == DEJA_OK &&
           deja_job_is_hit(probe(cache, action()).get()) == 0;
  }));
  EXPECT_EQ(payload_of(probe(cache, action())), "x");
}

// --- the caller's process ---

TEST_F(Probe, NothingOfTheCallersProcessIsTouched) {
  const std::vector<char*> variables(environ, environ + 8);
  std::array<struct sigaction, 65> before = {};
  for (int s = 1; s < 65; ++s) ::sigaction(s, nullptr, &before.at(static_cast<std::size_t>(s)));
  const auto directory = fs::current_path();
  ::umask(0027);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  {
    const auto cache = open();
    const auto job = probe(cache, action());
    ASSERT_EQ(keep(job, std::string(1 << 20, 'x')), DEJA_OK);
    ASSERT_EQ(deja_job_is_hit(probe(cache, action()).get()), 1);
  }
  {
    const auto broken = open_in(ws.path("a.txt"));
    EXPECT_STRNE(deja_trouble(broken.get()), "");
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(::umask(0022), 0027U);
  EXPECT_EQ(fs::current_path(), directory);
  EXPECT_EQ(std::vector<char*>(environ, environ + 8), variables);
  for (int s = 1; s < 65; ++s) {
    struct sigaction now = {};
    if (::sigaction(s, nullptr, &now) != 0) continue;
    EXPECT_EQ(now.sa_handler, before.at(static_cast<std::size_t>(s)).sa_handler) << "signal " << s;
  }
}

TEST_F(Probe, ProgramsThatTheCallerStartsGetNoDescriptors) {
  const auto cache = open();
  EXPECT_EQ(keep(probe(cache, action()), std::string(1 << 20, 'x')), DEJA_OK);
  int seen = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (gone || !target.starts_with(ws.cache())) continue;
    ++seen;
    const int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
    EXPECT_NE(flags & FD_CLOEXEC, 0) << target;
  }
  EXPECT_GT(seen, 0);
}

// --- a cache that does not work ---

TEST_F(Probe, ADirectoryThatCannotBeIsNoError) {
  for (const std::string& directory :
       {ws.path("a.txt"), ws.path("a.txt") + "/x", std::string("/proc/x")}) {
    const auto cache = open_in(directory);
    EXPECT_STRNE(deja_trouble(cache.get()), "") << directory;
    const auto job = probe(cache, action());
    EXPECT_EQ(deja_job_is_hit(job.get()), 0);
    EXPECT_EQ(keep(job, "x"), DEJA_OK);
    EXPECT_EQ(deja_job_is_hit(probe(cache, action()).get()), 0);
    // The inputs still are part of the key.
    EXPECT_EQ(key(cache, action()), key(open(), action()));
  }
}

TEST_F(Probe, AStoreThatMayOnlyBeReadServes) {
  if (::geteuid() != 0) GTEST_SKIP() << "NOT TESTED: needs the right to become another user";
  ASSERT_TRUE(stored_elsewhere(action(), "x"));
  ASSERT_EQ(ws.run({"sh", "-c",
                    "chmod a+rx '" + ws.base() + "' && chmod -R a+rX,a-w '" + ws.cache() +
                        "' && find '" + ws.cache() + "' -name lock.mdb -delete"})
                .exit_code,
            0);
  EXPECT_TRUE(in_child([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return false;
    const auto cache = open();
    return deja_trouble(cache.get()) == std::string() &&
           payload_of(probe(cache, action())) == "x" &&
           keep(probe(cache, {.name = "y"}), "y") == DEJA_OK &&
           deja_job_is_hit(probe(cache, {.name = "y"}).get()) == 0;
  }));
}

TEST_F(Probe, DamagedBytesAreNeverServed) {
  const std::string payload(200'000, 'x');
  ASSERT_TRUE(stored_elsewhere(action(), payload));
  for (const std::string& blob : blobs()) {
    fs::permissions(blob, fs::perms::owner_write, fs::perm_options::add);
    std::fstream(blob, std::ios::in | std::ios::out | std::ios::binary) << "damage";
  }
  const auto cache = open();
  const auto job = probe(cache, action());
  EXPECT_EQ(deja_job_is_hit(job.get()), 0);
  EXPECT_EQ(keep(job, payload), DEJA_OK);
  EXPECT_EQ(payload_of(probe(cache, action())), payload);
}

TEST_F(Probe, ADamagedIndexIsRebuilt) {
  ASSERT_TRUE(stored_elsewhere(action(), "x"));
  ws.write(ws.cache() + "/index/data.mdb", std::string(100'000, '\x5a'));
  const auto cache = open();
  const auto job = probe(cache, action());
  EXPECT_EQ(payload_of(job), deja_job_is_hit(job.get()) != 0 ? "x" : "");
  EXPECT_EQ(keep(job, "y"), DEJA_OK);
  EXPECT_EQ(payload_of(probe(cache, action())), "y");
}

// A process that crashed in the index has left a mark. Other programs then check the index in a
// child process, which a library must not start.
TEST_F(Probe, ASuspectIndexIsRebuilt) {
  ASSERT_TRUE(stored_elsewhere(action(), "x"));
  ws.write(ws.cache() + "/index/suspect", "");
  EXPECT_EQ(payload_of(probe(open(), action())), "x");
  EXPECT_FALSE(ws.exists(ws.cache() + "/index/suspect"));
}

TEST_F(Probe, SwitchedOffOrObservedItIsInert) {
  ASSERT_TRUE(stored_elsewhere(action(), "x"));
  ::setenv("DEJA_DISABLE", "1", 1);
  EXPECT_EQ(deja_job_is_hit(probe(open(), action()).get()), 0);
  ::unsetenv("DEJA_DISABLE");
  ::setenv("DEJA_OBSERVE_LOG", "0", 1);
  EXPECT_EQ(deja_job_is_hit(probe(open(), action()).get()), 0);
  ::unsetenv("DEJA_OBSERVE_LOG");
  EXPECT_EQ(deja_job_is_hit(probe(open(), action()).get()), 1);
}

// --- the store, shared with the subcommands ---

TEST_F(Probe, SubcommandsHoldForJobs) {
  const std::string payload(200'000, 'x');
  const auto cache = open();
  EXPECT_EQ(keep(probe(cache, action()), payload), DEJA_OK);
  EXPECT_EQ(ws.deja({"verify"}).exit_code, 0);
  EXPECT_EQ(ws.deja({"gc"}).exit_code, 0);
  EXPECT_EQ(payload_of(probe(cache, action())), payload);
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_EQ(ws.last_event().what, "test 1");
  EXPECT_TRUE(ws.deja({"why", key(cache, action())}).ok());
  EXPECT_EQ(ws.deja({"purge", "--yes"}).exit_code, 0);
  EXPECT_EQ(deja_job_is_hit(probe(cache, action()).get()), 0);
  EXPECT_EQ(blobs().size(), 0U);
  EXPECT_EQ(ws.troubles(), "");
}

// A host's output to a closed stream must not go to a file of the cache.
TEST_F(Probe, ClosedStreamsOfTheHost) {
  const std::string text = "the host says to its standard error, which is closed";
  ASSERT_TRUE(in_child([&] {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    auto cache = open();
    bool holds = cache != nullptr;
    for (int i = 0; i < 60; ++i) {
      const Action action = {.name = "job " + std::to_string(i % 30)};
      const std::string payload = std::string(600, 'x') + action.name;
      const auto job = probe(cache, action);
      if (i < 30) holds = holds && keep(job, payload) == DEJA_OK;
      if (i >= 30) holds = holds && deja_job_is_hit(job.get()) != 0 && payload_of(job) == payload;
      for (int fd = 0; fd < 3; ++fd) holds = holds && ::write(fd, text.data(), text.size()) < 0;
    }
    cache.reset();
    return holds;
  }));
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(ws.cache()))
    if (entry.is_regular_file()) {
      EXPECT_EQ(ws.read(entry.path()).find(text), std::string::npos) << entry.path();
    }
  EXPECT_EQ(ws.deja({"verify"}).exit_code, 0);
}

TEST_F(Probe, TheLimitHolds) {
  ws.write("deja.toml", "[store]\nlimit = \"2M\"\n");
  ::setenv("DEJA_CONFIG", ws.path("deja.toml").c_str(), 1);
  const auto cache = open();
  for (int i = 0; i < 40; ++i) {
    const Action action = {.name = "job " + std::to_string(i)};
    const std::string payload = std::string(200'000, 'x') + action.name;
    EXPECT_EQ(keep(probe(cache, action), payload), DEJA_OK);
    EXPECT_EQ(payload_of(probe(cache, action)), payload);
  }
  std::uintmax_t bytes = 0;
  for (const std::string& blob : blobs()) bytes += fs::file_size(blob);
  EXPECT_LE(bytes, 2'000'000U);
  EXPECT_GE(bytes, 400'000U);
}

}  // namespace
}  // namespace deja::test
