// SPDX-License-Identifier: Apache-2.0
// The contract of a transport: named byte objects on another machine. One file per protocol implements it;
// each policy (deadline, retry, breaker, read-only) is a decorator that implements it too. All of them
// pass remote/transport_contract.h. What the bytes mean is the business of exchange/.
//
// All methods are thread-safe and block until they have an answer or the deadline has passed. An Error means
// that the remote did not do it, never that an object is absent:
//   unavailable  no connection, an answer of the kind "try again" (429, 5xx, LOADING): worth a retry
//   timeout      the deadline passed
//   denied       the remote refuses us (401, 403, NOAUTH): not worth a retry
//   no_space     the remote is full, or the object is larger than it takes
//   protocol     what it sent is outside the protocol, or longer than was allowed
//   corrupt      an object's bytes are not what its name says
//   invalid      the request has no meaning for this transport (a bad address, a list of what cannot be listed)
// A message names the remote by Transport::name(), which holds no secret.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace deja::remote {

// What a name stands for. `blob` is immutable and named by the SHA-256 of its bytes, so that servers
// that check content (bazel-remote's /cas) accept it; `record` may be replaced, and its name is a digest
// of what it describes (/ac).
enum class Kind : std::uint8_t { record, blob };

struct Name {
  Kind kind = Kind::blob;
  std::array<std::uint8_t, 32> id{};
  auto operator<=>(const Name&) const = default;
  std::string hex() const;   // 64 lower-case digits
  std::string path() const;  // "ac/<hex>" or "cas/<hex>"
  // Only of the form that path() gives: what a remote lists is never used as a path.
  static std::optional<Name> from_path(std::string_view path);
};

// Monotonic time (os::monotonic_ns) until which a call may take; 0: as long as the transport's own
// limits allow.
struct Deadline {
  std::int64_t at_ns = 0;
  bool is_past(std::int64_t now_ns) const { return at_ns != 0 && at_ns <= now_ns; }
};

// What a put sends: bytes in memory, or the first `size` bytes of a regular file. A file is read while it is
// sent, so memory does not grow with it. It may be sent again after a retry.
struct Source {
  std::string_view bytes{};
  const os::Fd* file = nullptr;  // if set, `bytes` is not used
  std::uint64_t size = 0;
};

// Takes the bytes of a get in order. An error ends the get with that error.
using Sink = std::function<Status(std::string_view)>;

struct Object {
  std::string bytes;
  std::string version;  // for replace(); empty: the transport cannot tell versions apart
};

enum class Put {
  stored,
  lost,  // another writer was first: the object is not what the caller expected
};

struct Abilities {
  bool replaces_by_version = false;  // replace() never overwrites what the caller has not seen
  bool lists = false;
  bool gets_many = false;  // get_many() is cheaper than that many get()
  bool reads_only = false;
  std::uint64_t object_max = 0;  // the largest object it takes; 0: no limit
};

class Transport {
 public:
  virtual ~Transport() = default;

  // For people and logs: "s3 bucket builds at 127.0.0.1:9000". No credentials.
  virtual std::string name() const = 0;
  virtual Abilities abilities() const = 0;

  // The object whole. An object of more than max_bytes is `protocol`, found before they are held in memory.
  virtual Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                            Deadline deadline) = 0;
  // The bytes go to the sink as they arrive. False: absent, and the sink was not called. After an error the
  // sink may have seen a part.
  virtual Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                              Deadline deadline) = 0;
  // In the order of `names`. max_bytes holds for each of them.
  virtual Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                              std::uint64_t max_bytes,
                                                              Deadline deadline) = 0;
  // In the order of `names`.
  virtual Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) = 0;

  // Replaces what is there. An object is seen whole or not at all.
  virtual Status put(const Name& name, const Source& source, Deadline deadline) = 0;
  // Replaces the object only if it still has this version; an empty version means: only if there is none.
  // A transport without replaces_by_version puts.
  virtual Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                              Deadline deadline) = 0;
  // False: there was none. `invalid`: this transport cannot remove.
  virtual Result<bool> remove(const Name& name, Deadline deadline) = 0;

  // Calls back for each object, in no order. What is there under a name that is no Name::path() is skipped. The callback
  // returns false to end the list. `invalid`: without abilities().lists.
  struct Listed {
    Name name;
    std::uint64_t size = 0;
  };
  virtual Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) = 0;

  // Ends calls that are under way in other threads with `unavailable`, and all later ones.
  virtual void stop() = 0;
};

}  // namespace deja::remote
