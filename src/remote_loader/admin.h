// SPDX-License-Identifier: Apache-2.0
// What `deja remote` and `deja key` do with a remote. The subcommands know only this; the work is in
// libdeja-remote.so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "digest/digest.h"

namespace deja::exchange {

struct RemoteState {
  std::string name;
  bool answers = false;
  std::string problem;         // why not, with the remedy where one is known
  std::int64_t answer_ns = 0;  // of one small request
  bool may_write = false;
  std::string writer;  // the public key of what is signed here; empty: nothing is signed
  std::optional<std::size_t> trusted;  // how many writers are trusted; empty: everyone is
  std::size_t queued = 0;              // results that wait for their upload
  std::string project, branch;         // of the working directory; empty: not known
};

struct PushReport {
  std::size_t offered = 0, there = 0, not_shared = 0, failed = 0;
  std::uint64_t bytes = 0;                 // sent
  std::string why_not_shared, why_failed;  // of the first
};

struct PullReport {
  std::size_t known = 0;  // results that earlier builds of the project have used
  std::size_t there = 0;  // in the local store before
  std::size_t imported = 0;
  std::size_t absent = 0;  // gone from the remote, or refused
  std::size_t errors = 0;
  std::uint64_t bytes = 0;  // received
  std::string ended_because;
};

struct FlushReport {
  std::size_t left = 0, sent = 0, errors = 0;
  std::string last_error;
};

struct RemoteSize {
  std::size_t records = 0, blobs = 0;
  std::uint64_t record_bytes = 0, blob_bytes = 0;
};

struct RemoteSpeed {
  std::int64_t small_get_ns = 0, small_put_ns = 0;  // medians of 1 KiB objects
  double get_bytes_per_s = 0, put_bytes_per_s = 0;  // of 4 MiB objects
};

struct ResultName {
  ProbeKey probe;
  ActionKey key;
};

// Not thread-safe. progress: how many of all are done; false ends the work early.
class Admin {
 public:
  using Progress = std::function<bool(std::size_t done, std::size_t all)>;
  virtual ~Admin() = default;

  virtual RemoteState state() = 0;
  // Offers these results and names them in the project's session record. A pack is replaced.
  virtual Result<PushReport> push(const std::vector<ResultName>& results,
                                  const Progress& progress) = 0;
  // Imports what earlier builds of the working directory's project have used.
  virtual Result<PullReport> pull() = 0;
  virtual Result<FlushReport> flush(std::int64_t timeout_ns) = 0;
  virtual Result<RemoteSize> size() = 0;
  virtual Result<RemoteSpeed> measure() = 0;
  // Removes the offer for a fingerprint. False: there is none.
  virtual Result<bool> remove(const ProbeKey& probe) = 0;
};

// The keys of writers.
struct KeyLine {
  std::string key;  // "ed25519:<hex>"
  std::string label;
};
class Keys {
 public:
  virtual ~Keys() = default;
  // Makes a private key in a new file; returns its public key.
  virtual Result<std::string> make(const std::string& file) = 0;
  // The public key of a private one.
  virtual Result<std::string> read(const std::string& file) = 0;
  // Empty: there is no list.
  virtual Result<std::optional<std::vector<KeyLine>>> list(const std::string& file) = 0;
  // False: it was there, or was not.
  virtual Result<bool> trust(const std::string& file, std::string_view key,
                             std::string_view label) = 0;
  virtual Result<bool> remove(const std::string& file, std::string_view key) = 0;
};

}  // namespace deja::exchange
