// SPDX-License-Identifier: Apache-2.0
// Concluding: one pass over the facts of a run makes claims and outputs of them, or finds a
// problem.
//
// The rules are in a table in conclude.cc, in the order in which they are applied; each is a small
// function of the facts of one path, of what was done to one file, or of the whole run (rules.h).
// The first problem ends the pass. The rules look at the files themselves, right after the run: a
// file that is not what the run saw of it is a problem.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "digest/file_digester.h"
#include "evidence/facts.h"
#include "evidence/run_facts.h"

namespace deja::evidence {

RunFacts conclude(const ObservedRun& run, Facts facts, digest::FileDigester& digester);

// What the rules work on.
struct Conclusion {
  const ObservedRun& run;
  Facts& facts;
  digest::FileDigester& digester;
  RunFacts out = {};

  // The rows that hold more than an absence: most of a compiler's hold no more.
  using Row = std::pair<const std::string, PathFacts>;
  std::vector<const Row*> rows = {};
  // What a rule leaves for those after it.
  std::map<std::string, std::vector<std::string>> equals = {};  // content's digest -> inputs
  bool leaves_tree = false;                                     // an output is a tree of clang's
  bool holds_sizes = false;  // what was read or made holds the sizes of other files
  bool holds_times = false;  // ... and their times
  bool has_modules = false;  // clang's, made on demand

  // Questions that are asked often, answered once.
  struct Known {
    std::unordered_map<std::string, std::optional<std::string>> steps;  // texts of symlinks
    std::unordered_map<std::string, bool> directories;                  // is it there?
    std::set<std::string> absent;                                       // claimed already
    std::optional<std::set<std::string>> declared_outputs;              // canonical
  } known = {};

  bool has_failed() const { return out.problem.has_value(); }
  void fail(std::optional<Problem> why);  // only the first problem is kept
  void fail(NotStored reason, std::string detail = {}) { fail(Problem{reason, std::move(detail)}); }
  void claim(action::Claim kind, std::string subject, std::string value = {});
  void claim_path(action::Claim kind, const std::string& path, std::string value = {});
  void claim_environment();                       // the whole of it
  void claim_value(const std::string& variable);  // as the request has it

  const tool::Invocation& invocation() const { return run.invocation; }
  std::optional<std::string_view> variable(std::string_view name) const {
    return run.command.variable(name);
  }
  const PathFacts* find(const std::string& path) const;  // null: nothing was seen there
  // What is there now, where something was during the run. None: it is gone, which is a problem.
  std::optional<os::FileIdentity> still_there(const std::string& path);
  bool is_updated(const std::string& path);  // Invocation::Outputs::updates
  bool is_declared_input(const std::string& path) const;
  bool is_declared_output(const std::string& path);  // or one of its directories
};

}  // namespace deja::evidence
