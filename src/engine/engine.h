// SPDX-License-Identifier: Apache-2.0
// The engine of one cache directory: store, digester, journal and configuration. A request gets its settings
// here, then takes its path (pipeline/request_path.h), and its outcome is recorded here. The daemon serves a
// socket with it, and api/ the program that has loaded libdeja.so.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "config/config.h"
#include "digest/file_digester.h"
#include "engine/remotes.h"
#include "journal/journal.h"
#include "pipeline/client.h"
#include "pipeline/outcome.h"
#include "pipeline/services.h"
#include "store/local_store.h"
#include "warm/answer_table.h"

namespace deja::engine {

struct Options {
  std::string dir;  // the cache directory, absolute
  std::uint64_t limit_bytes = 0;
  std::uint64_t spares_bytes = 0;  // for copies made ahead (store::LocalStore::Options); 0: none
  std::string interposer;          // path of libdeja-observe.so; empty: nothing can be observed
  std::string remote_library;      // path of libdeja-remote.so; empty: no remote is used
  bool is_embedded = false;     // in the program of an embedded user (store::LocalStore::Options)
  bool offers_answers = false;  // clients may take answers from its table (warm/answer_table.h)
};

class Engine {
 public:
  // Never fails: without a store every request is a bypass, and the journal says why.
  static std::unique_ptr<Engine> open(Options options);
  ~Engine();

  // Null: there is no store; store_problem() says why.
  pipeline::Services* services() const { return ready_.load(); }
  // REQUIRES: services() is not null.
  store::LocalStore& store() const { return *store_; }
  // Does what the next request would have to wait for. Called when an answer has been sent.
  void get_ready() const {
    if (services() != nullptr) store_->make_files_ahead();
  }
  // For a pause. True: there is more to do.
  bool make_spares() const;
  bool wants_spares() const { return services() != nullptr && store_->wants_spares(); }
  std::string store_problem();
  journal::Journal& journal() { return *journal_; }

  // The settings of a request, from its environment and the files above its directory.
  pipeline::Settings settings_for(const pipeline::Request& request);
  // Does a configuration file switch the daemon off for this request? Empty: its environment does.
  std::optional<bool> is_daemon_off(const pipeline::Request& request);
  // Writes what is wrong with a configuration into the journal: each mistake once, not once for each request.
  void note(const std::vector<config::Problem>& problems);
  pipeline::Outcome handle(const pipeline::Request& request, const pipeline::Settings& settings,
                           pipeline::Client& client);
  // Writes the outcome to the journal and, where the user asked for it (`deja exec --explain`, `progress`),
  // into the outcome's answer. started_ns: of the monotonic clock.
  void record(pipeline::Outcome& outcome, const pipeline::Request& request,
              std::int64_t started_ns);
  // Prepares the answer to the next request like this one (pipeline/prewarm.h).
  void prewarm(const pipeline::Request& request);
  // Puts the answer to this request into the table, if it is known and unchanged. body: the request's own
  // (wire/messages.h).
  void offer(std::string_view body, const pipeline::Request& request);
  // Null: clients have no table.
  warm::AnswerTable* table() const;
  // Renews the table, and records what clients have taken from it: how much that was.
  std::size_t keep_table();

  // Another process has emptied the store: nothing is answered from memory.
  void forget();
  // Forgets if another process has removed results from the store since the last call. Returns the store's
  // epoch (LocalStore). REQUIRES: there is an engine.
  std::uint64_t forget_removed();
  // Where it failed before, the store is opened once more. At intervals, by one thread.
  void maintain();

 private:
  explicit Engine(Options options) : options_(std::move(options)) {}
  void open_store();
  // A request that has run meanwhile may have remembered what was removed.
  void forget_unless(std::uint64_t epoch);
  void record_running(const pipeline::Outcome& outcome, const pipeline::Request& request);
  void record_use(const pipeline::Outcome& outcome, const std::string& cwd,
                  const std::shared_ptr<pipeline::Remotes>& remotes,
                  const warm::AnswerTable::Use& use);

  const Options options_;
  std::unique_ptr<journal::Journal> journal_;
  config::Loader config_;

  // Made by open_store() once, before ready_ is set.
  std::unique_ptr<store::LocalStore> store_;
  std::unique_ptr<digest::FileDigester> digester_;
  std::unique_ptr<pipeline::Services> services_;
  std::unique_ptr<RemoteRegistry> remotes_;
  std::atomic<pipeline::Services*> ready_{nullptr};

  Mutex epoch_mutex_;
  std::atomic<std::uint64_t> epoch_{0};  // of which something may be remembered

  Mutex problems_mutex_;
  std::string store_problem_ GUARDED_BY(problems_mutex_);
  std::unordered_set<std::string> problems_noted_ GUARDED_BY(problems_mutex_);
};

// The configuration's sources for this process itself. cwd: absolute; project files are read from there up.
config::Sources own_sources(std::string_view cwd);

}  // namespace deja::engine
