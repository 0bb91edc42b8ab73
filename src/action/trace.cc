// SPDX-License-Identifier: Apache-2.0
// The order of claims, and the digests that are made of them. Tested by action_test.cc and format_test.cc.
#include "action/trace.h"

#include <sys/stat.h>

#include <algorithm>

#include "action/recipe.h"
#include "base/check.h"

namespace deja::action {

char kind_letter(std::uint32_t mode) {
  if (S_ISREG(mode)) return (mode & 0111) != 0 ? 'x' : 'f';
  return S_ISDIR(mode) ? 'd' : 'o';
}

Digest digest_of_variable(std::string_view name, std::string_view tagged_value) {
  HashSink sink;
  sink.field("variable", name);
  sink.field("value", tagged_value);
  return sink.finish();
}

void Trace::conceal() {
  for (Observation& o : observations) {
    if (o.claim != Claim::variable) continue;
    o.value = digest_of_variable(o.subject, o.value).view();
    o.claim = Claim::variable_digest;
  }
  normalize();
}

void Trace::normalize() {
  std::sort(observations.begin(), observations.end());
  observations.erase(std::unique(observations.begin(), observations.end()), observations.end());
}

ActionKey action_key(const ProbeKey& probe, const Trace& trace, bool streams_are_one) {
  HashSink sink;
  sink.field("probe", probe.digest.view());
  if (streams_are_one) sink.field("streams", "one");
  for (const Observation& o : trace.observations) {
    CHECK(o.claim != Claim::variable);  // conceal() comes first
    const char claim = static_cast<char>(o.claim);
    sink.field("claim", {&claim, 1});
    sink.field("subject", o.subject);
    sink.field("value", o.value);
  }
  return ActionKey{sink.finish()};
}

}  // namespace deja::action
