// SPDX-License-Identifier: Apache-2.0
// Two machines and one remote, for tests: one exports what the other imports.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "action/manifest.h"
#include "exchange/exchange_support.h"
#include "exchange/exporter.h"
#include "exchange/importer.h"

namespace deja::exchange {

// What a run on one machine has left.
struct PastRun {
  ProbeKey probe;
  action::Trace trace;
  std::vector<std::string> outputs;
  action::ActionResult result;

  PastRun(std::string_view probe_name, const std::string& source, std::vector<std::string> texts,
          std::int64_t made_at_ns = 1000)
      : probe(store::probe_key_of(probe_name)),
        trace{{file_claim("\1/a.c", source),
               file_claim("\1/a.h", "header"),
               {action::Claim::absent, "\1/b.h", ""}}},
        outputs(std::move(texts)),
        result(result_of(outputs, made_at_ns)) {
    trace.normalize();
  }
  ActionKey key() const { return action_key(probe, trace, result.streams_are_one); }
  ExportJob job() const { return {probe, key(), trace, encode(result)}; }
};

inline void put_blobs(Machine& machine, const PastRun& run) {
  for (const std::string& output : run.outputs) machine.put(output);
}

// What the machine would serve for a run whose claims hold: "" for nothing, else the result and all bytes.
inline std::string served(Machine& machine, const ProbeKey& probe, const ActionKey& key) {
  const auto record = machine.store->get_manifest(probe);
  EXPECT_TRUE(record);
  if (!record || !*record) return {};
  const auto manifest = action::decode_manifest(**record);
  if (!manifest || manifest->find(key) == nullptr) return {};
  const auto result = machine.store->get_result(key);
  EXPECT_TRUE(result);
  if (!result || !*result) return {};
  std::string out = **result;
  const auto decoded = action::decode_result(out);
  for (const action::Artifact& artifact : decoded->artifacts)
    if (artifact.role == action::Role::output) out += "|" + machine.read(artifact.digest);
  return out;
}
inline std::string truth(const PastRun& run) {
  std::string out = encode(run.result);
  for (const std::string& output : run.outputs) out += "|" + output;
  return out;
}

class PairTest : public testing::Test {
 protected:
  Exporter exporter() {
    return Exporter({transport_, *a_.store, a_.scratch, key_.get(), space_, {}, {}});
  }
  Importer importer() {
    return Importer({transport_, *b_.store, *b_.store, b_.scratch, trusted_, space_, limits_});
  }
  ExportReport exported(const PastRun& run) {
    put_blobs(a_, run);
    const auto report = exporter().export_result(run.job(), kNoDeadline);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : ExportReport();
  }
  ImportReport imported(ImportRequest request) {
    const auto report = importer().import(request, kNoDeadline);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : ImportReport();
  }
  ImportReport imported(const PastRun& run) {
    return imported(ImportRequest{run.probe, {}, {}, 1});
  }
  std::string served_for(const PastRun& run) { return served(b_, run.probe, run.key()); }

  Machine a_, b_;
  std::shared_ptr<remote::MemRemote> remote_ = std::make_shared<remote::MemRemote>();
  remote::MemTransport transport_{remote_};
  std::string space_ = "team";
  std::unique_ptr<SigningKey> key_;
  TrustedWriters trusted_;
  ImportLimits limits_;
};

}  // namespace deja::exchange
