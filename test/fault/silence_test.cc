// SPDX-License-Identifier: Apache-2.0
// An engine that does not answer delays one command of a build, not every command.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "fault/fault.h"

namespace deja::test {
namespace {

class SilenceFault : public Fault {
 protected:
  // Runs twenty compiles in sequence, within the time that two silences may take.
  void expect_build_undisturbed() {
    Options options;
    options.deadline = kDeadline;
    const Result got =
        ws.run({"sh", "-c",
                "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \"$0\" "
                "gcc -Wall -MD -c a.c 2>err || exit 1; done; cat err >&2; rm err",
                Workspace::program()},
               options);
    expect_like_bare(got);
  }
  // The threads of a process stop one after the other.
  void stop(pid_t pid) const {
    ::kill(pid, SIGSTOP);
    EXPECT_TRUE(wait_until([&] {
      for (const auto& thread :
           std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        const std::string stat = ws.read(thread.path() / "stat");
        if (stat.compare(stat.rfind(')') + 2, 1, "T") != 0) return false;
      }
      return true;
    }));
  }
  bool hits() {
    const bool is_hit = ws.deja(argv()).ok() && ws.last_event().outcome == "hit" && ++asked_ > 0;
    reset();
    return is_hit;
  }
  std::string mark() const { return ws.cache() + "/daemon.silent"; }
  int asked_ = 0;
};

// Never accepts a connection.
class MuteListener {
 public:
  explicit MuteListener(const std::string& path) {
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(fd_, 64), 0);
  }
  ~MuteListener() { ::close(fd_); }

 private:
  const int fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

TEST_P(SilenceFault, AStoppedEngine) {
  warm();
  const pid_t pid = ws.daemon_pid();
  ASSERT_GT(pid, 0);
  stop(pid);
  expect_build_undisturbed();
  EXPECT_TRUE(ws.exists(mark()));
  ::kill(pid, SIGCONT);
  const std::size_t before = ws.events().size();
  EXPECT_TRUE(wait_until([&] { return hits() && ws.events().size() > before; }));
  EXPECT_TRUE(wait_until([&] { return hits() && !ws.exists(mark()); }));
}

TEST_P(SilenceFault, AMuteListener) {
  std::filesystem::create_directories(ws.cache());
  const MuteListener mute(ws.cache() + "/daemon.sock");
  expect_build_undisturbed();
}

// The process that holds the lock never listens.
TEST_P(SilenceFault, ALockThatIsHeld) {
  std::filesystem::create_directories(ws.cache());
  const int lock =
      ::open((ws.cache() + "/daemon.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  expect_build_undisturbed();
  ::close(lock);
  EXPECT_TRUE(wait_until([&] { return hits(); }));
}

// A backup or a virus scanner may lock them.
TEST_P(SilenceFault, EveryFileOfTheCacheIsLocked) {
  warm();
  for (const bool has_daemon : {true, false}) {
    if (!has_daemon) ws.end_engines();
    std::vector<int> locked;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(ws.cache())) {
      if (!entry.is_regular_file()) continue;
      const int fd = ::open(entry.path().c_str(), O_RDWR | O_CLOEXEC);
      if (fd < 0) continue;
      struct flock all = {};
      all.l_type = F_WRLCK;
      ::fcntl(fd, F_SETLK, &all);
      ::flock(fd, LOCK_EX | LOCK_NB);
      locked.push_back(fd);
    }
    EXPECT_GT(locked.size(), 5u);
    expect_build_undisturbed();
    Options options;
    options.deadline = kDeadline;
    for (const Argv& command : {Argv{"stats"}, Argv{"doctor"}, Argv{"daemon", "status"}})
      EXPECT_FALSE(ws.deja(command, options).hung) << command.front();
    for (const int fd : locked) ::close(fd);
    EXPECT_TRUE(wait_until([&] { return hits(); }, std::chrono::seconds(70)));
  }
}

// It hangs before it has written its id: the first command waits, not every one.
TEST_P(SilenceFault, AnEngineThatHangsAtItsStart) {
  std::filesystem::create_directories(ws.cache());
  ws.write(ws.cache() + "/daemon.lock", "");
  const MuteListener mute(ws.cache() + "/daemon.sock");
  expect_build_undisturbed();
  EXPECT_TRUE(ws.exists(mark()));
}

// A new engine on a busy disk or among 64 compilers: no client gives up before it has begun.
TEST_P(SilenceFault, AnEngineThatStartsSlowly) {
  for (const bool has_old_lock : {false, true}) {
    ws.end_engines();
    EXPECT_EQ(ws.exists(ws.cache() + "/daemon.lock"), has_old_lock);
    Options options;
    options.env = {"DEJA_TEST_FAILPOINT=slow@1"};
    if (has_old_lock) {
      ws.expect_hit(argv(), options);
    } else {
      ws.expect_miss(argv(), options);
    }
    EXPECT_FALSE(ws.exists(mark()));
    reset();
  }
}

// The same, while it opens its store.
TEST_P(SilenceFault, AnEngineThatOpensItsStoreSlowly) {
  ws.end_engines();
  Options options;
  options.env = {"DEJA_TEST_FAILPOINT=slow@4"};
  ws.expect_miss(argv(), options);
  EXPECT_FALSE(ws.exists(mark()));
  reset();
  ws.expect_hit(argv(), options);
}

TEST_P(SilenceFault, TheSubcommandsAnswerAndEndAStoppedEngine) {
  warm();
  const pid_t pid = ws.daemon_pid();
  ASSERT_GT(pid, 0);
  stop(pid);
  Options options;
  options.deadline = kDeadline;
  const Result status = ws.deja({"daemon", "status"}, options);
  EXPECT_NE(status.out.find("does not answer"), std::string::npos) << status;
  EXPECT_FALSE(ws.deja({"doctor"}, options).hung);
  EXPECT_TRUE(ws.deja({"stats"}, options).ok());
  expect_build_undisturbed();
  const Result stop = ws.deja({"daemon", "stop"}, options);
  EXPECT_TRUE(stop.ok()) << stop;
  EXPECT_TRUE(wait_until([pid] { return has_ended_completely(pid); }));
  EXPECT_FALSE(ws.exists(mark()));
  EXPECT_TRUE(hits());
}

ONLY_DAEMON(SilenceFault);

}  // namespace
}  // namespace deja::test
