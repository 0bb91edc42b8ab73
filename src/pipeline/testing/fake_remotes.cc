// SPDX-License-Identifier: Apache-2.0
#include "pipeline/testing/fake_remotes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "os/file.h"

namespace deja::pipeline::testing {
namespace {

std::vector<Digest> blobs_of(const action::ActionResult& result) {
  std::vector<Digest> blobs;
  for (const action::Artifact& a : result.artifacts) {
    if (a.role == action::Role::output || a.role == action::Role::depfile)
      blobs.push_back(a.digest);
  }
  return blobs;
}

// A manifest with one more trace. The context is the entry.
std::string add_trace(void* context, std::optional<std::string_view> present) {
  const auto& [key, trace] = *static_cast<std::pair<ActionKey, action::Trace>*>(context);
  auto manifest = present ? action::decode_manifest(*present) : action::Manifest();
  if (!manifest) manifest.emplace();
  manifest->add(key, trace);
  return encode(*manifest);
}

}  // namespace

std::optional<Remotes::Imported> FakeRemotes::import_result(const Question& question) {
  ++questions;
  last_cost_ns = question.cost_ns;
  if (on_question) on_question();
  for (const Offered& offered : offered_[question.probe]) {
    const auto& claims = offered.trace.observations;
    if (!std::all_of(claims.begin(), claims.end(), question.holds)) continue;
    if (on_held) on_held();
    Imported imported{offered.key, "a remote in memory", "its writer", 0};
    if (lies) return imported;
    store::ResultFacts facts;
    for (const std::string& bytes : offered.blobs) {
      const auto put = local_->put_blob_bytes(bytes);
      if (!put) return std::nullopt;
      facts.blobs.push_back({put->digest, put->size});
      imported.bytes += put->size;
    }
    std::pair<ActionKey, action::Trace> entry{offered.key, offered.trace};
    if (!local_->put_result(offered.key, encode(offered.result), facts) ||
        !local_->update_manifest(question.probe, add_trace, &entry))
      return std::nullopt;
    return imported;
  }
  return std::nullopt;
}

void FakeRemotes::offer(const ProbeKey& probe, const ActionKey& key) {
  ++offers;
  const auto manifest = local_->get_manifest(probe);
  const auto record = local_->get_result(key);
  ASSERT_TRUE(manifest && *manifest && record && *record);
  const auto traces = action::decode_manifest(**manifest);
  const auto result = action::decode_result(**record);
  ASSERT_TRUE(traces && traces->find(key) && result);
  Offered offered{key, traces->trace(*traces->find(key)), *result, {}};
  for (const Digest& digest : blobs_of(*result)) {
    const auto blob = local_->open_blob(digest);
    ASSERT_TRUE(blob && *blob);
    auto bytes = os::read_fd((*blob)->fd, (*blob)->size);
    ASSERT_TRUE(bytes);
    offered.blobs.push_back(*std::move(bytes));
  }
  offered_[probe].push_back(std::move(offered));
}

}  // namespace deja::pipeline::testing
