// SPDX-License-Identifier: Apache-2.0
// A manifest: the traces known for one probe key, newest first, bounded. Traces of one action share
// most of their claims, so a manifest keeps each claim once and a trace is a list of numbers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/trace.h"

namespace deja::action {

class Manifest {
 public:
  // What a manifest holds at most; the oldest traces are forgotten. 64 traces hold a day of edits of one
  // file, so that a switch to another branch and back finds its old trace.
  static constexpr std::size_t kTracesMax = 64;
  static constexpr std::size_t kObservationsMax = 200'000;

  struct Entry {
    ActionKey key;
    std::vector<std::uint32_t> claims;  // indexes into observations()
  };

  const std::vector<Observation>& observations() const { return observations_; }
  const std::vector<Entry>& entries() const { return entries_; }  // newest first
  Trace trace(const Entry& entry) const;
  const Entry* find(const ActionKey& key) const;  // null: not among them

  // Puts a trace in front. A key that is there already moves to the front.
  void add(const ActionKey& key, const Trace& trace);
  void remove(const ActionKey& key);
  bool empty() const { return entries_.empty(); }

 private:
  friend std::string encode(const Manifest& manifest);
  friend std::optional<Manifest> decode_manifest(std::string_view bytes);
  void drop_unused();

  std::vector<Observation> observations_;
  std::vector<Entry> entries_;
};

std::string encode(const Manifest& manifest);
// Empty when the bytes are not a manifest record.
std::optional<Manifest> decode_manifest(std::string_view bytes);

}  // namespace deja::action
