// SPDX-License-Identifier: Apache-2.0
// What a run of clang does in the directory of modules that it makes on demand (-fmodules). All
// runs share that directory, so its files are neither inputs nor outputs like others: only the
// modules that were read or made count.
#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/collect.h"
#include "evidence/rules.h"
#include "os/file.h"
#include "tool/cc/module_cache.h"

namespace deja::evidence {

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

void collect_open_of_module(const Collecting& c, const std::string& path, ModuleCacheFile kind) {
  const observe::Event& e = c.e;
  Rare<PathFacts::Module>& module = c.facts.by_path[path].module;
  if (kind == ModuleCacheFile::upkeep) {
    if (!c.has(DEJA_OPEN_WRITE)) return;
    module.emplace().is_finished = false;
    module->file = number_of(e.identity);
    return;
  }
  if (c.has(DEJA_OPEN_WRITE)) return c.fail(NotStored::module_unclear, path);
  if (!e.has_identity || !e.identity.is_regular()) return c.fail(NotStored::module_unclear, path);
  if (!module) module.emplace();
  // clang also has in memory what it made.
  if (module->is_made && module->file != number_of(e.identity))
    return c.fail(NotStored::module_unclear, path);
  module->identity = e.identity;
  module->when_ns = e.when_ns;
}

// A file that clang wrote under a temporary name becomes a module.
void collect_finished_module(const Collecting& c, const std::string& from, const std::string& to) {
  PathFacts::Module finished;
  finished.is_made = true;
  if (const PathFacts* const row = c.find(from); row != nullptr && row->module)
    finished.file = row->module->file;
  c.facts.by_path[to].module = finished;
}

}  // namespace

bool collect_module(const Collecting& c) {
  const observe::Event& e = c.e;
  const std::string& directory = c.run.invocation.places.module_cache;
  if (directory.empty() || !is_about_files(e.op)) return false;
  const std::string path = tidy_path(e.path);
  const ModuleCacheFile kind = tool::module_cache_file(path, directory);
  if (kind == ModuleCacheFile::none) return false;
  if (e.op == DEJA_OP_RENAME || e.op == DEJA_OP_LINK) {
    const std::string other = tidy_path(e.text);
    const ModuleCacheFile target = tool::module_cache_file(other, directory);
    if (kind != ModuleCacheFile::upkeep || target == ModuleCacheFile::none) return false;
    if (e.error == 0 && target == ModuleCacheFile::module) collect_finished_module(c, path, other);
    return true;
  }
  if (e.op == DEJA_OP_STAT && base_name(path) == "modules.timestamp")
    c.facts.processes.at(e.pid).looked_how_old_modules_are = true;
  if (e.op == DEJA_OP_OPEN && e.error == 0) collect_open_of_module(c, path, kind);
  return true;
}

void check_clock_of_modules(Conclusion& c) {
  for (const Conclusion::Row* row : c.rows)
    c.has_modules |= row->second.module && row->second.module->is_finished;
  // The sources of a module are not read, and may use the time.
  if (c.facts.supervised_clock && c.has_modules)
    c.fail(NotStored::time_written, "__DATE__, __TIME__");
}

void conclude_module(Conclusion& c, const std::string& path, const PathFacts& facts) {
  if (!facts.module || !facts.module->is_finished) return;
  const PathFacts::Module& module = *facts.module;
  os::FileIdentity now;
  const auto content = c.digester.digest_file(path, &now);
  if (!content || !*content) return c.fail(NotStored::input_gone, path);
  if (!module.identity) return c.fail(NotStored::module_unclear, path);
  if (!(now == *module.identity)) return c.fail(NotStored::input_changed, path);
  if (could_hide_a_change(path, now, module.when_ns) && !module.is_made)
    return c.fail(NotStored::input_too_new, path);
  c.out.modules.push_back({path, (*content)->digest, now, module.is_made});
  c.out.facts |= tool::kHoldsTree;
}

void compare_with_modules(Conclusion& c, const std::string& path, const PathFacts& facts) {
  const bool was_read = facts.read && !facts.read->is_program;
  if (!c.has_modules || !(was_read || facts.kind != 0) || facts.change != nullptr) return;
  const auto now = c.still_there(path);
  if (!now || !(now->is_regular() || now->is_directory())) return;
  const std::string stamps = stamps_text(*now);
  if (facts.stat && stamps_text(*facts.stat) != stamps)
    return c.fail(NotStored::input_changed, path);
  c.out.compared.push_back({action::Claim::stamps, c.run.roots.tag(path), stamps});
}

}  // namespace deja::evidence
