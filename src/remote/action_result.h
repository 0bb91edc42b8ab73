// SPDX-License-Identifier: Apache-2.0
// A record as an ActionResult of the Remote Execution API (build.bazel.remote.execution.v2), because servers for
// Bazel (bazel-remote) check that what lies under /ac is one:
//
//   message ActionResult {                       // encoding: protobuf, "Encoding" in its documentation
//     bytes stdout_raw = 5;                      the record
//     ExecutedActionMetadata execution_metadata = 9;
//   }
//   message ExecutedActionMetadata { string worker = 1; }   "deja"
//
// The worker marks it as ours. (bazel-remote would also write its client's address there if it were empty, and so
// change the bytes.) Blobs that a record names are not in the ActionResult, so a server may evict them earlier.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace deja::remote {

// An encoding is at most that much longer than the record; a server may have added to the metadata.
inline constexpr std::uint64_t kActionResultOverhead = 1024;

std::string encode_action_result(std::string_view record);
// Empty: an ActionResult of another program, which is not a record of ours. `protocol`: not an ActionResult.
// Fields that are not known are skipped, as protobuf demands. The view points into `bytes`.
Result<std::optional<std::string_view>> decode_action_result(std::string_view bytes);

}  // namespace deja::remote
