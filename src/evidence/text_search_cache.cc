// SPDX-License-Identifier: Apache-2.0
#include "evidence/text_search_cache.h"

#include <string.h>

#include <algorithm>
#include <memory>

#include "action/recipe.h"
#include "formats/file_pieces.h"
#include "os/file.h"

namespace deja::evidence {
namespace {

constexpr std::size_t kWeight = 128;  // cost of one entry

Result<std::uint32_t> search(const std::string& path, const std::vector<std::string>& texts) {
  const os::Fd fd = TRY(os::open_read(path));
  std::size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  std::uint32_t found = 0;
  TRY(formats::for_each_piece(fd, longest, [&](std::string_view piece) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (::memmem(piece.data(), piece.size(), texts[i].data(), texts[i].size()) != nullptr)
        found |= 1u << i;
    }
    return true;
  }));
  return found;
}

}  // namespace

std::uint32_t TextSearchCache::in_file(const std::string& path, const Digest& digest,
                                       const std::vector<std::string>& texts) {
  if (texts.empty()) return 0;
  action::HashSink name;
  name.field("content", digest.view());
  for (const std::string& text : texts) name.field("text", text);
  const Digest key = name.finish();
  if (const auto known = known_.get(key)) return *known;
  const auto found = search(path, texts);
  if (!found) return ~0u;
  known_.put(key, std::make_shared<const std::uint32_t>(*found), kWeight);
  return *found;
}

}  // namespace deja::evidence
