// While the engine works on a request it says so to the client, which gives up on an engine that keeps
// silent for a second (client/silence.h). It says nothing any more when no work has been done for
// kHangsMs: then it hangs (a lock that somebody holds, a disk that does not answer).
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

// The engine's side of a connection. Thread-safe.
class Line {
 public:
  explicit Line(const os::Fd& socket) : socket_(socket) {}
  Status say(wire::Kind kind, std::string_view body);
  // After this word the client is busy, or gone: no heartbeat until listens().
  Status say_last(wire::Kind kind, std::string_view body);
  void listens();
  // One heartbeat, unless the client does not listen or another word is just being said.
  void beat();

  const os::Fd& socket() const { return socket_; }

 private:
  const os::Fd& socket_;
  std::mutex mutex_;
  bool listens_ = true;  // guarded by mutex_
};

class Heartbeat {
 public:
  Heartbeat();
  ~Heartbeat();

  // While it lives, the line has a heartbeat.
  class Guard {
   public:
    Guard(Heartbeat& heartbeat, Line& line);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Heartbeat& heartbeat_;
    Line& line_;
  };

  static constexpr int kBeatMs = 250;
  static constexpr int kHangsMs = 2000;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Line*> lines_;  // guarded by mutex_
  bool sleeps_ = false;       // guarded by mutex_: waits for a line, however long it takes
  bool ends_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace deja::daemon
