// SPDX-License-Identifier: Apache-2.0
// The remotes of one configuration as the path of a request sees them. What needs the network is done by threads of this
// object; a request waits for its look-up only as long as that is worth it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

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
  // Over a connection that exists.
  static std::unique_ptr<Remotes> over(std::unique_ptr<Connection> connection,
                                       store::RecordStore& records);
  // Goes on with uploads for at most the options' linger_ns; the rest stays in the queue.
  ~Remotes() override;

  std::optional<Imported> import_result(const Question& question) override;
  void offer(const ProbeKey& probe, const ActionKey& key) override;
  std::string note_use(const Use& use) override;

  UploadQueue* uploads() { return uploads_.get(); }  // null: nothing is written
  Sessions& sessions() { return *sessions_; }

 private:
  struct LookUp;
  Remotes(std::unique_ptr<Connection> connection, store::RecordStore& records);
  bool is_worth_asking(const Question& question);
  void look_up(const std::shared_ptr<LookUp>& what);
  Result<std::optional<remote::Object>> get_offer(LookUp& what);
  std::size_t join_ended();
  void abandon(std::jthread thread, const std::shared_ptr<LookUp>& what);
  Status send(const UploadJob& job);
  void note_answer(std::int64_t took_ns);

  const std::unique_ptr<Connection> connection_;
  store::RecordStore& records_;
  std::atomic<std::int64_t> usual_answer_ns_{0};  // moving average; 0: none yet
  std::atomic<int> late_{0};                      // look-ups that ask once more

  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<UploadQueue> uploads_;

  // Look-ups without a request: they are about to end, or their answers are for the next time.
  struct Abandoned {
    std::shared_ptr<LookUp> what;
    std::jthread thread;
  };
  Mutex mutex_;
  std::vector<Abandoned> abandoned_ GUARDED_BY(mutex_);
};

}  // namespace deja::exchange
