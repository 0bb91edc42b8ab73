// SPDX-License-Identifier: Apache-2.0
// Single flight: the first request with a probe key runs the tool, and the others wait for its result. If
// the runner's client dies, the next one that waits runs. If the result cannot be shared, or the runner's
// user has suspended it, all that wait run at once.
//
// Thread-safe. No wake-up is lost: a flight's state only changes under the mutex, every change notifies,
// and the state is read again before each wait.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "action/result.h"
#include "action/trace.h"
#include "base/mutex.h"
#include "digest/digest.h"

namespace deja::pipeline {

// What the requests that waited get.
struct Published {
  action::Trace trace;
  ActionKey key;
  std::shared_ptr<const action::ActionResult> result;
};

class Flights {
 public:
  // Held by the request that runs. Destroyed without land(): its client died.
  class Turn {
   public:
    Turn(Flights* flights, ProbeKey probe) : flights_(flights), probe_(probe) {}
    Turn(Turn&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)), probe_(other.probe_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    // null: there is nothing to share.
    void land(std::shared_ptr<const Published> published);

   private:
    Flights* flights_;
    ProbeKey probe_;
  };

  struct Entered {
    std::optional<Turn> turn;                    // set: run
    std::shared_ptr<const Published> published;  // set: the runner's result
    // neither: run without a turn (the runner had nothing to share or is stopped, or the client left)
  };
  // Waits for a running flight; calls `still_there` every second and gives up when it returns false.
  // runner: the client's process, if this request gets the turn. While that process is stopped (Ctrl-Z), no
  // other request waits for it. 0: not known.
  Entered enter(const ProbeKey& probe, const std::function<bool()>& still_there, pid_t runner = 0);
  // A number that changes when a flight of this probe key lands (and when some others do).
  std::uint32_t landings(const ProbeKey& probe);
  // How many requests wait now.
  int waiting();
  // Does a request wait for this flight now?
  bool has_waiters(const ProbeKey& probe);

 private:
  struct Flight {
    enum class State { running, landed, abandoned } state = State::running;
    std::shared_ptr<const Published> published;
    int waiters = 0;
    pid_t runner = 0;
  };
  Flight::State wait_for(Flight& flight) REQUIRES_LOCK(mutex_);
  void end(const ProbeKey& probe, Flight::State state, std::shared_ptr<const Published> published);

  static std::size_t slot_of(const ProbeKey& probe);

  Mutex mutex_;
  ConditionVariable changed_;
  int waiting_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<ProbeKey, std::shared_ptr<Flight>> flights_ GUARDED_BY(mutex_);
  std::array<std::uint32_t, 256> landings_ GUARDED_BY(mutex_) = {};  // by a byte of the key
};

}  // namespace deja::pipeline
