// SPDX-License-Identifier: Apache-2.0
// What the run saw of files without reading them. Names that the run itself made are left out: the
// next run makes them, too.
#include "evidence/claim_checker.h"
#include "evidence/rules.h"

namespace deja::evidence {

using action::Claim;

namespace {

// Do the stamps differ from those when the path was looked at first, if it was?
bool has_other_stamps(const PathFacts& facts, const os::FileIdentity& now) {
  return facts.stat && stamps_text(*facts.stat) != stamps_text(now);
}

}  // namespace

void claim_kind(Conclusion& c, const std::string& path, char letter) {
  if (letter == '?') {  // seen without its kind
    const auto now = c.still_there(path);
    if (!now) return;
    letter = action::kind_letter(now->mode);
  }
  c.claim_path(Claim::exists, path, std::string(1, letter));
  if (letter == 'd') claim_way(c, path);
}

void conclude_kind(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.kind != 0 && facts.change == nullptr && !facts.read && !is_of_no_account(c, path))
    claim_kind(c, path, facts.kind);
}

void conclude_executed(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.executed && facts.change == nullptr) claim_kind(c, path, '?');
}

// What was there before the run made something of that name.
void conclude_look_at_own(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (!facts.look || facts.change == nullptr) return;
  const PathFacts::Look& look = *facts.look;
  if (look.is_trusted || c.is_declared_output(path)) return;  // it replaces what is there
  if (!look.was_there) return c.claim_path(Claim::absent, path);
  if (!look.identity) return c.fail(NotStored::output_looked_for, path);
  if (!look.only_kind && look.identity->is_regular())
    return c.claim_path(Claim::stamps, path, stamps_text(*look.identity));
  c.claim_path(Claim::exists, path, std::string(1, action::kind_letter(look.identity->mode)));
}

void conclude_stamps(Conclusion& c, const std::string& path, const PathFacts& facts) {
  const bool was_read = facts.read && !facts.read->is_program;
  const bool was_looked_at = facts.look && facts.look->was_there && !facts.look->is_trusted &&
                             !(facts.look->identity && facts.look->identity->is_symlink());
  const bool counts_time = was_looked_at || (c.holds_times && (was_read || facts.kind != 0));
  const bool counts_size = counts_time || (c.holds_sizes && facts.kind != 0);
  if (!counts_size || facts.change != nullptr || c.is_declared_input(path)) return;
  const auto now = c.still_there(path);
  if (!now || !(now->is_regular() || (counts_time && now->is_directory()))) return;
  if (has_other_stamps(facts, *now)) return c.fail(NotStored::input_changed, path);
  c.claim_path(Claim::stamps, path, counts_time ? stamps_text(*now) : size_text(*now));
}

void conclude_all_stamps(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.all_stamps) claim_all_stamps(c, path, facts);
}

void claim_all_stamps(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.change != nullptr) return;
  const auto now = c.still_there(path);
  if (!now) return;
  if (facts.stat && !(*facts.stat == *now)) return c.fail(NotStored::input_changed, path);
  c.claim_path(Claim::stamps, path, all_stamps_text(*now));
}

}  // namespace deja::evidence
