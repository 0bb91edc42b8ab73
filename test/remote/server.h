// SPDX-License-Identifier: Apache-2.0
// A server under test: a directory of its own, and processes that end with it, also when the test is killed. All of
// them listen on 127.0.0.1 only.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "os/directory_test.h"
#include "support/process.h"

namespace deja::test {

// A port that is free now.
int free_port();
// True if something listens there.
bool is_listening(int port);

class Server {
 public:
  // The path without blanks: Ceph's and Swift's configuration files cannot quote.
  Server() : directory_("/tmp/deja-server.") {}

  std::string at(std::string_view name) const { return directory_.at(name); }
  void write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    directory_.write(name, text, mode);
  }
  // Its output goes to the file log/<name>.
  Process& start(const std::string& name, std::vector<std::string> argv);
  // Runs a program to its end; what it printed. Fails the test if it fails.
  std::string run(const std::vector<std::string>& argv, const std::string& input = "") const;
  // Waits until it answers. False, with the end of the logs as the test's message, if it does not.
  bool wait_for(int port);
  std::vector<std::string>& environment() { return environment_; }
  // Kills what was started last first.
  void end();
  ~Server() { end(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  const os::ScratchDirectory directory_;
  std::vector<std::string> environment_{
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
  std::deque<Process> processes_;  // start() returns references
};

// A private CA, and certificates by it, made with openssl: ca.pem, server.pem and server.key for 127.0.0.1, client.pem
// and client.key (for no host), old.pem and old.key (a client's, expired), other_ca.pem (of another CA).
void make_certificates(const Server& server);

// Empty: all of these programs are there. Otherwise the reason for a skip.
std::string missing_programs(const std::vector<std::string>& names);

}  // namespace deja::test
