#include "pipeline/recall.h"

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

// Checks the traces of one manifest; each claim at most once, however many traces make it.
void search(const action::Manifest& manifest, World& world, Engine& engine, RecallOutcome& out) {
  enum : char { unknown, holds, broken };
  std::vector<char> state(manifest.observations().size(), unknown);
  for (const action::Manifest::Entry& entry : manifest.entries()) {
    const action::Observation* first_broken = nullptr;
    for (const std::uint32_t i : entry.claims) {
      const action::Observation& claim = manifest.observations()[i];
      if (state[i] == unknown) {
        const auto held = world.holds(claim);
        state[i] = held && *held ? holds : broken;
      }
      if (state[i] == broken) {
        first_broken = &claim;
        break;
      }
    }
    if (first_broken != nullptr) {
      if (out.why_not.empty()) out.why_not = "changed: " + describe(*first_broken);
      continue;
    }
    if (auto result = load_result(entry.key, engine, out.troubles)) {
      out.found = Recalled{entry.key, std::move(result)};
      return;
    }
    if (out.why_not.empty()) out.why_not = "evicted";
  }
}

}  // namespace

RecallOutcome recall_trace(const ProbeKey& probe, World& world, Engine& engine) {
  RecallOutcome out;
  if (const auto cached = engine.cache.manifests.get(probe)) search(*cached, world, engine, out);
  if (out.found) return out;
  // Not among what this engine remembers; another one may have published since.
  out.why_not.clear();
  if (const auto manifest = load_manifest(probe, engine, out.troubles))
    search(*manifest, world, engine, out);
  if (!out.found && out.why_not.empty()) out.why_not = "new";
  return out;
}

}  // namespace deja::pipeline
