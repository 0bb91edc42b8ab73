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
constexpr auto kPause = std::chrono::milliseconds(30);  // between two requests: the machine is idle
}  // namespace

Server::Server(os::Fd listener, std::string socket_path, RequestServer& host)
    : listener_(std::move(listener)), socket_path_(std::move(socket_path)), host_(host) {
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
  watch_over();
  prewarming.join();
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

// Rehearses in the pauses of a build; where there is none, one hit each kPause, so that a stream of
// equal requests gets its vigil too at the cost of some percent of one core.
void Server::prewarm() {
  while (host_.wait_for_prewarm()) {
    const std::int64_t before = last_request_ns_;
    std::this_thread::sleep_for(kPause);
    const auto is_pause = [&] { return !stopping_ && busy_ == 0 && last_request_ns_ == before; };
    while (host_.prewarm_one(is_pause()) && is_pause()) {
    }
  }
}

// The upkeep of the store, and the decision to end.
void Server::watch_over() {
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
    // Somebody removed the cache directory with our socket: nobody can reach us any more.
    const auto there = os::stat_file(socket_path_);
    if (there && !*there) stop();
  }
}

// Has another build been installed in our place, or have we been removed?
bool Server::is_replaced() const {
  if (program_path_.empty()) return false;
  const auto now = os::stat_file(program_path_);
  return now && (!*now || !(**now == program_));
}

void Server::stop() {
  stopping_ = true;
  // No new client finds us, and the workers that wait for one wake up. Those in a session end it.
  static_cast<void>(static_cast<bool>(os::remove_file(socket_path_)));
  ::shutdown(listener_.get(), SHUT_RDWR);
  changed_.notify_all();
  host_.end_prewarming();
}

// Called with or without workers; a failure to make one leaves the others to do the work.
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
    if (!accepted) {  // out of descriptors: let some sessions end
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
    last_request_ns_ = os::monotonic_ns();
    serve_connection(*std::move(*accepted));
    --busy_;
    last_request_ns_ = os::monotonic_ns();
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
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::foreign, {})));
    host_.journal().trouble("daemon: refused a client of user " + std::to_string(peer->uid) +
                            "; is the cache directory closed to others?");
    return;
  }
  const auto frame =
      read_frame(socket, wire::kRequestMax, os::monotonic_ns() + kFrameTimeoutNs, nullptr);
  if (!frame) {
    // A client of another build reads from our head that we are not its engine, and starts one for
    // itself. If it has been installed in our place, there is to be a daemon of it.
    if (frame.error().code != Code::protocol) return;
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::foreign, {})));
    if (is_replaced()) stop();
    return;
  }
  switch (static_cast<wire::Kind>(frame->head.kind)) {
    case wire::Kind::request:
      host_.serve(socket, frame->body);
      if (host_.makes_room() || host_.is_switched_off()) stop();
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
                            ",\"sessions\":" + std::to_string(busy_.load() - 1) + "}";
  if (word == "stop") stop();
  if (word == "forget") host_.forget();
  const bool known = word == "stop" || word == "status" || word == "forget";
  static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::answer, known ? facts : "")));
}

}  // namespace deja::daemon
