#include "pipeline/mentions.h"

#include <string.h>

#include <memory>

#include "action/recipe.h"
#include "os/file.h"
#include "os/mapping.h"

namespace deja::pipeline {
namespace {

constexpr std::size_t kWeight = 128;  // of one entry

Result<std::uint32_t> search(const std::string& path, const std::vector<std::string>& texts) {
  const os::Fd fd = TRY(os::open_read(path));
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size == 0) return 0u;
  const os::Mapping mapping = TRY(os::Mapping::read_only(fd, identity.size));
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (::memmem(mapping.data(), mapping.size(), texts[i].data(), texts[i].size()) != nullptr)
      found |= 1u << i;
  }
  return found;
}

}  // namespace

std::uint32_t Mentions::in_file(const std::string& path, const Digest& digest,
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

}  // namespace deja::pipeline
