// SPDX-License-Identifier: Apache-2.0
// Keeps the engine's table of answers usable while clients use it: takes notices from the kernel as they come, and at
// intervals compares stamps and collects what was used. When nobody has asked for a while it rests, and costs
// nothing; the next request wakes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "engine/engine.h"
#include "os/wake_up.h"
#include "warm/answer_table.h"

namespace deja::daemon {

class TableKeeper {
 public:
  // How long to go on after the last hit. A build of misses has no use for the table, and to keep it would take a tenth
  // of the engine's time.
  static constexpr std::int64_t kActiveNs = 2'000'000'000;

  // on_use: called when clients have used the table.
  explicit TableKeeper(std::function<void()> on_use);

  // Works until stop(). engine: must outlive all calls.
  void run(engine::Engine& engine);
  // A client was served a hit. Thread-safe; cheap while the keeper works.
  void wake();
  void stop();
  // Records at once what was used until now. Thread-safe.
  void collect();
  // How many answers clients have taken, as far as recorded. Thread-safe.
  std::uint64_t uses() const;

 private:
  warm::AnswerTable* table() const;
  // Many were served, and no client took an answer by itself: none can (pidfd_getfd(2) is not allowed).
  bool is_useless() const;
  void keep(engine::Engine& engine);
  void take_notices_until(engine::Engine& engine, std::int64_t until_ns);

  const std::function<void()> on_use_;
  std::atomic<engine::Engine*> engine_{nullptr};  // once it is open
  const os::WakeUp wake_up_;
  std::atomic<bool> is_active_{false}, is_stopped_{false};
  std::atomic<std::int64_t> last_hit_ns_{0}, hits_{0};
};

}  // namespace deja::daemon
