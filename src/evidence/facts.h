// SPDX-License-Identifier: Apache-2.0
// The facts of one run, as its log has them: the result of collect.h, and the input of conclude.h.
//
// One row per path, by the name that the run used (absolute, symlinks and ".." as they were). What
// the run itself did is in `changes`, which programs it had in `processes`. Nothing here needs a
// look at the disk after the run; that is the conclusion's part.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/roots.h"
#include "action/trace.h"
#include "evidence/before_run.h"
#include "evidence/changes.h"
#include "evidence/processes.h"
#include "evidence/run_facts.h"
#include "os/file.h"
#include "tool/tool.h"

namespace deja::evidence {

// The run whose log is read: what was asked for, and what was known before it. Views only.
struct ObservedRun {
  const tool::Command& command;
  const tool::Invocation& invocation;
  const tool::Adapter& adapter;
  const action::Roots& roots;
  const std::vector<Before>& before;
  std::int64_t ended_ns = 0;  // wall clock

  // The file as it was before the run (Invocation::Outputs::updates), or null. Both are canonical names.
  const Before* find_before(const std::string& path, Changes& changes) const;
};

// An optional whose value is on the heap.
template <class T>
class Rare {
 public:
  T& emplace() { return *(value_ = std::make_unique<T>()); }
  Rare& operator=(T value) {
    value_ = std::make_unique<T>(std::move(value));
    return *this;
  }
  void reset() { value_.reset(); }
  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() const { return *value_; }
  T* operator->() const { return value_.get(); }

 private:
  std::unique_ptr<T> value_;
};

// What the run saw at one path. A compiler opens few of the thousands of paths that it looks for, so
// most rows hold little.
struct PathFacts {
  struct Read {
    os::FileIdentity identity;  // when it was first opened
    std::int64_t when_ns = 0;
    bool is_program = false;        // an executable or a library
    bool is_script = false;         // read by an unknown program
    bool by_libc = false;           // by libc for itself (a time zone), by no program
    std::int32_t only_opener = -1;  // the process that has opened it; -1: several
  };
  // What an unknown program saw.
  struct Look {
    bool was_there = false;
    bool only_kind = false;   // of an output: only what kind of thing that is counts
    bool is_trusted = false;  // for its script it does not matter what is there
    std::optional<os::FileIdentity> identity;  // of a symlink only where it saw no more
  };
  struct Real {
    std::string result;
    bool may_be_written = false;
    std::set<std::int32_t> comparers;  // processes that asked once, to compare a source
  };
  // A module that clang makes on demand. Such rows have tidy paths.
  struct Module {
    bool is_finished = true;                   // false: a file that may become a module
    bool is_made = false;                      // by this run
    FileNumber file;                           // that this run has made
    std::optional<os::FileIdentity> identity;  // when it was opened last
    std::int64_t when_ns = 0;
  };
  // The right that was wanted ('r', 'x'; '?': not known), and when it was refused first.
  struct Refusal {
    char right;
    std::int64_t when_ns;
  };

  Rare<Read> read;
  Rare<os::FileIdentity> stat;   // when it was looked at first
  Rare<os::FileIdentity> lstat;  // of the symlink itself, when it was looked at first
  Rare<Look> look;
  Rare<std::string> link;  // the symlink's text; "": it is not a symlink
  Rare<Real> real;
  Rare<Module> module;
  std::vector<Refusal> refused;  // sorted by right
  char kind = 0;                 // action::kind_letter of what was seen; '?': not known
  bool absent = false;           // looked for, and not there
  bool must_be_absent = false;   // a call made it that fails where something is
  bool listed = false;
  bool executed = false;         // or the run tried to: the file may lack the permission
  bool all_stamps = false;       // all its stamps count, also a directory's
  bool is_named_by_pwd = false;  // the variable PWD names it
  // What the run did to the file, or null. conclude() sets it.
  const Change* change = nullptr;

  bool is_own() const { return change != nullptr && change->written; }
  // Something was seen besides that it is absent, or looked at in vain by an unknown program.
  bool holds_more_than_absence() const {
    return kind != 0 || listed || executed || all_stamps || is_named_by_pwd || read || stat ||
           lstat || look || link || real || module || !refused.empty();
  }
  // The name itself was looked up, by whatever call.
  bool was_looked_for() const {
    return absent || kind != 0 || executed || read || real || link || lstat || !refused.empty();
  }
};

// What was asked of the environment.
struct VariableFacts {
  bool all = false;                // the whole environment counts
  std::set<std::string> by_value;  // variables whose value counts
  std::set<std::string> searched;  // ... in whose directories programs were searched
  std::set<std::string> listed;    // tool::VariableUse::listed
  std::vector<RunFacts::IgnoredVariable> ignored;
  std::vector<action::Observation> working_directory;  // RunFacts::working_directory
};

struct Facts {
  explicit Facts(const ObservedRun& run) : processes(run.command, run.invocation, run.adapter) {}

  // Why the run proves nothing, whatever else is here. Only the first problem is kept.
  std::optional<Problem> problem;
  void fail(std::optional<Problem> why) {  // none: it did not fail
    if (!problem) problem = std::move(why);
  }
  void fail(NotStored reason, std::string detail = {}) { fail(Problem{reason, std::move(detail)}); }

  std::map<std::string, PathFacts> by_path;
  Changes changes;
  Processes processes;
  VariableFacts variables;
  bool asks_machine = false;  // what kind of machine this is (Claim::machine)
  bool asked_time = false;    // Invocation::Policy::timekeeper has
  bool has_plugin = false;    // a plugin was opened (Invocation::Policy::runs_plugins)
  // A library was opened that is not the tool's own (Invocation::Policy::runs_plugins).
  bool has_opened_library = false;
  bool is_supervised = false;  // the run: all its system calls were seen
  // The clock was read in a way that an adapter takes for harmless, but it may have been another.
  bool clock_untold = false;
  // That was seen by the supervisor, which does not see how it was read.
  bool supervised_clock = false;
};

}  // namespace deja::evidence
