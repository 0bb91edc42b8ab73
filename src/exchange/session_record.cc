// SPDX-License-Identifier: Apache-2.0
// Digests do not compress, so a record of 20,000 uses has 1.5 MB; its limit is 2 MiB.
//
// Tested by session_record_test.cc and test/fuzz/session.cc.
#include "exchange/session_record.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "exchange/payload.h"
#include "exchange/record_name.h"

namespace deja::exchange {
namespace {

constexpr PayloadFormat kSessionFormat{"dejS", 1, 2 << 20};
constexpr std::uint64_t kUseBytesMin = 32 + 32 + 1 + 1 + 1;
// Also the largest uses fit: two varints of ten bytes.
static_assert(kUsesMax * (kUseBytesMin + 18) + 2 * kProjectNameMax + 64 <= kSessionFormat.size_max);

Error no_session(std::string_view why) {
  return {Code::corrupt, 0, "not the session record of this project: " + std::string(why)};
}

}  // namespace

SessionRecord merge_sessions(const SessionRecord& now, const SessionRecord& before) {
  SessionRecord out = now;
  std::unordered_set<ProbeKey> seen;
  for (Use& use : out.uses) {
    use.age = 0;
    seen.insert(use.probe);
  }
  for (const Use& use : before.uses) {
    if (seen.contains(use.probe) || use.age >= kUseAgeMax) continue;
    out.uses.push_back(use);
    ++out.uses.back().age;
  }
  if (out.uses.size() > kUsesMax) out.uses.resize(kUsesMax);
  return out;
}

std::string encode_session(const SessionRecord& record) {
  CHECK(record.uses.size() <= kUsesMax && record.project.size() <= kProjectNameMax &&
        record.branch.size() <= kProjectNameMax);
  Encoder e;
  e.bytes(record.project);
  e.bytes(record.branch);
  e.i64(record.written_at_ns);
  e.varint(record.uses.size());
  for (const Use& use : record.uses) {
    e.raw(use.probe.digest.view());
    e.raw(use.key.digest.view());
    e.varint(use.cost_ns);
    e.varint(use.bytes);
    e.u8(use.age);
  }
  return wrap_payload(kSessionFormat, e.view());
}

Result<SessionRecord> decode_session(std::string_view project, std::string_view branch,
                                     std::string_view bytes) {
  const std::string payload = TRY(unwrap_payload(kSessionFormat, bytes));
  Decoder d(payload);
  SessionRecord record;
  record.project = d.bytes();
  record.branch = d.bytes();
  record.written_at_ns = d.i64();
  const std::uint64_t count = d.count(kUseBytesMin);
  if (d.failed() || record.project != project || record.branch != branch)
    return no_session("it is for another one");
  if (count > kUsesMax) return no_session("it has too many entries");
  record.uses.reserve(count);
  for (std::uint64_t i = 0; i < count && !d.failed(); ++i) {
    Use& use = record.uses.emplace_back();
    use.probe.digest = Digest::from_view(d.raw(32));
    use.key.digest = Digest::from_view(d.raw(32));
    use.cost_ns = d.varint();
    use.bytes = d.varint();
    use.age = d.u8();
  }
  if (!d.done()) return no_session("it is damaged");
  return record;
}

std::uint64_t session_bytes_max() { return wrapped_max(kSessionFormat); }

Result<Updated> write_session(remote::Transport& transport, std::string_view space,
                              const SessionRecord& now, remote::Deadline deadline) {
  if (now.uses.empty()) return Updated::left;
  if (now.project.size() > kProjectNameMax || now.branch.size() > kProjectNameMax)
    return Error{Code::invalid, 0, "the name of a project or branch has more than 4096 bytes"};
  const remote::Name name = session_name(space, now.project, now.branch);
  const auto change =
      [&now](const std::optional<remote::Object>& present) -> std::optional<std::string> {
    SessionRecord before;
    if (present) {
      auto decoded = decode_session(now.project, now.branch, present->bytes);
      if (!decoded && decoded.error().code == Code::protocol)
        return std::nullopt;  // a newer deja's
      if (decoded) before = *std::move(decoded);
    }
    return encode_session(merge_sessions(now, before));
  };
  auto present = TRY(transport.get(name, session_bytes_max(), deadline));
  return update_record(transport, name, session_bytes_max(), std::move(present), change, deadline);
}

Result<std::optional<SessionRecord>> read_session(remote::Transport& transport,
                                                  std::string_view space, std::string_view project,
                                                  std::span<const std::string> branches,
                                                  remote::Deadline deadline) {
  std::vector<remote::Name> names;
  names.reserve(branches.size());
  for (const std::string& branch : branches) names.push_back(session_name(space, project, branch));
  const auto objects = TRY(transport.get_many(names, session_bytes_max(), deadline));
  for (std::size_t i = 0; i < std::min(objects.size(), names.size()); ++i) {
    if (!objects[i]) continue;
    // A record that cannot be read is as good as none.
    if (auto record = decode_session(project, branches[i], objects[i]->bytes))
      return std::optional(*std::move(record));
  }
  return std::optional<SessionRecord>();
}

void SessionLog::note(const Use& use) {
  const MutexLock lock(mutex_);
  if (uses_.size() < kUsesMax && seen_.insert(use.key).second) uses_.push_back(use);
}

std::vector<Use> SessionLog::take() {
  const MutexLock lock(mutex_);
  seen_.clear();
  return std::exchange(uses_, {});
}

void SessionLog::put_back(std::vector<Use> uses) {
  const MutexLock lock(mutex_);
  uses.swap(uses_);
  seen_.clear();
  for (const Use& use : uses_) seen_.insert(use.key);
  for (const Use& use : uses)
    if (uses_.size() < kUsesMax && seen_.insert(use.key).second) uses_.push_back(use);
}

}  // namespace deja::exchange
