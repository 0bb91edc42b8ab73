// What a run of a tool has taught of the programs it starts. Kept with the digest of the tool's own
// file, beside the facts of tool.h about its text, so that every engine knows it, and forgotten with
// it: learning it again costs one run that is not remembered.
#pragma once

#include "digest/file_digester.h"
#include "tool/tool.h"

namespace deja::evidence {

// One of them is not seen by the interposer (static, Go, musl).
inline constexpr digest::Traits kHasBlindSpot = 1u << 22;
// One of them is setuid or the like, and the supervisor would keep it from its rights
// (no_new_privs).
inline constexpr digest::Traits kGainsRights = 1u << 23;

inline bool wants_supervisor(digest::Traits traits) {
  return (traits & (kHasBlindSpot | tool::kIsStatic)) != 0 && (traits & kGainsRights) == 0;
}

}  // namespace deja::evidence
