// SPDX-License-Identifier: Apache-2.0
// Which of some texts does a file contain? Answers are cached by the file's content, so that a
// header is searched once, however many compiles read it. Thread-safe, bounded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lru_cache.h"
#include "digest/digest.h"

namespace deja::evidence {

class TextSearchCache {
 public:
  // Bit i: the file, whose content has the digest `digest`, contains texts[i]. All bits when it
  // cannot be read. At most 32 texts.
  std::uint32_t in_file(const std::string& path, const Digest& digest,
                        const std::vector<std::string>& texts);

 private:
  LruCache<Digest, std::uint32_t> known_{8 << 20};
};

}  // namespace deja::evidence
