// SPDX-License-Identifier: Apache-2.0
// Tested by test/fault/silence_test.cc.
#include "daemon/heartbeat.h"

#include <chrono>

#include "daemon/session.h"
#include "os/io.h"
#include "os/work.h"

namespace deja::daemon {

Status Connection::send(wire::Kind kind, std::string_view body) {
  const std::lock_guard lock(mutex_);
  return write_frame(socket_, kind, body);
}

Status Connection::send_last(wire::Kind kind, std::string_view body) {
  const std::lock_guard lock(mutex_);
  expects_heartbeat_ = false;
  return write_frame(socket_, kind, body);
}

void Connection::resume() {
  const std::lock_guard lock(mutex_);
  expects_heartbeat_ = true;
}

void Connection::beat() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !expects_heartbeat_) return;
  const wire::FrameHead head = wire::frame_head(wire::Kind::wait, 0);
  // If the socket is full, the client is not waiting for a heartbeat.
  os::send_if_it_takes(socket_.get(), &head, sizeof(head));
}

Heartbeat::Heartbeat() : thread_([this] { run(); }) {}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Heartbeat::Guard::Guard(Heartbeat& heartbeat, Connection& connection)
    : heartbeat_(heartbeat), connection_(connection) {
  const std::lock_guard lock(heartbeat_.mutex_);
  heartbeat_.connections_.push_back(&connection_);
  if (heartbeat_.sleeps_) heartbeat_.changed_.notify_one();
}

Heartbeat::Guard::~Guard() {
  const std::lock_guard lock(heartbeat_.mutex_);
  std::erase(heartbeat_.connections_, &connection_);
}

// Few requests last as long as one interval. So for a busy engine this thread wakes up four times a
// second, and for an idle one not at all.
void Heartbeat::run() {
  constexpr int kIdleBeats = 8;
  std::uint64_t work = os::work_done;
  int idle_ms = 0;
  int idle_beats = 0;
  std::unique_lock lock(mutex_);
  while (!ends_) {
    if (idle_beats >= kIdleBeats) {
      sleeps_ = true;
      changed_.wait(lock, [this] { return ends_ || !connections_.empty(); });
      sleeps_ = false;
    }
    changed_.wait_for(lock, std::chrono::milliseconds(kBeatMs), [this] { return ends_; });
    idle_beats = connections_.empty() ? idle_beats + 1 : 0;
    const std::uint64_t now = os::work_done;
    idle_ms = now != work || connections_.empty() ? 0 : idle_ms + kBeatMs;
    work = now;
    if (idle_ms > kHangsMs) continue;
    for (Connection* connection : connections_) connection->beat();
  }
}

}  // namespace deja::daemon
