// SPDX-License-Identifier: Apache-2.0
// Decorator: no call takes longer than this, whatever its caller allows. The transport below keeps the deadline.
#pragma once

#include <cstdint>
#include <memory>

#include "remote/clock.h"
#include "remote/decorator.h"

namespace deja::remote {

class DeadlineTransport final : public Policy {
 public:
  struct Options {
    // For what is answered at once: get, get_many, exists, replace, remove.
    std::int64_t answer_ns = 500'000'000;
    // For what takes as long as it is large: get_to, put, list.
    std::int64_t transfer_ns = 60'000'000'000;
    Clock& clock = system_clock();
  };
  DeadlineTransport(std::unique_ptr<Transport> inner, Options options)
      : Policy(std::move(inner)), options_(options) {}

 private:
  Status around(const Attempt& attempt, Deadline deadline) override;

  const Options options_;
};

}  // namespace deja::remote
