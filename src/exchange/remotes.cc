// SPDX-License-Identifier: Apache-2.0
// A look-up that takes too long costs its deadline, and the breaker around the quick transport then keeps others from
// paying it again. What was given up is asked for once more by a patient thread, so that the next build has it.
//
// Tested by remotes_test.cc.
#include "exchange/remotes.h"

#include <algorithm>
#include <utility>

#include "exchange/queue_directory.h"
#include "os/clock.h"

namespace deja::exchange {
namespace {

constexpr std::int64_t kMs = 1'000'000;
// A run whose cost is not known is worth this much waiting for its blobs.
constexpr std::int64_t kUnknownCostNs = 30'000 * kMs;
// Blobs that are on their way are worth a second, whatever the run costs.
constexpr std::int64_t kLeastTransferNs = 1'000 * kMs;
constexpr std::int64_t kLateTimeoutNs = 60'000 * kMs;
constexpr std::size_t kLateMax = 256;

}  // namespace

Result<std::unique_ptr<Remotes>> Remotes::open(const Options& options, store::BlobStore& blobs,
                                               store::RecordStore& records) {
  auto connection = TRY(Connection::open(options, blobs, records));
  return std::unique_ptr<Remotes>(new Remotes(std::move(connection), records));
}

Remotes::Remotes(std::unique_ptr<Connection> connection, store::RecordStore& records)
    : connection_(std::move(connection)),
      records_(records),
      sessions_(std::make_unique<Sessions>(*connection_, records, Sessions::Limits{})) {
  const Options& options = connection_->options();
  if (options.writes && !connection_->patient().abilities().reads_only) {
    UploadQueue::Options queue;
    queue.directory = queue_directory(options);
    uploads_ =
        std::make_unique<UploadQueue>(queue, [this](const UploadJob& job) { return send(job); });
  }
  if (options.reads)
    late_importer_ = std::jthread([this](const std::stop_token& stop) { import_late(stop); });
}

Remotes::~Remotes() {
  if (uploads_ != nullptr && connection_->options().linger_ns > 0)
    uploads_->flush(connection_->options().linger_ns);
  sessions_.reset();
  connection_->stop();
}

bool Remotes::is_worth_asking(const Question& question) const {
  if (!connection_->options().reads) return false;
  const auto usual = static_cast<std::uint64_t>(usual_answer_ns_.load());
  return question.cost_ns == 0 || question.cost_ns > usual;
}

std::optional<pipeline::Remotes::Imported> Remotes::import_result(const Question& question) {
  sessions_->note_miss(question.cwd, question.probe);
  if (!is_worth_asking(question)) return std::nullopt;
  const std::int64_t begun = os::monotonic_ns();
  const auto cost =
      static_cast<std::int64_t>(std::min<std::uint64_t>(question.cost_ns, 3600'000ULL * kMs));
  const std::int64_t patience = cost == 0 ? kUnknownCostNs : std::max(cost, kLeastTransferNs);
  ImportRequest request;
  request.probe = question.probe;
  request.holds = question.holds;
  request.may_write = question.may_write;
  const auto report = connection_->quick_importer().import(
      request, {begun + connection_->options().timeout_ns + patience});
  if (!report) {
    if (report.error().code == Code::timeout) import_later(question.probe);
    return std::nullopt;
  }
  if (report->bytes < (64U << 10)) note_answer(os::monotonic_ns() - begun);
  if (!report->why_refused.empty())
    connection_->options().trouble("remote: a result was refused: " + report->why_refused);
  if (report->imported.empty()) return std::nullopt;
  Imported imported{report->imported.front(), connection_->quick().name(), {}, report->bytes};
  if (report->writer) imported.writer = key_text(*report->writer);
  return imported;
}

void Remotes::note_answer(std::int64_t took_ns) {
  const std::int64_t before = usual_answer_ns_.load();
  usual_answer_ns_ = before == 0 ? took_ns : before + (took_ns - before) / 8;
}

void Remotes::import_later(const ProbeKey& probe) {
  const MutexLock lock(mutex_);
  if (late_.size() >= kLateMax || std::find(late_.begin(), late_.end(), probe) != late_.end())
    return;
  late_.push_back(probe);
  changed_.notify_one();
}

void Remotes::import_late(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { changed_.notify_one(); });
  while (!stop.stop_requested()) {
    std::optional<ProbeKey> probe;
    mutex_.lock();
    if (late_.empty()) changed_.wait_for(mutex_, std::chrono::seconds(1));
    if (!late_.empty()) {
      probe = late_.front();
      late_.pop_front();
    }
    mutex_.unlock();
    if (!probe) continue;
    ImportRequest request;
    request.probe = *probe;
    const auto done =
        connection_->patient_importer().import(request, {os::monotonic_ns() + kLateTimeoutNs});
    // The remote answers after all: its usual time is longer than was thought.
    ignore(done, "a late answer that does not come either changes nothing");
  }
}

void Remotes::offer(const ProbeKey& probe, const ActionKey& key) {
  if (uploads_ == nullptr) return;
  if (const auto added = uploads_->add(probe, key); !added)
    connection_->options().trouble("remote: queueing an upload: " + added.error().message);
}

Status Remotes::send(const UploadJob& job) {
  const auto found = TRY(load_export_job(records_, job.probe, job.key));
  if (!found) return {};  // evicted meanwhile
  const auto report = connection_->exporter().export_result(*found, {});
  if (!report) return report.error();
  return {};
}

void Remotes::note_use(const Use& use) {
  sessions_->note_use(use.cwd, {use.probe, use.key, use.cost_ns, use.bytes});
}

}  // namespace deja::exchange
