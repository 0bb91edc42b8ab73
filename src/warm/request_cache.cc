// SPDX-License-Identifier: Apache-2.0
#include "warm/request_cache.h"

namespace deja::warm {
namespace {

std::size_t weight_of(const CachedAnswer& entry) {
  return sizeof(entry) + 4 * (entry.token.nodes.size() + 2 * entry.claims.size()) + 4096;
}

}  // namespace

RequestCache::RequestCache() : watch_set_(WatchSet::open()) {}

Status RequestCache::open_table(const std::string& cache_dir) {
  table_ = TRY(AnswerTable::open(cache_dir, *watch_set_));
  return {};
}

void RequestCache::clear() {
  entries_.clear();
  if (table_ != nullptr) table_->clear();
}

std::shared_ptr<const CachedAnswer> RequestCache::get(const Digest& name, const Recheck& recheck) {
  auto entry = entries_.get(name);
  if (entry == nullptr) return nullptr;
  const auto changed = watch_set_->changed(entry->token);
  if (changed.empty()) return entry;
  auto fresh = refresh(*entry, changed, recheck);
  if (fresh == nullptr) {
    entries_.remove(name);
  } else {
    put(name, fresh);
  }
  return fresh;
}

std::shared_ptr<const CachedAnswer> RequestCache::refresh(const CachedAnswer& entry,
                                                          const std::vector<std::uint32_t>& changed,
                                                          const Recheck& recheck) {
  std::vector<std::string> paths;
  for (const std::uint32_t i : changed) {
    if (i >= entry.claims.size()) return nullptr;  // in looked_at: another tool may be found now
    paths.push_back(entry.roots.expand(entry.observation(i).subject));
  }
  // Watched first, checked then: a change between the two is noticed.
  auto token = watch_set_->refresh(entry.token, changed, paths);
  if (!token || !recheck(entry, changed)) return nullptr;
  auto fresh = std::make_shared<CachedAnswer>(entry);
  fresh->token = *std::move(token);
  return fresh;
}

void RequestCache::put(const Digest& name, std::shared_ptr<const CachedAnswer> entry) {
  const std::size_t weight = weight_of(*entry);
  entries_.put(name, std::move(entry), weight);
}

}  // namespace deja::warm
