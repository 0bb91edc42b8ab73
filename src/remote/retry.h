// SPDX-License-Identifier: Apache-2.0
// Decorator: repeats a call that ended with `unavailable`. Between two attempts it waits a random part of a time that
// doubles (full jitter), so that the clients of a server that was away do not all come back at the same instant.
//
// Never repeated: other errors; a get or a list of which the caller has seen a part; a wait beyond the deadline (the
// last error is then returned at once). A replace() whose answer was lost may have been done: its repetition
// then says `lost`, and the caller looks again as it does for any other writer.
#pragma once

#include <cstdint>
#include <memory>

#include "remote/clock.h"
#include "remote/decorator.h"

namespace deja::remote {

class RetryTransport final : public Policy {
 public:
  struct Options {
    int attempts = 3;                         // in all
    std::int64_t first_wait_ns = 50'000'000;  // the most it waits before the second attempt
    std::int64_t longest_wait_ns = 2'000'000'000;
    Clock& clock = system_clock();
    Random random = system_random();
  };
  RetryTransport(std::unique_ptr<Transport> inner, Options options)
      : Policy(std::move(inner)), options_(std::move(options)) {}
  explicit RetryTransport(std::unique_ptr<Transport> inner)
      : RetryTransport(std::move(inner), Options()) {}

  void stop() override;

 private:
  Status around(const Attempt& attempt, Deadline deadline) override;

  const Options options_;
  StopSignal stop_;
};

}  // namespace deja::remote
