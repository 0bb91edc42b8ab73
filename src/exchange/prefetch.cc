// SPDX-License-Identifier: Apache-2.0
// Several workers take short runs of uses from the front of the record, so the order is roughly that of the build and
// the round trips of one overlap with the others'. Whether it helps is judged by what the build asks for, not by
// time: a build that asks for nothing in the record is another build.
//
// Tested by prefetch_test.cc.
#include "exchange/prefetch.h"

#include <utility>
#include <vector>

#include "action/manifest.h"
#include "os/clock.h"

namespace deja::exchange {

Prefetch::Prefetch(const Importer& importer, store::RecordStore& records, SessionRecord record,
                   PrefetchLimits limits, std::function<bool(std::string_view)> may_write)
    : importer_(importer),
      records_(records),
      record_(std::move(record)),
      limits_(limits),
      may_write_(std::move(may_write)) {
  for (const Use& use : record_.uses) known_.insert(use.probe);
  const MutexLock lock(mutex_);
  stats_.known = record_.uses.size();
}

Prefetch::~Prefetch() { stop(); }

void Prefetch::start() {
  thread_ = std::jthread([this] { run(); });
}

void Prefetch::stop() {
  const MutexLock lock(mutex_);
  end("stopped");
}

void Prefetch::end(std::string why) {
  if (stats_.ended_because.empty()) stats_.ended_because = std::move(why);
  is_over_ = true;
}

void Prefetch::run() {
  deadline_ns_ = os::monotonic_ns() + limits_.time_ns;
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < limits_.threads; ++i) others.emplace_back([this] { work(); });
    work();
  }
  const MutexLock lock(mutex_);
  end("done");
  stats_.has_ended = true;
}

void Prefetch::work() {
  while (!is_over_) {
    const std::vector<Use> batch = take_batch();
    if (batch.empty()) return;
    fetch(batch);
  }
}

// A look-up would find it.
bool Prefetch::is_here(const Use& use) {
  const auto result = records_.get_result(use.key);
  if (!result || !*result) return false;
  const auto record = records_.get_manifest(use.probe);
  if (!record || !*record) return false;
  const auto manifest = action::decode_manifest(**record);
  return manifest && manifest->find(use.key) != nullptr;
}

std::vector<Use> Prefetch::take_batch() {
  std::vector<Use> batch;
  while (batch.size() < limits_.batch && !is_over_) {
    Use use;
    {
      const MutexLock lock(mutex_);
      if (next_ == record_.uses.size()) break;
      if (os::monotonic_ns() >= deadline_ns_) {
        end("time");
        break;
      }
      use = record_.uses[next_++];
      if (passed_.contains(use.probe)) {
        ++stats_.passed;
        continue;
      }
    }
    const bool is_there = is_here(use);
    const MutexLock lock(mutex_);
    if (is_there) {
      ++stats_.there;
      continue;
    }
    if (taken_ == limits_.results || use.bytes > limits_.bytes - taken_bytes_) {
      end(taken_ == limits_.results ? "count" : "bytes");
      break;
    }
    ++taken_;
    taken_bytes_ += use.bytes;
    batch.push_back(use);
  }
  return batch;
}

void Prefetch::note_error() {
  const MutexLock lock(mutex_);
  if (++stats_.errors >= limits_.errors_max) end("errors");
}

void Prefetch::fetch(const std::vector<Use>& batch) {
  const remote::Deadline deadline{deadline_ns_};
  std::vector<ProbeKey> probes;
  probes.reserve(batch.size());
  for (const Use& use : batch) probes.push_back(use.probe);
  const auto offers = importer_.get_offers(probes, deadline);
  if (!offers) return note_error();
  for (std::size_t i = 0; i < batch.size() && !is_over_; ++i) {
    const auto& offer = (*offers)[i];
    ImportReport report;
    if (offer) {
      auto imported = importer_.import_offer({batch[i].probe, {}, batch[i].key, 1, may_write_},
                                             offer->bytes, deadline);
      if (!imported) {
        note_error();
        continue;
      }
      report = *std::move(imported);
    }
    const MutexLock lock(mutex_);
    stats_.bytes += report.bytes;
    ++(report.imported.empty() ? stats_.absent : stats_.imported);
    imported_.insert(report.imported.begin(), report.imported.end());
    // The record may have told less than there was.
    if (stats_.bytes >= limits_.bytes) end("bytes");
  }
}

void Prefetch::note_look_up(const ProbeKey& probe) {
  const MutexLock lock(mutex_);
  ++stats_.look_ups;
  if (known_.contains(probe)) {
    ++stats_.helped;
    passed_.insert(probe);
  }
  if (stats_.look_ups >= limits_.look_ups_min &&
      stats_.helped * 100 < stats_.look_ups * limits_.helpful_percent)
    end("it does not help");
}

bool Prefetch::take_import(const ActionKey& key) {
  const MutexLock lock(mutex_);
  return imported_.erase(key) != 0;
}

PrefetchStats Prefetch::stats() {
  const MutexLock lock(mutex_);
  return stats_;
}

}  // namespace deja::exchange
