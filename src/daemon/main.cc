// SPDX-License-Identifier: Apache-2.0
// dejad, the engine. The client starts it (client/connect.cc); users do not.
//
// clang-format off
//   dejad --daemon DIR      descriptor 3: the listening socket; 4: the lock that permits only one daemon
//   dejad --one-shot DIR    descriptor 3: a connected client; serves its one request and ends
//   dejad --foreground DIR  for `deja daemon run`: binds the socket itself and stays in the terminal
// clang-format on
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "base/log.h"
#include "config/config.h"
#include "daemon/request_server.h"
#include "daemon/server.h"
#include "daemon/session.h"
#include "daemon/settle.h"
#include "engine/engine.h"
#include "os/disk.h"
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
  if (name == "stderr") {
    log_fd = 2;
  } else if (auto file = os::open_append(name, os::Links::follow); file) {
    log_fd = file->release();
  }
  if (log_fd >= 0) deja::set_log_sink(log_to_file);
}

std::unique_ptr<daemon::RequestServer> make_server(const std::string& dir,
                                                   daemon::RequestServer::Kind kind) {
  deja::config::Loaded loaded = deja::config::load(deja::engine::own_sources("/"));
  open_log(loaded.config.log);
  return std::make_unique<daemon::RequestServer>(dir, kind, std::move(loaded));
}

void begin(int first_foreign_fd) {
  daemon::settle_in(first_foreign_fd);
  ::fcntl(kSocketFd, F_SETFD, FD_CLOEXEC);
#if defined(DEJA_TEST_HOOKS)
  if (const char* spec = ::getenv("DEJA_TEST_FAILPOINT"); spec != nullptr) os::arm_failpoint(spec);
#endif
}

int run_daemon(const std::string& dir) {
  begin(kLockFd + 1);
  ::fcntl(kLockFd, F_SETFD, FD_CLOEXEC);
  const os::Fd lock(kLockFd);
  os::sign_lock_file(lock);
  os::Fd listener(kSocketFd);
  const std::string path = os::bound_path(listener);
  if (path.empty()) return 2;
  const auto host = make_server(dir, daemon::RequestServer::Kind::daemon);
  daemon::Server(std::move(listener), path, *host).run();
  return 0;
}

int run_one_shot(const std::string& dir) {
  begin(kSocketFd + 1);
  const os::Fd socket(kSocketFd);
  const auto frame = daemon::read_frame(socket, wire::kRequestMax, os::kNoDeadline, nullptr);
  if (!frame || frame->head.kind != static_cast<std::uint16_t>(wire::Kind::request)) return 1;
  const auto host = make_server(dir, daemon::RequestServer::Kind::one_shot);
  host->serve(socket, frame->body);
  return 0;
}

int run_foreground(const std::string& dir) {
  const std::string socket =
      ::getenv("DEJA_SOCKET_PATH") != nullptr ? ::getenv("DEJA_SOCKET_PATH") : dir + "/daemon.sock";
  const auto lock = os::try_lock_file(dir + "/daemon.lock");
  if (!lock || !*lock) {
    std::fprintf(stderr, "deja: a daemon for %s is already running\n", dir.c_str());
    return 1;
  }
  os::sign_lock_file(*lock);  // before a client can connect and look for the id
  auto listener = os::listen_unix(socket);
  if (!listener) {
    std::fprintf(stderr, "deja: %s\n", listener.error().message.c_str());
    return 1;
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  const auto host = make_server(dir, daemon::RequestServer::Kind::daemon);
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
  std::fprintf(stderr, "deja: do not start dejad itself; see 'deja daemon --help'\n");
  return 2;
}
