// SPDX-License-Identifier: Apache-2.0
// While the engine works on a request, it sends heartbeats to the client, which gives up on an engine that
// sends nothing for a second (client/silence.h). If no work was done for kHangsMs (os/work.h), the
// heartbeats stop: the engine hangs, on a lock or on a disk that does not answer.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "wire/messages.h"

namespace deja::daemon {

// The engine's side of a connection to a client. Thread-safe.
class Connection {
 public:
  explicit Connection(const os::Fd& socket) : socket_(socket) {}
  Status send(wire::Kind kind, std::string_view body);
  // After this message the client is busy or gone: no heartbeat until resume().
  Status send_last(wire::Kind kind, std::string_view body);
  void resume();
  // Sends one heartbeat, unless the client does not expect one or another message is being sent.
  void beat();

  const os::Fd& socket() const { return socket_; }

 private:
  const os::Fd& socket_;
  std::mutex mutex_;
  bool expects_heartbeat_ = true;  // guarded by mutex_
};

class Heartbeat {
 public:
  Heartbeat();
  ~Heartbeat();

  // While it exists, the connection has a heartbeat.
  class Guard {
   public:
    Guard(Heartbeat& heartbeat, Connection& connection);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Heartbeat& heartbeat_;
    Connection& connection_;
  };

  static constexpr int kBeatMs = 250;
  static constexpr int kHangsMs = 2000;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Connection*> connections_;  // guarded by mutex_
  bool sleeps_ = false;  // guarded by mutex_: waits for a connection, without a time limit
  bool ends_ = false;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace deja::daemon
