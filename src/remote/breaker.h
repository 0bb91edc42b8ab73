// SPDX-License-Identifier: Apache-2.0
// Decorator: a circuit breaker. After one timeout, one refusal (`denied`) or a few other failures in a row it no
// longer asks the remote and answers `unavailable` at once. After a pause one call, the probe, is let through: if the
// remote answers it, all are let through again; if not, the next pause is twice as long. So a dead remote costs one
// deadline in a session, not one in each compile.
//
// Reads and writes have a circuit each. A remote may refuse writes and serve reads, and a large upload that takes too long
// must not end the look-ups.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "remote/clock.h"
#include "remote/decorator.h"

namespace deja::remote {

class BreakerTransport final : public Policy {
 public:
  struct Options {
    int failures = 5;  // in a row: unavailable, no_space, protocol, corrupt
    // A timeout of a call that was given less time than this is one of these failures. A call whose deadline
    // had passed before counts as nothing.
    std::int64_t patience_ns = 200'000'000;
    std::int64_t pause_ns = 30'000'000'000;
    std::int64_t longest_pause_ns = 600'000'000'000;
    Clock& clock = system_clock();
  };
  BreakerTransport(std::unique_ptr<Transport> inner, Options options)
      : Policy(std::move(inner)), options_(options) {}

  enum class State { closed, open, probing };
  struct Health {
    State state = State::closed;
    std::string last_error;    // of what opened it; empty while it has never been open
    std::int64_t opened = 0;   // how often
    std::int64_t skipped = 0;  // calls that were answered without asking
  };
  enum class Circuit { reads, writes };
  Health health(Circuit circuit);

 private:
  struct Line {
    Health health;
    int failures = 0;
    std::int64_t pause_ns = 0;
    std::int64_t open_until_ns = 0;
  };
  Status around(const Attempt& attempt, Deadline deadline) override;
  // Nothing: the call may be made. *probes: it is the probe.
  Status admit(Circuit circuit, bool* probes);
  enum class Verdict { good, failure, fatal, neutral };
  Verdict judge(const Attempt& attempt, const Status& done, std::int64_t given_ns) const;
  void note(Circuit circuit, bool probes, Verdict verdict, const Status& done);
  void open(Line& line, const Status& done) REQUIRES_LOCK(mutex_);

  const Options options_;
  Mutex mutex_;
  std::array<Line, 2> lines_ GUARDED_BY(mutex_);
};

}  // namespace deja::remote
