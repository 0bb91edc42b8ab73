#include "daemon/host.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "daemon/session.h"
#include "os/clock.h"
#include "os/file.h"
#include "pipeline/handle_request.h"
#include "tool/exec/order.h"

namespace deja::daemon {
namespace {

// Requests that wait for idle time to be rehearsed; some 8 KiB each.
constexpr std::size_t kRehearsalsMax = 1024;

journal::Outcome journal_outcome(pipeline::OutcomeKind kind) {
  switch (kind) {
    case pipeline::OutcomeKind::hit:
      return journal::Outcome::hit;
    case pipeline::OutcomeKind::miss:
      return journal::Outcome::miss;
    case pipeline::OutcomeKind::bypass:
      return journal::Outcome::bypass;
    case pipeline::OutcomeKind::failure:
      return journal::Outcome::failure;
  }
  return journal::Outcome::bypass;
}

config::Sources sources_of(const pipeline::Request& request) {
  return {
      [&request](std::string_view name) -> std::optional<std::string_view> {
        for (const std::string_view entry : request.environment) {
          if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return entry.substr(name.size() + 1);
        }
        return std::nullopt;
      },
      request.cwd};
}

// Why tools cannot be observed with this library; empty when they can. LD_PRELOAD separates paths
// by colons and spaces and knows no quotes (ld.so(8)).
std::string unusable_interposer(const std::string& path) {
  if (path.find_first_of(": ") != std::string::npos)
    return "observe: install deja where the path has no space and no colon: " + path;
  if (!is_loadable(path)) return "observe: missing, nothing can be remembered: " + path;
  return {};
}

config::Sources own_sources() {
  return {[](std::string_view name) -> std::optional<std::string_view> {
            const char* value = ::getenv(std::string(name).c_str());
            if (value == nullptr) return std::nullopt;
            return std::string_view(value);
          },
          "/"};
}

// What the user of `deja exec` asked to hear (--explain, --json), for standard error.
std::string told(const journal::Event& e, pipeline::Outcome::Tell how) {
  std::string text;
  if (how == pipeline::Outcome::Tell::nothing) return text;
  if (how == pipeline::Outcome::Tell::json) {
    journal::append_line(e, text);
    return text;
  }
  text = std::string(journal::outcome_name(e.outcome));
  if (!e.reason.empty()) text += ", " + e.reason;
  if (e.outcome != journal::Outcome::hit)
    text += e.action_key.empty() ? "; not stored" : "; stored";
  if (!e.detail.empty()) text += ": " + e.detail;
  return tool::exec::error_line(text + "; key " + e.probe_key);
}

void add_last_word(const journal::Event& event, pipeline::Outcome& outcome) {
  const std::string text = told(event, outcome.tell);
  if (auto* replay = std::get_if<pipeline::Replay>(&outcome.answer)) replay->err += text;
  if (auto* done = std::get_if<pipeline::Done>(&outcome.answer)) done->last_word += text;
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
  return view;
}

bool View::is_seen_by(const wire::RequestHead& client) const {
  return mount_namespace == client.mount_namespace && root_device == client.root_device &&
         root_inode == client.root_inode && group == client.group;
}

Host::Host(std::string dir) : dir_(std::move(dir)), view_(View::of_this_process()) {}
Host::~Host() = default;

void Host::open_store() {
  store::LocalStore::Options options;
  options.dir = dir_;
  options.limit_bytes = limit_bytes_;
  auto opened = store::LocalStore::open(std::move(options));
  if (!opened) {
    store_problem_ = "store: " + opened.error().message;
    journal_->trouble(store_problem_);
    return;
  }
  store_ = *std::move(opened);
  digest::FileDigester::Options memo;
  memo.scan = tool::scan_source;
  memo.scan_version = tool::kScanVersion;
  memo.below = store_.get();
  digester_ = std::make_unique<digest::FileDigester>(memo);
  std::string interposer = own_folder() + "/libdeja-observe.so";
  if (const std::string problem = unusable_interposer(interposer); !problem.empty()) {
    journal_->trouble(problem);
    interposer.clear();
  }
  engine_ = std::unique_ptr<pipeline::Engine>(
      new pipeline::Engine{*store_,
                           *store_,
                           *digester_,
                           std::move(interposer),
                           [store = store_.get()](const ActionKey& key) { store->touch(key); },
                           {},
                           {},
                           {}});
}

std::unique_ptr<Host> Host::open(const std::string& dir) {
  auto host = std::unique_ptr<Host>(new Host(dir));
  // A missing folder is made; where that fails, the journal counts in memory and the store says
  // why.
  static_cast<void>(static_cast<bool>(os::make_directories(dir)));
  host->journal_ = journal::Journal::open(dir);
  const config::Loaded loaded = config::load(own_sources());
  for (const config::Problem& p : loaded.problems) host->journal_->trouble(p.text());
  host->idle_exit_s_ = loaded.config.daemon_idle_exit_s;
  host->limit_bytes_ = loaded.config.store_limit_bytes;
  host->open_store();
  return host;
}

void Host::maintain() {
  if (store_ == nullptr) return open_store();
  if (auto done = store_->maintain(); !done) journal_->trouble("store: " + done.error().message);
  if (auto done = store_->sync(); !done) journal_->trouble("store: " + done.error().message);
}

// A mistake in a file is one trouble, not one for each compile that meets it.
void Host::note_problems(const std::shared_ptr<const config::Loaded>& loaded) {
  if (loaded->problems.empty()) return;
  {
    const MutexLock lock(problems_mutex_);
    if (problems_noted_.lock() == loaded) return;
    problems_noted_ = loaded;
  }
  for (const config::Problem& p : loaded->problems) journal_->trouble(p.text());
}

pipeline::Settings Host::settings_for(const pipeline::Request& request) {
  const auto loaded = config_.load(sources_of(request));
  note_problems(loaded);
  pipeline::Settings settings;
  settings.disabled = loaded->config.disable;
  settings.portable = loaded->config.portable;
  settings.audit_rate = loaded->config.audit_rate;
  settings.base_dirs = loaded->config.base_dirs;
  settings.salt = loaded->config.key_salt;
  settings.read_only = store_ != nullptr && store_->is_read_only();
  return settings;
}

journal::Event Host::record(const pipeline::Outcome& o, const pipeline::Request& request,
                            std::int64_t started_ns) {
  journal::Event e;
  e.time_ns = os::wall_ns();
  e.outcome = journal_outcome(o.kind);
  e.dup = o.dup;
  e.reason = o.bypass ? tool::bypass_name(*o.bypass) : o.reason;
  e.detail = o.bypass ? o.reason : o.unpublished;
  e.tool = o.tool;
  e.what = o.what;
  e.cwd = request.cwd;
  if (o.probe) e.probe_key = o.probe->hex();
  if (o.action) e.action_key = o.action->hex();
  e.tool_runs = static_cast<std::uint64_t>(o.tool_runs);
  e.elapsed_us = static_cast<std::uint64_t>(os::monotonic_ns() - started_ns) / 1000;
  e.cost_us = o.cost_ns / 1000;
  e.bytes = o.bytes;
  e.evidence = o.evidence;
  journal_->record(e);
  for (const std::string& trouble : o.troubles) journal_->trouble(trouble);
  return e;
}

void Host::answer(const os::Fd& socket, const pipeline::Outcome& outcome) {
  // A client that has left in the meantime has run the tool itself; nobody is to be told.
  if (const auto* replay = std::get_if<pipeline::Replay>(&outcome.answer)) {
    std::string body(wire::kReplayHeadSize, '\0');
    wire::Writer w(body.data(), body.size());
    wire::write(w,
                wire::ReplayHead{replay->exit_code, static_cast<std::uint32_t>(replay->out.size()),
                                 static_cast<std::uint32_t>(replay->err.size())});
    body += replay->out;
    body += replay->err;
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::replay, body)));
  } else if (const auto* done = std::get_if<pipeline::Done>(&outcome.answer)) {
    std::string body(sizeof(std::uint32_t), '\0');
    wire::Writer(body.data(), body.size()).u32(done->exit_code.value_or(wire::kAsTheTool));
    body += std::string_view(done->last_word).substr(0, wire::kLastWordMax);
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::published, body)));
  } else {
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::exec, {})));
  }
}

void Host::serve(const os::Fd& socket, const std::string& request_body) {
  const std::int64_t started_ns = os::monotonic_ns();
  const auto decoded = decode_request(request_body);
  if (!decoded) return journal_->trouble(decoded.error().message);
  if (!view_.is_seen_by(decoded->head)) {
    static_cast<void>(static_cast<bool>(write_frame(socket, wire::Kind::foreign, {})));
    return;
  }
  pipeline::Outcome outcome;
  if (engine_ == nullptr) {
    outcome.bypass = tool::BypassReason::internal_error;
    outcome.reason = store_problem_;
    outcome.tool_runs = 1;
    if (!decoded->request.argv.empty()) outcome.tool = decoded->request.argv.front();
  } else {
    SocketClient client(socket, engine_->interposer);
    outcome = pipeline::handle_request(decoded->request, settings_for(decoded->request), *engine_,
                                       client);
  }
  add_last_word(record(outcome, decoded->request, started_ns), outcome);
  answer(socket, outcome);
  const bool may_hit = outcome.kind == pipeline::OutcomeKind::hit ||
                       (outcome.kind == pipeline::OutcomeKind::miss && outcome.unpublished.empty());
  if (may_hit && !outcome.remembered)
    rehearse_later(request_body, outcome.kind == pipeline::OutcomeKind::hit);
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
  if (decoded && engine_ != nullptr)
    engine_->memory.rehearse(decoded->request, settings_for(decoded->request), *engine_);
  return true;
}

}  // namespace deja::daemon
