// SPDX-License-Identifier: Apache-2.0
// Decodes requests, runs them through the engine and sends the answers; keeps a bounded queue of requests
// to prewarm. Tested by the tests in test/e2e and test/fault.
#include "daemon/request_server.h"

#include <unistd.h>

#include <algorithm>

#include "base/path.h"
#include "daemon/session.h"
#include "os/clock.h"
#include "os/confinement.h"
#include "os/file.h"
#include "os/places.h"
#include "os/root_mount.h"
#include "os/socket.h"

namespace deja::daemon {
namespace {

// The number of requests in each prewarm queue; about 8 KiB each.
constexpr std::size_t kPrewarmsMax = 1024;

// The reason why tools cannot be observed with this library; empty if they can. LD_PRELOAD separates
// paths by colons and spaces and has no quoting (ld.so(8)).
std::string unusable_interposer(const std::string& path) {
  if (path.find_first_of(": ") != std::string::npos)
    return "observe: no run can be observed, because this path has a space or a colon: " + path +
           "; install deja in another directory";
  if (!is_loadable(path))
    return "observe: no run can be observed, because " + path + " is missing; install deja again";
  return {};
}

// A client in another time namespace has another clock.
bool is_plausible(std::int64_t began_ns, std::int64_t received_ns) {
  constexpr std::int64_t kHourNs = 3'600'000'000'000;
  return began_ns > 0 && began_ns <= received_ns && received_ns - began_ns < kHourNs;
}

}  // namespace

std::string own_directory() {
  const auto self = os::read_symlink("/proc/self/exe");
  return self && *self ? std::string(parent_path(**self)) : std::string();
}

View View::of_this_process() {
  View view;
  const os::RootMount root = os::root_mount_of_this_process();
  view.root_mount = root.mount;
  view.root_device = root.device;
  view.root_inode = root.inode;
  view.group = ::getegid();
  view.confinement = os::confinement_of_this_process();
  return view;
}

bool View::is_same_for(const wire::RequestHead& client) const {
  return root_mount != 0 && root_mount == client.root_mount && root_device == client.root_device &&
         root_inode == client.root_inode && group == client.group &&
         confinement == client.confinement;
}

RequestServer::RequestServer(const std::string& dir, Kind kind, config::Loaded loaded)
    : dir_(dir),
      silence_mark_(join_path(dir, os::kSilenceMark)),
      off_mark_(join_path(dir, os::kOffMark)),
      kind_(kind),
      view_(View::of_this_process()),
      loaded_(std::move(loaded)) {}
RequestServer::~RequestServer() = default;

engine::Engine& RequestServer::engine() {
  std::call_once(opened_, [this] { engine_ = open_engine(); });
  return *engine_;
}

// Only a daemon has idle time. At most a tenth of the store, so that they are no reason to evict.
std::uint64_t RequestServer::spares_bytes() const {
  if (kind_ != Kind::daemon) return 0;
  return std::min(loaded_.config.store_spares_bytes, loaded_.config.store_limit_bytes / 10);
}

std::unique_ptr<engine::Engine> RequestServer::open_engine() const {
  std::string interposer = own_directory() + "/libdeja-observe.so";
  const std::string problem = unusable_interposer(interposer);
  if (!problem.empty()) interposer.clear();
  auto engine = engine::Engine::open({.dir = dir_,
                                      .limit_bytes = loaded_.config.store_limit_bytes,
                                      .spares_bytes = spares_bytes(),
                                      .interposer = std::move(interposer),
                                      .remote_library = own_directory() + "/libdeja-remote.so",
                                      .is_embedded = false,
                                      .offers_answers = kind_ == Kind::daemon});
  engine->note(loaded_.problems);
  if (!problem.empty()) engine->journal().trouble(problem);
  return engine;
}

void RequestServer::answer(Connection& connection, const pipeline::Outcome& outcome) {
  // If the client has left, it has run the tool itself, so a failure to send does not matter.
  if (const auto* replay = std::get_if<pipeline::Replay>(&outcome.answer)) {
    std::string body(wire::kReplayHeadSize, '\0');
    wire::Writer w(body.data(), body.size());
    wire::write(w,
                wire::ReplayHead{replay->exit_code, static_cast<std::uint32_t>(replay->out.size()),
                                 static_cast<std::uint32_t>(replay->err.size())});
    body += replay->out;
    body += replay->err;
    ignore(connection.send_last(wire::Kind::replay, body), "the client has left");
  } else if (const auto* done = std::get_if<pipeline::Done>(&outcome.answer)) {
    std::string body(sizeof(std::uint32_t), '\0');
    wire::Writer(body.data(), body.size()).u32(done->exit_code.value_or(wire::kAsTheTool));
    body += std::string_view(done->last_word).substr(0, wire::kLastWordMax);
    ignore(connection.send_last(wire::Kind::published, body), "the client has left");
  } else {
    std::string body = std::get<pipeline::ExecTool>(outcome.answer).fallback;
    if (!body.empty()) body.push_back('\0');
    ignore(connection.send_last(wire::Kind::exec, body), "the client has left");
  }
}

bool RequestServer::serve(const os::Fd& socket, const std::string& request_body) {
  const std::int64_t started_ns = os::monotonic_ns();
  auto decoded = decode_request(request_body);
  if (!decoded) {
    journal().trouble(decoded.error().message);
    return false;
  }
  // Permissions also depend on the groups.
  if (!view_.is_same_for(decoded->head) || !os::has_our_groups(socket)) {
    ignore(write_frame(socket, wire::Kind::foreign, {}), "the client has left");
    if (view_.confinement != 0 && decoded->head.confinement == 0) gives_way_ = true;
    return false;
  }
  if (!is_plausible(decoded->request.began_ns, started_ns)) decoded->request.began_ns = 0;
  const pipeline::Request& request = decoded->request;
  Connection connection(socket);
  const Heartbeat::Guard guard(heartbeat_, connection);
  engine::Engine& engine = this->engine();
  const pipeline::Services* const services = engine.services();
  forget_silence(started_ns);
  SocketClient client(connection, services != nullptr ? services->interposer : std::string());
  pipeline::Outcome outcome = engine.handle(request, engine.settings_for(request), client);
  engine.record(outcome, request, started_ns);
  apply_daemon_mode(request);
  answer(connection, outcome);
  const bool is_hit = outcome.kind == pipeline::OutcomeKind::hit;
  const bool is_miss = outcome.kind == pipeline::OutcomeKind::miss;
  const bool may_hit = is_hit || (is_miss && !outcome.not_stored);
  if (is_miss && kind_ == Kind::daemon) engine.get_ready();
  if (outcome.remembered) engine.offer(request_body, request);
  if (may_hit && !outcome.remembered) prewarm_later(request_body, is_hit);
  if (engine.wants_spares()) make_spares_later();
  return is_hit;
}

// Sets or removes the mark for "no daemon". An outdated mark only costs time: with it, each command starts
// an engine; without it, a daemon starts and ends after one request. Answers do not depend on it.
void RequestServer::apply_daemon_mode(const pipeline::Request& request) {
  const auto is_off = engine().is_daemon_off(request);
  if (!is_off) return;
  is_switched_off_ = *is_off;
  if (*is_off) {
    const auto there = os::stat_file(off_mark_, os::Links::keep);
    if (there && !*there) ignore(os::write_file_atomic(off_mark_, ""), "the mark only saves time");
  } else if (kind_ == Kind::one_shot) {  // with a mark, clients do not ask a daemon
    ignore(os::remove_file(off_mark_), "the mark only saves time");
  }
}

// At most once a second: only waiting clients read the mark.
void RequestServer::forget_silence(std::int64_t now_ns) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  std::int64_t last = forgot_silence_ns_;
  if (now_ns - last < kSecondNs || !forgot_silence_ns_.compare_exchange_strong(last, now_ns))
    return;
  ignore(os::remove_file(silence_mark_), "a mark that stays costs only time");
}

void RequestServer::prewarm_later(const std::string& request_body, bool was_hit) {
  const MutexLock lock(prewarms_mutex_);
  std::deque<std::string>& queue = was_hit ? prewarm_hits_ : prewarm_misses_;
  if (queue.size() >= kPrewarmsMax) queue.pop_front();
  queue.push_back(request_body);
  prewarms_changed_.notify_one();
}

void RequestServer::make_spares_later() {
  const MutexLock lock(prewarms_mutex_);
  makes_spares_ = true;
  prewarms_changed_.notify_one();
}

bool RequestServer::wait_for_prewarm() {
  const MutexLock lock(prewarms_mutex_);
  while (prewarm_hits_.empty() && prewarm_misses_.empty() && !makes_spares_ && !prewarms_ended_)
    prewarms_changed_.wait(prewarms_mutex_);
  return !prewarms_ended_;
}

void RequestServer::end_prewarming() {
  const MutexLock lock(prewarms_mutex_);
  prewarms_ended_ = true;
  prewarms_changed_.notify_one();
}

// Spares come last: to make one takes longer.
bool RequestServer::make_spares() {
  {
    const MutexLock lock(prewarms_mutex_);
    makes_spares_ = false;  // first: what is wanted from now on sets it again
  }
  if (!engine().make_spares()) return false;
  const MutexLock lock(prewarms_mutex_);
  makes_spares_ = true;
  return true;
}

bool RequestServer::prewarm_one(bool in_a_pause) {
  std::string body;
  {
    const MutexLock lock(prewarms_mutex_);
    std::deque<std::string>& queue = prewarm_hits_.empty() ? prewarm_misses_ : prewarm_hits_;
    if (!in_a_pause && &queue == &prewarm_misses_) return false;
    if (!queue.empty()) {
      body = std::move(queue.front());
      queue.pop_front();
    }
  }
  if (body.empty()) return make_spares();
  const auto decoded = decode_request(body);
  if (!decoded) return true;
  engine().prewarm(decoded->request);
  engine().offer(body, decoded->request);
  return true;
}

}  // namespace deja::daemon
