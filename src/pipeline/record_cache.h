// SPDX-License-Identifier: Apache-2.0
// Decoded manifests and results of recent requests, so that a hit in a warm engine decodes nothing. It is only
// a copy of what the store has: claims are checked at each use, and before a miss the store is asked, because
// another process may have published since. Thread-safe, bounded.
#pragma once

#include "action/manifest.h"
#include "action/result.h"
#include "base/lru_cache.h"

namespace deja::pipeline {

// Weights are bytes of the encoded records; decoded they take two to three times as much. With 40 MiB the
// engine stays well below its 200 MiB.
struct RecordCache {
  LruCache<ProbeKey, action::Manifest> manifests{32 << 20};
  LruCache<ActionKey, action::ActionResult> results{8 << 20};
  // The last probe key of a command (Prepared::command_key -> probe), so that a miss can say what has changed
  // since. Each weighs 1.
  LruCache<ProbeKey, ProbeKey> last_probes{16 << 10};
};

}  // namespace deja::pipeline
