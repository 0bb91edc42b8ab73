// SPDX-License-Identifier: Apache-2.0
// Processes: which program runs in each process, and what is known of it.
//
// - A program that no adapter knows (a shell, whatever a wrapper script starts) is unknown. What it
//   asks the machine (the time, the host's name) cannot be checked again, so that is a problem.
// - An interpreter is unknown until it opens a script that the adapter trusts
//   (tool::TrustedScript). What it asked before that is kept, and is a problem if no such script
//   follows.
// - Of a shell whose texts are all known only the variables count that these may read (tool/shell);
//   of a small tool that a script starts, the variables that it asks for.
//
// Functions that return a problem return none where there is none. They are called in the order of the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "action/not_stored.h"
#include "evidence/changes.h"
#include "evidence/local_day.h"
#include "observe/log_reader.h"
#include "tool/shell/script.h"
#include "tool/tool.h"

namespace deja::evidence {

// A program that no adapter knows, or not yet.
struct UnknownProgram {
  static constexpr std::size_t kNoShell = ~std::size_t{0};

  std::string name;
  const tool::TrustedScript* trusted_script = nullptr;
  std::optional<action::Problem> asked = {};  // the problem, if no trusted script follows
  bool may_ask_on = false;  // it may ask that again, and the log would not hold it
  bool ran_others = false;  // it has opened a script of the same kind before
  bool reads_all = false;   // it reads its environment, and which variables is not seen
  std::string script = {};  // path of its TrustedScript::Asks::told_by_this_run
  std::size_t shell = kNoShell;
  bool shows_all = false;  // it prints its variables, unless another program takes its place
};

// A shell, with its subshells.
struct Shell {
  tool::shell::Kind kind = tool::shell::Kind::dash;
  std::string arguments;        // each followed by a NUL
  std::set<std::string> texts;  // paths of the files that it opened
};

// What a compiler that may write the date (__DATE__) asked for.
struct DateUse {
  int asked = 0;  // calls of time(), as many as the log has
  std::int64_t asked_ns = 0;
  bool has_zone = false;  // it called localtime()
  std::optional<LocalDay> day;
};

struct Process {
  std::string name;        // of the program; "": not known
  std::string executable;  // its path
  std::optional<std::int32_t> parent;
  std::optional<UnknownProgram> unknown;
  std::optional<DateUse> date;
  bool has_llvm_plugin = false;
  bool has_read = false;                    // a file other than a library or a locale
  bool has_seed = false;                    // an interpreter that has read its first random number
  bool looked_how_old_modules_are = false;  // and has not asked for the time since
};

class Processes {
 public:
  Processes(const tool::Command& command, const tool::Invocation& invocation,
            const tool::Adapter& adapter)
      : command_(command), invocation_(invocation), adapter_(adapter) {}

  Process& at(std::int32_t pid) { return processes_[pid]; }
  const std::map<std::int32_t, Process>& all() const { return processes_; }
  UnknownProgram* unknown(std::int32_t pid);  // null: an adapter knows the program
  std::string_view name_of(std::int32_t pid) const;
  // The same, but a child that has not reported (vfork) is the program of its parent.
  std::string_view program_of(std::int32_t pid) const;

  // The process will report later in the log.
  void expect(std::int32_t pid, std::int32_t parent);
  void forked(std::int32_t pid, std::int32_t parent);
  std::optional<action::Problem> started(std::int32_t pid, const std::string& executable);

  // It asks what cannot be asked again. flags: of the event.
  std::optional<action::Problem> asks(UnknownProgram& program, const action::Problem& problem,
                                      unsigned flags);
  // It opens a file for reading: is that a script which the adapter trusts, or a text of a shell?
  std::optional<action::Problem> opens(const observe::Event& e, Changes& changes);
  // It takes over the environment. False: which variables it reads is known.
  bool takes_environment(const observe::Event& e);
  // make lists the directory of its makefile to find files that the makefile could be made from:
  // its name and something more. No other file has such a name.
  bool lists_around_its_script(const observe::Event& e);

  // Is it the program that asks for the time whenever it starts (Invocation::Policy::timekeeper)?
  bool is_timekeeper(std::int32_t pid) const;
  // Does it call time() and localtime() only for __DATE__ and __TIME__?
  bool may_write_date(std::int32_t pid) const;
  bool has_dates() const;

  // The run has ended: what an unknown program has asked, and was not trusted for.
  std::optional<action::Problem> end() const;

  const std::vector<Shell>& shells() const { return shells_; }
  bool shows_environment() const;  // some program has printed it
  // The environment was read by a program that no adapter knows.
  bool had_unknown() const { return had_unknown_; }
  // Executables that ask for variables one by one.
  const std::set<std::string>& one_by_one() const { return one_by_one_; }
  // Paths of scripts that this run has written (TrustedScript::Asks::told_by_this_run).
  const std::vector<std::string>& own_scripts() const { return own_scripts_; }
  // Directories above scripts that do not pass on what their interpreter has asked at its start.
  const std::vector<std::string>& directories_of_trusted() const { return trusted_; }

 private:
  std::optional<action::Problem> recognize_script(UnknownProgram& program, const observe::Event& e,
                                                  Changes& changes);
  std::optional<action::Problem> read_orders(UnknownProgram& program,
                                             const tool::TrustedScript& row,
                                             const observe::Event& e, Changes& changes);
  void note_text(const observe::Event& e);

  const tool::Command& command_;
  const tool::Invocation& invocation_;
  const tool::Adapter& adapter_;
  std::map<std::int32_t, Process> processes_;
  std::vector<Shell> shells_;
  bool had_unknown_ = false;
  std::set<std::string> one_by_one_;
  std::vector<std::string> own_scripts_, trusted_;
};

}  // namespace deja::evidence
