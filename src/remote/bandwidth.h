// SPDX-License-Identifier: Apache-2.0
// Decorator: limits the bytes per second in each direction, by a token bucket each. A call waits until the bucket is not in debt,
// and then takes what it transfers, which may be more than is there; so an object larger than the
// bucket passes, and the mean still holds. What is streamed waits at each piece, which slows the sender; an upload and an object in
// memory are paid for as a whole. A wait that would end after the deadline is a `timeout` at once.
#pragma once

#include <cstdint>
#include <memory>

#include "base/mutex.h"
#include "remote/clock.h"
#include "remote/decorator.h"

namespace deja::remote {

class TokenBucket {
 public:
  // bytes_per_s 0: no limit. The bucket holds the bytes of one second.
  TokenBucket(std::uint64_t bytes_per_s, Clock& clock);
  // Waits until there is no debt. False, without waiting: that would be at the deadline or after it, or stop is set.
  bool wait(Deadline deadline, StopSignal& stop);
  void take(std::uint64_t bytes);

 private:
  void fill() REQUIRES_LOCK(mutex_);

  const double bytes_per_ns_;
  const double most_;
  Clock& clock_;
  Mutex mutex_;
  double tokens_ GUARDED_BY(mutex_);
  std::int64_t filled_ns_ GUARDED_BY(mutex_);
};

class BandwidthTransport final : public Decorator {
 public:
  struct Options {
    std::uint64_t upload_bytes_per_s = 0;  // 0: no limit
    std::uint64_t download_bytes_per_s = 0;
    Clock& clock = system_clock();
  };
  BandwidthTransport(std::unique_ptr<Transport> inner, Options options)
      : Decorator(std::move(inner)),
        upload_(options.upload_bytes_per_s, options.clock),
        download_(options.download_bytes_per_s, options.clock) {}

  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  void stop() override;

 private:
  Status wait(TokenBucket& bucket, Deadline deadline);

  StopSignal stop_;
  TokenBucket upload_;
  TokenBucket download_;
};

}  // namespace deja::remote
