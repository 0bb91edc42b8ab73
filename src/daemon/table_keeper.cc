// SPDX-License-Identifier: Apache-2.0
// Tested by test/e2e/answer_table_test.cc.
#include "daemon/table_keeper.h"

#include <utility>

#include "os/clock.h"

namespace deja::daemon {

TableKeeper::TableKeeper(std::function<void()> on_use) : on_use_(std::move(on_use)) {}

warm::AnswerTable* TableKeeper::table() const {
  const engine::Engine* const engine = engine_;
  return engine == nullptr ? nullptr : engine->table();
}

bool TableKeeper::is_useless() const {
  constexpr std::int64_t kMany = 2000;
  return hits_ > kMany && uses() == 0;
}

std::uint64_t TableKeeper::uses() const { return table() == nullptr ? 0 : table()->uses(); }

void TableKeeper::wake() {
  ++hits_;
  last_hit_ns_ = os::monotonic_ns();
  if (!is_active_.exchange(true)) wake_up_.set();
}

void TableKeeper::stop() {
  is_stopped_ = true;
  wake_up_.set();
}

void TableKeeper::collect() {
  if (table() != nullptr && table()->collect() > 0) on_use_();
}

void TableKeeper::run(engine::Engine& engine) {
  engine_ = &engine;
  if (!wake_up_.can_wake()) return;
  while (!is_stopped_) {
    wake_up_.wait(-1, -1);
    wake_up_.clear();
    if (is_stopped_) return;
    if (table() != nullptr && !is_useless()) keep(engine);  // it comes with the store, maybe late
    is_active_ = false;
  }
}

// Renews the table again and again until nobody asks any more.
void TableKeeper::keep(engine::Engine& engine) {
  std::int64_t active_until_ns = 0;
  do {
    const std::int64_t began_ns = os::monotonic_ns();
    if (engine.keep_table() > 0) {
      last_hit_ns_ = began_ns;
      on_use_();
    }
    active_until_ns = last_hit_ns_ + kActiveNs;
    take_notices_until(engine, began_ns + warm::AnswerTable::kUpkeepNs);
  } while (!is_stopped_ && !is_useless() && os::monotonic_ns() < active_until_ns);
  if (engine.table()->rest() > 0) on_use_();
}

// Takes them as they come, so that clients find none.
void TableKeeper::take_notices_until(engine::Engine& engine, std::int64_t until_ns) {
  warm::RequestCache& requests = engine.services()->requests;
  while (!is_stopped_) {
    const std::int64_t left_ns = until_ns - os::monotonic_ns();
    if (left_ns <= 0) return;
    if (wake_up_.wait(requests.notices(), left_ns / 1'000'000 + 1)) requests.take_notices();
  }
}

}  // namespace deja::daemon
