// SPDX-License-Identifier: Apache-2.0
#include "diff/hunter.h"

#include <signal.h>

#include <filesystem>
#include <sstream>

namespace deja::test {
namespace {

enum class Road { daemon, fresh_daemon, one_shot, killed_midway };
constexpr Road kRoads[] = {Road::daemon,       Road::daemon,   Road::daemon,
                           Road::fresh_daemon, Road::one_shot, Road::killed_midway};

const char* name_of(Road road) {
  switch (road) {
    case Road::daemon:
      return "the daemon";
    case Road::fresh_daemon:
      return "a fresh daemon";
    case Road::one_shot:
      return "a one-shot engine";
    case Road::killed_midway:
      return "a daemon that is killed midway";
  }
  return "";
}

// Sets up the conditions of the road; returns the command as it must be run there.
Command on_road(Road road, Command command, Workspace& ws) {
  if (road == Road::one_shot) command.options.env.push_back("DEJA_DAEMON=off");
  if (road == Road::fresh_daemon) ws.end_engines();
  if (road == Road::killed_midway) {
    const Tree before = ws.tree();
    Process run = ws.start(Workspace::with_deja(command.argv), command.options);
    // another one may be started at once
    for (const pid_t pid : ws.engines()) ::kill(pid, SIGKILL);
    run.wait();
    ws.restore(before);
  }
  return command;
}

std::string lost_reason(const Event& event) {
  return event.reason.substr(0, event.reason.find(" /")).substr(0, 60);
}

void count(const Verdict& verdict, bool was_known, Tally& tally) {
  ++tally.judged;
  const std::string& outcome = verdict.event.outcome;
  if (outcome == "hit") ++tally.hits;
  if (outcome == "miss") ++tally.misses;
  if (outcome == "failure") ++tally.failures;
  if (outcome == "bypass") ++tally.bypasses;
  if (verdict.noisy) ++tally.noisy;
  if (outcome == "miss" && was_known) ++tally.lost[lost_reason(verdict.event)];
  if (outcome == "miss" && !verdict.event.not_stored.empty())
    ++tally.not_stored[verdict.event.not_stored];
}

class Hunter {
 public:
  Hunter(std::uint64_t seed, Tally& tally, const std::vector<Mutation>& from)
      : seed_(seed), tally_(tally), mutations_(from), random_(seed), scene_(ws_) {}

  void run() {
    ++tally_.projects;
    project_ = make_project(scene_, random_);
    const Command command = moved_to(project_, project_.root, ws_);
    note_run("deja", command);
    if (!warm_up(ws_, command)) {
      ++tally_.unusable;
      return;
    }
    const int changes = random_.chance(25) ? 0 : 2 + static_cast<int>(random_.below(4));
    for (int i = 0; i < changes && tally_.wrong.size() == caught_; ++i) change_and_judge();
    if (tally_.wrong.size() == caught_) judge_second_checkout();
  }

 private:
  void note_run(const std::string& with, const Command& command) {
    scene_.note("(" + with + ") " + as_shell(command));
  }

  void change_and_judge() {
    const Project old = project_;
    const Mutation& mutation = random_.one_of(mutations_);
    scene_.note("# " + std::string(mutation.name));
    try {
      if (!mutation.apply(scene_, project_, random_)) return;
    } catch (const std::exception& e) {  // not possible here: a file is where a directory should be
      return scene_.note("# " + std::string(e.what()));
    }
    const bool nothing = std::string_view(mutation.name) == "nothing";
    judge_now(project_.root, nothing && !failed_);
    // Mostly undone, so that the project does not wear out.
    if (random_.chance(50)) project_.command = old.command;
  }

  void judge_second_checkout() {
    const std::string second = random_.chance(50) ? "two" : "another/checkout/with a longer name";
    scene_.make_directory(std::filesystem::path(second).parent_path().string());
    scene_.copy(project_.root, second);
    if (random_.chance(40)) edit_first();
    judge_now(second, false);
  }

  void edit_first() {
    for (const Mutation& mutation : mutations()) {
      if (std::string_view(mutation.name) == "edit") {
        mutation.apply(scene_, project_, random_);
        return;
      }
    }
  }

  void judge_now(const std::string& root, bool was_known) {
    const Road road = kRoads[random_.below(std::size(kRoads))];
    const Command command = on_road(road, moved_to(project_, root, ws_), ws_);
    note_run("deja, then bare; through " + std::string(name_of(road)), command);
    const Command bare = bare_of(project_, root, ws_);
    if (bare.argv != command.argv) note_run("bare", bare);
    const Verdict verdict = judge(ws_, command, bare);
    failed_ = verdict.bare.exit_code != 0;
    count(verdict, was_known && road == Road::daemon, tally_);
    // A command that is not looked up gets no added options.
    if (!verdict.is_wrong() || (bare.argv != command.argv && verdict.event.outcome == "bypass"))
      return;
    std::ostringstream text;
    text << "seed " << seed_ << ":\n"
         << scene_.text() << "deja: " << verdict.event << "\n"
         << verdict.difference;
    tally_.wrong.push_back({seed_, text.str()});
  }

  const std::uint64_t seed_;
  Tally& tally_;
  const std::vector<Mutation>& mutations_;
  const std::size_t caught_ = tally_.wrong.size();
  Random random_;
  Workspace ws_;
  Scene scene_;
  Project project_;
  bool failed_ = false;
};

void list(std::ostringstream& out, const char* title, const std::map<std::string, int>& counts) {
  for (const auto& [reason, n] : counts) out << title << n << " × " << reason << "\n";
}

}  // namespace

std::string report(const Tally& t) {
  std::ostringstream out;
  out << t.projects << " projects (" << t.unusable << " that fail), " << t.judged
      << " judged: " << t.hits << " hits, " << t.misses << " misses, " << t.failures
      << " failures, " << t.bypasses << " bypasses; " << t.noisy
      << " tools that never leave the same; " << t.wrong.size() << " wrong\n";
  list(out, "  lost hit: ", t.lost);
  list(out, "  not stored: ", t.not_stored);
  for (const Catch& c : t.wrong) out << "WRONG, " << c.reproducer << "\n";
  return out.str();
}

void hunt_once(std::uint64_t seed, Tally& tally, const std::vector<Mutation>& from) {
  Hunter(seed, tally, from).run();
}

Tally hunt(std::uint64_t seed, const std::function<bool(const Tally&)>& stop,
           const std::vector<Mutation>& from) {
  Tally tally;
  while (!stop(tally)) hunt_once(seed++, tally, from);
  return tally;
}

}  // namespace deja::test
