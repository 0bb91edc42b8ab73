// SPDX-License-Identifier: Apache-2.0
// Several remotes as one, nearest first: a Redis in the same rack, then the bucket of the company.
//
// The farthest one that may be written is the *home*: the others are caches of it.
//   get, get_to, get_many  the nearest that has the object answers. The nearer ones that said "absent" get a copy (of get_to:
//                          up to write_back_max bytes). If none has it and one failed, that is an error: the
//                          failed one may have it.
//   exists                 what the home says: an object that only a cache has must still be uploaded. Without a
//                          home: true if any has it.
//   put, replace           the home decides. If it stores the object, the caches get a copy, and their errors do not count.
//   remove                 from all that may be written; true if one had it.
//   list                   the home's; without a home, the farthest one's.
// A version says which remote gave it. If a cache gave it, replace() first looks whether the cache's object is still
// the home's; if not, the cache gets the home's object and the caller gets `lost`, so its next get shows what is there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "remote/transport.h"

namespace deja::remote {

class LayeredTransport final : public Transport {
 public:
  struct Options {
    std::uint64_t write_back_max = 16 << 20;
    // Runs a copy to a nearer remote; default: at once, in the thread of the get. What it is given must run or be
    // dropped before this object ends.
    std::function<void(std::function<void()>)> run_later{};
    // Limit for one copy; 0: none but the transport's.
    std::function<Deadline()> copy_deadline = [] { return Deadline{}; };
  };
  // At least one, nearest first.
  LayeredTransport(std::vector<std::unique_ptr<Transport>> layers, Options options);
  explicit LayeredTransport(std::vector<std::unique_ptr<Transport>> layers)
      : LayeredTransport(std::move(layers), Options()) {}

  std::string name() const override;
  Abilities abilities() const override;
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
  bool may_write(std::size_t layer) const { return !layers_[layer]->abilities().reads_only; }
  Result<std::size_t> home() const;
  // Copies to those of these layers that may be written.
  void copy(const Name& name, std::string bytes, const std::vector<std::size_t>& layers);
  Result<std::optional<std::string>> home_version(const Name& name, std::size_t layer,
                                                  const std::string& version, std::size_t home,
                                                  Deadline deadline);

  const std::vector<std::unique_ptr<Transport>> layers_;
  const Options options_;
};

}  // namespace deja::remote
