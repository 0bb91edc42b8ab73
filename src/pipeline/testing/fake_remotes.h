// SPDX-License-Identifier: Apache-2.0
// A remote in memory: what one engine offers, another one can import.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "action/manifest.h"
#include "action/result.h"
#include "base/mutex.h"
#include "pipeline/remotes.h"
#include "pipeline/testing/faulty_store.h"

namespace deja::pipeline::testing {

class FakeRemotes final : public Remotes {
 public:
  // The store into which results are imported, and from which their blobs are uploaded.
  explicit FakeRemotes(FaultyStore& local) : local_(&local) {}

  // Another machine: an engine with this store asks from now on.
  void move_to(FaultyStore& local) { local_ = &local; }

  std::optional<Imported> import_result(const Question& question) override;
  void offer(const ProbeKey& probe, const ActionKey& key) override;
  std::string note_use(const Use& use) override {
    const MutexLock lock(mutex_);
    used.push_back(use.key);
    return prefetched_from;
  }

  std::atomic<int> questions = 0;
  int offers = 0;
  std::uint64_t last_cost_ns = 0;
  std::vector<ActionKey> used{};
  // Called before a question is answered.
  std::function<void()> on_question{};
  // Called when the claims of a result have held, before it is imported.
  std::function<void()> on_held{};
  std::string prefetched_from{};  // what note_use() returns
  // Says that it has imported what it has not.
  bool lies = false;

 private:
  struct Offered {
    ActionKey key;
    action::Trace trace;
    action::ActionResult result;
    std::vector<std::string> blobs;
  };

  Mutex mutex_;  // of note_use()
  FaultyStore* local_;
  std::map<ProbeKey, std::vector<Offered>> offered_;
};

}  // namespace deja::pipeline::testing
