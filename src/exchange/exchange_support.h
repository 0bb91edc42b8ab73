// SPDX-License-Identifier: Apache-2.0
// What tests of the exchange share: a local store in a directory, bytes of a wanted kind, results and traces.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "action/result.h"
#include "action/trace.h"
#include "digest/hasher.h"
#include "exchange/offer.h"
#include "exchange/scratch.h"
#include "remote/mem_transport.h"
#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::exchange {

// Bytes that do not compress; the same for the same seed.
inline std::string noise(std::size_t size, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}
// Bytes that compress well.
inline std::string text(std::size_t size, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::string out;
  while (out.size() < size) out += "line " + std::to_string(random() % 1000) + " of a text\n";
  out.resize(size);
  return out;
}

inline const remote::Deadline kNoDeadline{};

// One machine: its local store, and a place for scratch files.
struct Machine {
  store::TempStore store;
  Scratch scratch{store.dir()};

  Digest put(std::string_view bytes) { return store::put_bytes(*store, bytes).digest; }
  std::string read(const Digest& digest) { return store::read_blob(*store, digest); }
};

inline action::Observation file_claim(std::string path, std::string_view content) {
  return {action::Claim::file, std::move(path), std::string(digest::digest_bytes(content).view())};
}

// A result of one output file for each text, at \1/out0, \1/out1 and so on.
inline action::ActionResult result_of(const std::vector<std::string>& outputs,
                                      std::int64_t made_at_ns = 1000) {
  action::ActionResult result;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.artifacts.push_back({action::Role::output, action::Placement::replaced,
                                "\1/out" + std::to_string(i), 0644, outputs[i].size(),
                                digest::digest_bytes(outputs[i]), ""});
  result.made_in = action::Roots("/w/build", "/w");
  result.cost_ns = 50'000'000;
  result.made_at_ns = made_at_ns;
  result.evidence = "interposer";
  return result;
}

// An entry with all blobs in the offer; correct in every respect.
inline Offer offer_of(const ProbeKey& probe, const action::Trace& trace,
                      const std::vector<std::string>& outputs, std::int64_t made_at_ns = 1000) {
  const action::ActionResult result = result_of(outputs, made_at_ns);
  OfferEntry entry;
  entry.key = action_key(probe, trace, result.streams_are_one);
  entry.result = encode(result);
  entry.made_at_ns = made_at_ns;
  for (const std::string& output : outputs)
    entry.blobs.push_back(
        {digest::digest_bytes(output), output.size(), Encoding::in_offer, 0, {}, output});
  std::sort(entry.blobs.begin(), entry.blobs.end(),
            [](const auto& a, const auto& b) { return a.digest < b.digest; });
  entry.blobs.erase(std::unique(entry.blobs.begin(), entry.blobs.end()), entry.blobs.end());
  return make_offer(trace, std::move(entry));
}

}  // namespace deja::exchange
