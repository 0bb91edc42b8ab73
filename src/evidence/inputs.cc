// SPDX-License-Identifier: Apache-2.0
// What the run read, looked for in vain and listed. Each is compared with what is there right after
// the run: what has changed meanwhile proves nothing about the run.
#include <algorithm>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/rules.h"

namespace deja::evidence {

using action::Claim;

namespace {

// A file that the run read and then overwrote: what it was is known from before the run.
void conclude_updated(Conclusion& c, const std::string& path, const PathFacts::Read& read) {
  const Before* const was = c.run.find_before(path, c.facts.changes);
  if (was == nullptr) return c.fail(NotStored::input_rewritten, path);
  if (!(was->identity == read.identity)) return c.fail(NotStored::input_changed, path);
  if (could_hide_a_change(path, was->identity, read.when_ns))
    return c.fail(NotStored::input_too_new, path);
  c.claim_path(Claim::file, path, std::string(was->content.digest.view()));
  if (c.invocation().policy.facts_count) c.out.facts |= was->content.traits;
}

void conclude_input(Conclusion& c, const std::string& path, const PathFacts::Read& read) {
  os::FileIdentity now;
  const auto content = c.digester.digest_file(path, &now);
  if (!content || !*content) return c.fail(NotStored::input_gone, path);
  if (!(now == read.identity)) return c.fail(NotStored::input_changed, path);
  const Digest& content_digest = (*content)->digest;
  for (const tool::KeyedFile& keyed : c.invocation().key.files) {
    if (tidy_path(path) != keyed.path) continue;
    if (content_digest != keyed.content) c.fail(NotStored::input_changed, path);
    return;
  }
  if (could_hide_a_change(path, now, read.when_ns)) return c.fail(NotStored::input_too_new, path);
  const std::string digest(content_digest.view());
  c.claim_path(Claim::file, path, digest);
  if (read.is_program) return conclude_program(c, path, (*content)->traits);
  c.out.inputs.push_back({path, content_digest});
  if (read.is_script && !c.invocation().policy.is_generic)
    c.out.scripts.push_back({path, content_digest});
  if (c.invocation().policy.facts_count) note_traits(c, path, (*content)->traits);
  if (now.size > 0) c.equals[digest].push_back(path);
}

// The first component that is missing: "/a/b/c/d" with no /a/b is one claim for all below it.
Result<std::string> first_missing(Conclusion& c, std::string path) {
  for (;;) {
    std::string parent(parent_path(path));
    if (parent.empty() || parent == path) return path;
    auto& known = c.known.directories;
    const auto it = known.find(parent);
    const bool is_there = it != known.end() ? it->second : TRY(os::stat_file(parent)).has_value();
    known[parent] = is_there;
    if (is_there) return path;
    path = std::move(parent);
  }
}

}  // namespace

void conclude_read(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (!facts.read) return;
  facts.is_own() ? conclude_updated(c, path, *facts.read) : conclude_input(c, path, *facts.read);
}

void conclude_absence(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (facts.change != nullptr) {
    // Whoever declares an output says that it may be replaced.
    const bool must_be_absent = facts.must_be_absent && !c.is_declared_output(path);
    if (must_be_absent || c.is_updated(path)) c.claim_path(Claim::absent, path);
    return;
  }
  const auto missing = first_missing(c, path);
  if (!missing) return c.fail(NotStored::path_unreadable, path);
  if (!c.known.absent.insert(*missing).second) return;
  if (auto why = absence_value(*missing)) {
    c.claim_path(Claim::absent, *missing, *std::move(why));
  } else if (c.facts.changes.find(*missing) == nullptr) {
    c.fail(NotStored::input_appeared, *missing);
  }
}

void conclude_listing(Conclusion& c, const std::string& path, const PathFacts& facts) {
  const auto& searched = c.invocation().policy.searched_directories;
  if (!facts.listed || facts.change != nullptr ||
      std::find(searched.begin(), searched.end(), tidy_path(path)) != searched.end())
    return;
  // The directory may be named by a symlink.
  const std::string directory = c.facts.changes.canonical(join_path(path, "."));
  std::vector<std::string> own, unsaid;
  for (const auto& [name, change] : c.facts.changes.all()) {
    if (parent_path(name) != directory) continue;
    if (c.is_declared_output(name)) {
      unsaid.emplace_back(base_name(name));
      continue;
    }
    if (change.existed) continue;
    // What a rename has replaced is only known if the run looked at it.
    const PathFacts* const before = c.find(change.spelled);
    const bool was_there = change.renamed && before != nullptr && before->kind != 0;
    if (change.renamed && !was_there && (before == nullptr || !before->absent))
      return c.fail(NotStored::renamed_in_listing, change.spelled);
    if (!was_there) own.emplace_back(base_name(name));
  }
  own.insert(own.end(), unsaid.begin(), unsaid.end());
  std::sort(own.begin(), own.end());
  const auto digest = listing_digest(path, own);
  if (!digest) return c.fail(NotStored::path_unreadable, path);
  c.claim_path(Claim::listing, path, listing_value(*digest, unsaid));
}

}  // namespace deja::evidence
