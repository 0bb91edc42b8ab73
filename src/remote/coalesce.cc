// SPDX-License-Identifier: Apache-2.0
// A flight is in the table from the leader's start to its end; the followers keep it alive until they have read its
// answer. All flights share one condition variable: they are few, and they end soon.
#include "remote/coalesce.h"

#include <chrono>

#include "os/clock.h"

namespace deja::remote {

Result<std::optional<Object>> CoalesceTransport::get(const Name& name, std::uint64_t max_bytes,
                                                     Deadline deadline) {
  const Key key(name, max_bytes);
  for (;;) {
    std::shared_ptr<Flight> flight;
    bool leads = false;
    {
      const MutexLock lock(mutex_);
      auto& entry = flights_[key];
      leads = entry == nullptr;
      if (leads) entry = std::make_shared<Flight>();
      flight = entry;
    }
    if (leads) return lead(key, flight, deadline);
    if (auto answer = follow(*flight, deadline)) return std::move(*answer);
  }
}

CoalesceTransport::Answer CoalesceTransport::lead(const Key& key,
                                                  const std::shared_ptr<Flight>& flight,
                                                  Deadline deadline) {
  Answer answer = inner().get(key.first, key.second, deadline);
  {
    const MutexLock lock(mutex_);
    flight->answer = answer;
    const auto at = flights_.find(key);
    if (at != flights_.end() && at->second == flight) flights_.erase(at);
  }
  landed_.notify_all();
  return answer;
}

std::optional<CoalesceTransport::Answer> CoalesceTransport::follow(Flight& flight,
                                                                   Deadline deadline) {
  const MutexLock lock(mutex_);
  ++waiting_;
  std::optional<Answer> answer;
  while (!flight.answer && !stopped_ && !answer) {
    const std::int64_t rest_ns = deadline.at_ns - os::monotonic_ns();
    if (deadline.at_ns == 0) {
      landed_.wait(mutex_);
    } else if (rest_ns > 0) {
      landed_.wait_for(mutex_, std::chrono::nanoseconds(rest_ns));
    } else {
      answer.emplace(Error{Code::timeout, 0, name() + ": the deadline has passed"});
    }
  }
  --waiting_;
  if (answer) return answer;
  if (!flight.answer) return Answer(Error{Code::unavailable, 0, name() + ": stopped"});
  // The leader's deadline is not ours.
  if (!*flight.answer && flight.answer->error().code == Code::timeout) return std::nullopt;
  return flight.answer;
}

void CoalesceTransport::forget(const Name& name) {
  const MutexLock lock(mutex_);
  auto at = flights_.lower_bound({name, 0});
  while (at != flights_.end() && at->first.first == name) at = flights_.erase(at);
}

Status CoalesceTransport::put(const Name& name, const Source& source, Deadline deadline) {
  Status done = inner().put(name, source, deadline);
  forget(name);
  return done;
}

Result<Put> CoalesceTransport::replace(const Name& name, std::string_view bytes,
                                       const std::string& version, Deadline deadline) {
  auto done = inner().replace(name, bytes, version, deadline);
  forget(name);
  return done;
}

Result<bool> CoalesceTransport::remove(const Name& name, Deadline deadline) {
  auto done = inner().remove(name, deadline);
  forget(name);
  return done;
}

void CoalesceTransport::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  landed_.notify_all();
  Decorator::stop();
}

int CoalesceTransport::waiting() {
  const MutexLock lock(mutex_);
  return waiting_;
}

}  // namespace deja::remote
