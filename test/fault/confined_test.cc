// SPDX-License-Identifier: Apache-2.0
// A client with fewer rights than the engine: the engine must not do for it what it may not do
// itself.
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "fault/fault.h"

namespace deja::test {
namespace {

// Allows writing only below these directories. False: this kernel has no Landlock (landlock(7)).
bool confine_to(const std::vector<std::string>& directories) {
  struct landlock_ruleset_attr rules = {};
  constexpr unsigned kFirstOfMaking = 4, kEndOfMaking = 13;  // LANDLOCK_ACCESS_FS_REMOVE_DIR …
  rules.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE;
  for (unsigned bit = kFirstOfMaking; bit < kEndOfMaking; ++bit)
    rules.handled_access_fs |= 1ull << bit;
  const int set = static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules.handled_access_fs), 0));
  if (set < 0) return false;
  for (const std::string& directory : directories) {
    struct landlock_path_beneath_attr below = {};
    below.allowed_access = rules.handled_access_fs;
    below.parent_fd = ::open(directory.c_str(), O_PATH | O_CLOEXEC);
    if (::syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0)
      return false;
  }
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_landlock_restrict_self, set, 0) == 0;
}

class Confined : public Fault {
 protected:
  void SetUp() override {
    Fault::SetUp();
    for (const std::string& name : {std::string("inside"), std::string("outside"), ws.cache()})
      ws.make_directory(name);
    ws.write("source", "text\n");
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1);
    if (abi < 1) GTEST_SKIP() << "this kernel has no Landlock";
  }
  Options confined(const std::string& directory) const {
    Options options;
    options.cwd = ws.path(directory);
    options.in_child = [this] {
      if (!confine_to({ws.path("inside"), ws.cache(), "/dev"})) ::_exit(99);
    };
    return options;
  }
  Options free(const std::string& directory) const {
    Options options;
    options.cwd = ws.path(directory);
    return options;
  }
  const Argv copy = {"cp", "../source", "made"};
  const Argv cached = {
      "exec", "--no-cwd-in-key", "--pass-env", "PATH", "--output-file", "made", "--",
      "cp",   "../source",       "made"};
};

TEST_P(Confined, MayNotWriteByTheEngineWhatItMayNotWriteItself) {
  ASSERT_TRUE(ws.deja(cached, free("inside")).ok());
  ws.remove("inside/made");
  ASSERT_TRUE(ws.deja(cached, free("inside")).ok());
  ASSERT_EQ(ws.last_event().outcome, "hit");
  ASSERT_NE(ws.run(copy, confined("outside")).exit_code, 0);
  EXPECT_NE(ws.deja(cached, confined("outside")).exit_code, 0);
  EXPECT_FALSE(ws.exists("outside/made"));
  // Where it may write, it is served by its own engine.
  ws.remove("inside/made");
  EXPECT_TRUE(ws.deja(cached, confined("inside")).ok());
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

// A daemon that it starts has the same limits, and other clients replace it.
TEST_P(Confined, AsTheFirstClient) {
  EXPECT_TRUE(ws.deja(cached, confined("inside")).ok());
  for (int i = 0; i < 2; ++i) {
    ws.deja({"gcc", "-c", "../a.c"}, free("outside"));
    EXPECT_TRUE(ws.exists("outside/a.o"));
    ws.remove("outside/a.o");
  }
  EXPECT_TRUE(wait_until([&] {
    const Result r = ws.deja({"gcc", "-c", "../a.c"}, free("outside"));
    ws.remove("outside/a.o");
    return r.ok() && ws.last_event().outcome == "hit";
  }));
}

EVERY_MODE(Confined);

}  // namespace
}  // namespace deja::test
