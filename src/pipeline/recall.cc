#include "pipeline/recall.h"

#include <algorithm>

namespace deja::pipeline {
namespace {

// The single place that turns a store's failure into "not there": a cache that cannot read is a
// cache that has nothing (L3).
template <typename T>
std::optional<T> or_absent(Result<std::optional<T>> result, std::vector<std::string>& troubles) {
  if (result) return *std::move(result);
  troubles.push_back(result.error().message);
  return std::nullopt;
}

std::shared_ptr<const action::ActionResult> load_result(const ActionKey& key, Engine& engine,
                                                        std::vector<std::string>& troubles) {
  if (auto cached = engine.cache.results.get(key)) return cached;
  const auto bytes = or_absent(engine.records.get_result(key), troubles);
  if (!bytes) return nullptr;
  auto decoded = action::decode_result(*bytes);
  if (!decoded) return nullptr;
  auto result = std::make_shared<const action::ActionResult>(*std::move(decoded));
  engine.cache.results.put(key, result, bytes->size());
  return result;
}

std::shared_ptr<const action::Manifest> load_manifest(const ProbeKey& probe, Engine& engine,
                                                      std::vector<std::string>& troubles) {
  const auto bytes = or_absent(engine.records.get_manifest(probe), troubles);
  if (!bytes) return nullptr;
  auto decoded = action::decode_manifest(*bytes);
  if (!decoded) return nullptr;
  auto manifest = std::make_shared<const action::Manifest>(*std::move(decoded));
  engine.cache.manifests.put(probe, manifest, bytes->size());
  return manifest;
}

// What is known of the claims of one manifest: each is checked at most once, however many traces
// make it.
class Checked {
 public:
  Checked(const action::Manifest& manifest, World& world)
      : manifest_(manifest), world_(world), states_(manifest.observations().size()) {}

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
      const auto held = world_.holds(manifest_.observations()[i]);
      state = held && *held;
    }
    return *state;
  }

  const action::Manifest& manifest_;
  World& world_;
  std::vector<std::optional<bool>> states_;
};

void search(const action::Manifest& manifest, World& world, Engine& engine,
            const std::vector<ActionKey>& refused, RecallOutcome& out) {
  Checked checked(manifest, world);
  for (const action::Manifest::Entry& entry : manifest.entries()) {
    if (std::find(refused.begin(), refused.end(), entry.key) != refused.end()) continue;
    std::string why_not = "evicted";
    if (const action::Observation* broken = checked.first_broken(entry)) {
      why_not = "changed: " + describe(*broken);
    } else if (auto result = load_result(entry.key, engine, out.troubles)) {
      out.found = Recalled{entry.key, std::move(result)};
      return;
    }
    if (out.why_not.empty()) out.why_not = std::move(why_not);
  }
}

}  // namespace

action::Trace known_trace(const ProbeKey& probe, const ActionKey& key, Engine& engine) {
  const auto manifest = engine.cache.manifests.get(probe);
  const action::Manifest::Entry* entry = manifest == nullptr ? nullptr : manifest->find(key);
  return entry == nullptr ? action::Trace() : manifest->trace(*entry);
}

RecallOutcome recall_trace(const ProbeKey& probe, World& world, Engine& engine,
                           const std::vector<ActionKey>& refused) {
  RecallOutcome out;
  if (const auto cached = engine.cache.manifests.get(probe))
    search(*cached, world, engine, refused, out);
  if (out.found) return out;
  // Not among what this engine remembers; another one may have published since.
  out.why_not.clear();
  if (const auto manifest = load_manifest(probe, engine, out.troubles))
    search(*manifest, world, engine, refused, out);
  if (!out.found && out.why_not.empty()) out.why_not = "new";
  return out;
}

}  // namespace deja::pipeline
