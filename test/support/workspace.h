// A workspace: a directory of its own for one test, with a cache, a home and a temporary directory that
// nobody else uses, and deja as a user has it. Its path has a space in it, because users' have.
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
  std::string outcome, reason, detail, tool, what;
  int tool_runs = 0;
  bool dup = false;
};
std::ostream& operator<<(std::ostream& to, const Event& event);

// Something in a directory: what a user could tell of it.
struct Node {
  char kind = 'f';  // f, d, l (symlink), ? (anything else)
  unsigned mode = 0;
  std::string text;  // content, or where the symlink leads
  bool operator==(const Node&) const = default;
};
std::ostream& operator<<(std::ostream& to, const Node& node);
// By path below the directory.
using Tree = std::map<std::string, Node>;
Tree tree_of(const std::string& directory);
// What differs, one line each; empty: nothing. (gtest's own message would print whole objects.)
std::string difference(const Tree& expected, const Tree& got);

// Has a process that was killed or told to end let go of its files, sockets and locks? (It loses
// its command line some moments earlier.)
bool has_let_go(pid_t pid);

// A run and the directory it left.
struct Trial {
  Result result;
  Tree tree;
};

class Workspace {
 public:
  using Here = std::source_location;

  explicit Workspace(Mode mode = Mode::daemon);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace();

  // Where things are. Names given to the functions below are relative to work(), or absolute.
  const std::string& base() const { return base_; }
  std::string work() const { return base_ + "/work"; }
  std::string cache() const { return base_ + "/cache"; }
  std::string home() const { return base_ + "/home"; }
  std::string bin() const { return base_ + "/bin"; }  // first on PATH
  std::string path(const std::string& name) const;

  void write(const std::string& name, const std::string& text,
             unsigned mode = 0644);                 // makes directories
  std::string read(const std::string& name) const;  // a test failure when it cannot
  bool exists(const std::string& name) const;       // a dangling symlink exists
  void remove(const std::string& name);             // whole trees too
  void make_directory(const std::string& name);
  // Waits until a file is no longer brand-new: of one that is, no engine keeps what it learns.
  void let_settle(const std::string& name) const;
  Tree tree() const { return tree_of(work()); }
  // Makes the work directory what it was: files removed, made and rewritten as needed.
  void restore(const Tree& tree);

  // An executable script in bin(), found before any other program of its name.
  void script(const std::string& name, const std::string& text);
  // A script that stands in for a real tool, and is counted: see tool_runs().
  void count_runs_of(const std::string& tool);
  int tool_runs() const;  // of all counted tools so far

  // Added to the environment of every run from now on ("NAME=value", or "NAME" to unset).
  void set(const std::string& entry) { extra_.push_back(entry); }
  std::vector<std::string> environment(const Options& options = {}) const;

  Process start(const Argv& argv, const Options& options = {}) const;
  Result run(const Argv& argv, const Options& options = {}) const;  // as it stands: no deja
  Result deja(const Argv& argv, const Options& options = {}) const;
  static Argv with_deja(const Argv& argv);
  static std::string program();                           // build/…/bin/deja
  static std::string companion(const std::string& name);  // build/…/libexec/deja/<name>

  // Run, and one event with this outcome was recorded.
  Result expect_hit(const Argv& argv, const Options& options = {}, Here here = Here::current());
  Result expect_miss(const Argv& argv, const Options& options = {}, Here here = Here::current());
  Result expect_bypass(const std::string& reason, const Argv& argv, const Options& options = {},
                       Here here = Here::current());
  Result expect_failure(const Argv& argv, const Options& options = {}, Here here = Here::current());

  // L1: runs argv bare, then twice through deja, each time in the same directory as before; a miss and
  // then a hit must leave what the tool leaves: files, modes, streams, exit code.
  // Returns what the tool does. The directory ends up as the hit left it.
  Trial expect_same(const Argv& argv, const Options& options = {}, Here here = Here::current());
  // The same without an opinion about hit or miss: for what may be a bypass.
  Trial expect_unchanged(const Argv& argv, const Options& options = {},
                         Here here = Here::current());

  std::vector<Event> events() const;
  Event last_event() const;
  // Engines of this workspace that are alive, by their command line.
  std::vector<pid_t> engines() const;
  pid_t daemon_pid() const;  // 0: none
  void end_engines() const;
  // Gives a daemon the idle time in which it puts what it knows under a vigil (warm/request_cache.h).
  void let_engine_rehearse() const;
  // Troubles of the cache itself, as deja tells them; empty when all is well.
  std::string troubles() const;

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

// Skips the test, saying what is missing.
#define NEEDS_TOOL(name)                                                \
  do {                                                                  \
    if (::deja::test::find_program(name).empty())                       \
      GTEST_SKIP() << "needs " << (name) << ", which is not installed"; \
  } while (false)
