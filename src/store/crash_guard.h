// CrashGuard: LMDB trusts its file; a damaged one can make it crash (SIGSEGV, SIGBUS, SIGABRT). A
// crash cannot be survived, but it must not repeat: while a thread is inside an index, such a
// signal leaves the note `suspect` beside it before the process ends as it would have, and the next
// open looks closer (index_state.h).
//
// The handlers are installed once, only where the process has none of its own (sanitizers do), and
// put the default back before they return, so cores and exit statuses stay what they were.
#pragma once

#include <string>

namespace deja::store {

class CrashGuard {
 public:
  using Region = int;  // an index that is watched; -1: none
  static Region watch(const std::string& suspect_path);
  static void unwatch(Region region);

  explicit CrashGuard(Region region);
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  Region outer_;
};

}  // namespace deja::store
