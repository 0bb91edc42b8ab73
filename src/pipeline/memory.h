// Memory: requests that were answered before and whose whole world is under a vigil. Such a request
// is answered without looking at a single file. Lives in a warm engine only.
//
// An entry is made apart from the request, in idle time, by rehearsing it: the same doors as the
// hallway up to recall, then the vigil is stood, then all claims are checked once more, so that
// nothing could change unseen between the check and the vigil.
//
// Thread-safe, bounded.
#pragma once

#include <memory>
#include <optional>

#include "action/result.h"
#include "action/roots.h"
#include "digest/digest.h"
#include "pipeline/client.h"
#include "pipeline/record_cache.h"
#include "pipeline/vigil.h"
#include "tool/tool.h"

namespace deja::pipeline {

struct Engine;
struct Settings;

struct Remembered {
  std::string tool;
  const tool::Adapter* adapter = nullptr;
  tool::Invocation invocation;
  action::Roots roots;
  ProbeKey probe;
  ActionKey key;
  std::shared_ptr<const action::ActionResult> result;
  // What the stand is about: the claims of one trace that are about paths, then looked_at.
  std::shared_ptr<const action::Manifest> manifest;
  std::vector<std::uint32_t> claims;
  std::vector<std::string> looked_at;
  Vigil::Stand stand;
};

class Memory {
 public:
  Memory();
  // The name of a request: everything that a client sends and everything that is configured.
  static Digest name_of(const Request& request, const Settings& settings);

  // Null: not remembered, or something of its world has changed. Where something moved on the way
  // to some paths only (a build folder that was emptied), just those claims are checked again.
  std::shared_ptr<const Remembered> recall(const Digest& name, const Request& request,
                                           Engine& engine);
  // Rehearses the request; nothing is remembered when it would not hit or cannot be watched.
  void clear() { entries_.clear(); }
  void rehearse(const Request& request, const Settings& settings, Engine& engine);

 private:
  std::shared_ptr<const Remembered> check_again(const Remembered& entry,
                                                const std::vector<std::uint32_t>& disturbed,
                                                const Request& request, Engine& engine);
  // An entry of 600 headers weighs some 16 KiB: room for 4,000.
  LruCache<Digest, Remembered> entries_{64 << 20};
  std::unique_ptr<Vigil> vigil_;
};

}  // namespace deja::pipeline
