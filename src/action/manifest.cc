// SPDX-License-Identifier: Apache-2.0
// The traces of one action differ in a few claims of some hundred, so each claim is stored once, sorted,
// with the prefix that its subject shares with the one before; a trace is a list of numbers.
//
// clang-format off
//   manifest    = "dejM" u8 version, varint n, n * observation, varint m, m * entry
//   observation = u8 claim, varint shared, bytes rest, bytes value
//                 (subject = first `shared` bytes of the previous subject, then rest)
//   entry       = raw key[32], varint k, k * varint delta   (claims ascending, first delta from 0)
// clang-format on
//
// Tested by action_test.cc and format_test.cc.
#include "action/manifest.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/check.h"

namespace deja::action {
namespace {
constexpr std::string_view kManifestMagic = "dejM";
constexpr std::uint8_t kManifestVersion = 1;
}  // namespace

Trace Manifest::trace(const Entry& entry) const {
  Trace out;
  out.observations.reserve(entry.claims.size());
  for (const std::uint32_t i : entry.claims) out.observations.push_back(observations_[i]);
  return out;
}

const Manifest::Entry* Manifest::find(const ActionKey& key) const {
  const auto it = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.key == key; });
  return it == entries_.end() ? nullptr : &*it;
}

void Manifest::add(const ActionKey& key, const Trace& trace) {
  remove(key);
  std::map<Observation, std::uint32_t> index;
  for (std::uint32_t i = 0; i < observations_.size(); ++i) index.emplace(observations_[i], i);
  Entry entry{key, {}};
  for (const Observation& o : trace.observations) {
    const auto [it, fresh] = index.emplace(o, static_cast<std::uint32_t>(observations_.size()));
    if (fresh) observations_.push_back(o);
    entry.claims.push_back(it->second);
  }
  std::sort(entry.claims.begin(), entry.claims.end());
  entries_.insert(entries_.begin(), std::move(entry));
  if (entries_.size() > kTracesMax) entries_.resize(kTracesMax);
  drop_unused();
  while (observations_.size() > kObservationsMax && entries_.size() > 1) {
    entries_.pop_back();
    drop_unused();
  }
}

void Manifest::remove(const ActionKey& key) {
  std::erase_if(entries_, [&](const Entry& e) { return e.key == key; });
}

// Keeps only claims that some trace makes, sorted so that neighbours share prefixes.
void Manifest::drop_unused() {
  std::vector<std::uint32_t> order;
  std::vector<bool> used(observations_.size(), false);
  for (const Entry& e : entries_)
    for (const std::uint32_t i : e.claims) used[i] = true;
  for (std::uint32_t i = 0; i < observations_.size(); ++i)
    if (used[i]) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return observations_[a] < observations_[b]; });
  std::vector<std::uint32_t> renamed(observations_.size(), 0);
  std::vector<Observation> kept;
  kept.reserve(order.size());
  for (const std::uint32_t i : order) {
    renamed[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(std::move(observations_[i]));
  }
  observations_ = std::move(kept);
  for (Entry& e : entries_) {
    for (std::uint32_t& i : e.claims) i = renamed[i];
    std::sort(e.claims.begin(), e.claims.end());
  }
}

std::string encode(const Manifest& m) {
  Encoder e;
  e.raw(kManifestMagic);
  e.u8(kManifestVersion);
  e.varint(m.observations_.size());
  std::string_view before;
  for (const Observation& o : m.observations_) {
    CHECK(o.claim != Claim::variable);  // Trace::conceal comes first
    const std::string_view subject = o.subject;
    std::size_t shared = 0;
    while (shared < before.size() && shared < subject.size() && before[shared] == subject[shared])
      ++shared;
    e.u8(static_cast<std::uint8_t>(o.claim));
    e.varint(shared);
    e.bytes(subject.substr(shared));
    e.bytes(o.value);
    before = subject;
  }
  e.varint(m.entries_.size());
  for (const Manifest::Entry& entry : m.entries_) {
    e.raw(entry.key.digest.view());
    e.varint(entry.claims.size());
    std::uint32_t last = 0;
    for (const std::uint32_t i : entry.claims) {
      e.varint(i - last);
      last = i;
    }
  }
  return std::move(e).take();
}

std::optional<Manifest> decode_manifest(std::string_view bytes) {
  Decoder d(bytes);
  if (d.raw(4) != kManifestMagic || d.u8() != kManifestVersion) return std::nullopt;
  Manifest m;
  const std::uint64_t n = d.count(4);
  m.observations_.resize(n);
  std::string_view before;
  for (Observation& o : m.observations_) {
    const std::uint8_t claim = d.u8();
    if (claim < 1 || claim > static_cast<std::uint8_t>(kLastClaim)) return std::nullopt;
    o.claim = static_cast<Claim>(claim);
    if (o.claim == Claim::variable) return std::nullopt;  // of an older deja, in clear
    const std::uint64_t shared = d.varint();
    const std::string_view rest = d.bytes();
    if (d.failed() || shared > before.size()) return std::nullopt;
    o.subject.reserve(shared + rest.size());
    o.subject.append(before.substr(0, shared)).append(rest);
    o.value = d.bytes();
    before = o.subject;
  }
  const std::uint64_t entries = d.count(33);
  for (std::uint64_t i = 0; i < entries && !d.failed(); ++i) {
    Manifest::Entry entry;
    entry.key.digest = Digest::from_view(d.raw(32));
    const std::uint64_t claims = d.count(1);
    std::uint64_t last = 0;
    for (std::uint64_t k = 0; k < claims; ++k) {
      last += d.varint();
      if (d.failed() || last >= n) return std::nullopt;
      entry.claims.push_back(static_cast<std::uint32_t>(last));
    }
    m.entries_.push_back(std::move(entry));
  }
  if (!d.done()) return std::nullopt;
  return m;
}

}  // namespace deja::action
