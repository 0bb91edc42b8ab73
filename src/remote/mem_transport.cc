// SPDX-License-Identifier: Apache-2.0
// Two parts: MemRemote is the server with its objects, MemTransport a client of it with faults. So a test can
// let two clients meet at one server, and let only one of them fail.
#include "remote/mem_transport.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "os/clock.h"
#include "remote/source.h"

namespace deja::remote {
namespace {

// As a network would: in pieces.
constexpr std::size_t kMemPieceBytes = 64 << 10;

}  // namespace

std::optional<MemRemote::Entry> MemRemote::find(const Name& name) {
  const MutexLock lock(mutex_);
  const auto at = entries_.find(name);
  if (at == entries_.end()) return std::nullopt;
  return at->second;
}

void MemRemote::store(const Name& name, std::string bytes) {
  const MutexLock lock(mutex_);
  entries_[name] = {std::move(bytes), ++last_version_};
}

bool MemRemote::store_if(const Name& name, std::string bytes, std::uint64_t version) {
  const MutexLock lock(mutex_);
  const auto at = entries_.find(name);
  if ((at == entries_.end() ? 0 : at->second.version) != version) return false;
  entries_[name] = {std::move(bytes), ++last_version_};
  return true;
}

bool MemRemote::erase(const Name& name) {
  const MutexLock lock(mutex_);
  return entries_.erase(name) != 0;
}

std::map<Name, MemRemote::Entry> MemRemote::all() {
  const MutexLock lock(mutex_);
  return entries_;
}

std::uint64_t MemRemote::size() {
  const MutexLock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [name, entry] : entries_) sum += entry.bytes.size();
  return sum;
}

MemTransport::MemTransport(std::shared_ptr<MemRemote> remote, Options options)
    : remote_(std::move(remote)), options_([&options] {
        if (!options.now_ns) options.now_ns = os::monotonic_ns;
        return std::move(options);
      }()) {}

void MemTransport::set_before(Before before) {
  const MutexLock lock(mutex_);
  before_ = std::move(before);
}

void MemTransport::fail(int count, Error error) {
  const MutexLock lock(mutex_);
  failures_ = count;
  failure_ = std::move(error);
}

void MemTransport::set_lie(Lie lie) {
  const MutexLock lock(mutex_);
  lie_ = std::move(lie);
}

int MemTransport::calls(Call call) {
  const MutexLock lock(mutex_);
  return counts_[static_cast<std::size_t>(call)];
}

int MemTransport::calls() {
  const MutexLock lock(mutex_);
  int sum = 0;
  for (const int count : counts_) sum += count;
  return sum;
}

Error MemTransport::error(Code code, std::string_view what) const {
  return {code, 0, options_.name + ": " + std::string(what)};
}

Status MemTransport::start(Call call, Deadline deadline) {
  Before before;
  {
    const MutexLock lock(mutex_);
    if (stopped_) return error(Code::unavailable, "stopped");
    ++counts_[static_cast<std::size_t>(call)];
    if (failures_ > 0) {
      --failures_;
      return Error(failure_);
    }
    before = before_;
  }
  if (before) TRY(before(call, deadline));
  if (deadline.is_past(options_.now_ns())) return error(Code::timeout, "the deadline has passed");
  const MutexLock lock(mutex_);
  if (stopped_) return error(Code::unavailable, "stopped");
  return {};
}

Status MemTransport::check_size(std::uint64_t size) const {
  const std::uint64_t limit = options_.abilities.object_max;
  if (limit == 0 || size <= limit) return {};
  return error(Code::no_space, "the object has " + std::to_string(size) + " bytes, at most " +
                                   std::to_string(limit) + " are taken");
}

Result<std::optional<Object>> MemTransport::find(const Name& name, std::uint64_t max_bytes) {
  auto entry = remote_->find(name);
  if (!entry) return std::optional<Object>();
  Lie lie;
  {
    const MutexLock lock(mutex_);
    lie = lie_;
  }
  if (lie) lie(name, entry->bytes);
  if (entry->bytes.size() > max_bytes)
    return error(Code::protocol, name.path() + " has " + std::to_string(entry->bytes.size()) +
                                     " bytes, at most " + std::to_string(max_bytes) +
                                     " were asked for");
  Object object{std::move(entry->bytes), {}};
  if (options_.abilities.replaces_by_version) object.version = std::to_string(entry->version);
  return std::optional(std::move(object));
}

Result<std::optional<Object>> MemTransport::get(const Name& name, std::uint64_t max_bytes,
                                                Deadline deadline) {
  TRY(start(Call::get, deadline));
  return find(name, max_bytes);
}

Result<bool> MemTransport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                  Deadline deadline) {
  TRY(start(Call::get_to, deadline));
  const auto object = TRY(find(name, max_bytes));
  if (!object) return false;
  std::string_view rest = object->bytes;
  while (!rest.empty()) {
    TRY(sink(rest.substr(0, kMemPieceBytes)));
    rest.remove_prefix(std::min(rest.size(), kMemPieceBytes));
  }
  return true;
}

Result<std::vector<std::optional<Object>>> MemTransport::get_many(std::span<const Name> names,
                                                                  std::uint64_t max_bytes,
                                                                  Deadline deadline) {
  TRY(start(Call::get_many, deadline));
  std::vector<std::optional<Object>> objects;
  objects.reserve(names.size());
  for (const Name& name : names) objects.push_back(TRY(find(name, max_bytes)));
  return objects;
}

Result<std::vector<bool>> MemTransport::exists(std::span<const Name> names, Deadline deadline) {
  TRY(start(Call::exists, deadline));
  std::vector<bool> found;
  found.reserve(names.size());
  for (const Name& name : names) found.push_back(remote_->find(name).has_value());
  return found;
}

Status MemTransport::put(const Name& name, const Source& source, Deadline deadline) {
  TRY(start(Call::put, deadline));
  TRY(check_size(size_of(source)));
  std::string bytes;
  TRY(read_source(source, kMemPieceBytes, [&bytes](std::string_view piece) {
    bytes.append(piece);
    return Status();
  }));
  remote_->store(name, std::move(bytes));
  return {};
}

Result<Put> MemTransport::replace(const Name& name, std::string_view bytes,
                                  const std::string& version, Deadline deadline) {
  TRY(start(Call::replace, deadline));
  TRY(check_size(bytes.size()));
  if (!options_.abilities.replaces_by_version) {
    remote_->store(name, std::string(bytes));
    return Put::stored;
  }
  std::uint64_t number = 0;
  if (!version.empty()) {
    const char* end = version.data() + version.size();
    const auto read = std::from_chars(version.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number == 0)
      return error(Code::invalid, "version \"" + version + "\" is not a version of this remote");
  }
  return remote_->store_if(name, std::string(bytes), number) ? Put::stored : Put::lost;
}

Result<bool> MemTransport::remove(const Name& name, Deadline deadline) {
  TRY(start(Call::remove, deadline));
  return remote_->erase(name);
}

Status MemTransport::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  TRY(start(Call::list, deadline));
  if (!options_.abilities.lists) return error(Code::invalid, "its objects cannot be listed");
  for (const auto& [name, entry] : remote_->all())
    if (!each({name, entry.bytes.size()})) break;
  return {};
}

void MemTransport::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
}

}  // namespace deja::remote
