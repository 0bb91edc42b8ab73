// SPDX-License-Identifier: Apache-2.0
// Broken places: the cache directory, the socket, the configuration, the disk.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "fault/fault.h"
#include "fault/installation.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class PlaceFault : public Fault {
 protected:
  // Runs as user 65534, who may enter the work directory, with a deja that this user may start.
  void expect_somebody_else_undisturbed() {
    for (const char* open : {"work", "tmp"})
      fs::permissions(ws.base() + "/" + open, static_cast<fs::perms>(0777));
    Options options;
    options.in_child = [] {
      if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(99);
    };
    options.deadline = kDeadline;
    const Installation installed;
    Argv own = argv();
    own.insert(own.begin(), installed.program());
    for (int i = 0; i < 2; ++i) expect_like_bare(ws.run(own, options));
    ws.end_engines();
  }
  std::string socket() const { return ws.cache() + "/daemon.sock"; }
  void expect_undisturbed_twice(const Options& options = {}) {
    expect_undisturbed(options);
    expect_undisturbed(options);
  }
};

TEST_P(PlaceFault, SocketWithoutAListener) {
  fs::create_directories(ws.cache());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket().c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);
  expect_undisturbed();
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(PlaceFault, SocketIsAFile) {
  ws.write(socket(), "garbage");
  expect_undisturbed_twice();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(PlaceFault, SocketIsADirectory) {
  ws.write(socket() + "/file", "garbage");
  expect_undisturbed_twice();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(PlaceFault, SocketIsASymlinkToNowhere) {
  fs::create_directories(ws.cache());
  fs::create_symlink("nowhere/at/all", socket());
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, CacheDirectoryHoldsOtherThings) {
  ws.write(ws.cache() + "/index", "the user's own");
  ws.write(ws.cache() + "/old/file", "the user's own");
  ws.write(ws.cache() + "/format", "of something else");
  const Tree before = tree_of(ws.cache());
  expect_undisturbed_twice();
  for (const Argv& command : {Argv{"purge", "--yes"}, Argv{"gc"}, Argv{"verify", "--repair"},
                              Argv{"daemon", "start"}, Argv{"stats"}, Argv{"doctor"}})
    ws.deja(command);
  EXPECT_EQ(difference(before, tree_of(ws.cache())), "");
}

TEST_P(PlaceFault, PartsOfTheCacheAreSymlinks) {
  for (const char* part : {"blobs", "ledger", "tmp", "quarantine"}) {
    ws.make_directory("elsewhere");
    fs::create_directories(ws.cache());
    fs::create_directory_symlink(ws.path("elsewhere"), ws.cache() + "/" + part);
    ws.write(ws.cache() + "/format", "deja store 1\n");
    ws.deja(argv());
    EXPECT_TRUE(fs::is_empty(ws.path("elsewhere"))) << part;
    reset();
    ws.end_engines();
    ws.remove(ws.cache());
  }
}

// "sudo -E make": root must not leave files in a user's home that the user cannot remove.
TEST_P(PlaceFault, RootInAUsersHome) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  ASSERT_EQ(::chown(ws.home().c_str(), 12345, 12345), 0);
  const Options options = {.env = {"DEJA_DIR", "XDG_CACHE_HOME", "HOME=" + ws.home()}};
  const Tree before = tree_of(ws.home());
  expect_undisturbed_twice(options);
  EXPECT_EQ(difference(before, tree_of(ws.home())), "");
  EXPECT_NE(ws.deja({"doctor"}, options).out.find("belongs to another user"), std::string::npos);
  fs::create_directories(ws.home() + "/.cache/deja");
  ASSERT_EQ(::chown((ws.home() + "/.cache/deja").c_str(), 12345, 12345), 0);
  expect_undisturbed_twice(options);
  EXPECT_TRUE(fs::is_empty(ws.home() + "/.cache/deja"));
}

TEST_P(PlaceFault, LockIsADirectory) {
  ws.make_directory(ws.cache() + "/daemon.lock");
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, DirectoryIsMissingWithItsParents) {
  ws.set("DEJA_DIR=" + ws.base() + "/new/deep/cache");
  expect_undisturbed_twice();
  EXPECT_TRUE(ws.exists(ws.base() + "/new/deep/cache/journal"));
  for (const char* mode : {"stop"}) ws.deja({"daemon", mode});
}

TEST_P(PlaceFault, DirectoryCannotBeMade) {
  ws.set("DEJA_DIR=/proc/nowhere/cache");
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, DirectoryIsAFile) {
  ws.write(ws.cache(), "I am a file");
  expect_undisturbed_twice();
  EXPECT_EQ(ws.read(ws.cache()), "I am a file");
}

TEST_P(PlaceFault, DirectoryIsBelowAFile) {
  ws.write(ws.base() + "/file", "I am a file");
  ws.set("DEJA_DIR=" + ws.base() + "/file/cache");
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, DirectoryIsADeadSymlink) {
  fs::create_symlink("/proc/nowhere/cache", ws.cache());
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, PathIsTooLongForASocket) {
  const std::string cache = ws.base() + "/" + std::string(120, 'c') + "/cache";
  ws.set("DEJA_DIR=" + cache);
  expect_undisturbed_twice();
  EXPECT_TRUE(ws.exists(cache + "/journal/events.jsonl"));
  ws.deja({"daemon", "stop"});
}

TEST_P(PlaceFault, PathIsTooLongForAnything) {
  std::string cache = ws.base();
  for (int i = 0; i < 40; ++i) cache += "/" + std::string(120, 'c');
  ws.set("DEJA_DIR=" + cache);
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, NoPlaceIsNamed) {
  for (const char* name : {"DEJA_DIR", "HOME", "XDG_CACHE_HOME", "TMPDIR"}) ws.set(name);
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, RelativeDirectory) {
  ws.make_directory(ws.base() + "/elsewhere");
  ws.set("DEJA_DIR=../cache");
  expect_undisturbed_twice();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

// Everything belongs to another user: the directory can be read, but not written.
TEST_P(PlaceFault, DirectoryIsReadOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  warm();
  ws.end_engines();
  fs::permissions(ws.base(), static_cast<fs::perms>(0755));
  expect_somebody_else_undisturbed();
  EXPECT_EQ(ws.daemon_pid(), 0);
}

// A client of another user finds this user's daemon.
TEST_P(PlaceFault, DaemonOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  warm();
  fs::permissions(ws.base(), static_cast<fs::perms>(0755));
  fs::permissions(ws.cache(), static_cast<fs::perms>(0755));
  if (ws.exists(socket())) fs::permissions(socket(), static_cast<fs::perms>(0777));
  expect_somebody_else_undisturbed();
}

TEST_P(PlaceFault, CacheVanishesUnderTheDaemon) {
  warm();
  ws.remove(ws.cache());
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, ConfigurationIsBroken) {
  const std::vector<std::string> texts = {"this is = = no toml [[[",
                                          std::string("\0\x01\xff", 3),
                                          "",
                                          "[store]\nlimit = \"much\"\n",
                                          "unknown = 1\n[paths]\nportable = \"perhaps\"\n",
                                          std::string(3'000'000, '#')};
  for (const std::string& text : texts) {
    ws.write(ws.base() + "/.deja.toml", text);
    ws.write(ws.home() + "/.config/deja/config.toml", text);
    expect_undisturbed_twice();
  }
}

TEST_P(PlaceFault, ConfigurationIsADirectory) {
  ws.make_directory(ws.base() + "/.deja.toml");
  expect_undisturbed_twice();
}

TEST_P(PlaceFault, ConfigurationIsAPipe) {
  ASSERT_EQ(::mkfifo((ws.base() + "/.deja.toml").c_str(), 0600), 0);
  expect_undisturbed();
  ws.remove(ws.base() + "/.deja.toml");
}

TEST_P(PlaceFault, ConfigurationVariablesAreNonsense) {
  for (const char* entry :
       {"DEJA_DAEMON=perhaps", "DEJA_CONFIG=/nowhere/deja.toml", "DEJA_REMOTE=gopher://x",
        "DEJA_BASE_DIR=relative", "DEJA_LOG=/nowhere/log", "DEJA_PROGRESS=loud",
        "DEJA_KEY_SALT=\xff", "DEJA_REMOTE_MODE=sometimes"}) {
    SCOPED_TRACE(entry);
    ws.end_engines();
    Options options;
    options.env = {entry};
    expect_undisturbed(options);
  }
}

// The cache has a small file system of its own.
class DiskFault : public PlaceFault {
 protected:
  void TearDown() override {
    ws.end_engines();
    if (mounted_) ::umount2(ws.cache().c_str(), MNT_DETACH);
  }
  bool mount(const std::string& options) {
    fs::create_directories(ws.cache());
    mounted_ = ::mount("deja-test", ws.cache().c_str(), "tmpfs", 0, options.c_str()) == 0;
    return mounted_;
  }
  void fill() {
    const int fd = ::open((ws.cache() + "/filling").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    ::close(fd);
  }

 private:
  bool mounted_ = false;
};

#define NEEDS_MOUNT(options) \
  if (!mount(options)) GTEST_SKIP() << "needs the right to mount a tmpfs"

TEST_P(DiskFault, FullFromTheStart) {
  for (const char* size : {"size=4k", "size=64k", "size=256k", "size=1m", "size=3m"}) {
    SCOPED_TRACE(size);
    NEEDS_MOUNT(size);
    expect_undisturbed_twice();
    TearDown();
  }
}

TEST_P(DiskFault, FullDuringMisses) {
  NEEDS_MOUNT("size=16m");
  warm();
  fill();
  for (int i = 0; i < 3; ++i) {
    const std::string name = "n" + std::to_string(i);
    ws.write(name + ".c", "int " + name + ";\n");
    const Result result = ws.deja({"gcc", "-c", name + ".c"});
    EXPECT_TRUE(result.ok() && result.err.empty()) << result;
    ws.remove(name + ".c");
    ws.remove(name + ".o");
  }
}

TEST_P(DiskFault, FullDuringHits) {
  NEEDS_MOUNT("size=16m");
  warm();
  fill();
  expect_undisturbed_twice();
  ws.end_engines();
  expect_undisturbed_twice();
}

TEST_P(DiskFault, NoInodesLeft) {
  NEEDS_MOUNT("size=16m,nr_inodes=12");
  expect_undisturbed_twice();
}

TEST_P(DiskFault, MountedReadOnlyAfterwards) {
  NEEDS_MOUNT("size=16m");
  warm();
  ws.end_engines();
  // An engine that was just killed may hold its files for some moments.
  const auto remount = [this] {
    return ::mount("deja-test", ws.cache().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16m") ==
           0;
  };
  ASSERT_TRUE(wait_until(remount));
  expect_undisturbed_twice();
}

// The build's disk is full: a hit cannot be written, and the tool reports the error.
TEST_P(DiskFault, OutputDiskIsFull) {
  warm();
  const std::string out = ws.path("out");
  ws.make_directory("out");
  if (::mount("deja-test", out.c_str(), "tmpfs", 0, "size=16k") != 0)
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  const Argv big = {"gcc", "-c", "a.c", "-o", "out/a.o"};
  const Result good = ws.deja(big);
  EXPECT_TRUE(good.ok()) << good;
  const int fd = ::open((out + "/filling").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  ws.remove("out/a.o");
  while (::write(fd, block.data(), block.size()) > 0) {
  }
  ::close(fd);
  const Result bare_full = ws.run(big);
  ws.remove("out/a.o");
  const Result got = ws.deja(big);
  EXPECT_EQ(got.exit_code, bare_full.exit_code) << got;
  EXPECT_EQ(got.err.empty(), bare_full.err.empty()) << got;
  ::umount2(out.c_str(), MNT_DETACH);
}

EVERY_MODE(PlaceFault);
EVERY_MODE(DiskFault);

}  // namespace
}  // namespace deja::test
