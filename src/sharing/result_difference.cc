// SPDX-License-Identifier: Apache-2.0
// Compares artifact by artifact and stream by stream, and the traces claim by claim.
//
// Tested by result_difference_test.cc and test/e2e/audit_test.cc.
#include "sharing/result_difference.h"

#include <algorithm>
#include <set>

#include "action/claim_text.h"
#include "sharing/relocate.h"

namespace deja::sharing {
namespace {

using action::Artifact;
using action::Role;

constexpr std::size_t kNamedMax = 3;

bool is_equal(const Artifact& a, const Artifact& b, bool was_moved) {
  if (a.role != b.role || a.path != b.path || a.mode != b.mode || a.link_text != b.link_text)
    return false;
  // A depfile names the roots, so its bytes differ in another checkout (sharing/relocate.h).
  return (was_moved && a.role == Role::depfile) || a.digest == b.digest;
}

bool is_equal(const action::StreamBytes& stored, const action::StreamBytes& fresh,
              const action::ActionResult& result, const action::Roots& here) {
  if (stored.blob || fresh.blob) return stored.size == fresh.size && stored.blob == fresh.blob;
  const auto moved = move_text(stored.bytes, result.made_in, here);
  return moved && *moved == fresh.bytes;
}

void add(std::string& list, std::size_t& count, const std::string& item) {
  if (++count > kNamedMax) return;
  list += (list.empty() ? "" : ", ") + item;
}

std::string differing_parts(const action::ActionResult& stored, const action::ActionResult& fresh,
                            const action::Roots& here) {
  std::string parts;
  std::size_t count = 0;
  if (stored.exit_code != fresh.exit_code) add(parts, count, "exit code");
  // Captured as one stream and as two, the same text is in different streams: not compared.
  if (stored.streams_are_one == fresh.streams_are_one) {
    if (!is_equal(stored.out, fresh.out, stored, here)) add(parts, count, "standard output");
    if (!is_equal(stored.err, fresh.err, stored, here)) add(parts, count, "standard error");
  }
  const bool was_moved = stored.made_in != fresh.made_in;
  std::set<std::string> paths;
  for (const Artifact& a : stored.artifacts) paths.insert(a.path);
  for (const Artifact& a : fresh.artifacts) paths.insert(a.path);
  const auto find = [](const action::ActionResult& r, const std::string& path) {
    return std::find_if(r.artifacts.begin(), r.artifacts.end(),
                        [&](const Artifact& a) { return a.path == path; });
  };
  for (const std::string& path : paths) {
    const auto old = find(stored, path);
    const auto now = find(fresh, path);
    if (old == stored.artifacts.end() || now == fresh.artifacts.end() ||
        !is_equal(*old, *now, was_moved))
      add(parts, count, here.expand(path));
  }
  if (count > kNamedMax) parts += " and " + std::to_string(count - kNamedMax) + " more";
  return parts;
}

std::string missed_inputs(const action::Trace& old_trace, const action::Trace& fresh) {
  std::string missed;
  std::size_t count = 0;
  for (const action::Observation& o : fresh.observations) {
    if (std::find(old_trace.observations.begin(), old_trace.observations.end(), o) ==
        old_trace.observations.end())
      add(missed, count, describe(o));
  }
  if (count > kNamedMax) missed += " and " + std::to_string(count - kNamedMax) + " more";
  return missed;
}

}  // namespace

std::string difference(const Evidenced& stored, const Evidenced& fresh, const action::Roots& here) {
  const std::string parts = differing_parts(stored.result, fresh.result, here);
  if (parts.empty()) return {};
  const std::string missed = missed_inputs(stored.trace, fresh.trace);
  return parts + (missed.empty()
                      ? "; no input was missed: the tool may write something else each time"
                      : "; not in the old trace: " + missed);
}

}  // namespace deja::sharing
