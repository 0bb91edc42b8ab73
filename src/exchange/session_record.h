// SPDX-License-Identifier: Apache-2.0
// The session record: which results the last builds of a project and branch have used, in order, so that the next
// build can have them before it asks. It is a hint: what it names is verified when it is imported.
//
// clang-format off
//   session = "dejS" u8 version, varint size, raw checksum[8], zstd frame: payload    (exchange/payload.h)
//   payload = bytes project, bytes branch, i64 written_at_ns, varint n, n * use
//   use     = raw probe[32], raw key[32], varint cost_ns, varint bytes, u8 age
// clang-format on
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "digest/digest.h"
#include "exchange/record_update.h"
#include "remote/transport.h"

namespace deja::exchange {

struct Use {
  ProbeKey probe;
  ActionKey key;
  std::uint64_t cost_ns = 0;  // of the run that it saves
  std::uint64_t bytes = 0;    // of all its blobs
  std::uint8_t age = 0;       // builds since it was last used
  bool operator==(const Use&) const = default;
};

inline constexpr std::size_t kUsesMax = 20'000;
inline constexpr std::uint8_t kUseAgeMax = 15;
inline constexpr std::size_t kProjectNameMax = 4096;

struct SessionRecord {
  std::string project;
  std::string branch;  // "": any
  std::int64_t written_at_ns = 0;
  std::vector<Use> uses;  // in the order of the build
  bool operator==(const SessionRecord&) const = default;
};

// What `now` has used comes first, then what earlier builds have used and this one has not: a build of one changed
// file does not forget the rest. A result whose action `now` has run with another result is left out, and so is one
// that kUseAgeMax builds have not used.
SessionRecord merge_sessions(const SessionRecord& now, const SessionRecord& before);

// REQUIRES: at most kUsesMax uses, names of at most kProjectNameMax bytes.
std::string encode_session(const SessionRecord& record);
// `corrupt`: not a record, or one of another project or branch. `protocol`: of another version.
Result<SessionRecord> decode_session(std::string_view project, std::string_view branch,
                                     std::string_view bytes);
std::uint64_t session_bytes_max();

// Merges the record into what the remote has.
Result<Updated> write_session(remote::Transport& transport, std::string_view space,
                              const SessionRecord& now, remote::Deadline deadline);
// The record of the first of these branches that has one, in one request.
Result<std::optional<SessionRecord>> read_session(remote::Transport& transport,
                                                  std::string_view space, std::string_view project,
                                                  std::span<const std::string> branches,
                                                  remote::Deadline deadline);

// Collects what a build uses. Thread-safe.
class SessionLog {
 public:
  // Each result counts once, at its first use; nothing after kUsesMax.
  void note(const Use& use);
  std::vector<Use> take();  // and begins again
  // What could not be written comes before what was noted since.
  void put_back(std::vector<Use> uses);

 private:
  Mutex mutex_;
  std::vector<Use> uses_ GUARDED_BY(mutex_);
  std::unordered_set<ActionKey> seen_ GUARDED_BY(mutex_);
};

}  // namespace deja::exchange
