// SPDX-License-Identifier: Apache-2.0
// Tested by pack_file_test.cc.
#include "remote/pack_remote.h"

#include "os/clock.h"

namespace deja::remote {

Result<std::shared_ptr<PackFile>> PackRemote::now(Deadline deadline) {
  if (is_stopped_) return Error{Code::unavailable, 0, name() + ": stopped"};
  if (deadline.is_past(os::monotonic_ns()))
    return Error{Code::timeout, 0, name() + ": the deadline has passed"};
  const auto there = TRY(os::stat_file(path_));
  const MutexLock lock(mutex_);
  if (!there) {
    pack_ = nullptr;
  } else if (pack_ == nullptr || !(identity_ == *there)) {
    pack_ = TRY(PackFile::open(path_));
    identity_ = *there;
  }
  return pack_;
}

Result<std::optional<Object>> PackRemote::get(const Name& name, std::uint64_t max_bytes,
                                              Deadline deadline) {
  const auto pack = TRY(now(deadline));
  if (pack == nullptr) return std::optional<Object>();
  return pack->get(name, max_bytes, deadline);
}

Result<bool> PackRemote::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                Deadline deadline) {
  const auto pack = TRY(now(deadline));
  return pack == nullptr ? Result<bool>(false) : pack->get_to(name, max_bytes, sink, deadline);
}

Result<std::vector<std::optional<Object>>> PackRemote::get_many(std::span<const Name> names,
                                                                std::uint64_t max_bytes,
                                                                Deadline deadline) {
  const auto pack = TRY(now(deadline));
  if (pack == nullptr) return std::vector<std::optional<Object>>(names.size());
  return pack->get_many(names, max_bytes, deadline);
}

Result<std::vector<bool>> PackRemote::exists(std::span<const Name> names, Deadline deadline) {
  const auto pack = TRY(now(deadline));
  if (pack == nullptr) return std::vector<bool>(names.size());
  return pack->exists(names, deadline);
}

Status PackRemote::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  const auto pack = TRY(now(deadline));
  return pack == nullptr ? Status() : pack->list(each, deadline);
}

Error PackRemote::refuse() const {
  return {Code::denied, 0,
          name() + ": a pack cannot be changed: write a new one with 'deja remote push'"};
}
Status PackRemote::put(const Name&, const Source&, Deadline) { return refuse(); }
Result<Put> PackRemote::replace(const Name&, std::string_view, const std::string&, Deadline) {
  return refuse();
}
Result<bool> PackRemote::remove(const Name&, Deadline) { return refuse(); }

}  // namespace deja::remote
