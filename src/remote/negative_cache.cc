// SPDX-License-Identifier: Apache-2.0
// A get that began before a put of the same name may end after it and say "absent". So a put leaves an entry,
// too, before and after its call, and "absent" does not replace it while it is fresh.
#include "remote/negative_cache.h"

namespace deja::remote {

bool NegativeCacheTransport::is_absent(const Name& name, Deadline deadline) {
  if (name.kind != Kind::record) return false;
  const std::int64_t now_ns = options_.clock.now_ns();
  // The transport below says what is wrong with a call that is late or comes after stop().
  if (deadline.is_past(now_ns)) return false;
  const MutexLock lock(mutex_);
  const auto at = entries_.find(name);
  if (stopped_ || at == entries_.end() || at->second.known != Known::absent) return false;
  if (at->second.until_ns <= now_ns) {
    entries_.erase(at);
    return false;
  }
  ++saved_;
  return true;
}

void NegativeCacheTransport::note(const Name& name, Known known) {
  if (name.kind != Kind::record) return;
  const std::int64_t now_ns = options_.clock.now_ns();
  const MutexLock lock(mutex_);
  const auto at = entries_.find(name);
  if (at == entries_.end() && entries_.size() >= options_.names_max) {
    std::erase_if(entries_,
                  [now_ns](const auto& entry) { return entry.second.until_ns <= now_ns; });
    if (entries_.size() >= options_.names_max) entries_.clear();
  }
  if (known == Known::absent && at != entries_.end() && at->second.known == Known::written &&
      at->second.until_ns > now_ns)
    return;
  entries_[name] = {known, now_ns + options_.keep_ns};
}

Result<std::optional<Object>> NegativeCacheTransport::get(const Name& name, std::uint64_t max_bytes,
                                                          Deadline deadline) {
  if (is_absent(name, deadline)) return std::optional<Object>();
  auto got = inner().get(name, max_bytes, deadline);
  if (got && !*got) note(name, Known::absent);
  return got;
}

Result<bool> NegativeCacheTransport::get_to(const Name& name, std::uint64_t max_bytes,
                                            const Sink& sink, Deadline deadline) {
  if (is_absent(name, deadline)) return false;
  auto got = inner().get_to(name, max_bytes, sink, deadline);
  if (got && !*got) note(name, Known::absent);
  return got;
}

Result<std::vector<std::optional<Object>>> NegativeCacheTransport::get_many(
    std::span<const Name> names, std::uint64_t max_bytes, Deadline deadline) {
  std::vector<std::optional<Object>> objects(names.size());
  std::vector<Name> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_absent(names[i], deadline)) continue;
    asked.push_back(names[i]);
    places.push_back(i);
  }
  if (asked.empty()) return objects;
  auto got = TRY(inner().get_many(asked, max_bytes, deadline));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!got[i]) note(asked[i], Known::absent);
    objects[places[i]] = std::move(got[i]);
  }
  return objects;
}

Status NegativeCacheTransport::put(const Name& name, const Source& source, Deadline deadline) {
  note(name, Known::written);
  Status done = inner().put(name, source, deadline);
  note(name, Known::written);
  return done;
}

Result<Put> NegativeCacheTransport::replace(const Name& name, std::string_view bytes,
                                            const std::string& version, Deadline deadline) {
  note(name, Known::written);
  auto done = inner().replace(name, bytes, version, deadline);
  note(name, Known::written);
  return done;
}

void NegativeCacheTransport::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  Decorator::stop();
}

std::int64_t NegativeCacheTransport::saved() {
  const MutexLock lock(mutex_);
  return saved_;
}

}  // namespace deja::remote
