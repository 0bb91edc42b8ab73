// SPDX-License-Identifier: Apache-2.0
// Real Redis servers for tests: in a temporary directory, on 127.0.0.1 and a Unix socket, ended with the object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/directory_test.h"
#include "remote/redis_transport.h"
#include "support/process.h"

namespace deja::remote {

// Why there can be no server here; empty: there can.
std::string why_no_redis();

// A certificate authority, a server's certificate for 127.0.0.1, a client's, and one of a stranger.
struct Certificates {
  Certificates();
  os::ScratchDirectory directory;
  bool made = false;
  std::string file(const std::string& name) const { return directory.at(name); }
};

class RedisServer {
 public:
  // `settings`: more arguments of redis-server. tls: the port speaks TLS and wants client certificates.
  explicit RedisServer(std::vector<std::string> settings = {}, const Certificates* tls = nullptr);

  bool is_up() const { return process_.has_value(); }
  std::uint16_t port() const { return port_; }
  RedisEndpoint tcp() const { return {.host = "127.0.0.1", .port = port_}; }
  RedisEndpoint unix_socket() const { return {.path = directory_.at("r.sock")}; }
  // Runs commands through the Unix socket, as its administrator.
  std::vector<Reply> run(const RedisCommands& commands) const;
  Reply run(std::initializer_list<std::string_view> words) const;
  void send(int signal) const { process_->send(signal); }
  void kill() { process_.reset(); }
  std::string log() const;

 private:
  bool start(const std::vector<std::string>& settings, const Certificates* tls);

  const os::ScratchDirectory directory_;
  std::uint16_t port_ = 0;
  std::optional<test::Process> process_;
};

// Three masters with a replica each.
class RedisCluster {
 public:
  RedisCluster();
  bool is_up() const { return up_; }
  std::vector<RedisEndpoint> endpoints() const;
  RedisServer& server(std::size_t i) { return *servers_[i]; }
  std::size_t size() const { return servers_.size(); }
  // The index of the server that is the master of this key's slot, as the living ones say.
  std::optional<std::size_t> master_of(const std::string& key);
  bool wait_until_ok();

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
  bool up_ = false;
};

// Null, and the test fails: it cannot be made.
std::unique_ptr<RedisTransport> make_transport(const RedisOptions& options);

}  // namespace deja::remote
