// SPDX-License-Identifier: Apache-2.0
// What an earlier run of a tool showed about the programs that it starts. It is stored with the
// digest of the tool's own file, next to the facts of tool.h about its text, so that every engine
// has it. It is removed together with the digest; finding it out again costs one run that is not
// stored.
#pragma once

#include "digest/file_digester.h"
#include "tool/tool.h"

namespace deja::evidence {

// The interposer does not see one of them (static, Go, musl).
inline constexpr digest::Traits kHasBlindSpot = 1u << 22;
// One of them is setuid or the like, and would not get its rights under the supervisor
// (no_new_privs).
inline constexpr digest::Traits kGainsRights = 1u << 23;

// A file that is too large to be scanned has all traits.
inline bool makes_raw_calls(digest::Traits traits) {
  return (traits & tool::kMakesRawCalls) != 0 &&
         (traits & digest::kTraitsMask) != digest::kTraitsMask;
}

// Of compilers and the like it is known that what they do by themselves is of no account.
inline bool wants_supervisor(digest::Traits traits, const tool::Invocation::Policy& policy) {
  const bool is_unknown = policy.is_generic || policy.is_unknown;
  const bool is_blind =
      (traits & (kHasBlindSpot | tool::kIsStatic)) != 0 || (is_unknown && makes_raw_calls(traits));
  return is_blind && (traits & kGainsRights) == 0;
}

}  // namespace deja::evidence
