// SPDX-License-Identifier: Apache-2.0
// Decorator: remembers for a short time that a record is absent, so that a build that asks again and again for what
// nobody has (a file that is being edited, several clients at once) asks the remote once. What this client puts
// is forgotten at once; what another one puts is seen after `keep_ns` at the latest. Blobs are not remembered: they are
// asked for only after a record has named them. exists() always asks, because an upload depends on it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "base/mutex.h"
#include "remote/clock.h"
#include "remote/decorator.h"

namespace deja::remote {

class NegativeCacheTransport final : public Decorator {
 public:
  struct Options {
    std::int64_t keep_ns = 30'000'000'000;
    std::size_t names_max = 65'536;  // then all are forgotten
    Clock& clock = system_clock();
  };
  NegativeCacheTransport(std::unique_ptr<Transport> inner, Options options)
      : Decorator(std::move(inner)), options_(options) {}

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

  std::int64_t saved();  // how often it has answered itself

 private:
  enum class Known { absent, written };
  struct Entry {
    Known known = Known::absent;
    std::int64_t until_ns = 0;
  };
  bool is_absent(const Name& name, Deadline deadline);
  void note(const Name& name, Known known);

  const Options options_;
  Mutex mutex_;
  std::map<Name, Entry> entries_ GUARDED_BY(mutex_);
  std::int64_t saved_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace deja::remote
