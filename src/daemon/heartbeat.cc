// Tested by test/fault/silence_test.cc.
#include "daemon/heartbeat.h"

#include <algorithm>
#include <chrono>

#include "daemon/session.h"
#include "os/io.h"
#include "os/work.h"

namespace deja::daemon {

Status Line::say(wire::Kind kind, std::string_view body) {
  const std::lock_guard lock(mutex_);
  return write_frame(socket_, kind, body);
}

Status Line::say_last(wire::Kind kind, std::string_view body) {
  const std::lock_guard lock(mutex_);
  listens_ = false;
  return write_frame(socket_, kind, body);
}

void Line::listens() {
  const std::lock_guard lock(mutex_);
  listens_ = true;
}

void Line::beat() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !listens_) return;
  const wire::FrameHead head = wire::frame_head(wire::Kind::wait, 0);
  // A client that does not take it is not waiting for it.
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

Heartbeat::Guard::Guard(Heartbeat& heartbeat, Line& line) : heartbeat_(heartbeat), line_(line) {
  const std::lock_guard lock(heartbeat_.mutex_);
  heartbeat_.lines_.push_back(&line_);
  if (heartbeat_.sleeps_) heartbeat_.changed_.notify_one();
}

Heartbeat::Guard::~Guard() {
  const std::lock_guard lock(heartbeat_.mutex_);
  std::erase(heartbeat_.lines_, &line_);
}

// Few requests live as long as a beat, so a busy engine has this thread look four times a second and
// an idle one not at all.
void Heartbeat::run() {
  constexpr int kQuietBeats = 8;
  std::uint64_t work = os::work_done;
  int idle_ms = 0;
  int quiet = 0;
  std::unique_lock lock(mutex_);
  while (!ends_) {
    if (quiet >= kQuietBeats) {
      sleeps_ = true;
      changed_.wait(lock, [this] { return ends_ || !lines_.empty(); });
      sleeps_ = false;
    }
    changed_.wait_for(lock, std::chrono::milliseconds(kBeatMs), [this] { return ends_; });
    quiet = lines_.empty() ? quiet + 1 : 0;
    const std::uint64_t now = os::work_done;
    idle_ms = now != work || lines_.empty() ? 0 : idle_ms + kBeatMs;
    work = now;
    if (idle_ms > kHangsMs) continue;
    for (Line* line : lines_) line->beat();
  }
}

}  // namespace deja::daemon
