// SPDX-License-Identifier: Apache-2.0
// CrashGuard: LMDB trusts its file; a damaged file can crash the process (SIGSEGV, SIGBUS, SIGABRT).
// The crash itself cannot be prevented, but it must not repeat. While a thread is inside an index, such
// a signal creates the file `suspect` in the index directory before the process ends, and the next open
// checks the index more closely (index_state.h).
//
// The handlers are installed once, only for signals whose handler is the default (sanitizers install
// their own). They restore the default before they return, so core files and exit statuses stay the
// same.
#pragma once

#include <string>

namespace deja::store {

class CrashGuard {
 public:
  using Region = int;  // an index under watch; -1: none
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
