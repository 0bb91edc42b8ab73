// SPDX-License-Identifier: Apache-2.0
// Two machines and one remote: what one has built, the other gets. A machine is a workspace with its own path, cache
// and home; the remote is a directory, because what is between them has tests of its own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Machines : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    NEEDS_TOOL("gcc");
    for (Workspace* machine : {&a, &b}) {
      machine->set("DEJA_REMOTE=file://" + remote());
      write_project(*machine);
    }
  }
  static void write_project(Workspace& machine) {
    machine.write("src/a.c", "#include \"a.h\"\nint a(void) { return A; }\n");
    machine.write("src/a.h", "#define A 1\n");
    machine.let_settle("src/a.h");
  }
  // The remote's path has no space, so that it can stand in an address.
  const std::string& remote() const { return remote_.path; }
  std::size_t objects() const {
    std::size_t count = 0;
    for (const char* kind : {"/ac", "/cas"}) {
      if (!std::filesystem::exists(remote() + kind)) continue;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(remote() + kind))
        count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  // Uploads are not waited for by builds, but by this.
  void flush(const Workspace& machine) const {
    const Result flushed = machine.run({Workspace::program(), "remote", "flush"});
    EXPECT_TRUE(flushed.ok()) << flushed;
    EXPECT_GT(objects(), 0u) << "nothing was uploaded";
  }
  static std::string source_of_last_hit(const Workspace& machine) {
    const Event event = machine.last_event();
    return event.outcome == "hit" ? event.detail : "a " + event.outcome;
  }
  // Without size and time.
  static void expect_from(const Workspace& machine, const std::string& remote,
                          const std::string& writer = {}) {
    const std::string detail = source_of_last_hit(machine);
    EXPECT_TRUE(detail.starts_with("from " + remote + ", ")) << detail;
    EXPECT_NE(detail.find(" KiB in "), std::string::npos) << detail;
    EXPECT_TRUE(detail.ends_with(writer)) << detail;
  }

  struct RemoteDirectory {
    RemoteDirectory() : path("/var/tmp/deja-remote.XXXXXX") {
      EXPECT_NE(::mkdtemp(path.data()), nullptr);
      path += "/r";
    }
    ~RemoteDirectory() { std::filesystem::remove_all(std::filesystem::path(path).parent_path()); }
    std::string path;
  } remote_;
  Workspace a{GetParam()}, b{GetParam()};
  const Argv compile{"gcc", "-Isrc", "-c", "src/a.c", "-o", "a.o"};
};

TEST_P(Machines, AnotherMachineGetsWhatOneHasCompiled) {
  a.expect_miss(compile);
  flush(a);
  b.expect_hit(compile);
  expect_from(b, "directory " + remote());
  EXPECT_EQ(b.read("a.o"), a.read("a.o"));
  b.remove("a.o");
  b.expect_hit(compile);
  EXPECT_EQ(source_of_last_hit(b), "") << "it is in the local store now";
  const Result stats = b.run({Workspace::program(), "stats", "--format", "json"});
  EXPECT_NE(stats.out.find("\"remote_hits\": 1"), std::string::npos) << stats.out;
}

TEST_P(Machines, AnotherHeaderIsAMiss) {
  a.expect_miss(compile);
  flush(a);
  b.write("src/a.h", "#define A 2\n");
  b.expect_miss(compile);
  EXPECT_NE(b.read("a.o"), a.read("a.o"));
}

TEST_P(Machines, OutputsOfDeclaredTools) {
  const Argv tool = {"exec", "--input-file", "src/a.h", "--output-file", "copy.h",
                     "--",   "cp",           "src/a.h", "copy.h"};
  a.expect_miss(tool);
  flush(a);
  b.expect_miss(tool);  // the working directory is in the key
  const Argv portable = {"exec",          "--no-cwd-in-key", "--input-file", "src/a.h",
                         "--output-file", "copy.h",          "--",           "cp",
                         "src/a.h",       "copy.h"};
  a.expect_miss(portable);
  flush(a);
  b.remove("copy.h");
  b.expect_hit(portable);
  EXPECT_EQ(b.read("copy.h"), a.read("src/a.h"));
}

TEST_P(Machines, WhatIsOnlyReadIsNotWritten) {
  a.set("DEJA_REMOTE_MODE=ro");
  a.expect_miss(compile);
  a.end_engines();
  EXPECT_EQ(objects(), 0u);
  b.expect_miss(compile);
  flush(b);
  a.remove("a.o");
  a.run({Workspace::program(), "purge", "--yes"});
  a.expect_hit(compile);
}

TEST_P(Machines, WhatIsOnlyWrittenIsNotRead) {
  a.expect_miss(compile);
  flush(a);
  b.set("DEJA_REMOTE_MODE=wo");
  b.expect_miss(compile);
}

TEST_P(Machines, NamespacesDoNotSeeEachOther) {
  a.set("DEJA_REMOTE_NAMESPACE=pull requests");
  a.expect_miss(compile);
  flush(a);
  b.expect_miss(compile);
}

TEST_P(Machines, OnlyTrustedWritersCount) {
  const auto key = [](Workspace& machine, const std::string& file) {
    const Result made = machine.run({Workspace::program(), "key", "new", "--file", file});
    EXPECT_TRUE(made.ok()) << made;
    return made.out.substr(0, made.out.find('\n'));
  };
  const std::string stranger = key(b, b.path("other"));
  const std::string writer = key(a, a.path("key"));
  a.set("DEJA_REMOTE_SIGNING_KEY=" + a.path("key"));
  a.expect_miss(compile);
  flush(a);
  const auto trust = [&](const std::string& whom) {
    return b.run({Workspace::program(), "key", "trust", whom, "ci", "--file", b.path("writers")});
  };
  b.set("DEJA_REMOTE_TRUSTED_WRITERS=" + b.path("writers"));
  ASSERT_TRUE(trust(stranger).ok());
  b.set("DEJA_REMOTE_MODE=ro");
  b.expect_miss(compile);
  b.run({Workspace::program(), "purge", "--yes"});
  ASSERT_TRUE(trust(writer).ok());  // a running engine learns of it
  b.expect_hit(compile);
  expect_from(b, "directory " + remote(), ", signed by ci, " + writer);
}

// A remote that is away, or holds nonsense, changes nothing but time.
TEST_P(Machines, NothingThatARemoteDoesBreaksABuild) {
  a.expect_miss(compile);
  flush(a);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(remote()))
    if (entry.is_regular_file()) b.write(entry.path().string(), "nonsense");
  const std::vector<std::string> addresses = {
      "file://" + remote(),   "redis://127.0.0.1:1",
      "http://127.0.0.1:1/x", "s3://bucket?endpoint=http://127.0.0.1:1&region=x",
      "nothing://x",          "file:///proc/nowhere"};
  for (const std::string& address : addresses) {
    b.set("DEJA_REMOTE=" + address);
    b.run({Workspace::program(), "purge", "--yes"});
    b.expect_same(compile);
  }
}

// Longer than a client waits for an engine that says nothing: the engine tells that it is alive.
TEST_P(Machines, AServerThatNeverAnswersIsWaitedForOnce) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 16), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  a.write(a.home() + "/.config/deja/config.toml", "remotes.timeout = \"4s\"\n");
  a.set("DEJA_REMOTE=redis://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  a.expect_miss(compile);
  a.remove("a.o");
  a.expect_hit(compile);
  EXPECT_FALSE(a.exists(a.cache() + "/daemon.silent"));
  ::close(listener);
}

TEST_P(Machines, APackCarriesResultsToTheNextMachine) {
  const std::string pack = "file://" + remote() + ".dejapack";
  a.set("DEJA_REMOTE=" + pack);
  a.expect_miss(compile);  // there is no pack yet
  const Result pushed = a.run({Workspace::program(), "remote", "push"});
  ASSERT_TRUE(pushed.ok()) << pushed;
  b.set("DEJA_REMOTE=" + pack);
  b.expect_hit(compile);
  expect_from(b, "pack " + remote() + ".dejapack");
}

TEST_P(Machines, AMistakeInOneAddressLeavesTheOthers) {
  for (Workspace* machine : {&a, &b}) machine->set("DEJA_REMOTE=nothing://x,file://" + remote());
  a.expect_miss(compile);
  flush(a);
  b.expect_hit(compile);
  const Result doctor = b.run({Workspace::program(), "doctor"});
  EXPECT_NE(doctor.out.find("one address is not used"), std::string::npos) << doctor;
}

TEST_P(Machines, TheDoctorTellsWhatARemoteDoesNot) {
  a.expect_miss(compile);
  const auto doctor = [this] { return a.run({Workspace::program(), "doctor"}); };
  EXPECT_NE(doctor().out.find("directory " + remote() + " answers"), std::string::npos) << doctor();
  a.set("DEJA_REMOTE=redis://127.0.0.1:1");
  const Result told = doctor();
  EXPECT_FALSE(told.ok());
  EXPECT_NE(told.out.find("redis at 127.0.0.1:1 does not answer"), std::string::npos) << told;
}

TEST_P(Machines, PullGetsWhatABuildHasUsed) {
  for (Workspace* machine : {&a, &b}) machine->set("DEJA_REMOTE_PROJECT=team/x");
  a.expect_miss(compile);
  const Result pushed = a.run({Workspace::program(), "remote", "push"});
  ASSERT_TRUE(pushed.ok()) << pushed;
  const Result pulled = b.run({Workspace::program(), "remote", "pull"});
  EXPECT_TRUE(pulled.ok()) << pulled;
  EXPECT_NE(pulled.out.find("imported 1 of "), std::string::npos) << pulled;
  b.set("DEJA_REMOTE_MODE=off");
  b.expect_hit(compile);
}

INSTANTIATE_TEST_SUITE_P(, Machines, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
