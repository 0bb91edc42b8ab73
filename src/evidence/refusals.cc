// What the kernel refused a program: permission is a fact like absence, it can be looked at again.
// Tested by trace_builder_test.cc and test/e2e/exec_tools_test.cc.
#include <unistd.h>

#include <cerrno>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/trace_builder.h"
#include "os/file.h"

namespace deja::evidence {

using action::Claim;
using observe::Event;

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

// Does the text of access_text() say so?
bool lacks(std::string_view text, char right) {
  const std::string_view rights = text.substr(1, 3);
  if (right == '?') return rights.find('-') != std::string_view::npos;
  return rights.find(right) == std::string_view::npos;
}

}  // namespace

void TraceBuilder::note_refused(const Event& e) {
  if (!is_own(e.path)) refused_.try_emplace({e.path, right_of(e.op)}, e.when_ns);
}

// O_NOFOLLOW met a symlink, which is a fact about the symlink (with O_DIRECTORY it is ENOTDIR). It must
// have been there before.
bool TraceBuilder::note_refused_symlink(const Event& e) {
  if ((e.flags & DEJA_FLAG_NOFOLLOW) == 0 || (e.error != ELOOP && e.error != ENOTDIR)) return false;
  const auto now = os::stat_file(e.path, os::Links::keep);
  if (!now || !*now || !(*now)->is_symlink() || (*now)->newest_ns() > e.when_ns) return false;
  const auto text = os::read_symlink(e.path);
  if (!text || !*text) {
    fail("changed while the tool ran: " + e.path);
  } else {
    links_.emplace(e.path, **text);
  }
  return true;
}

void TraceBuilder::conclude_refused() {
  for (const auto& [asked, when_ns] : refused_) {
    if (is_touched(asked.first)) return fail("changes what it was refused: " + asked.first);
    conclude_refusal(asked.first, asked.second, when_ns);
    if (!run_facts_.problem.empty()) return;
  }
}

// The claim is about the last step that can be looked at: a directory that may not be searched refuses
// all that is below it. What we may do ourselves was refused to somebody else (a program that has given
// up being root), of whom we know nothing.
void TraceBuilder::conclude_refusal(const std::string& path, char right, std::int64_t when_ns) {
  std::string subject = path;
  auto text = access_text(subject);
  while (!text && text.error().sys_errno == EACCES && subject != "/") {
    subject = std::string(parent_path(subject));
    right = 'x';
    text = access_text(subject);
  }
  if (!text) return fail("cannot look at " + subject);
  const auto now = os::stat_file(subject);
  if (!now || !*now) return fail("gone after the run: " + subject);
  // Nobody can run a directory. (Found in PATH by the name of a program.)
  const bool is_plain_kind = subject == path && right == 'x' && !(*now)->is_regular();
  if (is_plain_kind) return claim_kind(path, action::kind_letter((*now)->mode));
  if (!lacks(*text, right)) return fail("was refused what this user may: " + path);
  if ((*now)->newest_ns() > when_ns) return fail("changed while the tool ran: " + subject);
  claim(Claim::access, roots_.tag(subject), *text);
  if (::geteuid() != 0 || right != '?') return;
  // Root is refused no look, but who was root may be: then the way there counts, too.
  while (subject != "/") {
    subject = std::string(parent_path(subject));
    const auto above = access_text(subject);
    if (!above) return fail("cannot look at " + subject);
    claim(Claim::access, roots_.tag(subject), *above);
  }
}

}  // namespace deja::evidence
