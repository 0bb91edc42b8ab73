// What a run of clang does in the directory of modules that it makes on demand.
#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/trace_builder.h"
#include "os/file.h"
#include "tool/cc/module_cache.h"

namespace deja::evidence {

using observe::Event;
using tool::ModuleCacheFile;

namespace {

bool is_about_files(deja_op op) {
  switch (op) {
    case DEJA_OP_OPEN:
    case DEJA_OP_STAT:
    case DEJA_OP_READLINK:
    case DEJA_OP_REALPATH:
    case DEJA_OP_LIST:
    case DEJA_OP_UNLINK:
    case DEJA_OP_RENAME:
    case DEJA_OP_LINK:
    case DEJA_OP_SYMLINK:
    case DEJA_OP_MKDIR:
    case DEJA_OP_CHANGE:
    case DEJA_OP_LOCK:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Heard to its end here; false: it is none of the modules' affair.
bool TraceBuilder::hear_of_modules(const Event& e) {
  if (invocation_.places.module_cache.empty() || !is_about_files(e.op)) return false;
  const std::string path = tidy_path(e.path);
  const ModuleCacheFile kind = tool::module_cache_file(path, invocation_.places.module_cache);
  if (kind == ModuleCacheFile::none) return false;
  if (e.op == DEJA_OP_RENAME || e.op == DEJA_OP_LINK) {
    const std::string other = tidy_path(e.text);
    const ModuleCacheFile target = tool::module_cache_file(other, invocation_.places.module_cache);
    if (kind != ModuleCacheFile::upkeep || target == ModuleCacheFile::none) return false;
    if (e.error == 0 && target == ModuleCacheFile::module)
      modules_[other] = {true, new_modules_[path], std::nullopt, 0};
    return true;
  }
  if (e.op == DEJA_OP_STAT && base_name(path) == "modules.timestamp") aged_modules_.insert(e.pid);
  if (e.op == DEJA_OP_OPEN && e.error == 0) hear_of_module_file(e, path, kind);
  return true;
}

void TraceBuilder::hear_of_module_file(const Event& e, const std::string& path,
                                       ModuleCacheFile kind) {
  const FileNumber file = {e.identity.device, e.identity.inode};
  const bool writes = (e.flags & DEJA_OPEN_WRITE) != 0;
  if (kind == ModuleCacheFile::upkeep) {
    if (writes) new_modules_[path] = file;
    return;
  }
  if (writes) return fail("writes a module in its place: " + path);
  if (!e.has_identity || !e.identity.is_regular()) return fail("reads no file: " + path);
  ReadModule& module = modules_[path];
  // clang has what it made in memory, too.
  if (module.is_made && module.file != file) return fail("others made a module again: " + path);
  module.identity = e.identity;
  module.when_ns = e.when_ns;
}

// clang asks for the time to learn whether modules are to be removed that nobody used for long. Only
// the first question of a process is that.
bool TraceBuilder::is_of_module_cache(const Event& clock) {
  if (aged_modules_.erase(clock.pid) == 0) return false;
  clock_untold_ = true;
  return true;
}

void TraceBuilder::conclude_modules() {
  // What stands behind a module is not read, and may be told the time.
  if (has_untold_clock_ && !modules_.empty()) return fail("may put the time into words");
  for (const auto& [path, module] : modules_) {
    os::FileIdentity now;
    const auto content = digester_.digest_file(path, &now);
    if (!content || !*content) return fail("gone or unreadable after the run: " + path);
    if (!module.identity) return fail("made a module, and did not read it: " + path);
    if (!(now == *module.identity)) return fail("changed while the tool ran: " + path);
    if (could_hide_a_change(path, now, module.when_ns) && !module.is_made)
      return fail("written in the moment it was read: " + path);
    run_facts_.modules.push_back({path, (*content)->digest, now, module.is_made});
    run_facts_.facts |= tool::kHoldsTree;
  }
  if (modules_.empty()) return;
  const auto compare = [&](const std::string& path) {
    if (is_touched(path) || !run_facts_.problem.empty()) return;
    const auto now = still_there(path);
    if (!now || !(now->is_regular() || now->is_directory())) return;
    const auto then = stats_.find(path);
    const std::string stamps = stamps_text(*now);
    if (then != stats_.end() && stamps_text(then->second) != stamps)
      return fail("changed while the tool ran: " + path);
    run_facts_.compared.push_back({action::Claim::stamps, roots_.tag(path), stamps});
  };
  for (const auto& [path, file] : reads_)
    if (!file.is_program) compare(path);
  for (const auto& [path, kind] : seen_) compare(path);
}

}  // namespace deja::evidence
