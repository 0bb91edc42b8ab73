// SPDX-License-Identifier: Apache-2.0
// A workspace: a directory of its own for one test, with its own cache, home and temporary
// directory, and deja installed as a user has it. Its path has a space in it, because users' paths
// have.
//
//   Workspace ws(Mode::daemon);
//   ws.write("a.c", "int a;\n");
//   ws.expect_miss({"gcc", "-c", "a.c"});
//   ws.expect_hit({"gcc", "-c", "a.c"});
//
// Ends all that still runs in it at its own end. Thread-safe: run, deja.
#pragma once

#include <sys/types.h>

#include <compare>
#include <iosfwd>
#include <map>
#include <source_location>
#include <string>
#include <vector>

#include "support/process.h"

namespace deja::test {

enum class Mode { daemon, one_shot };
std::ostream& operator<<(std::ostream& to, Mode mode);

using Argv = std::vector<std::string>;

// A line of the journal.
struct Event {
  std::string outcome, reason, not_stored, detail, tool, what;
  int tool_runs = 0;
  bool dup = false;
};
std::ostream& operator<<(std::ostream& to, const Event& event);

// An entry of a directory, with everything that a user can see of it.
struct Node {
  char kind = 'f';  // f, d, l (symlink), ? (anything else)
  unsigned mode = 0;
  std::string text;  // content, or the target of a symlink
  bool operator==(const Node&) const = default;
};
std::ostream& operator<<(std::ostream& to, const Node& node);
// By path below the directory.
using Tree = std::map<std::string, Node>;
Tree tree_of(const std::string& directory);
// The differences, one per line; empty: none. (gtest's own message would print whole objects.)
std::string difference(const Tree& expected, const Tree& got);

// Has a killed or ended process released its files, sockets and locks? (It loses its command line
// some moments earlier.)
bool has_ended_completely(pid_t pid);

// A run and the directory that it left.
struct Trial {
  Result result;
  Tree tree;
};

// The differences of results and trees, one per line; empty: none.
std::string difference(const Trial& expected, const Trial& got);

class Workspace {
 public:
  using Here = std::source_location;

  explicit Workspace(Mode mode = Mode::daemon);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace();

  // Paths. Names given to the functions below are relative to work(), or absolute.
  const std::string& base() const { return base_; }
  std::string work() const { return base_ + "/work"; }
  std::string cache() const { return base_ + "/cache"; }
  std::string home() const { return base_ + "/home"; }
  std::string bin() const { return base_ + "/bin"; }  // first on PATH
  std::string path(const std::string& name) const;

  void write(const std::string& name, const std::string& text,
             unsigned mode = 0644);                 // makes directories
  std::string read(const std::string& name) const;  // fails the test when it cannot be read
  bool exists(const std::string& name) const;       // a dangling symlink exists
  void remove(const std::string& name);             // also whole directories
  void make_directory(const std::string& name);
  // Waits until a file is older than a tick of the clock: an engine does not remember facts about a
  // newer file.
  void let_settle(const std::string& name) const;
  Tree tree() const { return tree_of(work()); }
  // Restores the work directory: removes, creates and rewrites files as needed.
  void restore(const Tree& tree);

  // Writes an executable script to bin(), which is searched first.
  void script(const std::string& name, const std::string& text);
  // Writes a script that calls a real tool and counts its runs: see tool_runs().
  void count_runs_of(const std::string& tool);
  int tool_runs() const;  // of all counted tools so far

  // Changes the environment of every later run ("NAME=value", or "NAME" to unset).
  void set(const std::string& entry) { extra_.push_back(entry); }
  std::vector<std::string> environment(const Options& options = {}) const;

  Process start(const Argv& argv, const Options& options = {}) const;
  Result run(const Argv& argv, const Options& options = {}) const;  // without deja
  Result deja(const Argv& argv, const Options& options = {}) const;
  static Argv with_deja(const Argv& argv);
  static std::string program();                           // build/…/bin/deja
  static std::string companion(const std::string& name);  // build/…/libexec/deja/<name>

  // Runs the command, and expects that one event with this outcome was recorded.
  Result expect_hit(const Argv& argv, const Options& options = {}, Here here = Here::current());
  Result expect_miss(const Argv& argv, const Options& options = {}, Here here = Here::current());
  Result expect_bypass(const std::string& reason, const Argv& argv, const Options& options = {},
                       Here here = Here::current());
  Result expect_failure(const Argv& argv, const Options& options = {}, Here here = Here::current());

  // L1: runs argv without deja, then twice through deja, each time in the same initial directory. A
  // miss and then a hit must leave what the tool leaves: files, modes, streams, exit code. Returns
  // what the tool does. The directory is left as after the hit.
  Trial expect_same(const Argv& argv, const Options& options = {}, Here here = Here::current());
  // The same, whether the runs are hits, misses or bypasses.
  Trial expect_unchanged(const Argv& argv, const Options& options = {},
                         Here here = Here::current());

  std::vector<Event> events() const;
  Event last_event() const;
  // Running engines of this workspace, found by their command line.
  std::vector<pid_t> engines() const;
  pid_t daemon_pid() const;  // 0: none
  void end_engines() const;
  // Gives a daemon the idle time in which it sets up watches for its answers
  // (warm/request_cache.h).
  void let_engine_set_watches() const;
  // The cache's own troubles, as deja reports them; empty when there are none.
  std::string troubles() const;
  void collect_events() const;

 private:
  Result expect(const std::string& outcome, const std::string& reason, const Argv& argv,
                const Options& options, Here here);
  Trial attempt(const Argv& argv, const Options& options);
  Trial compare_roads(const Argv& argv, const Options& options, bool must_hit, Here here);

  std::string base_;
  Mode mode_;
  std::vector<std::string> extra_;
};

}  // namespace deja::test

// Skips the test with a message when the program is missing.
#define NEEDS_TOOL(name)                                                \
  do {                                                                  \
    if (::deja::test::find_program(name).empty())                       \
      GTEST_SKIP() << "needs " << (name) << ", which is not installed"; \
  } while (false)
