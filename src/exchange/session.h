// SPDX-License-Identifier: Apache-2.0
// The sessions of builds: when one begins, what it has used, when it is written. A session of a project begins with
// its first miss after a pause; then the record of earlier builds is read and prefetched, by one thread for all
// clients. What is used is collected and written when the project has been quiet for a while, or at the end.
//
// Thread-safe; no method waits for a remote.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/lru_cache.h"
#include "base/mutex.h"
#include "exchange/connection.h"
#include "exchange/prefetch.h"
#include "exchange/project.h"
#include "exchange/session_record.h"

namespace deja::exchange {

class Sessions {
 public:
  struct Limits {
    std::int64_t pause_ns = 300'000'000'000;       // a miss after this begins a session
    std::int64_t write_after_ns = 20'000'000'000;  // without a use
    PrefetchLimits prefetch{};
  };
  Sessions(Connection& connection, store::RecordStore& records, Limits limits);
  // Waits for a request that is under way, so the connection is stopped before.
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  void note_miss(std::string_view cwd, const ProbeKey& probe);
  // True: the result was prefetched, and this is its first use.
  bool note_use(std::string_view cwd, const Use& use);

  // For the end of the process: writes what was not written, in at most so long.
  void finish(std::int64_t timeout_ns);

  // Sums over all prefetches of this process.
  PrefetchStats prefetched();

 private:
  struct Session {
    Project project;
    SessionLog log;
    std::int64_t last_ns = 0;       // of the last miss or use
    std::int64_t last_miss_ns = 0;  // 0: none yet
    bool is_to_be_read = false, is_to_be_written = false;
    std::shared_ptr<Prefetch> prefetch;
  };
  struct Known {
    Project project;
    std::int64_t found_ns = 0;
  };
  std::shared_ptr<const Known> project_of(std::string_view cwd);
  Session& session_of(const Project& project) REQUIRES_LOCK(mutex_);
  void work(const std::stop_token& stop);
  void begin(const Project& project);
  void write(const Project& project, std::int64_t timeout_ns);
  void keep(const Project& project, std::vector<Use> uses);

  Connection& connection_;
  store::RecordStore& records_;
  const Limits limits_;
  LruCache<std::string, Known> projects_{512};  // by working directory

  Mutex mutex_;
  ConditionVariable changed_;
  std::map<std::string, std::unique_ptr<Session>> sessions_
      GUARDED_BY(mutex_);  // by name and branch
  PrefetchStats ended_ GUARDED_BY(mutex_);
  bool is_over_ GUARDED_BY(mutex_) = false;  // the worker has ended
  std::jthread worker_;                      // last: it uses all of the above
};

}  // namespace deja::exchange
