// One flight per probe key: the first request runs the tool, the others wait for its result and
// need no second look-up. If the runner dies, the next waiter runs; if its result cannot be
// shared, or its user has suspended it, all waiters run at once.
//
// Thread-safe. No wake-up can be lost: a flight's state only changes under the mutex, every change
// notifies, and a waiter re-reads the state before it waits.
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

// What a runner hands to those who waited.
struct Published {
  action::Trace trace;
  ActionKey key;
  std::shared_ptr<const action::ActionResult> result;
};

class Flights {
 public:
  // Held by whoever runs. Destroyed without land(): the runner died.
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
    // neither: run without a turn (the runner had nothing to share or stands, or the client left)
  };
  // Waits for a running flight; calls `still_there` every second and gives up when it says false.
  // runner: the client's process, should it get the turn; while that is stopped (Ctrl-Z), nobody waits
  // for it. 0: not known.
  Entered enter(const ProbeKey& probe, const std::function<bool()>& still_there, pid_t runner = 0);
  // A number that is another one after a flight of this probe key has landed (and after a few
  // others).
  std::uint32_t landings(const ProbeKey& probe);
  // How many wait at this moment.
  int waiting();
  // Does anybody wait for this flight now?
  bool has_waiters(const ProbeKey& probe);

 private:
  struct Flight {
    enum class State { running, landed, abandoned } state = State::running;
    std::shared_ptr<const Published> published;
    int waiters = 0;
    pid_t runner = 0;
  };
  void end(const ProbeKey& probe, Flight::State state, std::shared_ptr<const Published> published);

  static std::size_t slot_of(const ProbeKey& probe);

  Mutex mutex_;
  ConditionVariable changed_;
  int waiting_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<ProbeKey, std::shared_ptr<Flight>> flights_ GUARDED_BY(mutex_);
  std::array<std::uint32_t, 256> landings_ GUARDED_BY(mutex_) = {};  // by a byte of the key
};

}  // namespace deja::pipeline
