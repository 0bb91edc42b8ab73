// SPDX-License-Identifier: Apache-2.0
// The accept loop. Any idle worker may accept the next connection and serves it to its end, so a
// request is never passed between threads.
//
// Workers are started on demand up to kWorkersMax; a worker that waits while a client runs its tool
// costs a stack of a few pages. More connections wait in the socket's queue.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/request_server.h"
#include "daemon/table_keeper.h"
#include "os/fd.h"
#include "os/file.h"

namespace deja::daemon {

class Server {
 public:
  static constexpr int kWorkersMax = 2048;
  static constexpr int kIdleWorkersMax = 16;

  Server(os::Fd listener, std::string socket_path, RequestServer& host);
  // Serves until it is stopped, or no request came for the idle time. Returns when the last session has
  // ended.
  void run();

 private:
  void start_worker();
  void work(std::list<std::thread>::iterator self);
  void join_finished();
  void serve_connection(os::Fd socket);
  void answer_question(const os::Fd& socket, const std::string& word);
  bool is_replaced() const;
  void stop();
  void maintain();
  void prewarm();
  void note_activity();

  const os::Fd listener_;
  const std::string socket_path_;
  RequestServer& host_;
  TableKeeper keeper_;
  std::string program_path_;  // empty: unknown
  os::FileIdentity program_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> last_request_ns_{0};
  std::atomic<int> busy_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::thread> threads_;   // guarded by mutex_: workers that run
  std::list<std::thread> finished_;  // guarded by mutex_: workers to be joined
  int workers_ = 0;                  // guarded by mutex_
  int idle_ = 0;                     // guarded by mutex_
};

}  // namespace deja::daemon
