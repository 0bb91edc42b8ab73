// SPDX-License-Identifier: Apache-2.0
// Import: copies what a remote has for one fingerprint into the local store, so that an ordinary look-up finds it.
// Blobs first, then the result, then the manifest; each is verified before it is stored.
//
// Thread-safe; what it works with must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/trace.h"
#include "base/result.h"
#include "exchange/offer.h"
#include "exchange/scratch.h"
#include "exchange/signing.h"
#include "remote/transport.h"
#include "store/store.h"

namespace deja::exchange {

struct ImportLimits {
  std::uint64_t blob_bytes = 4ULL << 30;
  std::uint64_t result_bytes = 8ULL << 30;  // all blobs of one result
  std::uint64_t small_bytes =
      256 << 10;                        // blobs up to this size are got several at once, in memory
  std::uint64_t batch_bytes = 4 << 20;  // so much at once
  unsigned threads = 4;                 // for the blobs of one result
};

// What is asked for.
struct ImportRequest {
  ProbeKey probe;
  // Does the claim hold here and now? Called once for each claim. An entry with a claim that does not hold is
  // neither imported nor are its blobs fetched. Empty: claims are not looked at.
  std::function<bool(const action::Observation&)> holds;
  std::optional<ActionKey> key;  // only this result
  std::size_t entries_max = 1;   // newest first
  // May an output lie there, at an absolute path outside of all roots? The request path says yes below its working
  // directory and to what is declared: `deja exec` has no roots unless it is told so. Empty: nowhere.
  std::function<bool(std::string_view path)> may_write{};
};

struct ImportReport {
  bool has_offer = false;
  std::vector<ActionKey> imported;  // a look-up finds these now
  std::uint64_t bytes = 0;          // received
  std::size_t stale = 0;  // entries whose claims do not hold, that are too old, or that lack a blob
  std::size_t refused =
      0;  // entries that are malformed, untrusted, too large or whose blobs are wrong
  std::string why_refused;          // of the first; without the remote's bytes
  std::optional<PublicKey> writer;  // of the first that was imported, if its signature was verified
};

class Importer {
 public:
  struct Parts {
    remote::Transport& transport;
    store::BlobStore& blobs;
    store::RecordStore& records;
    const Scratch& scratch;
    const TrustedWriters& trusted;
    std::string space;  // namespace
    ImportLimits limits{};
  };
  explicit Importer(Parts parts) : parts_(std::move(parts)) {}

  // An error: the remote or the local store failed, and nothing was imported. A lie of the remote is not an error.
  Result<ImportReport> import(const ImportRequest& request, remote::Deadline deadline) const;
  // The offers for several fingerprints in one request, in their order.
  Result<std::vector<std::optional<remote::Object>>> get_offers(std::span<const ProbeKey> probes,
                                                                remote::Deadline deadline) const;
  // As import(), with the offer's bytes at hand.
  Result<ImportReport> import_offer(const ImportRequest& request, std::string_view offer,
                                    remote::Deadline deadline) const;

 private:
  const Parts parts_;
};

}  // namespace deja::exchange
