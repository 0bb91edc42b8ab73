// SPDX-License-Identifier: Apache-2.0
// Policy turns the eight calls, each with a result of its own, into one form: a function that can be run
// again, and that says no more than whether it failed.
#include "remote/decorator.h"

#include <optional>

namespace deja::remote {

template <typename R, typename F>
R Policy::apply(CallKind kind, Deadline deadline, const bool& delivered, const bool& refused,
                F call) {
  std::optional<R> last;
  const std::function<Status(Deadline)> run = [&](Deadline until) -> Status {
    last.emplace(call(until));
    if (!*last) return Error(last->error());
    return {};
  };
  Status done =
      around({.kind = kind, .run = run, .delivered = delivered, .refused = refused}, deadline);
  if (!done) return std::move(done).error();
  CHECK(last.has_value());
  return std::move(*last);
}

template <typename R, typename F>
R Policy::apply(CallKind kind, Deadline deadline, F call) {
  static constexpr bool kNever = false;
  return apply<R>(kind, deadline, kNever, kNever, call);
}

Result<std::optional<Object>> Policy::get(const Name& name, std::uint64_t max_bytes,
                                          Deadline deadline) {
  return apply<Result<std::optional<Object>>>(CallKind::read, deadline, [&](Deadline until) {
    return inner().get(name, max_bytes, until);
  });
}

Result<bool> Policy::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                            Deadline deadline) {
  bool delivered = false;
  bool refused = false;
  const Sink guarded = [&](std::string_view piece) {
    delivered = true;
    Status taken = sink(piece);
    refused = !taken;
    return taken;
  };
  return apply<Result<bool>>(
      CallKind::read_stream, deadline, delivered, refused,
      [&](Deadline until) { return inner().get_to(name, max_bytes, guarded, until); });
}

Result<std::vector<std::optional<Object>>> Policy::get_many(std::span<const Name> names,
                                                            std::uint64_t max_bytes,
                                                            Deadline deadline) {
  return apply<Result<std::vector<std::optional<Object>>>>(
      CallKind::read, deadline,
      [&](Deadline until) { return inner().get_many(names, max_bytes, until); });
}

Result<std::vector<bool>> Policy::exists(std::span<const Name> names, Deadline deadline) {
  return apply<Result<std::vector<bool>>>(
      CallKind::read, deadline, [&](Deadline until) { return inner().exists(names, until); });
}

Status Policy::put(const Name& name, const Source& source, Deadline deadline) {
  return apply<Status>(CallKind::write_stream, deadline,
                       [&](Deadline until) { return inner().put(name, source, until); });
}

Result<Put> Policy::replace(const Name& name, std::string_view bytes, const std::string& version,
                            Deadline deadline) {
  return apply<Result<Put>>(CallKind::write, deadline, [&](Deadline until) {
    return inner().replace(name, bytes, version, until);
  });
}

Result<bool> Policy::remove(const Name& name, Deadline deadline) {
  return apply<Result<bool>>(CallKind::write, deadline,
                             [&](Deadline until) { return inner().remove(name, until); });
}

Status Policy::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  bool delivered = false;
  static constexpr bool kNever = false;
  const auto guarded = [&](const Listed& listed) {
    delivered = true;
    return each(listed);
  };
  return apply<Status>(CallKind::list, deadline, delivered, kNever,
                       [&](Deadline until) { return inner().list(guarded, until); });
}

}  // namespace deja::remote
