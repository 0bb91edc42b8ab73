// SPDX-License-Identifier: Apache-2.0
// The other side has another version or sends nonsense; parts of the installation are missing.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "fault/fault.h"
#include "fault/installation.h"
#include "wire/messages.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

std::string frame(wire::FrameHead head, const std::string& body = {}) {
  std::string bytes(sizeof(head), '\0');
  std::memcpy(bytes.data(), &head, sizeof(head));
  return bytes + body;
}

// A server instead of the daemon: reads a little, and answers with the given bytes.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, std::string answer, bool closes)
      : answer_(std::move(answer)), closes_(closes) {
    fs::create_directories(fs::path(path).parent_path());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (::bind(listener_, reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)) !=
            0 ||
        ::listen(listener_, 16) != 0)
      ADD_FAILURE() << "cannot listen at " << path;
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~FakeDaemon() {
    thread_.request_stop();
    thread_.join();
    ::close(listener_);
  }
  int clients() const { return clients_; }

 private:
  void serve(const std::stop_token& stop) {
    std::vector<int> open;
    while (!stop.stop_requested()) {
      struct pollfd p = {listener_, POLLIN, 0};
      if (::poll(&p, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      ++clients_;
      char head[64];
      if (::recv(fd, head, sizeof(head), 0) > 0 && !answer_.empty())
        ::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      if (closes_) {
        ::close(fd);
      } else {
        open.push_back(fd);
      }
    }
    for (const int fd : open) ::close(fd);
  }

  const std::string answer_;
  const bool closes_;
  int listener_ = -1;
  std::atomic<int> clients_{0};
  std::jthread thread_;
};

class SkewFault : public Fault {
 protected:
  std::string socket() const { return ws.cache() + "/daemon.sock"; }
  // A client that can send any bytes; -1: it could not connect.
  int connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof(address.sun_path) - 1);
    if (::connect(fd, reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)) == 0)
      return fd;
    ::close(fd);
    return -1;
  }
  static void say(int fd, const std::string& bytes) {
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void expect_undisturbed_by(const std::string& answer, bool closes = true) {
    const FakeDaemon daemon(socket(), answer, closes);
    expect_undisturbed();
    EXPECT_GE(daemon.clients(), 1);
    ws.remove(socket());
    ws.end_engines();
  }
  std::string text(const std::string& t) const {
    std::string bytes(4 + t.size(), '\0');
    wire::Writer w(bytes.data(), bytes.size());
    w.text(t);
    return bytes;
  }
};

TEST_P(SkewFault, ServerClosesAtOnce) { expect_undisturbed_by(""); }
TEST_P(SkewFault, ServerSaysNothing) { expect_undisturbed_by("", false); }
TEST_P(SkewFault, ServerTalksNonsense) {
  expect_undisturbed_by("HTTP/1.1 400 Bad Request\r\n\r\n");
  expect_undisturbed_by(std::string(100'000, '\xff'));
  expect_undisturbed_by("x");
}

TEST_P(SkewFault, ServerStopsInTheMiddleOfAHead) { expect_undisturbed_by("dej1", false); }

TEST_P(SkewFault, ServerOfAnotherBuild) {
  wire::FrameHead head = wire::frame_head(wire::Kind::foreign, 0);
  ++head.build;
  expect_undisturbed_by(frame(head));
  head = wire::frame_head(wire::Kind::replay, 12);
  ++head.protocol;
  expect_undisturbed_by(frame(head, std::string(12, '\1')));
}

TEST_P(SkewFault, ServerSeesOtherFiles) {
  expect_undisturbed_by(frame(wire::frame_head(wire::Kind::foreign, 0)));
}

TEST_P(SkewFault, ServerAnswersWithUnknownKind) {
  for (const int kind : {0, 7, 9, 99, 65535}) {
    wire::FrameHead head = wire::frame_head(wire::Kind::exec, 0);
    head.kind = static_cast<std::uint16_t>(kind);
    expect_undisturbed_by(frame(head));
  }
}

// Not a path, not complete, or of no program.
TEST_P(SkewFault, ServerNamesAMalformedFallback) {
  const std::string nul(1, '\0');
  for (const std::string& body :
       {nul, std::string("/"), std::string("/bin/false"), "bin/false" + nul, "/no/such" + nul,
        "/" + nul, "/etc/passwd" + nul, "/" + std::string(100'000, 'x') + nul})
    expect_undisturbed_by(frame(wire::frame_head(wire::Kind::exec, body.size()), body));
}

TEST_P(SkewFault, ServerLiesAboutSizes) {
  wire::FrameHead head = wire::frame_head(wire::Kind::replay, 0xffffffff);
  expect_undisturbed_by(frame(head, std::string(12, '\0')));
  head = wire::frame_head(wire::Kind::run, 0xfffffff0);
  expect_undisturbed_by(frame(head, std::string(100, '\xff')));
  expect_undisturbed_by(frame(wire::frame_head(wire::Kind::replay, 4), std::string(4, '\0')));
}

TEST_P(SkewFault, ServerSendsHalfAReplay) {
  expect_undisturbed_by(frame(wire::frame_head(wire::Kind::replay, 1000), std::string(500, '\0')));
}

TEST_P(SkewFault, ServerSendsHalfAReplayAndStandsStill) {
  expect_undisturbed_by(frame(wire::frame_head(wire::Kind::replay, 1000), std::string(500, '\0')),
                        false);
}

TEST_P(SkewFault, ServerWantsAnImpossibleRun) {
  expect_undisturbed_by(frame(wire::frame_head(wire::Kind::run, 40), std::string(40, '\xff')));
  std::string body(4, '\0');
  body += text("/nowhere/gcc") + text("") + std::string("\1\0\0\0", 4) + text("gcc") +
          std::string(1, '\0');
  expect_undisturbed_by(frame(wire::frame_head(wire::Kind::run, body.size()), body));
}

// In a directory that others can write to, any user can listen on a socket with the right name.
TEST_P(SkewFault, ServerOfAnotherUserIsNotListenedTo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  std::string body(4, '\0');
  body += text("/bin/sh") + text("") + std::string("\3\0\0\0", 4) + text("sh") + text("-c") +
          text("echo stolen") + std::string(1, '\0');
  ws.make_directory(ws.cache());
  fs::permissions(ws.base(), static_cast<fs::perms>(0755));
  fs::permissions(ws.cache(), static_cast<fs::perms>(0777));
  ASSERT_EQ(::seteuid(65534), 0);  // listen(2) decides whose socket it is
  {
    const FakeDaemon daemon(socket(), frame(wire::frame_head(wire::Kind::run, body.size()), body),
                            true);
    ASSERT_EQ(::seteuid(0), 0);
    expect_undisturbed();
  }
}

// The user has opened the directory and the socket to others.
TEST_P(SkewFault, ClientOfAnotherUserIsRefusedWithAnAnswer) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  warm();
  for (const std::string& path : {ws.base(), ws.cache(), socket()})
    fs::permissions(path, static_cast<fs::perms>(0777));
  ASSERT_EQ(::seteuid(65534), 0);
  const int fd = connect();
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_GE(fd, 0);
  wire::FrameHead answer;
  EXPECT_EQ(::recv(fd, &answer, sizeof(answer), MSG_WAITALL), static_cast<ssize_t>(sizeof(answer)));
  EXPECT_EQ(answer.kind, static_cast<std::uint16_t>(wire::Kind::foreign));
  ::close(fd);
  EXPECT_NE(ws.deja({"doctor"}).out.find("user 65534 asked for this engine and was refused"),
            std::string::npos);
}

// Otherwise two builds with one cache would end each other's engines again and again.
TEST_P(SkewFault, ClientOfAnotherBuildEndsNoEngine) {
  warm();
  const pid_t pid = ws.daemon_pid();
  const int fd = connect();
  ASSERT_GE(fd, 0);
  wire::FrameHead head = wire::frame_head(wire::Kind::request, 0);
  ++head.build;
  const std::string bytes = frame(head);
  say(fd, bytes);
  wire::FrameHead answer;
  EXPECT_EQ(::recv(fd, &answer, sizeof(answer), MSG_WAITALL), static_cast<ssize_t>(sizeof(answer)));
  EXPECT_EQ(answer.magic, wire::kMagic);
  ::close(fd);
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_EQ(ws.daemon_pid(), pid);
}

// Fewer bytes than the head of a message.
TEST_P(SkewFault, ForeignBytesOnlyCloseTheirConnection) {
  warm();
  const pid_t pid = ws.daemon_pid();
  for (const std::string& bytes : {std::string("GET / HTTP/1.0\r\n\r\n"), std::string(16, '\xff'),
                                   frame(wire::frame_head(wire::Kind::request, 0xffffffff))}) {
    const int fd = connect();
    ASSERT_GE(fd, 0);
    say(fd, bytes);
    char answer = 0;
    EXPECT_LE(::recv(fd, &answer, 1, 0), 0);
    ::close(fd);
  }
  EXPECT_EQ(ws.daemon_pid(), pid);
  ws.expect_hit(argv());
}

// An announced size must not allocate memory, and a client that sends nothing more is dropped soon.
TEST_P(SkewFault, ManyClientsThatSendHalfAMessage) {
  warm();
  const pid_t pid = ws.daemon_pid();
  std::vector<int> open;
  for (int i = 0; i < 40; ++i) {
    const int fd = connect();
    ASSERT_GE(fd, 0);
    const std::string bytes =
        i % 2 == 0 ? "dej1" : frame(wire::frame_head(wire::Kind::request, wire::kRequestMax), "x");
    say(fd, bytes);
    open.push_back(fd);
  }
  ws.expect_hit(argv());
  const std::string status = ws.read("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("VmRSS:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stoul(status.substr(at + 6)), 400'000u) << "kilobytes";
  for (const int fd : open) {
    char end = 0;
    EXPECT_EQ(::recv(fd, &end, 1, 0), 0);  // the engine has closed it
    ::close(fd);
  }
}

TEST_P(SkewFault, ClientsThatTalkNonsense) {
  warm();
  for (const std::string& bytes : {std::string("x"), std::string(100, '\xff'), std::string("dej1"),
                                   frame(wire::frame_head(wire::Kind::request, 10), "0123456789"),
                                   frame(wire::frame_head(wire::Kind::request, 0xffffffff)),
                                   frame(wire::frame_head(wire::Kind::report, 0))}) {
    const int fd = connect();
    if (fd >= 0) ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    expect_undisturbed();
    ::close(fd);
  }
}

INSTANTIATE_TEST_SUITE_P(, SkewFault, ::testing::Values(Mode::daemon), mode_label);

// The test's own installation, to break.
class InstallFault : public Fault {
 protected:
  void TearDown() override { ws.end_engines(); }
  std::string libexec() const { return installed.libexec(); }
  std::string program() const { return installed.program(); }
  void expect_own_undisturbed() {
    Argv own = argv();
    own.insert(own.begin(), program());
    Options options;
    options.deadline = kDeadline;
    for (int i = 0; i < 2; ++i) expect_like_bare(ws.run(own, options));
  }

  Installation installed;
};

TEST_P(InstallFault, IsWhole) {
  expect_own_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(InstallFault, HasASpaceInItsPath) {
  installed.move_to(ws.base() + "/prefix");
  expect_own_undisturbed();
}

TEST_P(InstallFault, InterposerVanishesUnderTheDaemon) {
  expect_own_undisturbed();
  ws.remove(libexec() + "/libdeja-observe.so");
  ws.write("a.h", "#define V 1 // another\n");
  Argv own = argv();
  own.insert(own.begin(), program());
  EXPECT_EQ(ws.run(own), ws.run(argv()));
}

TEST_P(InstallFault, EngineIsReplaced) {
  expect_own_undisturbed();
  const auto engines = ws.engines();
  ws.write(libexec() + "/new", ws.read(libexec() + "/dejad"), 0755);
  fs::rename(libexec() + "/new", libexec() + "/dejad");
  for (const pid_t old : engines) {
    EXPECT_TRUE(wait_until([old] { return has_ended_completely(old); }, std::chrono::seconds(30)));
  }
  expect_own_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(InstallFault, EngineIsMissing) {
  ws.remove(libexec() + "/dejad");
  expect_own_undisturbed();
}

TEST_P(InstallFault, CompanionsAreMissing) {
  ws.remove(libexec());
  expect_own_undisturbed();
}

TEST_P(InstallFault, EngineIsNotExecutable) {
  fs::permissions(libexec() + "/dejad", static_cast<fs::perms>(0644));
  expect_own_undisturbed();
}

TEST_P(InstallFault, EngineIsGarbage) {
  ws.write(libexec() + "/dejad",
           "\x7f"
           "ELF garbage",
           0755);
  expect_own_undisturbed();
}

TEST_P(InstallFault, EngineFailsAtOnce) {
  ws.write(libexec() + "/dejad", "#!/bin/false\n", 0755);
  expect_own_undisturbed();
  fs::remove(libexec() + "/dejad");
  fs::copy_file(find_program("false"), libexec() + "/dejad");
  expect_own_undisturbed();
}

TEST_P(InstallFault, EngineNeverAnswers) {
  ws.write(libexec() + "/dejad", "#!/bin/sh\nexec sleep 14\n", 0755);
  Argv own = argv();
  own.insert(own.begin(), program());
  Options options;
  options.deadline = kDeadline;
  expect_like_bare(ws.run(own, options));
}

TEST_P(InstallFault, InterposerIsMissing) {
  ws.remove(libexec() + "/libdeja-observe.so");
  expect_own_undisturbed();
}

TEST_P(InstallFault, InterposerIsGarbage) {
  ws.write(libexec() + "/libdeja-observe.so", "garbage", 0755);
  expect_own_undisturbed();
}

EVERY_MODE(InstallFault);

}  // namespace
}  // namespace deja::test
