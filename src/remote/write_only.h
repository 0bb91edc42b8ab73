// SPDX-License-Identifier: Apache-2.0
// Decorator: a remote that is only written (`wo`), as by a machine that fills the remote and must not depend on it.
// Every object is absent to get, get_to and get_many, and nothing is asked. exists() is answered by the remote, so that nothing is
// sent twice. Who cannot see an object cannot have seen its version: replace() puts.
#pragma once

#include <memory>
#include <utility>

#include "remote/decorator.h"

namespace deja::remote {

class WriteOnlyTransport final : public Decorator {
 public:
  explicit WriteOnlyTransport(std::unique_ptr<Transport> inner) : Decorator(std::move(inner)) {}
  Abilities abilities() const override;
  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
};

}  // namespace deja::remote
