// SPDX-License-Identifier: Apache-2.0
#include "explain/nearest.h"

#include <utility>

#include "base/path.h"

namespace deja::explain {
namespace {

// Farther than this, two commands have nothing to do with each other.
constexpr unsigned kDistanceMax = 60;
// Of commands on different sources only those that look alike say something: three differences.
constexpr unsigned kOtherSourceMax = 20;
// A comparison takes about 10 µs, and a build may have a thousand new commands.
constexpr std::size_t kOfSourceMax = 1000, kOfToolMax = 200;

// A link is no neighbour of a compile.
bool makes_the_same_kind(const journal::KeyRecord& a, const journal::KeyRecord& b) {
  const auto extension = [](const journal::KeyRecord& record) {
    for (const auto& [name, value] : record.fields)
      if (name == "output extension") return value;
    return std::string();
  };
  return extension(a) == extension(b);
}

}  // namespace

Result<KeyHistory> KeyHistory::read(const std::string& journal_dir) {
  KeyHistory out;
  TRY(journal::read_keys(journal_dir,
                         [&](journal::KeyRecord r) { out.records_.push_back(std::move(r)); }));
  for (std::size_t i = 0; i < out.records_.size(); ++i) {
    const journal::KeyRecord& record = out.records_[i];
    if (!record.what.empty()) out.by_source_[std::string(base_name(record.what))].push_back(i);
    out.by_tool_[std::string(base_name(record.tool))].push_back(i);
  }
  return out;
}

// Looks at the newest `count` of the candidates that are older than the asked one.
void KeyHistory::compare(const Indexes& candidates, std::size_t asked, std::size_t count,
                         unsigned distance_max, bool only_same_kind, Nearest& best) const {
  unsigned least = distance_max + 1;
  for (auto at = candidates.rbegin(); at != candidates.rend() && count > 0; ++at) {
    if (*at >= asked || records_[*at].probe_key == records_[asked].probe_key) continue;
    --count;
    if (only_same_kind && !makes_the_same_kind(records_[*at], records_[asked])) continue;
    const unsigned d = distance(records_[*at], records_[asked]);
    if (d >= least) continue;
    least = d;
    best.command = records_[*at];
  }
  if (best.command) best.differences = differences(*best.command, records_[asked]);
}

Nearest KeyHistory::find(const std::string& probe_key, std::int64_t before_ns) const {
  Nearest out;
  std::optional<std::size_t> asked;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].probe_key == probe_key && records_[i].time_ns <= before_ns) asked = i;
  }
  if (!asked) return out;
  const journal::KeyRecord& record = records_[*asked];
  if (const auto same = by_source_.find(std::string(base_name(record.what)));
      same != by_source_.end())
    compare(same->second, *asked, kOfSourceMax, kDistanceMax, /*only_same_kind=*/false, out);
  if (out.command) return out;
  if (const auto same = by_tool_.find(std::string(base_name(record.tool))); same != by_tool_.end())
    compare(same->second, *asked, kOfToolMax, kOtherSourceMax, /*only_same_kind=*/true, out);
  return out;
}

const journal::KeyRecord* KeyHistory::find_key(const std::string& prefix) const {
  for (auto at = records_.rbegin(); at != records_.rend(); ++at)
    if (at->probe_key.starts_with(prefix)) return &*at;
  return nullptr;
}

}  // namespace deja::explain
