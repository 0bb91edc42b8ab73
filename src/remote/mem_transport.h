// SPDX-License-Identifier: Apache-2.0
// A remote in memory, for tests. It keeps the whole contract, and it can be told to break it: to fail, to
// take long, or to hand out other bytes than it was given.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "remote/transport.h"

namespace deja::remote {

enum class Call { get, get_to, get_many, exists, put, replace, remove, list };
inline constexpr std::size_t kCallCount = 8;

// What several transports share, as the clients of one server do. Thread-safe.
class MemRemote {
 public:
  struct Entry {
    std::string bytes;
    std::uint64_t version = 0;
  };
  std::optional<Entry> find(const Name& name);
  void store(const Name& name, std::string bytes);
  // False: the object has another version. Version 0: there is none.
  bool store_if(const Name& name, std::string bytes, std::uint64_t version);
  bool erase(const Name& name);
  std::map<Name, Entry> all();
  std::uint64_t size();  // the bytes of all objects

 private:
  Mutex mutex_;
  std::map<Name, Entry> entries_ GUARDED_BY(mutex_);
  std::uint64_t last_version_ GUARDED_BY(mutex_) = 0;
};

class MemTransport final : public Transport {
 public:
  struct Options {
    std::string name = "memory";
    Abilities abilities{.replaces_by_version = true, .lists = true, .gets_many = true};
    std::function<std::int64_t()> now_ns{};  // default: os::monotonic_ns
  };
  explicit MemTransport(std::shared_ptr<MemRemote> remote, Options options);
  explicit MemTransport(std::shared_ptr<MemRemote> remote = std::make_shared<MemRemote>())
      : MemTransport(std::move(remote), Options()) {}

  // Called at the start of each call, in its thread, with no lock held. It may block, advance a test's clock,
  // or return the error that the call then ends with. The deadline is checked after it.
  using Before = std::function<Status(Call, Deadline)>;
  void set_before(Before before);
  // The next `count` calls end with this error.
  void fail(int count, Error error);
  // Changes the bytes that a get hands out.
  using Lie = std::function<void(const Name&, std::string&)>;
  void set_lie(Lie lie);
  // How often it was called so.
  int calls(Call call);
  int calls();

  std::string name() const override { return options_.name; }
  Abilities abilities() const override { return options_.abilities; }
  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override;
  void stop() override;

 private:
  Status start(Call call, Deadline deadline);
  Status check_size(std::uint64_t size) const;
  Result<std::optional<Object>> find(const Name& name, std::uint64_t max_bytes);
  Error error(Code code, std::string_view what) const;

  const std::shared_ptr<MemRemote> remote_;
  const Options options_;
  Mutex mutex_;
  bool stopped_ GUARDED_BY(mutex_) = false;
  Before before_ GUARDED_BY(mutex_);
  Lie lie_ GUARDED_BY(mutex_);
  int failures_ GUARDED_BY(mutex_) = 0;
  Error failure_ GUARDED_BY(mutex_);
  std::array<int, kCallCount> counts_ GUARDED_BY(mutex_){};
};

}  // namespace deja::remote
