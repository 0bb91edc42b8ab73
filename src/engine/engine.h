// What an engine is made of, opened in one cache directory, and the way of a request through it:
// settings before the hallway, the journal after it. The daemon serves a socket with it, the library
// (api/) whoever has loaded it.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "config/config.h"
#include "digest/file_digester.h"
#include "journal/journal.h"
#include "pipeline/client.h"
#include "pipeline/outcome.h"
#include "pipeline/services.h"
#include "store/local_store.h"

namespace deja::engine {

struct Options {
  std::string dir;  // the cache directory, absolute
  std::uint64_t limit_bytes = 0;
  std::string interposer;    // pipeline::Services's
  bool is_embedded = false;  // store::LocalStore::Options'
};

class Engine {
 public:
  // Never fails: without a store every request is a bypass, and the journal says why.
  static std::unique_ptr<Engine> open(Options options);
  ~Engine();

  // Null: there is no store, for store_problem().
  pipeline::Services* services() const { return ready_.load(); }
  // REQUIRES: there is an engine.
  store::LocalStore& store() const { return *store_; }
  std::string store_problem();
  journal::Journal& journal() { return *journal_; }

  // What is configured for a request, by its environment and directory.
  pipeline::Settings settings_for(const pipeline::Request& request);
  // Does a file say that there is to be no daemon for it? Empty: its environment decides.
  std::optional<bool> is_daemon_off(const pipeline::Request& request);
  pipeline::Outcome handle(const pipeline::Request& request, const pipeline::Settings& settings,
                           pipeline::Client& client);
  // Tells the journal; and the user, where he has asked for it (`deja exec --explain`), in the
  // outcome's answer. started_ns: of the monotonic clock.
  void record(pipeline::Outcome& outcome, const pipeline::Request& request,
              std::int64_t started_ns);
  // Prepares the answer to the next request like this one (pipeline/prewarm.h).
  void prewarm(const pipeline::Request& request);
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
  void note_problems(const std::shared_ptr<const config::Loaded>& loaded);

  const Options options_;
  std::unique_ptr<journal::Journal> journal_;
  config::Loader config_;

  // Made by open_store() once, before ready_ is set.
  std::unique_ptr<store::LocalStore> store_;
  std::unique_ptr<digest::FileDigester> digester_;
  std::unique_ptr<pipeline::Services> services_;
  std::atomic<pipeline::Services*> ready_{nullptr};

  Mutex epoch_mutex_;
  std::atomic<std::uint64_t> epoch_{0};  // of which something may be remembered

  Mutex problems_mutex_;
  std::string store_problem_ GUARDED_BY(problems_mutex_);
  std::weak_ptr<const config::Loaded> problems_noted_ GUARDED_BY(problems_mutex_);
};

// What the variables of this process say; cwd: for names and project files, absolute.
config::Sources own_sources(std::string_view cwd);

}  // namespace deja::engine
