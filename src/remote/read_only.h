// SPDX-License-Identifier: Apache-2.0
// Decorator: a remote that is only read (`ro`).
#pragma once

#include <memory>
#include <utility>

#include "remote/decorator.h"

namespace deja::remote {

// put, replace and remove are `denied` without asking.
class ReadOnlyTransport final : public Decorator {
 public:
  explicit ReadOnlyTransport(std::unique_ptr<Transport> inner) : Decorator(std::move(inner)) {}
  Abilities abilities() const override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;

 private:
  Error refuse(std::string_view call) const;
};

}  // namespace deja::remote
