// SPDX-License-Identifier: Apache-2.0
// Answers to requests whose inputs are under a watch set: such a request is answered without looking at
// a single file. Lives in a warm engine only.
//
// The cache is passive: pipeline/prewarm.h fills it in idle time, and pipeline/ reads it. It knows neither
// requests nor how a claim is checked. An entry is made in this order: look up, watch(), check all claims
// once more. Then no change between the check and the watch is missed.
//
// Thread-safe, bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/manifest.h"
#include "action/result.h"
#include "action/roots.h"
#include "base/lru_cache.h"
#include "base/result.h"
#include "digest/digest.h"
#include "tool/tool.h"
#include "warm/answer_table.h"
#include "warm/watch_set.h"

namespace deja::warm {

struct CachedAnswer {
  std::string tool;
  const tool::Adapter* adapter = nullptr;
  tool::Invocation invocation;
  action::Roots roots;
  ProbeKey probe;
  ActionKey key;
  std::shared_ptr<const action::ActionResult> result;
  // The paths of the token, in this order: the claims of one trace that are about paths (indexes into the
  // manifest's observations), then looked_at.
  std::shared_ptr<const action::Manifest> manifest;
  std::vector<std::uint32_t> claims;
  std::vector<std::string> looked_at;
  WatchSet::Token token;

  const action::Observation& observation(std::uint32_t claim) const {
    return manifest->observations()[claims[claim]];
  }
};

class RequestCache {
 public:
  // Do these claims (indexes into CachedAnswer::claims) hold now? Called when something has changed on the
  // way to their paths.
  using Recheck =
      std::function<bool(const CachedAnswer& entry, const std::vector<std::uint32_t>& claims)>;

  RequestCache();
  // False: the kernel gives no watches, and every get() is null.
  bool can_watch() const { return watch_set_ != nullptr; }

  // Null: not known, or no longer proven. Where something has changed on the way to some paths only (a
  // build directory that was emptied), just those claims are checked again.
  std::shared_ptr<const CachedAnswer> get(const Digest& name, const Recheck& recheck);
  // REQUIRES: can_watch(). Empty: one of the paths cannot be watched.
  std::optional<WatchSet::Token> watch(const std::vector<std::string>& paths) {
    return watch_set_->watch(paths);
  }
  std::optional<WatchSet::Token> watch_if_there_is_room(const std::vector<std::string>& paths) {
    return watch_set_->watch_if_there_is_room(paths);
  }
  void put(const Digest& name, std::shared_ptr<const CachedAnswer> entry);
  void remove(const Digest& name) { entries_.remove(name); }
  void clear();

  // Offers answers to clients from now on (warm/answer_table.h). REQUIRES: can_watch().
  Status open_table(const std::string& cache_dir);
  // REQUIRES: no request is being answered.
  void close_table() { table_.reset(); }
  // Null: there is none, and clients ask the engine.
  AnswerTable* table() const { return table_.get(); }
  // What the table's keeper waits for and takes. REQUIRES: can_watch().
  int notices() const { return watch_set_->notices(); }
  void take_notices() { watch_set_->take_notices(); }

 private:
  std::shared_ptr<const CachedAnswer> refresh(const CachedAnswer& entry,
                                              const std::vector<std::uint32_t>& changed,
                                              const Recheck& recheck);
  // An entry with 600 headers takes 16 KiB, so 4,000 of them fit.
  LruCache<Digest, CachedAnswer> entries_{64 << 20};
  std::unique_ptr<WatchSet> watch_set_;
  std::unique_ptr<AnswerTable> table_;  // set once, before the first request
};

}  // namespace deja::warm
