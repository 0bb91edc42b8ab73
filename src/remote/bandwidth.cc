// SPDX-License-Identifier: Apache-2.0
// Debt instead of a reservation: how many bytes a get transfers is known only after it, and a put must not wait
// for an amount that the bucket can never hold.
#include "remote/bandwidth.h"

#include <algorithm>
#include <cmath>

#include "remote/source.h"

namespace deja::remote {

TokenBucket::TokenBucket(std::uint64_t bytes_per_s, Clock& clock)
    : bytes_per_ns_(static_cast<double>(bytes_per_s) / 1e9),
      most_(static_cast<double>(bytes_per_s)),
      clock_(clock),
      tokens_(most_),
      filled_ns_(clock.now_ns()) {}

void TokenBucket::fill() {
  const std::int64_t now_ns = clock_.now_ns();
  tokens_ = std::min(most_, tokens_ + static_cast<double>(now_ns - filled_ns_) * bytes_per_ns_);
  filled_ns_ = now_ns;
}

bool TokenBucket::wait(Deadline deadline, StopSignal& stop) {
  if (bytes_per_ns_ == 0) return true;
  for (;;) {
    std::int64_t at_ns = 0;
    {
      const MutexLock lock(mutex_);
      fill();
      if (tokens_ >= 0) return true;
      at_ns = filled_ns_ + static_cast<std::int64_t>(std::ceil(-tokens_ / bytes_per_ns_)) + 1;
    }
    if (deadline.is_past(at_ns)) return false;
    if (!clock_.wait_until(at_ns, stop)) return false;
  }
}

void TokenBucket::take(std::uint64_t bytes) {
  if (bytes_per_ns_ == 0) return;
  const MutexLock lock(mutex_);
  fill();
  tokens_ -= static_cast<double>(bytes);
}

Status BandwidthTransport::wait(TokenBucket& bucket, Deadline deadline) {
  if (bucket.wait(deadline, stop_)) return {};
  if (stop_.is_set()) return Error{Code::unavailable, 0, name() + ": stopped"};
  return Error{Code::timeout, 0,
               name() + ": the bandwidth limit leaves no time before the deadline"};
}

Result<std::optional<Object>> BandwidthTransport::get(const Name& name, std::uint64_t max_bytes,
                                                      Deadline deadline) {
  TRY(wait(download_, deadline));
  auto got = inner().get(name, max_bytes, deadline);
  if (got && *got) download_.take((*got)->bytes.size());
  return got;
}

Result<bool> BandwidthTransport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                        Deadline deadline) {
  const Sink slowed = [&](std::string_view piece) -> Status {
    TRY(wait(download_, deadline));
    download_.take(piece.size());
    return sink(piece);
  };
  TRY(wait(download_, deadline));
  return inner().get_to(name, max_bytes, slowed, deadline);
}

Result<std::vector<std::optional<Object>>> BandwidthTransport::get_many(std::span<const Name> names,
                                                                        std::uint64_t max_bytes,
                                                                        Deadline deadline) {
  TRY(wait(download_, deadline));
  auto got = inner().get_many(names, max_bytes, deadline);
  if (!got) return got;
  for (const auto& object : *got)
    if (object) download_.take(object->bytes.size());
  return got;
}

Status BandwidthTransport::put(const Name& name, const Source& source, Deadline deadline) {
  TRY(wait(upload_, deadline));
  upload_.take(size_of(source));
  return inner().put(name, source, deadline);
}

Result<Put> BandwidthTransport::replace(const Name& name, std::string_view bytes,
                                        const std::string& version, Deadline deadline) {
  TRY(wait(upload_, deadline));
  upload_.take(bytes.size());
  return inner().replace(name, bytes, version, deadline);
}

void BandwidthTransport::stop() {
  stop_.set();
  Decorator::stop();
}

}  // namespace deja::remote
