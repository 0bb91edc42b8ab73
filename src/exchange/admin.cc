// SPDX-License-Identifier: Apache-2.0
// The work of `deja remote`. It uses the patient way to the remotes (connection.h): a user waits for the whole, not for
// one answer, and wants to know what is wrong.
//
// Tested by admin_test.cc.
#include "exchange/admin.h"

#include <algorithm>
#include <utility>

#include "action/result.h"
#include "exchange/connection.h"
#include "exchange/prefetch.h"
#include "exchange/project.h"
#include "exchange/queue_directory.h"
#include "exchange/record_name.h"
#include "exchange/session_record.h"
#include "exchange/upload_queue.h"
#include "os/clock.h"
#include "os/file.h"
#include "remote/address.h"
#include "remote/pack_file.h"
#include "remote/sha256.h"

namespace deja::exchange {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::size_t kSmallBytes = 1024;
constexpr std::size_t kLargeBytes = 4 << 20;
constexpr int kSmallTries = 11, kLargeTries = 3;

remote::Deadline within(std::int64_t ns) { return {os::monotonic_ns() + ns}; }

// What no server has seen before, so that no cache on the way answers.
std::string fresh_bytes(std::size_t size, std::uint64_t serial) {
  std::string bytes =
      "deja remote bench " + std::to_string(os::wall_ns()) + " " + std::to_string(serial);
  std::uint64_t state = static_cast<std::uint64_t>(os::monotonic_ns()) + serial;
  while (bytes.size() < size) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    bytes.push_back(static_cast<char>(state >> 56));
  }
  bytes.resize(size);
  return bytes;
}

class RemoteAdmin final : public Admin {
 public:
  RemoteAdmin(std::unique_ptr<Connection> connection, const std::string& cwd,
              store::BlobStore& blobs, store::RecordStore& records)
      : connection_(std::move(connection)),
        options_(connection_->options()),
        project_(find_project(cwd)),
        blobs_(blobs),
        records_(records) {
    if (!options_.project.empty()) project_.name = options_.project;
  }

  RemoteState state() override;
  Result<PushReport> push(const std::vector<ResultName>& results,
                          const Progress& progress) override;
  Result<PullReport> pull() override;
  Result<FlushReport> flush(std::int64_t timeout_ns) override;
  Result<RemoteSize> size() override;
  Result<RemoteSpeed> measure() override;
  Result<bool> remove(const ProbeKey& probe) override;

 private:
  // The pack that is to be written; empty: the remote is none.
  std::string pack() const;
  Result<PushReport> push_to(remote::Transport& transport, const std::vector<ResultName>& results,
                             const Progress& progress);
  bool push_one(const Exporter& exporter, const ResultName& result, PushReport& report,
                std::vector<Use>& uses);
  Status write_uses(remote::Transport& transport, std::vector<Use> uses) const;
  Result<std::int64_t> time_put(const std::string& bytes, const remote::Name& name);
  Result<std::int64_t> time_get(const std::string& bytes, const remote::Name& name);
  UploadQueue::Options queue_options() const {
    UploadQueue::Options queue;
    queue.directory = queue_directory(options_);
    return queue;
  }

  const std::unique_ptr<Connection> connection_;
  const Options& options_;
  Project project_;
  store::BlobStore& blobs_;
  store::RecordStore& records_;
};

RemoteState RemoteAdmin::state() {
  RemoteState state;
  remote::Transport& transport = connection_->patient();
  state.name = transport.name();
  const remote::Name nothing{remote::Kind::record, remote::sha256("deja remote status")};
  const std::int64_t begun = os::monotonic_ns();
  // exists() asks the remote itself, whatever is remembered of it.
  const auto answer = transport.exists(std::span(&nothing, 1), within(5 * kSecondNs));
  state.answer_ns = os::monotonic_ns() - begun;
  state.answers = static_cast<bool>(answer);
  if (!answer) state.problem = answer.error().message;
  state.may_write = options_.writes && !transport.abilities().reads_only;
  if (const auto writer = connection_->writer()) state.writer = key_text(*writer);
  state.trusted = connection_->trusted_count();
  if (const auto files = os::list_directory(queue_directory(options_))) {
    state.queued = static_cast<std::size_t>(std::count_if(
        files->begin(), files->end(), [](const std::string& f) { return f.ends_with(".job"); }));
  }
  state.project = project_.name;
  state.branch = project_.branch;
  return state;
}

std::string RemoteAdmin::pack() const {
  const auto address = remote::parse_address(options_.addresses.front());
  const bool is_pack = address && address->scheme == remote::Scheme::pack;
  return is_pack && options_.addresses.size() == 1 ? address->path : std::string();
}

Result<PushReport> RemoteAdmin::push(const std::vector<ResultName>& results,
                                     const Progress& progress) {
  const std::string path = pack();
  if (path.empty()) {
    if (connection_->patient().abilities().reads_only)
      return Error{Code::denied, 0,
                   connection_->patient().name() +
                       " is read-only here; set remote_mode or DEJA_REMOTE_MODE to rw or wo"};
    return push_to(connection_->patient(), results, progress);
  }
  const auto writer = TRY(remote::PackWriter::create(path));
  const auto client = writer->client();
  const PushReport report = TRY(push_to(*client, results, progress));
  TRY(writer->finish());
  return report;
}

Result<PushReport> RemoteAdmin::push_to(remote::Transport& transport,
                                        const std::vector<ResultName>& results,
                                        const Progress& progress) {
  const Exporter exporter = connection_->exporter_to(transport, blobs_);
  PushReport report;
  std::vector<Use> uses;
  std::size_t done = 0;
  for (const ResultName& result : results) {
    if (!progress(done++, results.size())) break;
    // One that answers no more answers none of the rest.
    if (!push_one(exporter, result, report, uses) && report.failed >= 10) break;
  }
  TRY(write_uses(transport, std::move(uses)));
  return report;
}

bool RemoteAdmin::push_one(const Exporter& exporter, const ResultName& result, PushReport& report,
                           std::vector<Use>& uses) {
  const auto job = load_export_job(records_, result.probe, result.key);
  if (job && !*job) return true;  // evicted meanwhile
  auto exported = job ? exporter.export_result(**job, {}) : Result<ExportReport>(job.error());
  if (!exported) {
    if (report.failed++ == 0) report.why_failed = exported.error().message;
    return false;
  }
  report.bytes += exported->bytes;
  switch (exported->what) {
    case ExportReport::What::offered:
      ++report.offered;
      break;
    case ExportReport::What::was_there:
      ++report.there;
      break;
    case ExportReport::What::not_shared:
      if (report.not_shared++ == 0) report.why_not_shared = exported->why_not;
      return true;
  }
  const auto decoded = action::decode_result((*job)->result);
  Use use{result.probe, result.key, decoded ? decoded->cost_ns : 0, 0, 0};
  if (decoded)
    for (const action::Artifact& a : decoded->artifacts) use.bytes += a.size;
  uses.push_back(use);
  return true;
}

// The costliest first, because a build that begins has little time for a prefetch.
Status RemoteAdmin::write_uses(remote::Transport& transport, std::vector<Use> uses) const {
  if (project_.name.empty() || uses.empty()) return {};
  std::stable_sort(uses.begin(), uses.end(),
                   [](const Use& a, const Use& b) { return a.cost_ns > b.cost_ns; });
  if (uses.size() > kUsesMax) uses.resize(kUsesMax);
  SessionRecord record{project_.name, project_.branch, os::wall_ns(), std::move(uses)};
  for (const std::string& branch : {project_.branch, std::string()}) {
    record.branch = branch;
    TRY(write_session(transport, options_.space, record, within(60 * kSecondNs)));
    if (project_.branch.empty()) break;
  }
  return {};
}

Result<PullReport> RemoteAdmin::pull() {
  if (project_.name.empty())
    return Error{Code::invalid, 0,
                 "this directory is not in a checkout with a git remote \"origin\"; set "
                 "remotes.project to the name of the project"};
  auto record = TRY(read_session(connection_->patient(), options_.space, project_.name,
                                 project_.branches(), within(30 * kSecondNs)));
  PullReport report;
  if (!record) {
    report.ended_because = "the remote has no record of a build of " + project_.name;
    return report;
  }
  PrefetchLimits limits;
  limits.results = kUsesMax;
  limits.bytes = 64ULL << 30;
  limits.time_ns = 3600 * kSecondNs;
  limits.look_ups_min = kUsesMax;
  Prefetch prefetch(connection_->patient_importer(), records_, *std::move(record), limits);
  prefetch.run();
  const PrefetchStats stats = prefetch.stats();
  report.known = stats.known;
  report.there = stats.there;
  report.imported = stats.imported;
  report.absent = stats.absent;
  report.errors = stats.errors;
  report.bytes = stats.bytes;
  report.ended_because = stats.ended_because;
  return report;
}

Result<FlushReport> RemoteAdmin::flush(std::int64_t timeout_ns) {
  FlushReport report;
  UploadQueue queue(queue_options(), [this](const UploadJob& job) -> Status {
    const auto found = TRY(load_export_job(records_, job.probe, job.key));
    if (!found) return {};
    TRY(connection_->exporter().export_result(*found, {}));
    return {};
  });
  report.left = queue.flush(timeout_ns);
  const UploadStats stats = queue.stats();
  report.sent = stats.sent;
  report.errors = stats.errors;
  report.last_error = stats.last_error;
  // The worker must not go on with a transfer for which nobody waits.
  if (report.left != 0) connection_->stop();
  return report;
}

Result<RemoteSize> RemoteAdmin::size() {
  remote::Transport& transport = connection_->patient();
  if (!transport.abilities().lists)
    return Error{Code::invalid, 0,
                 transport.name() + " cannot list its objects; ask the server itself"};
  RemoteSize size;
  TRY(transport.list(
      [&size](const remote::Transport::Listed& object) {
        const bool is_record = object.name.kind == remote::Kind::record;
        (is_record ? size.records : size.blobs) += 1;
        (is_record ? size.record_bytes : size.blob_bytes) += object.size;
        return true;
      },
      within(600 * kSecondNs)));
  return size;
}

Result<std::int64_t> RemoteAdmin::time_put(const std::string& bytes, const remote::Name& name) {
  const std::int64_t begun = os::monotonic_ns();
  TRY(connection_->patient().put(name, {.bytes = bytes}, within(60 * kSecondNs)));
  return os::monotonic_ns() - begun;
}

Result<std::int64_t> RemoteAdmin::time_get(const std::string& bytes, const remote::Name& name) {
  const std::int64_t begun = os::monotonic_ns();
  const auto object = TRY(connection_->patient().get(name, bytes.size(), within(60 * kSecondNs)));
  if (!object || object->bytes != bytes)
    return Error{Code::corrupt, 0,
                 connection_->patient().name() + " returned other bytes than were put"};
  return os::monotonic_ns() - begun;
}

Result<RemoteSpeed> RemoteAdmin::measure() {
  RemoteSpeed speed;
  std::uint64_t serial = 0;
  for (const std::size_t size : {kSmallBytes, kLargeBytes}) {
    std::vector<std::int64_t> puts, gets;
    for (int i = 0; i < (size == kSmallBytes ? kSmallTries : kLargeTries); ++i) {
      const std::string bytes = fresh_bytes(size, ++serial);
      const remote::Name name = remote::blob_name(remote::sha256(bytes));
      puts.push_back(TRY(time_put(bytes, name)));
      gets.push_back(TRY(time_get(bytes, name)));
      TRY(connection_->patient().remove(name, within(60 * kSecondNs)));
    }
    for (auto* times : {&puts, &gets}) std::sort(times->begin(), times->end());
    const std::int64_t put = puts[puts.size() / 2], get = gets[gets.size() / 2];
    if (size == kSmallBytes) {
      speed.small_put_ns = put;
      speed.small_get_ns = get;
    } else {
      speed.put_bytes_per_s = 1e9 * static_cast<double>(size) / static_cast<double>(put);
      speed.get_bytes_per_s = 1e9 * static_cast<double>(size) / static_cast<double>(get);
    }
  }
  return speed;
}

Result<bool> RemoteAdmin::remove(const ProbeKey& probe) {
  return connection_->patient().remove(offer_name(options_.space, probe), within(30 * kSecondNs));
}

}  // namespace

Result<std::unique_ptr<Admin>> open_admin(const Options& options, const std::string& cwd,
                                          store::BlobStore& blobs, store::RecordStore& records) {
  auto connection = TRY(Connection::open(options, blobs, records));
  return std::unique_ptr<Admin>(
      std::make_unique<RemoteAdmin>(std::move(connection), cwd, blobs, records));
}

}  // namespace deja::exchange
