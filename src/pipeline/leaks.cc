#include "pipeline/leaks.h"

#include <string.h>

#include <algorithm>
#include <memory>

#include "os/file.h"

namespace deja::pipeline {
namespace {

// gcc names a file's constructors after the file with all but letters and digits made '_'
// ("_GLOBAL__sub_I__w_src_a_cc", gcc/tree.cc get_file_function_name).
std::string as_symbol(std::string_view path) {
  std::string out(path);
  for (char& c : out) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alnum) c = '_';
  }
  return out;
}

}  // namespace

LeakSearch::LeakSearch(const action::Roots& roots) {
  for (const action::Root root : action::kRoots) {
    if (!roots.has(root)) continue;
    needles_.push_back({root, roots.path(root)});
    needles_.push_back({root, as_symbol(roots.path(root))});
  }
  for (const Needle& n : needles_) longest_ = std::max(longest_, n.bytes.size());
}

void LeakSearch::search(std::string_view bytes) {
  for (const Needle& n : needles_) {
    bool& found = found_[static_cast<std::size_t>(n.root) - 1];
    found =
        found || ::memmem(bytes.data(), bytes.size(), n.bytes.data(), n.bytes.size()) != nullptr;
  }
}

Status LeakSearch::search(const os::Fd& fd) {
  constexpr std::size_t kBuffer = 256 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer + longest_);
  std::size_t kept = 0;  // the end of the piece before, in case a needle lies across
  for (std::uint64_t offset = 0;;) {
    const std::size_t n = TRY(os::read_at(fd, offset, buffer.get() + kept, kBuffer));
    const std::size_t have = kept + n;
    search({buffer.get(), have});
    if (n < kBuffer) return {};
    kept = std::min(have, longest_);
    ::memmove(buffer.get(), buffer.get() + have - kept, kept);
    offset += n;
  }
}

}  // namespace deja::pipeline
