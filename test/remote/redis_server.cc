// SPDX-License-Identifier: Apache-2.0
#include "remote/redis_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "os/clock.h"
#include "os/file.h"

namespace deja::remote {
namespace {

std::vector<std::string> environment() {
  const char* path = ::getenv("PATH");
  return {std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path)};
}

bool bind_to(const os::Fd& socket, std::uint16_t* port) {
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(*port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<struct sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0)
    return false;
  *port = ntohs(address.sin_port);
  return true;
}

// A port that nobody listens on just now, nor on the one 10,000 above, which a cluster uses for itself. Another process may
// take it first; then the server fails to start, and the caller takes the next one.
std::uint16_t free_port() {
  constexpr int kBusOffset = 10'000;
  for (;;) {
    const os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const os::Fd bus(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::uint16_t port = 0;
    if (!bind_to(socket, &port)) return 0;
    if (port + kBusOffset > 65535) continue;
    auto bus_port = static_cast<std::uint16_t>(port + kBusOffset);
    if (bind_to(bus, &bus_port)) return port;
  }
}

test::Result run_program(const std::vector<std::string>& argv, const std::string& directory) {
  return test::Process::start(argv, environment(), {.cwd = directory}).wait();
}

}  // namespace

std::string why_no_redis() {
  if (test::find_program("redis-server").empty() || test::find_program("redis-cli").empty())
    return "redis-server is missing: apt-get install redis-server";
  if (test::find_program("openssl").empty()) return "openssl is missing: apt-get install openssl";
  return {};
}

Certificates::Certificates() {
  const auto openssl = [this](std::vector<std::string> argv) {
    argv.insert(argv.begin(), "openssl");
    const test::Result done = run_program(argv, directory.path());
    EXPECT_TRUE(done.ok()) << done.err;
    return done.ok();
  };
  const auto authority = [&](const std::string& name) {
    return openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout", name + ".key",
                    "-out", name + ".crt"});
  };
  const auto signed_by = [&](const std::string& ca, const std::string& name) {
    directory.write(name + ".ext", "subjectAltName=IP:127.0.0.1,DNS:cache.test\n");
    return openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr"}) &&
           openssl({"x509", "-req", "-in", name + ".csr", "-CA", ca + ".crt", "-CAkey", ca + ".key",
                    "-CAcreateserial", "-days", "2", "-extfile", name + ".ext", "-out",
                    name + ".crt"});
  };
  if (test::find_program("openssl").empty()) return;
  made = authority("ca") && signed_by("ca", "server") && signed_by("ca", "client") &&
         authority("stranger") && signed_by("stranger", "strange-client");
}

RedisServer::RedisServer(std::vector<std::string> settings, const Certificates* tls) {
  constexpr int kTries = 5;
  for (int i = 0; i < kTries && !start(settings, tls); ++i) process_.reset();
}

bool RedisServer::start(const std::vector<std::string>& settings, const Certificates* tls) {
  port_ = free_port();
  const std::string port = std::to_string(port_);
  std::vector<std::string> argv{"redis-server",
                                "--bind",
                                "127.0.0.1",
                                "--save",
                                "",
                                "--appendonly",
                                "no",
                                "--dir",
                                directory_.path(),
                                "--logfile",
                                "log",
                                "--unixsocket",
                                directory_.at("r.sock"),
                                "--daemonize",
                                "no"};
  if (tls == nullptr) {
    argv.insert(argv.end(), {"--port", port});
  } else {
    argv.insert(argv.end(), {"--port", "0", "--tls-port", port, "--tls-cert-file",
                             tls->file("server.crt"), "--tls-key-file", tls->file("server.key"),
                             "--tls-ca-cert-file", tls->file("ca.crt")});
  }
  argv.insert(argv.end(), settings.begin(), settings.end());
  // A test that is killed leaves no server.
  const auto in_child = [] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); };
  process_.emplace(
      test::Process::start(argv, environment(), {.cwd = directory_.path(), .in_child = in_child}));
  return test::wait_until([this] {
           if (process_->has_ended()) return true;
           const auto answers =
               RedisConnection::open(unix_socket(), {}, {os::monotonic_ns() + 1'000'000'000});
           return static_cast<bool>(answers);
         }) &&
         !process_->has_ended();
}

std::vector<Reply> RedisServer::run(const RedisCommands& commands) const {
  const os::Limit limit{os::monotonic_ns() + 10'000'000'000};
  auto connection = RedisConnection::open(unix_socket(), {}, limit);
  if (!connection) return {};
  auto replies = (*connection)->run(commands, limit);
  return replies ? std::move(*replies) : std::vector<Reply>();
}

Reply RedisServer::run(std::initializer_list<std::string_view> words) const {
  RedisCommands commands;
  commands.add(words);
  const auto replies = run(commands);
  return replies.empty() ? Reply{.type = Reply::Type::error, .text = "no answer"} : replies[0];
}

std::string RedisServer::log() const {
  const auto text = os::read_file(directory_.at("log"));
  return text ? *text : "";
}

RedisCluster::RedisCluster() {
  constexpr int kServers = 6;
  std::vector<std::string> create{"redis-cli", "--cluster", "create"};
  for (int i = 0; i < kServers; ++i) {
    servers_.push_back(std::make_unique<RedisServer>(std::vector<std::string>{
        "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout",
        "1000", "--repl-diskless-sync-delay", "0"}));
    if (!servers_.back()->is_up()) return;
    create.push_back(servers_.back()->tcp().text());
  }
  create.insert(create.end(), {"--cluster-replicas", "1", "--cluster-yes"});
  const test::Result made = run_program(create, "/");
  EXPECT_TRUE(made.ok()) << made.out << made.err;
  up_ = made.ok() && wait_until_ok();
}

bool RedisCluster::wait_until_ok() {
  return test::wait_until(
      [this] {
        for (const auto& server : servers_) {
          if (!server->is_up()) continue;
          const Reply info = server->run({"CLUSTER", "INFO"});
          if (info.text.find("cluster_state:ok") == std::string::npos) return false;
          // A replica that has not loaded its master's data yet could not take over.
          const Reply role = server->run({"INFO", "replication"});
          if (role.text.find("role:slave") != std::string::npos &&
              role.text.find("master_link_status:up") == std::string::npos)
            return false;
        }
        return true;
      },
      std::chrono::seconds(60));
}

std::vector<RedisEndpoint> RedisCluster::endpoints() const {
  std::vector<RedisEndpoint> all;
  for (const auto& server : servers_) all.push_back(server->tcp());
  return all;
}

std::optional<std::size_t> RedisCluster::master_of(const std::string& key) {
  for (const auto& server : servers_) {
    if (!server->is_up()) continue;
    const auto ranges = parse_slots(server->run({"CLUSTER", "SLOTS"}), server->tcp());
    if (!ranges) continue;
    for (const RedisSlotRange& range : *ranges) {
      if (redis_slot(key) < range.first || redis_slot(key) > range.last) continue;
      for (std::size_t i = 0; i < servers_.size(); ++i)
        if (servers_[i]->port() == range.master.port) return i;
    }
  }
  return std::nullopt;
}

std::unique_ptr<RedisTransport> make_transport(const RedisOptions& options) {
  auto made = RedisTransport::make(options);
  EXPECT_TRUE(made) << made.error().message;
  return made ? std::move(*made) : nullptr;
}

}  // namespace deja::remote
