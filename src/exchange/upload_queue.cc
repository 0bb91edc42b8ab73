// SPDX-License-Identifier: Apache-2.0
// A pass lists the directory and sends what is there, in the order of the names, which begin with the time. After a
// failure the next pass begins behind the job that failed, so that one that the remote never takes does not hold up
// the others. The lock is held for a pass, not for longer, so that processes take turns.
//
// Tested by upload_queue_test.cc.
#include "exchange/upload_queue.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/process.h"

namespace deja::exchange {
namespace {

constexpr std::string_view kSuffix = ".job";
constexpr std::string_view kLock = "lock";
constexpr std::size_t kTimeDigits = 20;
constexpr std::uint64_t kJobBytesMax = 4096;
constexpr std::int64_t kTempAgeNs = 3'600'000'000'000;

bool is_job(std::string_view name) {
  return name.size() > kTimeDigits && name.ends_with(kSuffix) &&
         std::all_of(name.begin(), name.begin() + kTimeDigits,
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Another process's files may appear between two jobs of one time; the pid separates them.
std::string job_name(std::int64_t now_ns, std::uint64_t serial) {
  std::string digits = std::to_string(now_ns);
  digits.insert(0, kTimeDigits - std::min(digits.size(), kTimeDigits), '0');
  return digits + "." + std::to_string(::getpid()) + "." + std::to_string(serial) +
         std::string(kSuffix);
}

}  // namespace

UploadQueue::UploadQueue(Options options, Send send)
    : options_(std::move(options)), send_(std::move(send)) {
  if (auto names = list()) {
    const MutexLock lock(mutex_);
    stats_.queued = names->size();
  }
  if (options_.adds_only) return;
  worker_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

UploadQueue::~UploadQueue() {
  worker_.request_stop();
  {
    const MutexLock lock(mutex_);
    ++wakes_;
  }
  changed_.notify_all();
}

// The jobs, oldest first. What a killed process has left of a file is removed when it is old.
Result<std::vector<std::string>> UploadQueue::list() {
  const auto there = TRY(os::stat_file(options_.directory));
  if (!there) return std::vector<std::string>();
  auto names = TRY(os::list_directory(options_.directory));
  std::erase_if(names, [this](const std::string& name) {
    if (is_job(name)) return false;
    if (name != kLock) sweep(name);
    return true;
  });
  return names;
}

void UploadQueue::sweep(const std::string& name) {
  const auto there = os::stat_file(path(name), os::Links::keep);
  if (there && *there && os::wall_ns() - (*there)->mtime_ns > kTempAgeNs)
    ignore(os::remove_file(path(name)), "the next listing tries it again");
}

Status UploadQueue::add(const ProbeKey& probe, const ActionKey& key) {
  const UploadJob job{probe, key, os::wall_ns()};
  std::string name;
  bool is_full = false;
  {
    const MutexLock lock(mutex_);
    name = job_name(job.queued_at_ns, serial_++);
    is_full = stats_.queued >= options_.jobs_max;
  }
  if (is_full) drop_oldest();
  auto written = os::write_file_atomic(path(name), encode_job(job));
  if (!written && written.error().sys_errno == ENOENT) {
    TRY(os::make_directories(options_.directory));
    written = os::write_file_atomic(path(name), encode_job(job));
  }
  if (!written) return std::move(written).error().context("queueing an upload");
  {
    const MutexLock lock(mutex_);
    ++stats_.queued;
    ++stats_.added;
    ++wakes_;
  }
  changed_.notify_all();
  return {};
}

void UploadQueue::drop_oldest() {
  const auto names = list();
  if (!names) return;
  const std::size_t keep = options_.jobs_max == 0 ? 0 : options_.jobs_max - 1;
  const std::size_t doomed = names->size() > keep ? names->size() - keep : 0;
  for (std::size_t i = 0; i < doomed; ++i)
    ignore(os::remove_file(path((*names)[i])), "the next one that is added tries it again");
  const MutexLock lock(mutex_);
  stats_.queued = names->size() - doomed;
  stats_.dropped += doomed;
}

void UploadQueue::remove(const std::string& name) {
  ignore(os::remove_file(path(name)), "it is sent once more, which changes nothing");
  tries_.erase(name);
  const MutexLock lock(mutex_);
  if (stats_.queued != 0) --stats_.queued;
}

// Does the remote as a whole fail? Then there is a pause.
bool UploadQueue::note_failure(const std::string& name, const Error& error) {
  const bool is_general =
      error.code == Code::unavailable || error.code == Code::timeout || error.code == Code::denied;
  const bool may_pass = error.code == Code::no_space || error.code == Code::io;
  const bool stays = is_general || (may_pass && ++tries_[name] < options_.tries_max);
  {
    const MutexLock lock(mutex_);
    ++stats_.errors;
    stats_.last_error = error.message;
    if (!stays) ++stats_.given_up;
  }
  if (!stays) remove(name);
  return stays;
}

// False: there was a failure after which to pause.
bool UploadQueue::send_one(const std::string& name) {
  const auto bytes = os::read_file_if_exists(path(name), kJobBytesMax);
  if (!bytes) return !note_failure(name, bytes.error());
  if (!*bytes) return true;  // dropped, or sent by another process
  const auto job = decode_job(**bytes);
  if (!job) {
    remove(name);
    const MutexLock lock(mutex_);
    ++stats_.damaged;
    return true;
  }
  if (const Status sent = send_(*job); !sent) return !note_failure(name, sent.error());
  remove(name);
  const MutexLock lock(mutex_);
  ++stats_.sent;
  return true;
}

UploadQueue::Pass UploadQueue::send_all(const std::stop_token& stop) {
  auto names = list();
  if (names) {
    const MutexLock lock(mutex_);
    stats_.queued = names->size();
  }
  if (names && names->empty()) return Pass::emptied;
  const auto held =
      names ? os::try_lock_file(path(std::string(kLock))) : Result<os::Fd>(names.error());
  if (!held) {
    const MutexLock lock(mutex_);
    ++stats_.errors;
    stats_.last_error = held.error().message;
    return Pass::failed;
  }
  if (!*held) return Pass::busy;
  const auto first = std::upper_bound(names->begin(), names->end(), resume_after_);
  std::rotate(names->begin(), first, names->end());
  for (const std::string& name : *names) {
    if (stop.stop_requested()) return Pass::stopped;
    if (send_one(name)) continue;
    resume_after_ = name;
    return Pass::failed;
  }
  resume_after_.clear();
  return Pass::emptied;
}

UploadQueue::Seen UploadQueue::seen() {
  const MutexLock lock(mutex_);
  return {wakes_, flushes_};
}

// Until there is something to do that was not there `before`, or the time has passed; 0: no limit. A job that is
// added ends only the wait for jobs, not a pause after a failure.
void UploadQueue::pause(const std::stop_token& stop, const Seen& before, std::int64_t ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(ns);
  const MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    if (flushes_ != before.flushes || (ns == 0 && wakes_ != before.wakes)) return;
    if (ns == 0) {
      changed_.wait(mutex_);
    } else if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) {
      return;
    }
  }
}

void UploadQueue::work(const std::stop_token& stop) {
  os::lower_thread_priority();  // nobody waits for an upload, but builds wait for the processor
  std::int64_t wait_ns = 0;
  while (!stop.stop_requested()) {
    const Seen before = seen();
    begin_pass();
    const Pass pass = send_all(stop);
    {
      const MutexLock lock(mutex_);
      ++passes_;
    }
    changed_.notify_all();  // for flush()
    if (pass == Pass::emptied) {
      wait_ns = 0;
      pause(stop, before, 0);
    } else if (pass == Pass::busy) {
      pause(stop, before, options_.pause_ns);
    } else {
      wait_ns = std::clamp(wait_ns * 2, options_.pause_ns, options_.pause_max_ns);
      pause(stop, before, wait_ns);
    }
  }
}

void UploadQueue::begin_pass() {
  const MutexLock lock(mutex_);
  ++begun_;
}

void UploadQueue::wake_for_flush() {
  ++wakes_;
  ++flushes_;
  changed_.notify_all();
}

// A pass that has begun may have listed the directory before the last job was added, so the next one counts.
void UploadQueue::finish(std::int64_t timeout_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
  if (const auto names = list(); options_.adds_only || !names || names->empty()) return;
  const MutexLock lock(mutex_);
  const std::uint64_t wanted = begun_ + 1;
  wake_for_flush();
  while (passes_ < wanted && changed_.wait_until(mutex_, end) != std::cv_status::timeout) {
  }
}

std::size_t UploadQueue::flush(std::int64_t timeout_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
  std::uint64_t passes = 0;
  {
    const MutexLock lock(mutex_);
    wake_for_flush();
    passes = passes_;
  }
  for (;;) {
    const auto names = list();  // other processes' jobs count, too
    if (names && names->empty()) return 0;
    const MutexLock lock(mutex_);
    while (passes_ == passes) {
      if (changed_.wait_until(mutex_, end) == std::cv_status::timeout)
        return names ? names->size() : stats_.queued;
    }
    passes = passes_;
  }
}

UploadStats UploadQueue::stats() {
  const MutexLock lock(mutex_);
  return stats_;
}

}  // namespace deja::exchange
