// SPDX-License-Identifier: Apache-2.0
// What the kernel refused a program (EACCES): a permission is a fact like an absence, and it can be
// checked again. Tested by trace_builder_test.cc, conclude_test.cc and test/e2e/exec_tools_test.cc.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/collect.h"
#include "evidence/rules.h"
#include "os/file.h"

namespace deja::evidence {

using action::Claim;

namespace {

// The right that a call needs; '?': any of them (access), or none but the way there (stat).
char right_of(deja_op op) {
  switch (op) {
    case DEJA_OP_OPEN:
    case DEJA_OP_LIST:
      return 'r';
    case DEJA_OP_EXEC:
    case DEJA_OP_EXEC_FAILED:
    case DEJA_OP_SPAWN:
      return 'x';
    default:
      return '?';
  }
}

// By the text of access_text(): is this right missing?
bool lacks(std::string_view text, char right) {
  const std::string_view rights = text.substr(1, 3);
  if (right == '?') return rights.find('-') != std::string_view::npos;
  return rights.find(right) == std::string_view::npos;
}

// The claim is about the last step that can be looked at: a directory that may not be searched
// refuses all that is below it. A right that this user has was refused to another user (a program
// that has given up being root), whose rights are not known.
void conclude_refusal(Conclusion& c, const std::string& path, PathFacts::Refusal refusal) {
  char right = refusal.right;
  std::string subject = path;
  auto text = access_text(subject);
  while (!text && text.error().sys_errno == EACCES && subject != "/") {
    subject = std::string(parent_path(subject));
    right = 'x';
    text = access_text(subject);
  }
  if (!text) return c.fail(NotStored::path_unreadable, subject);
  const auto now = c.still_there(subject);
  if (!now) return;
  // A directory cannot be run by anyone. (A search in PATH finds one by the name of a program.)
  const bool is_plain_kind = subject == path && right == 'x' && !now->is_regular();
  if (is_plain_kind) return claim_kind(c, path, action::kind_letter(now->mode));
  if (!lacks(*text, right)) return c.fail(NotStored::access_refused, path);
  if (now->newest_ns() > refusal.when_ns) return c.fail(NotStored::input_changed, subject);
  c.claim_path(Claim::access, subject, *text);
  if (::geteuid() != 0 || right != '?') return;
  // Root is refused no look, but a program that has given up being root may be: then the way there
  // counts, too.
  while (subject != "/") {
    subject = std::string(parent_path(subject));
    const auto above = access_text(subject);
    if (!above) return c.fail(NotStored::path_unreadable, subject);
    c.claim_path(Claim::access, subject, *above);
  }
}

}  // namespace

void Collecting::refuse() const {
  if (is_own()) return;
  const char right = right_of(e.op);
  std::vector<PathFacts::Refusal>& refused = row().refused;
  const auto at =
      std::lower_bound(refused.begin(), refused.end(), right,
                       [](const PathFacts::Refusal& refusal, char r) { return refusal.right < r; });
  if (at == refused.end() || at->right != right) refused.insert(at, {right, e.when_ns});
}

void conclude_refusals(Conclusion& c, const std::string& path, const PathFacts& facts) {
  for (const PathFacts::Refusal& refusal : facts.refused) {
    if (facts.change != nullptr) return c.fail(NotStored::changed_after_refusal, path);
    conclude_refusal(c, path, refusal);
    if (c.has_failed()) return;
  }
}

}  // namespace deja::evidence
