// SPDX-License-Identifier: Apache-2.0
// The results that are still to be exported, in a directory: one small file for each, renamed into place, so that a
// kill at any instant loses nothing that add() has returned for. (A power cut may.) One worker thread sends them,
// oldest first.
//
// Any number of processes share the directory. One of them sends at a time (a lock file); what another one adds
// meanwhile is sent by whoever looks next. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "exchange/upload_job.h"
#include "os/fd.h"

namespace deja::exchange {

struct UploadStats {
  std::uint64_t queued = 0;  // files in the directory, as last seen
  // By this process:
  std::uint64_t added = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;   // the oldest of a full queue
  std::uint64_t given_up = 0;  // refused by the remote in a way that trying again does not change
  std::uint64_t damaged = 0;   // files that were not jobs
  std::uint64_t errors = 0;    // attempts that failed
  std::string last_error;
};

class UploadQueue {
 public:
  struct Options {
    std::string directory;  // made when it is missing; nothing else lies in it
    std::size_t jobs_max = 10'000;
    // The pause after a failure; doubled with each further one, up to the limit.
    std::int64_t pause_ns = 1'000'000'000;
    std::int64_t pause_max_ns = 60'000'000'000;
    // So often a job is tried that the remote has no room for, or that this machine cannot read.
    unsigned tries_max = 5;
    bool adds_only = false;  // sends nothing: for an engine that ends with its request
  };
  // Exports one result. Success: the job is done, also when there is nothing to share. `unavailable`, `timeout`
  // and `denied` concern the remote as a whole: the job stays, and there is a pause. `no_space` and `io` likewise, but
  // only tries_max times. Any other error: the job is given up.
  using Send = std::function<Status(const UploadJob&)>;

  // Starts the worker (unless adds_only), which sends what an earlier process has left.
  UploadQueue(Options options, Send send);
  // Returns when the call of `send` that is under way has. Unsent jobs stay in the directory.
  ~UploadQueue();
  UploadQueue(const UploadQueue&) = delete;
  UploadQueue& operator=(const UploadQueue&) = delete;

  // Never waits for a remote. A full queue drops its oldest job.
  Status add(const ProbeKey& probe, const ActionKey& key);

  // Waits until all is sent, without pauses between the first attempts; at most so long. The number of jobs that
  // are left.
  std::size_t flush(std::int64_t timeout_ns);

  // For the end of the process: one more pass over what is queued, at most so long. Ends early where another
  // process sends, or the remote fails; the rest stays for the next process.
  void finish(std::int64_t timeout_ns);

  UploadStats stats();

 private:
  enum class Pass { emptied, busy, failed, stopped };

  void work(const std::stop_token& stop);
  void begin_pass();
  void wake_for_flush() REQUIRES_LOCK(mutex_);
  Pass send_all(const std::stop_token& stop);
  bool send_one(const std::string& name);
  bool note_failure(const std::string& name, const Error& error);
  void note_done(const std::string& name);
  void remove(const std::string& name);
  void sweep(const std::string& name);
  Result<std::vector<std::string>> list();
  void drop_oldest();
  struct Seen {
    std::uint64_t wakes = 0, flushes = 0;
  };
  Seen seen();
  void pause(const std::stop_token& stop, const Seen& before, std::int64_t ns);
  std::string path(const std::string& name) const { return options_.directory + "/" + name; }

  const Options options_;
  const Send send_;

  Mutex mutex_;
  ConditionVariable changed_;
  UploadStats stats_ GUARDED_BY(mutex_);
  std::uint64_t wakes_ GUARDED_BY(mutex_) = 0;  // by add() and flush()
  std::uint64_t flushes_ GUARDED_BY(mutex_) = 0;
  std::uint64_t begun_ GUARDED_BY(mutex_) = 0;   // passes that have begun
  std::uint64_t passes_ GUARDED_BY(mutex_) = 0;  // that have ended
  std::uint64_t serial_ GUARDED_BY(mutex_) = 0;

  // Only for the worker.
  std::map<std::string, unsigned> tries_;
  std::string resume_after_;  // the job that failed last: the next pass begins behind it

  std::jthread worker_;  // last: it uses all of the above
};

}  // namespace deja::exchange
