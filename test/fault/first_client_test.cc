// SPDX-License-Identifier: Apache-2.0
// An engine serves many clients: it must not keep properties of the client that started it.
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include "fault/fault.h"

namespace deja::test {
namespace {

class FirstClient : public Fault {
 protected:
  // Starts an engine from such a client; returns its process.
  pid_t start(const Options& options) {
    expect_undisturbed(options);
    const pid_t pid = ws.daemon_pid();
    EXPECT_GT(pid, 0) << "no daemon";
    return pid;
  }
  static std::string proc(pid_t pid, const std::string& file) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_P(FirstClient, ItsEnvironment) {
  Options options;
  options.env = {"MAKEFLAGS=-j7", "LD_LIBRARY_PATH=/nowhere", "SECRET=password",
                 "DEJA_STORE_LIMIT=3G"};
  std::string environment = proc(start(options), "environ");
  std::replace(environment.begin(), environment.end(), '\0', '\n');
  for (const char* name : {"MAKEFLAGS", "LD_LIBRARY_PATH", "SECRET", "PATH="})
    EXPECT_EQ(environment.find(name), std::string::npos) << environment;
  EXPECT_NE(environment.find("DEJA_STORE_LIMIT=3G"), std::string::npos) << environment;
}

// fakeroot reports another user to every program that loads it.
TEST_P(FirstClient, Fakeroot) {
  NEEDS_TOOL("fakeroot");
  ws.run({"fakeroot", Workspace::program(), "gcc", "-Wall", "-MD", "-c", "a.c"});
  reset();
  ws.expect_miss(argv());  // the loader's variables are part of the key
  reset();
  ws.expect_hit(argv());
}

TEST_P(FirstClient, ItsLimitsNicenessAndProcessors) {
  Options options;
  options.in_child = [] {
    for (const auto& [resource, soft] : {std::pair(RLIMIT_NOFILE, rlim_t{64}),
                                         {RLIMIT_FSIZE, rlim_t{1} << 30},
                                         {RLIMIT_CPU, rlim_t{100}},
                                         {RLIMIT_STACK, rlim_t{1} << 20}}) {
      struct rlimit limit = {};
      ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
      limit.rlim_cur = soft;
      ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
    }
    if (::nice(7) == -1) ::_exit(99);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    ::sched_setaffinity(0, sizeof(one), &one);
  };
  const pid_t pid = start(options);
  struct rlimit limit = {};
  for (const int resource : {RLIMIT_FSIZE, RLIMIT_CPU}) {
    ASSERT_EQ(::prlimit(pid, static_cast<__rlimit_resource>(resource), nullptr, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
  }
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
  EXPECT_GE(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 4096));
  ASSERT_EQ(::prlimit(pid, RLIMIT_STACK, nullptr, &limit), 0);
  EXPECT_GE(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 8 << 20));
  if (::geteuid() == 0) {
    EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(pid)), 0);
  }
  cpu_set_t engine, own;
  ASSERT_EQ(::sched_getaffinity(pid, sizeof(engine), &engine), 0);
  ASSERT_EQ(::sched_getaffinity(0, sizeof(own), &own), 0);
  EXPECT_TRUE(CPU_EQUAL(&engine, &own));
}

// A limit on the size of files makes a write fail; it must not end the engine.
TEST_P(FirstClient, ItIgnoresWhatKillsForASize) {
  const std::string status = proc(start({}), "status");
  const std::size_t at = status.find("SigIgn:");
  ASSERT_NE(at, std::string::npos);
  const unsigned long long ignored = std::stoull(status.substr(at + 7), nullptr, 16);
  EXPECT_NE(ignored >> (SIGXFSZ - 1) & 1, 0u);
}

// The log of a run is larger than most limits, though little of it is used.
TEST_P(FirstClient, ASmallLimitOnTheSizeOfFiles) {
  Options options;
  options.in_child = [] {
    const struct rlimit limit = {rlim_t{128} << 20, rlim_t{128} << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  };
  ws.expect_miss(argv(), options);
  reset();
  ws.expect_hit(argv(), options);
}

ONLY_DAEMON(FirstClient);

}  // namespace
}  // namespace deja::test
