// SPDX-License-Identifier: Apache-2.0
// A look-up has a thread of its own, so that its request can leave: when the client has, or when running the tool is
// cheaper than waiting on. The look-up then goes on, and the next build finds what it imports.
//
// An offer is asked for through the quick transport. One that does not come in time costs its deadline once: the breaker
// around that transport keeps other requests from paying it again, and the look-up asks once more through
// the patient one.
//
// Tested by remotes_test.cc.
#include "exchange/remotes.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "exchange/queue_directory.h"
#include "exchange/record_name.h"
#include "os/clock.h"

namespace deja::exchange {
namespace {

constexpr std::int64_t kMs = 1'000'000;
// How long to wait for the blobs of a run whose cost is not known.
constexpr std::int64_t kUnknownCostNs = 5'000 * kMs;
// Blobs that are on their way are worth a second, whatever the run costs.
constexpr std::int64_t kLeastTransferNs = 1'000 * kMs;
constexpr std::int64_t kLateTimeoutNs = 60'000 * kMs;
constexpr std::int64_t kTransferNs = 600'000 * kMs;
// Look-ups that ask once more at one time; others end with the timeout.
constexpr int kLateMax = 16;
// Look-ups without a request. With more of them the remote hangs, and is not asked.
constexpr std::size_t kAbandonedMax = 64;
// The client gives up on an engine that says nothing for a second.
constexpr auto kTick = std::chrono::milliseconds(250);

// How long the request waits in all, beyond the timeout for the offer.
std::int64_t patience(std::uint64_t cost_ns) {
  if (cost_ns == 0) return kUnknownCostNs;
  constexpr std::uint64_t kMost = 3600'000ULL * kMs;
  return std::max(static_cast<std::int64_t>(std::min(cost_ns, kMost)), kLeastTransferNs);
}

}  // namespace

struct Remotes::LookUp {
  const ProbeKey probe;
  const std::int64_t begun_ns;

  Mutex mutex;
  ConditionVariable changed;
  const Question* question GUARDED_BY(mutex);  // null: the request has left
  // Set once; what the request gets.
  std::optional<Result<ImportReport>> report GUARDED_BY(mutex);
  bool is_over GUARDED_BY(mutex) = false;

  LookUp(const Question& asked, std::int64_t now)
      : probe(asked.probe), begun_ns(now), question(&asked) {}

  void answer(Result<ImportReport> result) {
    const MutexLock lock(mutex);
    if (!report) report = std::move(result);
    changed.notify_all();
  }
  // Of a request that has left nothing is asked: the result is checked when it is looked up.
  bool holds(const action::Observation& claim) {
    const MutexLock lock(mutex);
    return question == nullptr || question->holds(claim);
  }
  bool may_write(std::string_view path) {
    const MutexLock lock(mutex);
    return question != nullptr && question->may_write(path);
  }
  // Waits for the answer; empty: the request leaves without it.
  std::optional<Result<ImportReport>> wait(std::int64_t until_ns) {
    const MutexLock lock(mutex);
    while (!report) {
      changed.wait_for(mutex, kTick);
      if (!report && (os::monotonic_ns() >= until_ns || !question->keep_waiting())) break;
    }
    question = nullptr;
    return report;
  }
};

Result<std::unique_ptr<Remotes>> Remotes::open(const Options& options, store::BlobStore& blobs,
                                               store::RecordStore& records) {
  return over(TRY(Connection::open(options, blobs, records)), records);
}

std::unique_ptr<Remotes> Remotes::over(std::unique_ptr<Connection> connection,
                                       store::RecordStore& records) {
  return std::unique_ptr<Remotes>(new Remotes(std::move(connection), records));
}

Remotes::Remotes(std::unique_ptr<Connection> connection, store::RecordStore& records)
    : connection_(std::move(connection)),
      records_(records),
      sessions_(std::make_unique<Sessions>(*connection_, records, Sessions::Limits{})) {
  const Options& options = connection_->options();
  if (!options.writes || connection_->patient().abilities().reads_only) return;
  UploadQueue::Options queue;
  queue.directory = queue_directory(options);
  uploads_ =
      std::make_unique<UploadQueue>(queue, [this](const UploadJob& job) { return send(job); });
}

Remotes::~Remotes() {
  const std::int64_t end = os::monotonic_ns() + connection_->options().linger_ns;
  if (uploads_ != nullptr) uploads_->finish(connection_->options().linger_ns);
  sessions_->finish(std::max<std::int64_t>(end - os::monotonic_ns(), 0));
  // What is still under way in other threads ends now, whatever its own deadline.
  connection_->stop();
}

bool Remotes::is_worth_asking(const Question& question) {
  if (!connection_->options().reads || join_ended() >= kAbandonedMax) return false;
  const auto usual = static_cast<std::uint64_t>(usual_answer_ns_.load());
  return question.cost_ns == 0 || question.cost_ns > usual;
}

std::optional<pipeline::Remotes::Imported> Remotes::import_result(const Question& question) {
  sessions_->note_miss(question.cwd, question.probe);
  if (!is_worth_asking(question)) return std::nullopt;
  const auto what = std::make_shared<LookUp>(question, os::monotonic_ns());
  std::jthread thread([this, what] { look_up(what); });
  const auto report =
      what->wait(what->begun_ns + connection_->options().timeout_ns + patience(question.cost_ns));
  abandon(std::move(thread), what);
  if (!report || !*report) return std::nullopt;
  const ImportReport& done = **report;
  if (!done.why_refused.empty())
    connection_->options().trouble("remote: a result was refused: " + done.why_refused);
  if (done.imported.empty()) return std::nullopt;
  Imported imported{done.imported.front(),
                    connection_->quick().name(),
                    {},
                    done.bytes,
                    os::monotonic_ns() - what->begun_ns};
  if (done.writer) imported.writer = connection_->writer_text(*done.writer);
  return imported;
}

void Remotes::abandon(std::jthread thread, const std::shared_ptr<LookUp>& what) {
  const MutexLock lock(mutex_);
  abandoned_.push_back({what, std::move(thread)});
}

// Joins the threads that have ended. Returns how many have not.
std::size_t Remotes::join_ended() {
  const MutexLock lock(mutex_);
  std::erase_if(abandoned_, [](const Abandoned& one) {
    const MutexLock its_lock(one.what->mutex);
    return one.what->is_over;
  });
  return abandoned_.size();
}

Result<std::optional<remote::Object>> Remotes::get_offer(LookUp& what) {
  const remote::Name name = offer_name(connection_->options().space, what.probe);
  auto offer = connection_->quick().get(name, offer_bytes_max(),
                                        {what.begun_ns + connection_->options().timeout_ns});
  if (offer) note_answer(os::monotonic_ns() - what.begun_ns);
  if (offer || offer.error().code != Code::timeout) return offer;
  what.answer(offer.error());
  if (++late_ <= kLateMax)
    offer =
        connection_->patient().get(name, offer_bytes_max(), {os::monotonic_ns() + kLateTimeoutNs});
  --late_;
  return offer;
}

void Remotes::look_up(const std::shared_ptr<LookUp>& what) {
  const auto offer = get_offer(*what);
  if (!offer) {
    what->answer(offer.error());
  } else if (!*offer) {
    what->answer(ImportReport());
  } else {
    ImportRequest request;
    request.probe = what->probe;
    request.holds = [&what](const action::Observation& claim) { return what->holds(claim); };
    request.may_write = [&what](std::string_view path) { return what->may_write(path); };
    // Blobs take the patient way: a large one is no reason to ask for no more offers.
    what->answer(connection_->patient_importer().import_offer(request, (*offer)->bytes,
                                                              {os::monotonic_ns() + kTransferNs}));
  }
  const MutexLock lock(what->mutex);
  what->is_over = true;
}

void Remotes::note_answer(std::int64_t took_ns) {
  const std::int64_t before = usual_answer_ns_.load();
  usual_answer_ns_ = before == 0 ? took_ns : before + (took_ns - before) / 8;
}

void Remotes::offer(const ProbeKey& probe, const ActionKey& key) {
  if (uploads_ == nullptr) return;
  if (const auto added = uploads_->add(probe, key); !added)
    connection_->options().trouble("remote: an upload could not be queued: " +
                                   added.error().message);
}

Status Remotes::send(const UploadJob& job) {
  const auto found = TRY(load_export_job(records_, job.probe, job.key));
  if (!found) return {};  // evicted meanwhile
  const auto report = connection_->exporter().export_result(*found, {});
  if (!report) return report.error();
  return {};
}

std::string Remotes::note_use(const Use& use) {
  const bool was_prefetched =
      sessions_->note_use(use.cwd, {use.probe, use.key, use.cost_ns, use.bytes});
  return was_prefetched ? connection_->quick().name() : std::string();
}

}  // namespace deja::exchange
