// SPDX-License-Identifier: Apache-2.0
// One worker thread does what needs the network: it reads records of sessions that have begun and writes those that
// are over. It wakes when a session begins, and once in a while to see what has gone quiet.
//
// Tested by remotes_test.cc.
#include "exchange/session.h"

#include <chrono>
#include <utility>
#include <vector>

#include "os/clock.h"

namespace deja::exchange {
namespace {

constexpr std::int64_t kReadTimeoutNs = 10'000'000'000;
constexpr std::int64_t kWriteTimeoutNs = 30'000'000'000;
// Projects at a time. More than a developer builds, and a bound for a machine that builds thousands.
constexpr std::size_t kSessionsMax = 64;
// A branch is switched now and then: a checkout is looked at again after this time.
constexpr std::int64_t kProjectAgeNs = 10'000'000'000;

void add(PrefetchStats& sum, const PrefetchStats& stats) {
  sum.known += stats.known;
  sum.there += stats.there;
  sum.passed += stats.passed;
  sum.imported += stats.imported;
  sum.absent += stats.absent;
  sum.bytes += stats.bytes;
  sum.errors += stats.errors;
  sum.look_ups += stats.look_ups;
  sum.helped += stats.helped;
}

}  // namespace

Sessions::Sessions(Connection& connection, store::RecordStore& records, Limits limits)
    : connection_(connection),
      records_(records),
      limits_(limits),
      worker_([this](const std::stop_token& stop) { work(stop); }) {}

Sessions::~Sessions() {
  worker_.request_stop();
  const MutexLock lock(mutex_);
  for (auto& [name, session] : sessions_)
    if (session->prefetch != nullptr) session->prefetch->stop();
}

void Sessions::finish(std::int64_t timeout_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
  worker_.request_stop();
  std::vector<Project> unwritten;
  {
    const MutexLock lock(mutex_);
    while (!is_over_)
      if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) return;
    for (const auto& [name, session] : sessions_)
      if (session->is_to_be_written) unwritten.push_back(session->project);
  }
  for (const Project& project : unwritten) {
    const std::chrono::nanoseconds left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return;
    write(project, left.count());
  }
}

std::shared_ptr<const Sessions::Known> Sessions::project_of(std::string_view cwd) {
  const std::string key(cwd);
  const std::int64_t now = os::monotonic_ns();
  if (auto known = projects_.get(key); known && now - known->found_ns < kProjectAgeNs) return known;
  auto known = std::make_shared<Known>(Known{find_project(cwd), now});
  if (!connection_.options().project.empty()) known->project.name = connection_.options().project;
  projects_.put(key, known, 1);
  return known;
}

Sessions::Session& Sessions::session_of(const Project& project) {
  const std::string key = project.name + '\0' + project.branch;
  const auto at = sessions_.find(key);
  if (at != sessions_.end()) return *at->second;
  if (sessions_.size() >= kSessionsMax) {
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      const bool is_idle = !it->second->is_to_be_written && !it->second->is_to_be_read;
      it = is_idle ? sessions_.erase(it) : std::next(it);
    }
  }
  auto session = std::make_unique<Session>();
  session->project = project;
  return *(sessions_[key] = std::move(session));
}

void Sessions::note_miss(std::string_view cwd, const ProbeKey& probe) {
  const auto known = project_of(cwd);
  if (known->project.name.empty()) return;
  const std::int64_t now = os::monotonic_ns();
  std::shared_ptr<Prefetch> prefetch;
  {
    const MutexLock lock(mutex_);
    Session& session = session_of(known->project);
    if (session.last_miss_ns == 0 || now - session.last_ns > limits_.pause_ns) {
      session.is_to_be_read = connection_.options().reads && connection_.options().prefetches;
      if (session.is_to_be_read) changed_.notify_all();
    }
    session.last_ns = session.last_miss_ns = now;
    prefetch = session.prefetch;
  }
  if (prefetch != nullptr) prefetch->note_look_up(probe);
}

bool Sessions::note_use(std::string_view cwd, const Use& use) {
  const bool writes = connection_.options().writes;
  if (!writes && !connection_.options().prefetches) return false;
  const auto known = project_of(cwd);
  if (known->project.name.empty()) return false;
  const MutexLock lock(mutex_);
  Session& session = session_of(known->project);
  const bool was_prefetched = session.prefetch != nullptr && session.prefetch->take_import(use.key);
  if (!writes) return was_prefetched;
  session.log.note(use);
  session.last_ns = os::monotonic_ns();
  session.is_to_be_written = true;
  return was_prefetched;
}

PrefetchStats Sessions::prefetched() {
  const MutexLock lock(mutex_);
  PrefetchStats sum = ended_;
  for (const auto& [name, session] : sessions_)
    if (session->prefetch != nullptr) add(sum, session->prefetch->stats());
  return sum;
}

void Sessions::work(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { changed_.notify_all(); });
  while (!stop.stop_requested()) {
    std::vector<Project> to_read, to_write;
    {
      mutex_.lock();
      const std::int64_t now = os::monotonic_ns();
      for (auto& [name, session] : sessions_) {
        if (std::exchange(session->is_to_be_read, false)) to_read.push_back(session->project);
        const bool is_quiet = now - session->last_ns > limits_.write_after_ns;
        if (session->is_to_be_written && is_quiet) to_write.push_back(session->project);
      }
      if (to_read.empty() && to_write.empty() && !stop.stop_requested())
        changed_.wait_for(mutex_, std::chrono::seconds(1));
      mutex_.unlock();
    }
    for (const Project& project : to_read) begin(project);
    for (const Project& project : to_write) write(project, kWriteTimeoutNs);
  }
  const MutexLock lock(mutex_);
  is_over_ = true;
  changed_.notify_all();
}

void Sessions::begin(const Project& project) {
  auto record = read_session(connection_.patient(), connection_.options().space, project.name,
                             project.branches(), {os::monotonic_ns() + kReadTimeoutNs});
  if (!record) {
    connection_.options().trouble("remote: the session record could not be read: " +
                                  record.error().message);
    return;
  }
  if (!*record) return;
  auto prefetch = std::make_shared<Prefetch>(connection_.patient_importer(), records_,
                                             **std::move(record), limits_.prefetch);
  prefetch->start();
  std::shared_ptr<Prefetch> before;
  {
    const MutexLock lock(mutex_);
    Session& session = session_of(project);
    before = std::exchange(session.prefetch, std::move(prefetch));
    if (before != nullptr) add(ended_, before->stats());
  }
}

void Sessions::write(const Project& project, std::int64_t timeout_ns) {
  SessionRecord now{project.name, project.branch, os::wall_ns(), {}};
  {
    const MutexLock lock(mutex_);
    Session& session = session_of(project);
    now.uses = session.log.take();
    session.is_to_be_written = false;
  }
  const std::int64_t end = os::monotonic_ns() + timeout_ns;
  // For those on a branch of which nothing is known yet, too.
  for (const std::string& branch : {project.branch, std::string()}) {
    now.branch = branch;
    const auto written =
        write_session(connection_.patient(), connection_.options().space, now, {end});
    if (!written) {
      connection_.options().trouble("remote: the session record could not be written: " +
                                    written.error().message);
      return keep(project, std::move(now.uses));
    }
    if (project.branch.empty()) return;
  }
}

// The next attempt is made when the project has been quiet once more.
void Sessions::keep(const Project& project, std::vector<Use> uses) {
  const MutexLock lock(mutex_);
  Session& session = session_of(project);
  session.log.put_back(std::move(uses));
  session.is_to_be_written = true;
  session.last_ns = os::monotonic_ns();
}

}  // namespace deja::exchange
