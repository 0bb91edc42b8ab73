// SPDX-License-Identifier: Apache-2.0
// The remotes of one configuration as the path of a request sees them. Look-ups are done by the thread that asks; all
// else (uploads, late answers, sessions) by threads of this object.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>

#include "base/mutex.h"
#include "exchange/connection.h"
#include "exchange/session.h"
#include "exchange/upload_queue.h"
#include "pipeline/remotes.h"

namespace deja::exchange {

class Remotes final : public pipeline::Remotes {
 public:
  // Sends nothing yet. The stores must outlive it.
  static Result<std::unique_ptr<Remotes>> open(const Options& options, store::BlobStore& blobs,
                                               store::RecordStore& records);
  // Goes on with uploads for at most the options' linger_ns; the rest stays in the queue.
  ~Remotes() override;

  std::optional<Imported> import_result(const Question& question) override;
  void offer(const ProbeKey& probe, const ActionKey& key) override;
  void note_use(const Use& use) override;

  UploadQueue* uploads() { return uploads_.get(); }  // null: nothing is written
  Sessions& sessions() { return *sessions_; }

 private:
  Remotes(std::unique_ptr<Connection> connection, store::RecordStore& records);
  bool is_worth_asking(const Question& question) const;
  void import_later(const ProbeKey& probe);
  void import_late(const std::stop_token& stop);
  Status send(const UploadJob& job);
  void note_answer(std::int64_t took_ns);

  const std::unique_ptr<Connection> connection_;
  store::RecordStore& records_;
  std::atomic<std::int64_t> usual_answer_ns_{0};  // moving average; 0: none yet

  // Look-ups that were given up; their answers are for the next time.
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<ProbeKey> late_ GUARDED_BY(mutex_);

  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<UploadQueue> uploads_;
  std::jthread late_importer_;
};

}  // namespace deja::exchange
