// Decoded manifests and results of recent requests, so that a hit in a warm services decodes nothing.
// Only ever a copy of what the store said: a claim is checked again at each use, and a miss asks
// the store again, because another process may have published since. Thread-safe, bounded.
#pragma once

#include "action/manifest.h"
#include "action/result.h"
#include "base/lru_cache.h"

namespace deja::pipeline {

// Weights are bytes of the encoded records; decoded they take two to three times that. With 40 MiB
// the services stays well below its 200 MiB.
struct RecordCache {
  LruCache<ProbeKey, action::Manifest> manifests{32 << 20};
  LruCache<ActionKey, action::ActionResult> results{8 << 20};
  // Which sources a command was last seen with (Prepared::command_key -> probe): what has changed
  // since can be said. Each weighs 1.
  LruCache<ProbeKey, ProbeKey> last_probes{16 << 10};
};

}  // namespace deja::pipeline
