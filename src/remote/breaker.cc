// SPDX-License-Identifier: Apache-2.0
// A state machine for each circuit: closed -> open -> probing -> closed or open. A verdict is made of each call's
// end, and only note() changes the state. The lock is not held during the call.
#include "remote/breaker.h"

#include <algorithm>
#include <limits>

namespace deja::remote {

Status BreakerTransport::around(const Attempt& attempt, Deadline deadline) {
  const std::int64_t now_ns = options_.clock.now_ns();
  if (deadline.is_past(now_ns)) return attempt.run(deadline);
  const Circuit circuit = attempt.kind == CallKind::write || attempt.kind == CallKind::write_stream
                              ? Circuit::writes
                              : Circuit::reads;
  bool probes = false;
  TRY(admit(circuit, &probes));
  Status done = attempt.run(deadline);
  const std::int64_t given_ns =
      deadline.at_ns == 0 ? std::numeric_limits<std::int64_t>::max() : deadline.at_ns - now_ns;
  note(circuit, probes, judge(attempt, done, given_ns), done);
  return done;
}

Status BreakerTransport::admit(Circuit circuit, bool* probes) {
  const MutexLock lock(mutex_);
  Line& line = lines_[static_cast<std::size_t>(circuit)];
  if (line.health.state == State::closed) return {};
  const std::int64_t rest_ns = line.open_until_ns - options_.clock.now_ns();
  if (line.health.state == State::open && rest_ns <= 0) {
    line.health.state = State::probing;
    *probes = true;
    return {};
  }
  ++line.health.skipped;
  const std::string when = line.health.state == State::probing
                               ? "while one call tries it again"
                               : "for " + std::to_string(rest_ns / 1'000'000'000 + 1) + " s";
  return Error{Code::unavailable, 0,
               name() + ": not asked " + when + ", because of: " + line.health.last_error};
}

BreakerTransport::Verdict BreakerTransport::judge(const Attempt& attempt, const Status& done,
                                                  std::int64_t given_ns) const {
  if (done) return Verdict::good;
  if (attempt.refused) return Verdict::neutral;
  switch (done.error().code) {
    case Code::timeout:
      return given_ns >= options_.patience_ns ? Verdict::fatal : Verdict::failure;
    case Code::denied:
      return Verdict::fatal;
    case Code::unavailable:
    case Code::no_space:
    case Code::protocol:
    case Code::corrupt:
      return Verdict::failure;
    case Code::io:  // of the caller's own file
    case Code::invalid:
      return Verdict::neutral;
  }
  return Verdict::neutral;
}

void BreakerTransport::open(Line& line, const Status& done) {
  line.pause_ns = line.pause_ns == 0 ? options_.pause_ns
                                     : std::min(line.pause_ns * 2, options_.longest_pause_ns);
  line.open_until_ns = options_.clock.now_ns() + line.pause_ns;
  line.health.state = State::open;
  line.health.last_error = done.error().message;
  ++line.health.opened;
  line.failures = 0;
}

void BreakerTransport::note(Circuit circuit, bool probes, Verdict verdict, const Status& done) {
  const MutexLock lock(mutex_);
  Line& line = lines_[static_cast<std::size_t>(circuit)];
  if (probes) {
    if (verdict == Verdict::good) {
      line.health.state = State::closed;
      line.pause_ns = 0;
      line.failures = 0;
    } else if (verdict == Verdict::neutral) {
      line.health.state = State::open;  // it has proven nothing: the next call is the probe
    } else {
      open(line, done);
    }
    return;
  }
  // A call that began before it opened does not change what is known since.
  if (line.health.state != State::closed || verdict == Verdict::neutral) return;
  if (verdict == Verdict::good) {
    line.failures = 0;
  } else if (verdict == Verdict::fatal || ++line.failures >= options_.failures) {
    open(line, done);
  }
}

BreakerTransport::Health BreakerTransport::health(Circuit circuit) {
  const MutexLock lock(mutex_);
  return lines_[static_cast<std::size_t>(circuit)].health;
}

}  // namespace deja::remote
