// SPDX-License-Identifier: Apache-2.0
// Traces of one manifest share most of their claims, so each claim is checked at most once. The manifest in
// memory is tried first; before it is a miss the store is asked, because another engine may have published.
//
// Tested by look_up_test.cc.
#include "pipeline/look_up.h"

#include "action/claim_text.h"

#include <algorithm>

namespace deja::pipeline {
namespace {

// The one place that turns a store's failure into "not there": what cannot be read is a miss (L3).
template <typename T>
std::optional<T> or_absent(Result<std::optional<T>> result, std::vector<std::string>& troubles) {
  if (result) return *std::move(result);
  troubles.push_back(result.error().message);
  return std::nullopt;
}

std::shared_ptr<const action::ActionResult> load_result(const ActionKey& key, Services& services,
                                                        std::vector<std::string>& troubles) {
  if (auto cached = services.cache.results.get(key)) return cached;
  const auto bytes = or_absent(services.records.get_result(key), troubles);
  if (!bytes) return nullptr;
  auto decoded = action::decode_result(*bytes);
  if (!decoded) return nullptr;
  auto result = std::make_shared<const action::ActionResult>(*std::move(decoded));
  services.cache.results.put(key, result, bytes->size());
  return result;
}

std::shared_ptr<const action::Manifest> load_manifest(const ProbeKey& probe, Services& services,
                                                      std::vector<std::string>& troubles) {
  const auto bytes = or_absent(services.records.get_manifest(probe), troubles);
  if (!bytes) return nullptr;
  auto decoded = action::decode_manifest(*bytes);
  if (!decoded) return nullptr;
  auto manifest = std::make_shared<const action::Manifest>(*std::move(decoded));
  services.cache.manifests.put(probe, manifest, bytes->size());
  return manifest;
}

// The claims of one manifest and whether they hold; each is checked at most once.
class Checked {
 public:
  Checked(const action::Manifest& manifest, evidence::ClaimChecker& checker)
      : manifest_(manifest), checker_(checker), states_(manifest.observations().size()) {}

  const action::Observation* first_broken(const action::Manifest::Entry& entry) {
    for (const std::uint32_t i : entry.claims) {
      if (!holds(i)) return &manifest_.observations()[i];
    }
    return nullptr;
  }

 private:
  bool holds(std::uint32_t i) {
    std::optional<bool>& state = states_[i];
    if (!state) {
      const auto held = checker_.holds(manifest_.observations()[i]);
      state = held && *held;
    }
    return *state;
  }

  const action::Manifest& manifest_;
  evidence::ClaimChecker& checker_;
  std::vector<std::optional<bool>> states_;
};

void search(const action::Manifest& manifest, evidence::ClaimChecker& checker, Services& services,
            const std::vector<ActionKey>& refused, LookUpOutcome& out) {
  Checked checked(manifest, checker);
  for (const action::Manifest::Entry& entry : manifest.entries()) {
    if (std::find(refused.begin(), refused.end(), entry.key) != refused.end()) continue;
    std::string why_not = "evicted";
    if (const action::Observation* broken = checked.first_broken(entry)) {
      why_not = describe_change(*broken);
    } else if (auto result = load_result(entry.key, services, out.troubles)) {
      out.found = StoredResult{entry.key, std::move(result)};
      return;
    }
    if (out.why_not.empty()) out.why_not = std::move(why_not);
  }
}

}  // namespace

std::uint64_t known_cost_ns(const ProbeKey& probe, Services& services) {
  const auto manifest = services.cache.manifests.get(probe);
  if (manifest == nullptr || manifest->empty()) return 0;
  std::vector<std::string> troubles;  // the look-up has told them
  const auto result = load_result(manifest->entries().front().key, services, troubles);
  return result == nullptr ? 0 : result->cost_ns;
}

action::Trace known_trace(const ProbeKey& probe, const ActionKey& key, Services& services) {
  const auto manifest = services.cache.manifests.get(probe);
  const action::Manifest::Entry* entry = manifest == nullptr ? nullptr : manifest->find(key);
  return entry == nullptr ? action::Trace() : manifest->trace(*entry);
}

LookUpOutcome look_up_trace(const ProbeKey& probe, evidence::ClaimChecker& checker,
                            Services& services, const std::vector<ActionKey>& refused) {
  LookUpOutcome out;
  if (const auto cached = services.cache.manifests.get(probe))
    search(*cached, checker, services, refused, out);
  if (out.found) return out;
  // Not in memory. Another engine may have published since.
  out.why_not.clear();
  if (const auto manifest = load_manifest(probe, services, out.troubles))
    search(*manifest, checker, services, refused, out);
  if (!out.found && out.why_not.empty()) out.why_not = "new";
  return out;
}

}  // namespace deja::pipeline
