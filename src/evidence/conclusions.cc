// The builder's conclusions, drawn right after the run from the files themselves.
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/path.h"
#include "digest/hasher.h"
#include "evidence/claim_checker.h"
#include "evidence/trace_builder.h"
#include "os/file.h"
#include "os/watcher.h"

namespace deja::evidence {

using action::Claim;
using action::Role;

namespace {

// Since Linux 6.13 a file whose stamps have been looked at gets a new one with its next change,
// however soon (multigrain timestamps, Documentation/filesystems/multigrain-ts.rst). Before, a
// change within the same tick of 4 or 10 ms leaves no mark.
bool has_multigrain_stamps() {
  static const bool value = [] {
    struct utsname name = {};
    if (::uname(&name) != 0) return false;
    char* rest = nullptr;
    const long major = std::strtol(name.release, &rest, 10);
    const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return major > 6 || (major == 6 && minor >= 13);
  }();
  return value;
}

// Leaves inputs whose names end so out of every trace, to prove that the tests find the wrong hit that
// follows (test/diff/canary_test.cc). The shipped programs cannot do this.
#if defined(DEJA_TEST_HOOKS)
bool is_left_out(std::string_view subject) {
  static const char* const ending = std::getenv("DEJA_TEST_LEAVE_OUT");
  return ending != nullptr && subject.ends_with(ending);
}
#else
bool is_left_out(std::string_view) { return false; }
#endif

// Than when it was looked at, if it was.
bool has_other_stamps(const std::string& path, const os::FileIdentity& now,
                      const std::unordered_map<std::string, os::FileIdentity>& looked_at) {
  const auto then = looked_at.find(path);
  return then != looked_at.end() && stamps_text(then->second) != stamps_text(now);
}

// Of Claim::stamps.
std::string stamps_value(const os::FileIdentity& identity, bool with_time) {
  return with_time ? stamps_text(identity) : size_text(identity);
}

// Cuts the part before the first slash off.
std::string take_component(std::string& path) {
  const std::size_t slash = path.find('/');
  std::string part = path.substr(0, slash);
  path.erase(0, slash == std::string::npos ? path.size() : slash + 1);
  return part;
}

bool is_of(const tool::Invocation::Outputs::UpdatedFiles& files, std::string_view name) {
  return std::any_of(files.endings.begin(), files.endings.end(),
                     [&](const std::string& ending) { return name.ends_with(ending); });
}

// Of what is there, where a directory has too many such files: some, and the rest is not stored.
std::vector<std::string> updated_paths(const tool::Invocation& invocation) {
  constexpr std::size_t kMax = 10'000;
  std::vector<std::string> paths = invocation.outputs.updates;
  for (const auto& files : invocation.outputs.updated_files) {
    const auto names = os::list_directory(files.directory);
    if (!names) continue;
    for (const std::string& name : *names)
      if (is_of(files, name) && paths.size() < kMax)
        paths.push_back(join_path(files.directory, name));
  }
  return paths;
}

}  // namespace

bool could_hide_a_change(const std::string& path, const os::FileIdentity& identity,
                         std::int64_t opened_ns) {
  if (digest::FileDigester::is_settled(identity, opened_ns)) return false;
  return !has_multigrain_stamps() || !os::is_watchable_filesystem(path);  // the same file systems
}

std::vector<Before> look_before(const tool::Invocation& invocation,
                                digest::FileDigester& digester) {
  std::vector<Before> out;
  for (const std::string& path : updated_paths(invocation)) {
    Before before{path, {}, {}, 0};
    const auto content = digester.digest_file(path, &before.identity);
    if (!content || !*content) continue;
    before.content = **content;
    out.push_back(std::move(before));
  }
  return out;
}

void TraceBuilder::claim(Claim kind, std::string subject, std::string value) {
  if (is_left_out(subject)) return;
  for (const tool::KeyedFile& keyed : invocation_.key.files)
    if (subject == roots_.tag(keyed.path)) return;
  run_facts_.trace.observations.push_back({kind, std::move(subject), std::move(value)});
}

const TraceBuilder::Finished* TraceBuilder::finished(const Touched& t) const {
  const auto it = finished_.find(t.file);
  return it == finished_.end() ? nullptr : &it->second;
}

// Two commands that write one file run at the same time: what is there now may be the other's work.
bool TraceBuilder::is_of_others(const os::FileIdentity& now, const Touched& t) const {
  if (t.file.inode != 0 && t.file != FileNumber{now.device, now.inode}) return true;
  if (now.newest_ns() > ended_ns_) return true;
  const Finished* f = finished(t);
  if (f == nullptr) return false;
  if (!f->was_renamed && now.ctime_ns != f->identity.ctime_ns) return true;
  return now.mtime_ns != f->identity.mtime_ns || now.size != f->identity.size;
}

// A directory that came by a rename is the run's own with all that is in it, by whatever names that
// was made.
void TraceBuilder::add_renamed_directories() {
  std::vector<std::pair<std::string, std::string>> directories;
  for (const auto& [name, t] : touched_) {
    if (!t.renamed) continue;
    const auto now = os::stat_file(name, os::Links::keep);
    if (now && *now && (*now)->is_directory()) directories.emplace_back(name, t.spelled);
  }
  for (const auto& [name, spelled] : directories) add_below(name, spelled);
}

void TraceBuilder::add_below(const std::string& directory, const std::string& spelled) {
  const auto names = os::list_directory(directory);
  if (!names) return fail("cannot list its output " + spelled);
  for (const std::string& name : *names) {
    const std::string path = join_path(directory, name);
    const auto now = os::stat_file(path, os::Links::keep);
    if (!now || !*now) return fail("cannot look at its output " + path);
    const auto [it, is_new] = touched_.try_emplace(path);
    if (is_new) {
      touched_names_.emplace(name);
      it->second.spelled = join_path(spelled, name);
      it->second.written = it->second.renamed = true;
      it->second.file = {(*now)->device, (*now)->inode};
    }
    if ((*now)->is_directory()) add_below(path, join_path(spelled, name));
  }
}

void TraceBuilder::conclude_outputs() {
  add_renamed_directories();
  for (const auto& [name, t] : touched_) {
    if (!t.written) continue;
    const auto now = os::stat_file(name, os::Links::keep);
    if (!now) return fail("cannot look at its output " + t.spelled);
    if (*now) {
      const bool is_lock = t.is_lock && (*now)->is_regular() && (*now)->size == 0;
      is_lock ? conclude_lock(t, **now) : conclude_output(name, t, **now);
    } else if (t.existed) {
      fail("deletes a file that it did not make: " + t.spelled);
    } else {
      run_facts_.temporaries.emplace_back(base_name(name));
    }
    if (!run_facts_.problem.empty()) return;
  }
}

// The next run would lock it as this one did, and a file put in its place would be another lock. One
// that was made by this run is left for the next run to meet.
void TraceBuilder::conclude_lock(const Touched& t, const os::FileIdentity& now) {
  if (!t.in_place || !t.was_empty || t.unlinked || t.renamed ||
      t.file != FileNumber{now.device, now.inode})
    return fail("leaves a lock: " + t.spelled);
  claim(Claim::file, roots_.tag(t.spelled), std::string(digest::digest_bytes({}).view()));
}

action::Placement TraceBuilder::placement_of(const Touched& t) const {
  if (t.renamed) return action::Placement::replaced;
  if (t.in_place && !t.unlinked) return action::Placement::in_place;
  return invocation_.outputs.are_replaced ? action::Placement::replaced : action::Placement::made;
}

void TraceBuilder::conclude_output(const std::string& name, const Touched& t,
                                   const os::FileIdentity& now) {
  // True of the world before the run, which is the one that the next request is in.
  if ((t.continues || (now.is_directory() && !t.existed)) && !is_declared_output(t.spelled))
    claim(Claim::absent, roots_.tag(t.spelled));
  Output out;
  out.path = t.spelled;
  out.identity = now;
  if (const Finished* f = finished(t)) out.generation = f->generation;
  out.placement = placement_of(t);
  if (now.is_directory()) {
    out.role = Role::directory;
  } else if (now.is_symlink()) {
    const auto text = os::read_symlink(name);
    if (!text || !*text) return fail("cannot read its output " + t.spelled);
    out.role = Role::symlink;
    out.link_text = **text;
  } else {
    out.role = is_depfile(name) ? Role::depfile : Role::output;
  }
  if (out.role == Role::depfile && invocation_.policy.runs_plugins) conclude_depfile(name);
  if (const std::string why = why_not_output(now, t); !why.empty())
    return fail(why + ": " + t.spelled);
  run_facts_.outputs.push_back(std::move(out));
}

// It may name variables as inputs that the tool otherwise reads to no effect.
void TraceBuilder::conclude_depfile(const std::string& path) {
  constexpr std::uint64_t kMax = 64 << 20;
  const auto text = os::read_file(path, kMax);
  if (!text) return fail("cannot read its output " + path);
  for (const std::string& name : adapter_.variables_in(*text)) {
    if (adapter_.variable_use(name, {}) == tool::VariableUse::value) continue;
    const auto value = command_.variable(name);
    claim(value ? Claim::variable : Claim::unset, name,
          value ? roots_.tag(std::string(*value)) : "");
  }
}

std::string TraceBuilder::why_not_output(const os::FileIdentity& now, const Touched& t) const {
  if (now.is_directory()) return "";
  // A symlink the tool wrote through is not its output; what it leads to is.
  if (now.is_symlink()) return t.in_place ? "writes through a symlink" : "";
  if (!now.is_regular()) return "leaves something that is no file";
  if (is_of_others(now, t)) return "its output was replaced by others";
  if (now.links > 1) return "leaves a file with other hard links";
  return "";
}

bool TraceBuilder::is_depfile(const std::string& name) {
  return std::any_of(invocation_.outputs.depfiles.begin(), invocation_.outputs.depfiles.end(),
                     [&](const std::string& depfile) { return canonical(depfile) == name; });
}

bool TraceBuilder::is_declared_input(const std::string& path) const {
  const auto& inputs = invocation_.declared.inputs;
  return std::binary_search(inputs.begin(), inputs.end(), tidy_path(path));
}

bool TraceBuilder::is_declared_output(const std::string& path) {
  if (!invocation_.policy.is_generic) return false;
  if (!declared_outputs_) {
    declared_outputs_.emplace();
    for (const auto* names : {&invocation_.declared.outputs, &invocation_.declared.directories})
      for (const std::string& name : *names) declared_outputs_->insert(canonical(name));
  }
  const std::string name = canonical(path);
  // The first that is not before it may lie below it.
  const auto it = declared_outputs_->lower_bound(name);
  if (it != declared_outputs_->end() && is_within(*it, name)) return true;
  return std::any_of(
      invocation_.declared.directories.begin(), invocation_.declared.directories.end(),
      [&](const std::string& directory) { return is_within(name, canonical(directory)); });
}

bool TraceBuilder::is_named(const std::string& path) const {
  const auto& arguments = invocation_.key.arguments;
  return std::any_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
    return argument.path_at == 0 && join_path(command_.cwd, argument.path()) == path;
  });
}

bool TraceBuilder::is_updated(const std::string& path) {
  const std::string name = canonical(path);
  for (const auto& files : invocation_.outputs.updated_files)
    if (is_of(files, name) && canonical(join_path(files.directory, base_name(name))) == name)
      return true;
  return std::any_of(invocation_.outputs.updates.begin(), invocation_.outputs.updates.end(),
                     [&](const std::string& update) { return canonical(update) == name; });
}

const Before* TraceBuilder::before(const std::string& path) {
  const auto it = std::find_if(before_.begin(), before_.end(), [&](const Before& b) {
    return canonical(b.path) == canonical(path);
  });
  return it == before_.end() ? nullptr : &*it;
}

// Read, and then written anew: what it was is known from before the run.
void TraceBuilder::conclude_updated(const std::string& path, const ReadFile& file) {
  const Before* was = before(path);
  if (was == nullptr) return fail("reads and writes " + path);
  if (!(was->identity == file.identity)) return fail("changed before the tool read it: " + path);
  if (could_hide_a_change(path, was->identity, file.when_ns))
    return fail("written in the moment it was read: " + path);
  claim(Claim::file, roots_.tag(path), std::string(was->content.digest.view()));
  if (invocation_.policy.facts_count) run_facts_.facts |= was->content.traits;
}

void TraceBuilder::conclude_read(const std::string& path, const ReadFile& file) {
  os::FileIdentity now;
  const auto content = digester_.digest_file(path, &now);
  if (!content || !*content) return fail("gone or unreadable after the run: " + path);
  if (!(now == file.identity)) return fail("changed while the tool ran: " + path);
  for (const tool::KeyedFile& keyed : invocation_.key.files) {
    if (tidy_path(path) != keyed.path) continue;
    if ((*content)->digest != keyed.content) fail("changed while the tool ran: " + path);
    return;
  }
  if (could_hide_a_change(path, now, file.when_ns))
    return fail("written in the moment it was read: " + path);
  const std::string digest((*content)->digest.view());
  claim(Claim::file, roots_.tag(path), digest);
  if (file.is_program) {
    conclude_program(path, (*content)->traits);
    return;
  }
  run_facts_.inputs.push_back({path, (*content)->digest});
  if (file.is_script && !invocation_.policy.is_generic)
    run_facts_.scripts.push_back({path, (*content)->digest});
  if (invocation_.policy.facts_count) note_facts(path, (*content)->traits);
  if (now.size > 0) equals_[digest].push_back(path);
}

void TraceBuilder::conclude_reads() {
  for (const auto& [path, file] : reads_) {
    if (is_own(path)) {
      conclude_updated(path, file);
    } else {
      conclude_read(path, file);
    }
    if (!run_facts_.problem.empty()) return;
  }
}

// One step of a way; each is looked at once, though many ways share it.
bool TraceBuilder::claim_step(const std::string& step) {
  auto text = os::read_symlink(step);
  if (!text) {
    fail("cannot look at " + step);
    return false;
  }
  if (!leads_to_root(step)) claim(Claim::link, roots_.tag(step), text->value_or(""));
  steps_[step] = *std::move(text);
  return true;
}

// Claims every symlink on the way to a directory, and that the other steps are none: two directories that
// were apart must not become one, which compilers leave out the second time, nor the other way
// round. Nothing is claimed of what leads to a root: that is the root's place.
void TraceBuilder::claim_way(const std::string& path) {
  constexpr int kSymlinksMax = 40;
  std::string directory = "/";
  std::string rest = path;
  for (int symlinks = 0; !rest.empty();) {
    const std::string part = take_component(rest);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      directory = std::string(parent_path(directory));
      continue;
    }
    const std::string step = join_path(directory, part);
    const auto known = steps_.find(step);
    if (known == steps_.end() && !claim_step(step)) return;
    const std::optional<std::string>& text = steps_[step];
    if (!text) {
      directory = step;
      continue;
    }
    if (++symlinks > kSymlinksMax) return fail("too many symlinks: " + path);
    rest.insert(0, *text + "/");
    if (rest.starts_with('/')) directory = "/";
  }
}

bool TraceBuilder::leads_to_root(const std::string& directory) const {
  for (const action::Root root : action::kRoots) {
    if (roots_.has(root) && is_within(roots_.path(root), directory)) return true;
  }
  return false;
}

bool TraceBuilder::is_touched(const std::string& path) { return touched(path) != nullptr; }

// What is there now, where something was during the run.
std::optional<os::FileIdentity> TraceBuilder::still_there(const std::string& path) {
  const auto now = os::stat_file(path);
  if (now && *now) return *now;
  fail("gone after the run: " + path);
  return std::nullopt;
}

void TraceBuilder::claim_kind(const std::string& path, char letter) {
  if (letter == '?') {  // seen without its kind
    const auto now = still_there(path);
    if (!now) return;
    letter = action::kind_letter(now->mode);
  }
  claim(Claim::exists, roots_.tag(path), std::string(1, letter));
  if (letter == 'd') ways_[path] = true;
}

// Names that were seen, without those that this run itself made.
void TraceBuilder::conclude_names() {
  for (const auto& [path, kind] : seen_) {
    if (!is_touched(path) && !reads_.contains(path) && !is_of_no_account(path))
      claim_kind(path, kind);
  }
  for (const auto& [path, unused] : executed_) {  // or tried to: it may lack the permission
    if (!is_touched(path)) claim_kind(path, '?');
  }
  for (const auto& [path, look] : looks_) {
    if (is_touched(path)) {
      claim_look(path, look);
    } else if (look.was_there && !look.is_trusted &&
               !(look.identity && look.identity->is_symlink())) {
      stamped_[path] = true;
    }
  }
  conclude_stamped();
}

// Of these, size and time and mode count.
void TraceBuilder::conclude_stamped() {
  for (const auto& [path, with_time] : stamped_) {
    if (is_declared_input(path)) continue;
    const auto now = is_touched(path) ? std::nullopt : still_there(path);
    if (!now || !(now->is_regular() || (with_time && now->is_directory()))) continue;
    if (has_other_stamps(path, *now, stats_)) return fail("changed while the tool ran: " + path);
    claim(Claim::stamps, roots_.tag(path), stamps_value(*now, with_time));
  }
}

// What was there before the run made something of that name.
void TraceBuilder::claim_look(const std::string& path, const Look& look) {
  if (look.is_trusted || is_declared_output(path)) return;  // it replaces what is there
  const std::string subject = roots_.tag(path);
  if (!look.was_there) return claim(Claim::absent, subject);
  if (!look.identity) return fail("looks for its own output before it makes it: " + path);
  if (!look.only_kind && look.identity->is_regular())
    return claim(Claim::stamps, subject, stamps_text(*look.identity));
  claim(Claim::exists, subject, std::string(1, action::kind_letter(look.identity->mode)));
}

void TraceBuilder::conclude_curious() {
  for (const std::string& path : curious_) {
    const auto now = is_touched(path) ? std::nullopt : still_there(path);
    if (!now) continue;
    const auto then = stats_.find(path);
    if (then != stats_.end() && !(then->second == *now))
      return fail("changed while the tool ran: " + path);
    claim(Claim::stamps, roots_.tag(path), all_stamps_text(*now));
  }
}

// Where names lead, and what directories hold.
void TraceBuilder::conclude_links() {
  for (const auto& [path, unused] : ways_) {
    if (!is_touched(path)) claim_way(path);
  }
  for (const auto& [path, then] : link_stats_) {
    if (is_touched(path)) continue;
    const auto now = os::stat_file(path, os::Links::keep);
    const auto text = os::read_symlink(path);
    if (!now || !*now || !(**now == then) || !text || !*text)
      return fail("changed while the tool ran: " + path);
    links_.emplace(path, **text);
  }
  for (const auto& [path, text] : links_) {
    if (!is_touched(path)) claim(Claim::link, roots_.tag(path), text);
  }
  for (const auto& [path, real] : reals_) {
    if (is_touched(path)) continue;
    claim(Claim::real, roots_.tag(path), roots_.tag(real.result));
    if (real.may_be_written && path != real.result)
      run_facts_.real_paths.push_back({path, real.result});
  }
}

void TraceBuilder::conclude_listings() {
  for (const auto& [path, unused] : listings_) {
    const auto& searched = invocation_.policy.searched_directories;
    if (std::find(searched.begin(), searched.end(), tidy_path(path)) != searched.end()) continue;
    if (!is_touched(path) && run_facts_.problem.empty()) conclude_listing(path);
  }
}

void TraceBuilder::conclude_listing(const std::string& path) {
  const std::string directory = canonical(join_path(path, "."));  // it may be named by a symlink
  std::vector<std::string> own, unsaid;
  for (const auto& [name, t] : touched_) {
    if (parent_path(name) != directory) continue;
    if (is_declared_output(name)) {
      unsaid.emplace_back(base_name(name));
      continue;
    }
    if (t.existed) continue;
    // What a rename has replaced is only known if somebody looked.
    const bool was_there = t.renamed && seen_.contains(t.spelled);
    if (t.renamed && !was_there && !absent_.contains(t.spelled))
      return fail("lists the directory of what it renames: " + t.spelled);
    if (!was_there) own.emplace_back(base_name(name));
  }
  own.insert(own.end(), unsaid.begin(), unsaid.end());
  std::sort(own.begin(), own.end());
  const auto digest = listing_digest(path, own);
  if (!digest) return fail("cannot list " + path);
  claim(Claim::listing, roots_.tag(path), listing_value(*digest, unsaid));
}

// The first component that is missing: "/a/b/c/d" with no /a/b is one claim for all below it.
Result<std::string> TraceBuilder::first_missing(std::string path) {
  for (;;) {
    std::string parent(parent_path(path));
    if (parent.empty() || parent == path) return path;
    const auto known = there_.find(parent);
    const bool is_there =
        known != there_.end() ? known->second : TRY(os::stat_file(parent)).has_value();
    there_[parent] = is_there;
    if (is_there) return path;
    path = std::move(parent);
  }
}

// Names that were missed, without those that this run itself made.
void TraceBuilder::conclude_absences() {
  std::set<std::string> claimed;
  for (const auto& [path, unused] : absent_) {
    if (is_touched(path)) {
      if (is_updated(path)) claim(Claim::absent, roots_.tag(path));
      continue;
    }
    const auto missing = first_missing(path);
    if (!missing) return fail("cannot look at the directories of " + path);
    if (!claimed.insert(*missing).second) continue;
    if (auto why = absence_value(*missing)) {
      claim(Claim::absent, roots_.tag(*missing), *std::move(why));
    } else if (!is_touched(*missing)) {
      return fail("appeared while the tool ran: " + *missing);
    }
  }
}

}  // namespace deja::evidence
