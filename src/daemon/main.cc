// dejad, the engine. Started by the front (client/engine.cc), never by hand:
//   dejad --daemon DIR     descriptor 3: the listening socket, 4: the lock that makes us the only
//   one dejad --one-shot DIR   descriptor 3: a connected client; serves its one request and ends
//   dejad --foreground DIR for `deja daemon run`: binds the socket itself, stays in the terminal
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "base/log.h"
#include "config/config.h"
#include "daemon/host.h"
#include "daemon/server.h"
#include "daemon/session.h"
#include "daemon/settle.h"
#include "engine/assembly.h"
#include "os/failpoint.h"
#include "os/io.h"
#include "os/lock.h"
#include "os/socket.h"

namespace {

namespace daemon = deja::daemon;
namespace os = deja::os;
namespace wire = deja::wire;

constexpr int kSocketFd = 3;
constexpr int kLockFd = 4;

int log_fd = -1;
void log_to_file(std::string_view line) {
  std::string text(line);
  text += "\n";
  os::write_all(log_fd, text.data(), text.size());
}

void open_log(const std::string& name) {
  if (name.empty()) return;
  log_fd =
      name == "stderr" ? 2 : ::open(name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (log_fd >= 0) deja::set_log_sink(log_to_file);
}

std::unique_ptr<daemon::Host> open_host(const std::string& dir, daemon::Host::Kind kind) {
  const deja::config::Loaded loaded = deja::config::load(deja::engine::own_sources("/"));
  open_log(loaded.config.log);
  return daemon::Host::open(dir, kind, loaded);
}

void begin(int first_foreign_fd) {
  daemon::settle_in(first_foreign_fd);
  ::fcntl(kSocketFd, F_SETFD, FD_CLOEXEC);
  // Only tests set this: see os/failpoint.h.
  if (const char* spec = ::getenv("DEJA_TEST_FAILPOINT"); spec != nullptr) os::arm_failpoint(spec);
}

std::string path_of(const os::Fd& listener) {
  struct sockaddr_un address = {};
  socklen_t size = sizeof(address);
  if (::getsockname(listener.get(), reinterpret_cast<struct sockaddr*>(&address), &size) != 0)
    return {};
  return address.sun_path;
}

// For `deja daemon stop`, should we not answer.
void sign_lock(int lock) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) == 0) static_cast<void>(os::write_all(lock, pid.data(), pid.size()));
}

int run_daemon(const std::string& dir) {
  begin(kLockFd + 1);
  ::fcntl(kLockFd, F_SETFD, FD_CLOEXEC);
  sign_lock(kLockFd);
  os::Fd listener(kSocketFd);
  const std::string path = path_of(listener);
  if (path.empty()) return 2;
  const auto host = open_host(dir, daemon::Host::Kind::daemon);
  daemon::Server(std::move(listener), path, *host).run();
  return 0;
}

int run_one_shot(const std::string& dir) {
  begin(kSocketFd + 1);
  const os::Fd socket(kSocketFd);
  const auto frame = daemon::read_frame(socket, wire::kRequestMax, os::kNoDeadline, nullptr);
  if (!frame || frame->head.kind != static_cast<std::uint16_t>(wire::Kind::request)) return 1;
  const auto host = open_host(dir, daemon::Host::Kind::one_shot);
  host->serve(socket, frame->body);
  return 0;
}

int run_foreground(const std::string& dir) {
  const std::string socket =
      ::getenv("DEJA_SOCKET_PATH") != nullptr ? ::getenv("DEJA_SOCKET_PATH") : dir + "/daemon.sock";
  const auto lock = os::try_lock_file(dir + "/daemon.lock", os::LockMode::exclusive);
  if (!lock || !*lock) {
    std::fprintf(stderr, "deja: a daemon runs already for %s\n", dir.c_str());
    return 1;
  }
  auto listener = os::listen_unix(socket);
  if (!listener) {
    std::fprintf(stderr, "deja: %s\n", listener.error().message.c_str());
    return 1;
  }
  sign_lock(lock->get());
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  const auto host = open_host(dir, daemon::Host::Kind::daemon);
  daemon::Server(*std::move(listener), socket, *host).run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 3 ? argv[1] : "";
  const std::string dir = argc == 3 ? argv[2] : "";
  if (mode == "--daemon") return run_daemon(dir);
  if (mode == "--one-shot") return run_one_shot(dir);
  if (mode == "--foreground") return run_foreground(dir);
  std::fprintf(stderr, "deja: dejad is started by deja; see `deja daemon --help`\n");
  return 2;
}
