// SPDX-License-Identifier: Apache-2.0
#include "pipeline/flights.h"

#include "os/process.h"

namespace deja::pipeline {

Flights::Turn::~Turn() {
  if (flights_ != nullptr) flights_->end(probe_, Flight::State::abandoned, nullptr);
}

void Flights::Turn::land(std::shared_ptr<const Published> published) {
  std::exchange(flights_, nullptr)->end(probe_, Flight::State::landed, std::move(published));
}

void Flights::end(const ProbeKey& probe, Flight::State state,
                  std::shared_ptr<const Published> published) {
  {
    const MutexLock lock(mutex_);
    const auto it = flights_.find(probe);
    if (it == flights_.end()) return;
    if (state == Flight::State::landed) ++landings_[slot_of(probe)];
    it->second->state = state;
    it->second->published = std::move(published);
    flights_.erase(it);  // waiters hold the flight itself; newcomers start a new one
  }
  changed_.notify_all();
}

std::size_t Flights::slot_of(const ProbeKey& probe) {
  return static_cast<unsigned char>(probe.digest.view().front());
}

std::uint32_t Flights::landings(const ProbeKey& probe) {
  const MutexLock lock(mutex_);
  return landings_[slot_of(probe)];
}

int Flights::waiting() {
  const MutexLock lock(mutex_);
  return waiting_;
}

bool Flights::has_waiters(const ProbeKey& probe) {
  const MutexLock lock(mutex_);
  const auto it = flights_.find(probe);
  return it != flights_.end() && it->second->waiters > 0;
}

// Waits until the flight has ended, but for a second at most. Landings of other flights wake this thread, too: only the
// clock says when a second has passed.
Flights::Flight::State Flights::wait_for(Flight& flight) {
  const auto next_look = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  ++waiting_;
  ++flight.waiters;
  while (flight.state == Flight::State::running)
    if (changed_.wait_until(mutex_, next_look) == std::cv_status::timeout) break;
  --waiting_;
  --flight.waiters;
  return flight.state;
}

Flights::Entered Flights::enter(const ProbeKey& probe, const std::function<bool()>& still_there,
                                pid_t runner) {
  std::shared_ptr<Flight> flight;  // kept here: it may land between two looks
  for (;;) {
    const bool is_first_look = flight == nullptr;
    {
      const MutexLock lock(mutex_);
      if (is_first_look) {
        auto& slot = flights_[probe];
        if (slot == nullptr) {
          slot = std::make_shared<Flight>();
          slot->runner = runner;
          return {Turn(this, probe), nullptr};
        }
        flight = slot;
      }
    }
    // This client was started by the run that it would wait for, which would never end.
    if (is_first_look && os::is_ancestor(flight->runner, runner)) return {};
    {
      const MutexLock lock(mutex_);
      const Flight::State state = wait_for(*flight);
      if (state == Flight::State::landed) return {std::nullopt, flight->published};
      if (state == Flight::State::abandoned) {
        flight = nullptr;
        continue;
      }
    }
    if (os::is_stopped(flight->runner) || !still_there()) return {};
  }
}

}  // namespace deja::pipeline
