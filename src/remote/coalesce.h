// SPDX-License-Identifier: Apache-2.0
// Decorator: combines equal requests. When several threads get the same object at once, one of them asks and the
// others wait for its answer, each until its own deadline. A put, replace or remove of this client ends the sharing of
// what was asked before it, so nobody gets an answer that is older than what it has written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "remote/decorator.h"

namespace deja::remote {

class CoalesceTransport final : public Decorator {
 public:
  explicit CoalesceTransport(std::unique_ptr<Transport> inner) : Decorator(std::move(inner)) {}

  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  void stop() override;

  int waiting();  // threads that wait for another one's answer

 private:
  using Key = std::pair<Name, std::uint64_t>;
  using Answer = Result<std::optional<Object>>;
  struct Flight {
    std::optional<Answer> answer;
  };
  Answer lead(const Key& key, const std::shared_ptr<Flight>& flight, Deadline deadline);
  // Empty: the leader ended for a reason of its own, and this thread asks again.
  std::optional<Answer> follow(Flight& flight, Deadline deadline);
  void forget(const Name& name);

  Mutex mutex_;
  ConditionVariable landed_;
  std::map<Key, std::shared_ptr<Flight>> flights_ GUARDED_BY(mutex_);
  int waiting_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace deja::remote
