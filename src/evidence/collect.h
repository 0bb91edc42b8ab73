// SPDX-License-Identifier: Apache-2.0
// Collecting: one pass over the log, event by event, into the facts.
//
// Each kind of event has one handler; the table is in collect.cc. A handler writes down what was
// seen and what the run did, and stops with a problem where the event proves that nothing can be
// concluded. No handler makes a claim: what a later event does to a file is not known yet.
#pragma once

#include <optional>
#include <string>

#include "evidence/facts.h"
#include "observe/log_reader.h"

namespace deja::evidence {

Facts collect(const ObservedRun& run, const observe::Log& log);

// One event, while it is collected.
struct Collecting {
  const ObservedRun& run;
  Facts& facts;
  const observe::Event& e;

  PathFacts& row() const { return facts.by_path[e.path]; }
  const PathFacts* find(const std::string& path) const;  // null: no row
  bool is_own() const { return facts.changes.is_own(e.path); }
  bool has(unsigned flag) const { return (e.flags & flag) != 0; }
  UnknownProgram* unknown() const { return facts.processes.unknown(e.pid); }
  void fail(std::optional<Problem> why) const { facts.fail(std::move(why)); }
  void fail(NotStored reason, std::string detail = {}) const {
    facts.fail(reason, std::move(detail));
  }

  // A file was read, or run; identity null: not known.
  void read(const std::string& path, const os::FileIdentity* identity) const;
  void read_program(const os::FileIdentity* identity) const;
  void see(char kind) const;  // something is there
  void miss(const std::string& path) const;
  // The call that made it fails where something is. Only of unknown programs: a compiler removes what is in its way.
  void needed_absence(const std::string& path) const;
  void refuse() const;  // EACCES
};

// Handlers, by subject.

// collect.cc: what was opened, read and run
void on_program(const Collecting& c);
void on_library(const Collecting& c);
void on_exec(const Collecting& c);
void on_open(const Collecting& c);
void note_library_of_user(const Collecting& c);  // of the tool's user, not of the tool

// looks.cc: what was looked at without opening it
void on_stat(const Collecting& c);
void on_readlink(const Collecting& c);
void on_realpath(const Collecting& c);
void on_list(const Collecting& c);
void note_look(const Collecting& c);

// writes.cc: what the run did to files
void on_open_for_writing(const Collecting& c);
void on_unlink(const Collecting& c);
void on_rename(const Collecting& c);
void on_link(const Collecting& c);
void on_symlink(const Collecting& c);
void on_mkdir(const Collecting& c);
void on_change(const Collecting& c);
void on_close(const Collecting& c);
void on_lock(const Collecting& c);

// variables.cc
void on_getenv(const Collecting& c);
void on_environ(const Collecting& c);

// machine.cc, dates.cc
bool is_before_the_script(const Collecting& c);
void on_clock(const Collecting& c);
void on_host(const Collecting& c);
void on_localtime(const Collecting& c);
void on_day(const Collecting& c);

// clang_modules.cc. True: the event is about clang's own directory of modules, and is done with.
bool collect_module(const Collecting& c);

// Did a call fail because there is nothing of that name?
bool is_absence(int error);
const os::FileIdentity* identity_in(const observe::Event& e);  // null: the event has none
// What is behind an open descriptor is not a file that could be looked at again.
bool names_a_descriptor(std::string_view path);
// Is the path an argument of the command line, as it is spelled there?
bool is_named(const ObservedRun& run, const std::string& path);

}  // namespace deja::evidence
