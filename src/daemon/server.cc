// SPDX-License-Identifier: Apache-2.0
// Workers accept and serve connections; one thread prewarms in pauses; the thread of run() maintains the
// store and decides when to end.
#include "daemon/server.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "daemon/session.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/socket.h"

namespace deja::daemon {
namespace {
constexpr std::int64_t kFrameTimeoutNs = 5'000'000'000;  // a client sends its request at once
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr auto kUpkeep = std::chrono::seconds(5);
constexpr auto kPause =
    std::chrono::milliseconds(30);  // no request for this long: the machine is idle
}  // namespace

Server::Server(os::Fd listener, std::string socket_path, RequestServer& host)
    : listener_(std::move(listener)),
      socket_path_(std::move(socket_path)),
      host_(host),
      keeper_([this] {
        note_activity();
        host_.make_spares_later();
      }) {
  last_request_ns_ = os::monotonic_ns();
  const auto path = os::read_symlink("/proc/self/exe");
  const auto program = os::stat_file("/proc/self/exe");
  if (!path || !*path || !program || !*program) return;
  program_path_ = **path;
  program_ = **program;
}

void Server::run() {
  start_worker();
  std::thread prewarming([this] { prewarm(); });
  engine::Engine& engine =
      host_.engine();  // opens it before the first request, if that is not there yet
  std::thread keeping([&] { keeper_.run(engine); });
  maintain();
  prewarming.join();
  keeper_.stop();
  keeping.join();
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return workers_ == 0; });
  }
  join_finished();
}

void Server::join_finished() {
  std::list<std::thread> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (std::thread& thread : finished) thread.join();
}

void Server::note_activity() { last_request_ns_ = os::monotonic_ns(); }

// Prewarms in the pauses of a build. Without a pause it prewarms one hit each kPause, so that a stream of
// equal requests gets its watch set too, at the cost of a few percent of one core.
void Server::prewarm() {
  while (host_.wait_for_prewarm()) {
    const std::int64_t before = last_request_ns_;
    std::this_thread::sleep_for(kPause);
    const auto is_pause = [&] { return !stopping_ && busy_ == 0 && last_request_ns_ == before; };
    while (host_.prewarm_one(is_pause()) && is_pause()) {
    }
  }
}

// Maintains the store, and decides when to end.
void Server::maintain() {
  while (!stopping_) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kUpkeep, [this] { return stopping_.load(); });
    }
    if (stopping_) return;
    join_finished();
    host_.maintain();
    const std::int64_t idle_ns = os::monotonic_ns() - last_request_ns_;
    const auto limit_s = static_cast<std::int64_t>(host_.idle_exit_s());
    if (limit_s != 0 && busy_ == 0 && idle_ns > limit_s * kSecondNs) stop();
    if (is_replaced()) stop();
    // The socket was removed with the cache directory: no client can reach this daemon.
    const auto there = os::stat_file(socket_path_);
    if (there && !*there) stop();
  }
}

// True if this executable was replaced or removed.
bool Server::is_replaced() const {
  if (program_path_.empty()) return false;
  const auto now = os::stat_file(program_path_);
  return now && (!*now || !(**now == program_));
}

void Server::stop() {
  {
    // Under the lock: maintain() could otherwise miss it between its look at stopping_ and its wait of five seconds.
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  // New clients no longer find the socket, and waiting workers wake up. Running sessions end normally.
  ignore(os::remove_file(socket_path_), "the next daemon removes it");
  ::shutdown(listener_.get(), SHUT_RDWR);
  changed_.notify_all();
  host_.end_prewarming();
}

// If no thread can be started, the existing workers continue.
void Server::start_worker() {
  const std::lock_guard lock(mutex_);
  if (workers_ >= kWorkersMax) return;
  ++workers_;
  ++idle_;
  threads_.emplace_back();
  const auto self = std::prev(threads_.end());
  try {
    *self = std::thread([this, self] { work(self); });
  } catch (const std::system_error&) {
    threads_.erase(self);
    --workers_;
    --idle_;
  }
}

void Server::work(std::list<std::thread>::iterator self) {
  for (;;) {
    auto accepted = os::accept_unix(listener_);
    if (stopping_) break;
    if (!accepted) {  // out of descriptors: wait until sessions end
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    if (!*accepted) continue;
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      last = --idle_ == 0;
    }
    if (last) start_worker();
    ++busy_;
    note_activity();
    serve_connection(*std::move(*accepted));
    --busy_;
    note_activity();
    const std::lock_guard lock(mutex_);
    ++idle_;
    if (stopping_ || idle_ > kIdleWorkersMax) break;
  }
  const std::lock_guard lock(mutex_);
  --workers_;
  --idle_;
  finished_.splice(finished_.end(), threads_, self);
  if (workers_ == 0) changed_.notify_all();
}

void Server::serve_connection(os::Fd socket) {
  const auto peer = os::peer_of(socket);
  if (!peer) return;
  if (peer->uid != ::geteuid()) {
    host_.journal().trouble(
        "daemon: user " + std::to_string(peer->uid) +
        " asked for this engine and was refused; run chmod go-rwx on the cache directory");
    ignore(write_frame(socket, wire::Kind::foreign, {}), "the client has left");
    return;
  }
  const auto frame =
      read_frame(socket, wire::kRequestMax, os::monotonic_ns() + kFrameTimeoutNs, nullptr);
  if (!frame) {
    // The reply's head has our build number, so a client of another build starts an engine of its own.
    // If its build was installed over this one, the next daemon is to be of that build.
    if (frame.error().code != Code::protocol) return;
    ignore(write_frame(socket, wire::Kind::foreign, {}), "the client has left");
    if (is_replaced()) stop();
    return;
  }
  switch (static_cast<wire::Kind>(frame->head.kind)) {
    case wire::Kind::request:
      if (host_.serve(socket, frame->body)) keeper_.wake();
      if (host_.gives_way() || host_.is_switched_off()) stop();
      return;
    case wire::Kind::ask:
      return answer_question(socket, frame->body);
    default:
      return;
  }
}

void Server::answer_question(const os::Fd& socket, const std::string& word) {
  const std::string facts = "{\"running\":true,\"pid\":" + std::to_string(::getpid()) +
                            ",\"version\":\"" + std::string(wire::kVersion) +
                            "\",\"build\":" + std::to_string(wire::build_number()) +
                            ",\"sessions\":" + std::to_string(busy_.load() - 1) +
                            ",\"taken_from_table\":" + std::to_string(keeper_.uses()) + "}";
  if (word == "stop") stop();
  if (word == "forget") host_.forget();
  if (word == "collect") keeper_.collect();
  const bool known = word == "stop" || word == "status" || word == "forget" || word == "collect";
  ignore(write_frame(socket, wire::Kind::answer, known ? facts : ""), "the client has left");
}

}  // namespace deja::daemon
