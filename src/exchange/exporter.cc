// SPDX-License-Identifier: Apache-2.0
// An offer is read before anything is sent: what is there already tells under which names its blobs lie, so that
// nothing is compressed or sent twice. Blobs go in groups, because each group's scratch files are on the disk at
// once and each group asks once which of them the remote has.
//
// Tested by exporter_test.cc.
#include "exchange/exporter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "action/manifest.h"
#include "exchange/blob_transfer.h"
#include "exchange/offer_check.h"
#include "exchange/record_name.h"
#include "exchange/record_update.h"
#include "os/file.h"

namespace deja::exchange {
namespace {

constexpr std::size_t kGroupBlobs = 32;

// The same but for when it was made and how long that took?
bool is_like(const OfferEntry& entry, const action::ActionResult& result) {
  auto other = action::decode_result(entry.result);
  if (!other) return false;
  other->made_at_ns = result.made_at_ns;
  other->cost_ns = result.cost_ns;
  return *other == result;
}

// One result on its way to the remote.
class Export {
 public:
  Export(const Exporter::Parts& parts, const ExportJob& job, remote::Deadline deadline)
      : parts_(parts), job_(job), deadline_(deadline), name_(offer_name(parts.space, job.probe)) {}

  Result<ExportReport> run();

 private:
  ExportReport not_shared(std::string why) {
    report_.what = ExportReport::What::not_shared;
    report_.why_not = std::move(why);
    return report_;
  }
  std::optional<PublicKey> writer() const {
    if (parts_.key == nullptr) return std::nullopt;
    return parts_.key->public_key();
  }
  Status read_offer(const std::optional<remote::Object>& object);
  const OfferEntry* find_ours() const;
  void recall_rows();
  Status add_blobs(const std::vector<store::BlobReference>& blobs);
  Result<bool> add_to_offer(const store::BlobReference& blob);
  Status send_group(std::span<const store::BlobReference> blobs);
  Result<OutgoingBlob> prepare(const Digest& digest);
  Status send(const OutgoingBlob& blob);
  Result<ExportReport> offer(std::optional<remote::Object> present);
  Result<Updated> write_offer(const Offer& ours, std::optional<remote::Object> present);

  const Exporter::Parts& parts_;
  const ExportJob& job_;
  const remote::Deadline deadline_;
  const remote::Name name_;

  Offer theirs_;                        // what the remote has
  std::map<Digest, OfferedBlob> rows_;  // of our earlier entries: where blobs lie
  OfferEntry entry_;
  bool is_crowded_out_ = false;
  ExportReport report_;
};

// Entries that no reader would take are not kept. An error: it must not be replaced.
Status Export::read_offer(const std::optional<remote::Object>& object) {
  theirs_ = {};
  if (!object) return {};
  auto decoded = decode_offer(job_.probe, object->bytes);
  if (!decoded && decoded.error().code == Code::protocol) return std::move(decoded).error();
  if (!decoded) return {};  // damaged: ours replaces it
  theirs_ = std::move(decoded->offer);
  std::erase_if(theirs_.entries,
                [&](const OfferEntry& entry) { return !check_entry(job_.probe, theirs_, entry); });
  return {};
}

// What the remote has of this trace from this writer.
const OfferEntry* Export::find_ours() const {
  const auto at = std::find_if(
      theirs_.entries.begin(), theirs_.entries.end(),
      [&](const OfferEntry& entry) { return entry.key == job_.key && entry.writer == writer(); });
  return at == theirs_.entries.end() ? nullptr : &*at;
}

void Export::recall_rows() {
  for (const OfferEntry& entry : theirs_.entries) {
    if (entry.writer != writer()) continue;
    for (const OfferedBlob& row : entry.blobs)
      if (row.encoding != Encoding::in_offer) rows_.emplace(row.digest, row);
  }
}

Result<OutgoingBlob> Export::prepare(const Digest& digest) {
  auto blob = TRY(prepare_blob(digest, parts_.blobs, parts_.scratch));
  if (!blob) return Error{Code::invalid, 0, "a blob of the result is not stored any more"};
  return *std::move(blob);
}

Status Export::send(const OutgoingBlob& blob) {
  TRY(parts_.transport.put(blob.row.name(), blob.source(), deadline_));
  report_.bytes += blob.row.stored_size;
  ++report_.blobs_sent;
  return {};
}

// False: the blob is too large, or the entry is full.
Result<bool> Export::add_to_offer(const store::BlobReference& blob) {
  std::uint64_t bytes = blob.size;
  for (const OfferedBlob& row : entry_.blobs)
    bytes += row.encoding == Encoding::in_offer ? row.size : 0;
  if (blob.size > parts_.in_offer.blob_bytes || bytes > parts_.in_offer.entry_bytes) return false;
  const auto opened = TRY(parts_.blobs.open_blob(blob.digest));
  if (!opened) return Error{Code::invalid, 0, "a blob of the result is not stored any more"};
  OfferedBlob row{blob.digest, blob.size, Encoding::in_offer, 0, {}, {}};
  row.bytes.resize(blob.size);
  if (TRY(os::read_at(opened->fd, 0, row.bytes.data(), row.bytes.size())) != blob.size)
    return Error{Code::invalid, 0, "a blob of the result has a wrong size"};
  entry_.blobs.push_back(std::move(row));
  return true;
}

// The blobs of one group: asks which are there, and sends the others.
Status Export::send_group(std::span<const store::BlobReference> blobs) {
  std::vector<OfferedBlob> rows;
  std::vector<std::optional<OutgoingBlob>> prepared(blobs.size());
  std::vector<remote::Name> names;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    const auto known = rows_.find(blobs[i].digest);
    if (known == rows_.end()) prepared[i] = TRY(prepare(blobs[i].digest));
    rows.push_back(known == rows_.end() ? prepared[i]->row : known->second);
    names.push_back(rows.back().name());
  }
  const std::vector<bool> there = TRY(parts_.transport.exists(names, deadline_));
  if (there.size() != names.size())
    return Error{Code::protocol, 0, parts_.transport.name() + " sent a wrong number of answers"};
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (there[i]) {
      ++report_.blobs_there;
    } else {
      if (!prepared[i]) prepared[i] = TRY(prepare(blobs[i].digest));
      rows[i] = prepared[i]->row;
      TRY(send(*prepared[i]));
    }
    entry_.blobs.push_back(rows[i]);
  }
  return {};
}

// The smallest go into the offer.
Status Export::add_blobs(const std::vector<store::BlobReference>& blobs) {
  std::vector<store::BlobReference> by_size = blobs;
  std::stable_sort(by_size.begin(), by_size.end(),
                   [](const auto& a, const auto& b) { return a.size < b.size; });
  std::size_t done = 0;
  while (done < by_size.size() && TRY(add_to_offer(by_size[done]))) ++done;
  for (std::span<const store::BlobReference> rest = std::span(by_size).subspan(done);
       !rest.empty();) {
    const std::size_t n = std::min(rest.size(), kGroupBlobs);
    TRY(send_group(rest.first(n)));
    rest = rest.subspan(n);
  }
  std::sort(entry_.blobs.begin(), entry_.blobs.end(),
            [](const OfferedBlob& a, const OfferedBlob& b) { return a.digest < b.digest; });
  return {};
}

Result<Updated> Export::write_offer(const Offer& ours, std::optional<remote::Object> present) {
  std::optional<Error> failure;
  const auto change = [&](const std::optional<remote::Object>& now) -> std::optional<std::string> {
    if (auto read = read_offer(now); !read) {
      failure = std::move(read).error();
      return std::nullopt;
    }
    const Offer merged = merge(ours, theirs_, parts_.offer);
    is_crowded_out_ =
        std::none_of(merged.entries.begin(), merged.entries.end(), [&](const OfferEntry& e) {
          return e.key == entry_.key && e.writer == entry_.writer && e.result == entry_.result;
        });
    if (is_crowded_out_) return std::nullopt;
    std::string bytes = encode_offer(job_.probe, merged);
    report_.bytes += bytes.size();
    return bytes;
  };
  const Updated updated = TRY(update_record(parts_.transport, name_, offer_bytes_max(),
                                            std::move(present), change, deadline_));
  if (failure) return *std::move(failure);
  return updated;
}

Result<ExportReport> Export::run() {
  const auto result = action::decode_result(job_.result);
  if (!result) return not_shared("its record is damaged");
  if (auto checked = check_result(*result); !checked) return not_shared(checked.error().message);
  const auto blobs = blobs_of(*result);
  if (!blobs) return not_shared("a blob has two sizes");
  const auto& claims = job_.trace.observations;
  if (!std::all_of(claims.begin(), claims.end(), is_well_formed))
    return not_shared("it has a claim that readers would refuse");

  auto present = TRY(parts_.transport.get(name_, offer_bytes_max(), deadline_));
  if (auto read = read_offer(present); !read) return not_shared(read.error().message);
  recall_rows();
  entry_.key = job_.key;
  entry_.result = job_.result;
  entry_.made_at_ns = result->made_at_ns;
  std::optional<std::vector<OfferedBlob>> blobs_before;
  if (const OfferEntry* ours = find_ours()) {
    if (is_like(*ours, *result)) {
      // Of that entry only what the remote has lost is sent.
      entry_.result = ours->result;
      entry_.made_at_ns = ours->made_at_ns;
      blobs_before = ours->blobs;
    } else if (ours->made_at_ns >= result->made_at_ns) {
      report_.what = ExportReport::What::was_there;
      return report_;
    }
  }
  if (auto added = add_blobs(*blobs); !added) {
    if (added.error().code == Code::invalid) return not_shared(added.error().message);
    return std::move(added).error();
  }
  if (blobs_before != entry_.blobs) return offer(std::move(present));
  if (report_.blobs_sent == 0) report_.what = ExportReport::What::was_there;
  return report_;
}

// All blobs are there.
Result<ExportReport> Export::offer(std::optional<remote::Object> present) {
  if (parts_.key != nullptr) sign_entry(parts_.space, job_.probe, *parts_.key, entry_);
  const Offer alone = make_offer(job_.trace, entry_);
  if (!fits(alone)) return not_shared("it is too large for an offer");
  if (auto checked = check_entry(job_.probe, alone, alone.entries[0]); !checked)
    return not_shared(checked.error().message);
  const Updated updated = TRY(write_offer(alone, std::move(present)));
  if (updated == Updated::contended)
    return Error{
        Code::unavailable, 0,
        parts_.transport.name() + ": other writers keep changing this offer; try again later"};
  if (is_crowded_out_) return not_shared("the offer is full of newer results");
  return report_;
}

}  // namespace

Result<std::optional<ExportJob>> load_export_job(store::RecordStore& records, const ProbeKey& probe,
                                                 const ActionKey& key) {
  auto result = TRY(records.get_result(key));
  const auto record = TRY(records.get_manifest(probe));
  if (!result || !record) return std::optional<ExportJob>();
  const auto manifest = action::decode_manifest(*record);
  const action::Manifest::Entry* const entry = manifest ? manifest->find(key) : nullptr;
  if (entry == nullptr) return std::optional<ExportJob>();
  return std::optional(ExportJob{probe, key, manifest->trace(*entry), *std::move(result)});
}

Result<ExportReport> Exporter::export_result(const ExportJob& job,
                                             remote::Deadline deadline) const {
  return Export(parts_, job, deadline).run();
}

}  // namespace deja::exchange
