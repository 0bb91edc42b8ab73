#include "daemon/host.h"

#include <unistd.h>

#include "base/path.h"
#include "daemon/session.h"
#include "os/clock.h"
#include "os/confinement.h"
#include "os/file.h"
#include "os/places.h"
#include "os/socket.h"

namespace deja::daemon {
namespace {

// Requests that wait for idle time to be rehearsed; some 8 KiB each.
constexpr std::size_t kRehearsalsMax = 1024;

// Why tools cannot be observed with this library; empty when they can. LD_PRELOAD separates paths
// by colons and spaces and knows no quotes (ld.so(8)).
std::string unusable_interposer(const std::string& path) {
  if (path.find_first_of(": ") != std::string::npos)
    return "observe: install deja where the path has no space and no colon: " + path;
  if (!is_loadable(path)) return "observe: missing, nothing can be remembered: " + path;
  return {};
}

}  // namespace

std::string own_folder() {
  const auto self = os::read_symlink("/proc/self/exe");
  return self && *self ? std::string(parent_path(**self)) : std::string();
}

View View::of_this_process() {
  View view;
  if (const auto id = os::stat_file("/proc/self/ns/mnt"); id && *id)
    view.mount_namespace = (*id)->inode;
  if (const auto id = os::stat_file("/"); id && *id) {
    view.root_device = (*id)->device;
    view.root_inode = (*id)->inode;
  }
  view.group = ::getegid();
  view.confinement = os::confinement_of_this_process();
  return view;
}

bool View::is_seen_by(const wire::RequestHead& client) const {
  return mount_namespace == client.mount_namespace && root_device == client.root_device &&
         root_inode == client.root_inode && group == client.group &&
         confinement == client.confinement;
}

Host::Host(const std::string& dir, Kind kind, std::unique_ptr<engine::Assembly> assembly,
           std::uint64_t idle_exit_s)
    : silence_mark_(join_path(dir, os::kSilenceMark)),
      off_mark_(join_path(dir, os::kOffMark)),
      kind_(kind),
      view_(View::of_this_process()),
      idle_exit_s_(idle_exit_s),
      assembly_(std::move(assembly)) {}
Host::~Host() = default;

std::unique_ptr<Host> Host::open(const std::string& dir, Kind kind, const config::Loaded& loaded) {
  std::string interposer = own_folder() + "/libdeja-observe.so";
  const std::string problem = unusable_interposer(interposer);
  if (!problem.empty()) interposer.clear();
  auto assembly = engine::Assembly::open({.dir = dir,
                                          .limit_bytes = loaded.config.store_limit_bytes,
                                          .interposer = std::move(interposer),
                                          .is_guest = false});
  for (const config::Problem& p : loaded.problems) assembly->journal().trouble(p.text());
  if (!problem.empty()) assembly->journal().trouble(problem);
  return std::unique_ptr<Host>(
      new Host(dir, kind, std::move(assembly), loaded.config.daemon_idle_exit_s));
}

void Host::answer(Line& line, const pipeline::Outcome& outcome) {
  // A client that has left in the meantime has run the tool itself; nobody is to be told.
  if (const auto* replay = std::get_if<pipeline::Replay>(&outcome.answer)) {
    std::string body(wire::kReplayHeadSize, '\0');
    wire::Writer w(body.data(), body.size());
    wire::write(w,
                wire::ReplayHead{replay->exit_code, static_cast<std::uint32_t>(replay->out.size()),
                                 static_cast<std::uint32_t>(replay->err.size())});
    body += replay->out;
    body += replay->err;
    static_cast<void>(static_cast<bool>(line.say_last(wire::Kind::replay, body)));
  } else if (const auto* done = std::get_if<pipeline::Done>(&outcome.answer)) {
    std::string body(sizeof(std::uint32_t), '\0');
    wire::Writer(body.data(), body.size()).u32(done->exit_code.value_or(wire::kAsTheTool));
    body += std::string_view(done->last_word).substr(0, wire::kLastWordMax);
    static_cast<void>(static_cast<bool>(line.say_last(wire::Kind::published, body)));
  } else {
    static_cast<void>(static_cast<bool>(line.say_last(wire::Kind::exec, {})));
  }
}

void Host::serve(const os::Fd& socket, const std::string& request_body) {
  const std::int64_t started_ns = os::monotonic_ns();
  const auto decoded = decode_request(request_body);
  if (!decoded) return journal().trouble(decoded.error().message);
  // Where permission is refused depends on the groups, too.
  if (!view_.is_seen_by(decoded->head) || !os::has_our_groups(socket)) {
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::foreign, {})));
    if (view_.confinement != 0 && decoded->head.confinement == 0) makes_room_ = true;
    return;
  }
  const pipeline::Request& request = decoded->request;
  const pipeline::Engine* const engine = assembly_->engine();
  forget_silence(started_ns);
  Line line(socket);
  const Heartbeat::Guard guard(heartbeat_, line);
  SocketClient client(line, engine != nullptr ? engine->interposer : std::string());
  pipeline::Outcome outcome = assembly_->handle(request, assembly_->settings_for(request), client);
  assembly_->record(outcome, request, started_ns);
  heed_daemon_mode(request);
  answer(line, outcome);
  const bool may_hit = outcome.kind == pipeline::OutcomeKind::hit ||
                       (outcome.kind == pipeline::OutcomeKind::miss && outcome.unpublished.empty());
  if (may_hit && !outcome.remembered)
    rehearse_later(request_body, outcome.kind == pipeline::OutcomeKind::hit);
}

// A mark that is there although nobody wants it costs a start of the engine for each command, one that
// is missing a daemon that ends after a request: neither matters for what is answered.
void Host::heed_daemon_mode(const pipeline::Request& request) {
  const auto is_off = assembly_->is_daemon_off(request);
  if (!is_off) return;
  is_switched_off_ = *is_off;
  if (*is_off) {
    const auto there = os::stat_file(off_mark_, os::Links::keep);
    if (there && !*there)
      static_cast<void>(static_cast<bool>(os::write_file_atomic(off_mark_, "")));
  } else if (kind_ == Kind::one_shot) {  // a daemon is not asked while the mark is there
    static_cast<void>(static_cast<bool>(os::remove_file(off_mark_)));
  }
}

// Once a second will do: the mark is only asked for by who waits.
void Host::forget_silence(std::int64_t now_ns) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  std::int64_t last = forgot_silence_ns_;
  if (now_ns - last < kSecondNs || !forgot_silence_ns_.compare_exchange_strong(last, now_ns))
    return;
  static_cast<void>(static_cast<bool>(os::remove_file(silence_mark_)));
}

void Host::rehearse_later(const std::string& request_body, bool was_hit) {
  const MutexLock lock(rehearsals_mutex_);
  std::deque<std::string>& queue = was_hit ? rehearsed_hits_ : rehearsed_misses_;
  if (queue.size() >= kRehearsalsMax) queue.pop_front();
  queue.push_back(request_body);
  rehearsals_changed_.notify_one();
}

bool Host::wait_for_rehearsal() {
  const MutexLock lock(rehearsals_mutex_);
  while (rehearsed_hits_.empty() && rehearsed_misses_.empty() && !rehearsals_ended_)
    rehearsals_changed_.wait(rehearsals_mutex_);
  return !rehearsals_ended_;
}

void Host::end_rehearsals() {
  const MutexLock lock(rehearsals_mutex_);
  rehearsals_ended_ = true;
  rehearsals_changed_.notify_one();
}

bool Host::rehearse_one(bool in_a_pause) {
  std::string body;
  {
    const MutexLock lock(rehearsals_mutex_);
    std::deque<std::string>& queue = rehearsed_hits_.empty() ? rehearsed_misses_ : rehearsed_hits_;
    if (queue.empty() || (!in_a_pause && &queue == &rehearsed_misses_)) return false;
    body = std::move(queue.front());
    queue.pop_front();
  }
  const auto decoded = decode_request(body);
  if (decoded) assembly_->rehearse(decoded->request);
  return true;
}

}  // namespace deja::daemon
