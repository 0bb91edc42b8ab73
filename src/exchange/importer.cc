// SPDX-License-Identifier: Apache-2.0
// Entries are tried newest first. The cheap questions come first, and nothing is fetched for an entry before all
// of them are answered: who wrote it, do its claims hold, is it what it says, how large is it. An entry that fails
// is left out and the next one is tried, so that one bad writer does not hide the others.
//
// Tested by importer_test.cc and lies_test.cc.
#include "exchange/importer.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

#include "action/manifest.h"
#include "action/result.h"
#include "base/mutex.h"
#include "exchange/blob_transfer.h"
#include "exchange/offer_check.h"
#include "exchange/record_name.h"
#include "os/clock.h"

namespace deja::exchange {
namespace {

// How far clocks of machines may differ.
constexpr std::int64_t kClockSkewNs = 3600LL * 1'000'000'000;

// Is the result past its time to live, or from a future in which it would never get there?
bool is_past(const action::ActionResult& result) {
  const std::int64_t now = os::wall_ns();
  if (result.made_at_ns > now + kClockSkewNs) return true;
  return result.ttl_ns != 0 &&
         (result.made_at_ns < 0 || static_cast<std::uint64_t>(std::max<std::int64_t>(
                                       now - result.made_at_ns, 0)) > result.ttl_ns);
}

// A failure that is the remote's bytes' fault, not the connection's: the next entry may do.
bool is_lie(const Error& error) {
  return error.code == Code::corrupt || error.code == Code::protocol;
}

// Fetches blobs: each large one for itself, small ones in batches, several of these at once.
class Fetch {
 public:
  Fetch(const Importer::Parts& parts, remote::Deadline deadline)
      : parts_(parts), deadline_(deadline) {}

  void add(const OfferedBlob& row) {
    bytes_ += row.stored_size;
    // A small object may be a large blob when it is decompressed.
    const bool is_small =
        row.stored_size <= parts_.limits.small_bytes && row.size <= parts_.limits.batch_bytes;
    if (!is_small) {
      tasks_.push_back({&row});
      return;
    }
    if (batch_ == kNone || batch_bytes_ + row.stored_size > parts_.limits.batch_bytes) {
      batch_ = tasks_.size();
      batch_bytes_ = 0;
      tasks_.emplace_back();
    }
    batch_bytes_ += row.stored_size;
    tasks_[batch_].push_back(&row);
  }
  std::uint64_t bytes() const { return bytes_; }

  Status run() {
    std::vector<std::jthread> threads;
    const std::size_t wanted = std::min<std::size_t>(parts_.limits.threads, tasks_.size());
    for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back([this] { work(); });
    work();
    threads.clear();
    const MutexLock lock(mutex_);
    if (failed_) return error_;
    return {};
  }

 private:
  using Task = std::vector<const OfferedBlob*>;
  static constexpr std::size_t kNone = ~std::size_t{0};

  void work() {
    while (!failed_) {
      const std::size_t i = next_++;
      if (i >= tasks_.size()) return;
      auto done = fetch(tasks_[i]);
      if (done) continue;
      const MutexLock lock(mutex_);
      if (!failed_) error_ = std::move(done).error();
      failed_ = true;
    }
  }

  static Error is_gone(const OfferedBlob& row) {
    return {Code::io, ENOENT, "the remote no longer has the blob " + row.digest.hex()};
  }

  Status fetch(const Task& task) {
    if (task.size() == 1 && task[0]->stored_size > parts_.limits.small_bytes)
      return fetch_large(*task[0]);
    std::vector<remote::Name> names;
    std::uint64_t largest = 0;
    for (const OfferedBlob* row : task) {
      names.push_back(row->name());
      largest = std::max(largest, row->stored_size);
    }
    if (names.size() == 1) {
      const auto object = TRY(parts_.transport.get(names[0], largest, deadline_));
      if (!object) return is_gone(*task[0]);
      return keep_blob(*task[0], object->bytes, parts_.blobs);
    }
    const auto objects = TRY(parts_.transport.get_many(names, largest, deadline_));
    if (objects.size() != task.size())
      return Error{Code::protocol, 0, parts_.transport.name() + " sent a wrong number of objects"};
    for (std::size_t i = 0; i < task.size(); ++i) {
      if (!objects[i]) return is_gone(*task[i]);
      TRY(keep_blob(*task[i], objects[i]->bytes, parts_.blobs));
    }
    return {};
  }

  Status fetch_large(const OfferedBlob& row) {
    if (!TRY(fetch_blob(row, parts_.transport, deadline_, parts_.blobs, parts_.scratch)))
      return is_gone(row);
    return {};
  }

  const Importer::Parts& parts_;
  const remote::Deadline deadline_;
  std::vector<Task> tasks_;
  std::size_t batch_ = kNone;
  std::uint64_t batch_bytes_ = 0;
  std::uint64_t bytes_ = 0;

  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  Mutex mutex_;
  Error error_ GUARDED_BY(mutex_);
};

// One offer on its way into the local store.
class Import {
 public:
  Import(const Importer::Parts& parts, const ImportRequest& request, const Offer& offer,
         remote::Deadline deadline, ImportReport& report)
      : parts_(parts),
        request_(request),
        offer_(offer),
        deadline_(deadline),
        report_(report),
        held_(offer.claims.size()) {}

  Status run() {
    std::optional<Error> failure;
    for (const OfferEntry& entry : offer_.entries) {
      if (report_.imported.size() >= request_.entries_max) break;
      if (request_.key && entry.key != *request_.key) continue;
      const auto result = choose(entry);
      if (!result) continue;
      auto stored = store(entry, *result);
      if (stored) {
        note_imported(entry);
      } else if (stored.error().sys_errno == ENOENT) {
        ++report_.stale;  // the remote has evicted a blob and kept the offer
      } else if (is_lie(stored.error())) {
        refuse(stored.error().message);
      } else {
        failure = std::move(stored).error();
        break;
      }
    }
    if (failure && report_.imported.empty()) return *std::move(failure);
    return {};
  }

 private:
  void refuse(const std::string& why) {
    if (report_.refused++ == 0) report_.why_refused = why;
  }

  void note_imported(const OfferEntry& entry) {
    const bool is_verified =
        entry.writer &&
        (!parts_.trusted.trusts_everyone() ||
         is_signed_by(*entry.writer, entry_message(parts_.space, request_.probe, entry),
                      entry.signature));
    if (report_.imported.empty() && is_verified) report_.writer = entry.writer;
    report_.imported.push_back(entry.key);
  }

  bool holds(const OfferEntry& entry) {
    if (!request_.holds) return true;
    return std::all_of(entry.claims.begin(), entry.claims.end(), [&](std::uint32_t i) {
      if (!held_[i]) held_[i] = request_.holds(offer_.claims[i]);
      return *held_[i];
    });
  }

  bool may_write(const action::ActionResult& result) const {
    return std::all_of(result.artifacts.begin(), result.artifacts.end(), [&](const auto& artifact) {
      return artifact.path[0] != '/' || (request_.may_write && request_.may_write(artifact.path));
    });
  }

  // The result of an entry that may and can be used. Claims are looked at only for writers who are trusted:
  // a claim makes this machine read a file.
  std::optional<action::ActionResult> choose(const OfferEntry& entry) {
    if (!parts_.trusted.accepts(parts_.space, request_.probe, entry)) {
      refuse("no trusted writer has signed it");
      return std::nullopt;
    }
    if (!holds(entry)) return ++report_.stale, std::nullopt;
    auto result = check_entry(request_.probe, offer_, entry);
    if (!result) {
      refuse(result.error().message);
      return std::nullopt;
    }
    if (is_past(*result)) return ++report_.stale, std::nullopt;
    if (!may_write(*result)) {
      refuse("an output lies outside of the build's directories");
      return std::nullopt;
    }
    std::uint64_t sum = 0;
    for (const OfferedBlob& row : entry.blobs) {
      sum += std::min(row.size, parts_.limits.result_bytes + 1);
      if (row.size > parts_.limits.blob_bytes || sum > parts_.limits.result_bytes) {
        refuse("it is larger than the limit");
        return std::nullopt;
      }
    }
    return *std::move(result);
  }

  Status store(const OfferEntry& entry, const action::ActionResult& result) {
    if (!TRY(parts_.records.get_result(entry.key))) {
      TRY(fetch_blobs(entry));
      store::ResultFacts facts;
      for (const OfferedBlob& row : entry.blobs) facts.blobs.push_back({row.digest, row.size});
      facts.cost_ns = result.cost_ns;
      facts.probe = request_.probe;
      TRY(parts_.records.put_result(entry.key, entry.result, facts));
    }
    return add_to_manifest(entry);
  }

  Status fetch_blobs(const OfferEntry& entry) {
    Fetch fetch(parts_, deadline_);
    for (const OfferedBlob& row : entry.blobs) {
      if (TRY(parts_.blobs.open_blob(row.digest))) continue;
      if (row.encoding == Encoding::in_offer) {
        TRY(keep_blob(row, row.bytes, parts_.blobs));
      } else {
        fetch.add(row);
      }
    }
    TRY(fetch.run());
    report_.bytes += fetch.bytes();
    return {};
  }

  // What is there stays, and may have been written by another process a moment ago.
  Status add_to_manifest(const OfferEntry& entry) {
    struct Context {
      ActionKey key;
      action::Trace trace;
    } context{entry.key, offer_.trace(entry)};
    const auto change = [](void* c, std::optional<std::string_view> present) {
      const Context& added = *static_cast<Context*>(c);
      std::optional<action::Manifest> manifest;
      if (present) manifest = action::decode_manifest(*present);
      if (!manifest) manifest.emplace();
      manifest->add(added.key, added.trace);
      return encode(*manifest);
    };
    return parts_.records.update_manifest(request_.probe, change, &context);
  }

  const Importer::Parts& parts_;
  const ImportRequest& request_;
  const Offer& offer_;
  const remote::Deadline deadline_;
  ImportReport& report_;
  std::vector<std::optional<bool>> held_;  // by claim
};

}  // namespace

Result<ImportReport> Importer::import(const ImportRequest& request,
                                      remote::Deadline deadline) const {
  const auto object = TRY(
      parts_.transport.get(offer_name(parts_.space, request.probe), offer_bytes_max(), deadline));
  if (!object) return ImportReport();
  return import_offer(request, object->bytes, deadline);
}

Result<std::vector<std::optional<remote::Object>>> Importer::get_offers(
    std::span<const ProbeKey> probes, remote::Deadline deadline) const {
  std::vector<remote::Name> names;
  names.reserve(probes.size());
  for (const ProbeKey& probe : probes) names.push_back(offer_name(parts_.space, probe));
  auto objects = TRY(parts_.transport.get_many(names, offer_bytes_max(), deadline));
  if (objects.size() != names.size())
    return Error{Code::protocol, 0, parts_.transport.name() + " sent a wrong number of objects"};
  return objects;
}

Result<ImportReport> Importer::import_offer(const ImportRequest& request, std::string_view offer,
                                            remote::Deadline deadline) const {
  ImportReport report;
  report.has_offer = true;
  report.bytes = offer.size();
  const auto decoded = decode_offer(request.probe, offer);
  if (!decoded) {
    report.refused = 1;
    report.why_refused = decoded.error().message;
    return report;
  }
  report.refused = decoded->refused;
  if (report.refused != 0)
    report.why_refused = "it has a claim that this version of deja does not know";
  TRY(Import(parts_, request, decoded->offer, deadline, report).run());
  return report;
}

}  // namespace deja::exchange
