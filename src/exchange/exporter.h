// SPDX-License-Identifier: Apache-2.0
// Export: offers one result of the local store on a remote. Blobs first, then the offer that names them, so that
// a reader never sees an offer without its blobs.
//
// Thread-safe; what it works with must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "action/result.h"
#include "action/trace.h"
#include "base/result.h"
#include "exchange/offer.h"
#include "exchange/scratch.h"
#include "exchange/signing.h"
#include "remote/transport.h"
#include "store/store.h"

namespace deja::exchange {

// Small blobs travel in the offer: a result below the limit is one round trip for its reader.
struct InOfferLimits {
  std::uint64_t blob_bytes = 64 << 10;
  std::uint64_t entry_bytes = 64 << 10;
};

struct ExportJob {
  ProbeKey probe;
  ActionKey key;
  action::Trace trace;
  std::string result;  // the record, as the local store has it
};

// What the local store has for a result of which only the keys are known. Empty: it is not there any more.
Result<std::optional<ExportJob>> load_export_job(store::RecordStore& records, const ProbeKey& probe,
                                                 const ActionKey& key);

struct ExportReport {
  enum class What {
    offered,
    was_there,   // the remote has all of it
    not_shared,  // see why_not; trying again changes nothing
  };
  What what = What::offered;
  std::string why_not;
  std::uint64_t bytes = 0;      // sent
  std::size_t blobs_sent = 0;   // objects of their own
  std::size_t blobs_there = 0;  // that the remote had already
};

class Exporter {
 public:
  struct Parts {
    remote::Transport& transport;
    store::BlobStore& blobs;
    const Scratch& scratch;
    const SigningKey* key = nullptr;  // null: entries are not signed
    std::string space;                // namespace
    OfferLimits offer{};
    InOfferLimits in_offer{};
  };
  explicit Exporter(Parts parts) : parts_(std::move(parts)) {}

  // An error: the remote failed; trying again may help.
  Result<ExportReport> export_result(const ExportJob& job, remote::Deadline deadline) const;

 private:
  const Parts parts_;
};

}  // namespace deja::exchange
