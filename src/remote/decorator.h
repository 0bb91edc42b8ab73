// SPDX-License-Identifier: Apache-2.0
// What decorators are made of: Decorator hands every call on, and Policy treats all calls alike. A decorator owns
// the transport below it and has its name: to people it is the same remote.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "remote/transport.h"

namespace deja::remote {

class Decorator : public Transport {
 public:
  std::string name() const override { return inner_->name(); }
  Abilities abilities() const override { return inner_->abilities(); }
  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override {
    return inner_->get(name, max_bytes, deadline);
  }
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override {
    return inner_->get_to(name, max_bytes, sink, deadline);
  }
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override {
    return inner_->get_many(names, max_bytes, deadline);
  }
  Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) override {
    return inner_->exists(names, deadline);
  }
  Status put(const Name& name, const Source& source, Deadline deadline) override {
    return inner_->put(name, source, deadline);
  }
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override {
    return inner_->replace(name, bytes, version, deadline);
  }
  Result<bool> remove(const Name& name, Deadline deadline) override {
    return inner_->remove(name, deadline);
  }
  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override {
    return inner_->list(each, deadline);
  }
  void stop() override { inner_->stop(); }

 protected:
  explicit Decorator(std::unique_ptr<Transport> inner) : inner_(std::move(inner)) {}
  Transport& inner() { return *inner_; }
  const Transport& inner() const { return *inner_; }

 private:
  std::unique_ptr<Transport> inner_;
};

// A decorator that does the same around every call.
class Policy : public Decorator {
 public:
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

 protected:
  enum class CallKind { read, write, read_stream, write_stream, list };
  // One call of the transport below.
  struct Attempt {
    CallKind kind = CallKind::read;
    // Makes the call. The Status is its error, whatever its value is.
    const std::function<Status(Deadline)>& run;
    // After run(): the caller has seen a part, so a second call would show it twice.
    const bool& delivered;
    // After run(): the error is of the caller's own sink, and tells nothing about the remote.
    const bool& refused;
  };

  using Decorator::Decorator;
  // Runs the attempt any number of times; the last one counts, unless an error is returned.
  virtual Status around(const Attempt& attempt, Deadline deadline) = 0;

 private:
  template <typename R, typename F>
  R apply(CallKind kind, Deadline deadline, const bool& delivered, const bool& refused, F call);
  template <typename R, typename F>
  R apply(CallKind kind, Deadline deadline, F call);
};

}  // namespace deja::remote
