// SPDX-License-Identifier: Apache-2.0
#include "evidence/conclude.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "action/testing/problem_text.h"
#include "digest/hasher.h"
#include "evidence/claim_checker.h"
#include "os/directory_test.h"

namespace deja::evidence {
namespace {

using action::text_of;

using action::Claim;

// Each rule on facts that are made by hand: no process has run, and there is no log. The files are
// on the disk, as they would be after the run.
class ConcludeTest : public os::DirectoryTest {
 protected:
  ConcludeTest() {
    command_.cwd = dir_;
    roots_ = action::Roots(dir_, "");
  }

  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  std::string tag(const std::string& name) const { return roots_.tag(at(name)); }
  os::FileIdentity identity(const std::string& name) const { return **os::stat_file(at(name)); }
  static std::string digest(std::string_view text) {
    return std::string(digest::digest_bytes(text).view());
  }

  PathFacts& row(const std::string& name) { return facts_->by_path[at(name)]; }
  PathFacts& read(const std::string& name) {
    row(name).read = PathFacts::Read{identity(name), kLater};
    return row(name);
  }
  PathFacts::Look& look(const std::string& name) {
    PathFacts::Look& out = row(name).look.emplace();
    out.was_there = true;
    return out;
  }
  Change& change(const std::string& name) {
    Change& out = facts_->changes.at(at(name));
    out.written = true;
    return out;
  }

  std::string conclude() {
    digest::FileDigester::Options options;
    options.scan = tool::scan_source;
    digest::FileDigester digester(options);
    out_ = evidence::conclude(run_, std::move(*facts_), digester);
    facts_.emplace(run_);
    return text_of(out_.problem);
  }
  bool has(Claim kind, const std::string& subject, const std::string& value = "") const {
    const auto& claims = out_.trace.observations;
    return std::find(claims.begin(), claims.end(), action::Observation{kind, subject, value}) !=
           claims.end();
  }
  // But for LD_LIBRARY_PATH, which counts for every run.
  std::size_t claims() const { return out_.trace.observations.size() - 1; }

  static constexpr std::int64_t kLater = std::int64_t{1} << 62;
  tool::Command command_;
  tool::Invocation invocation_;
  action::Roots roots_;
  std::vector<Before> before_;
  ObservedRun run_{command_, invocation_, tool::cc_adapter(), roots_, before_, kLater};
  std::optional<Facts> facts_{run_};
  RunFacts out_;
};

TEST_F(ConcludeTest, WithoutFactsOnlyTheLoadersSearchCounts) {
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::directories, "LD_LIBRARY_PATH"));
  EXPECT_EQ(claims(), 0u);
}

// The file system that shows kernel variables stamps files too coarsely to tell two changes apart.
TEST_F(ConcludeTest, AnInputThatCouldHideAChangeIsAProblem) {
  const std::string path = "/proc/version";
  const auto now = os::stat_file(path);
  ASSERT_TRUE(now && *now);
  facts_->by_path[path].read = PathFacts::Read{**now, (*now)->newest_ns()};
  EXPECT_EQ(conclude(), "input_too_new: " + path);
}

TEST_F(ConcludeTest, WhatCannotBeLookedAtIsAProblem) {
  write("a.c", "text");
  row("a.c").listed = true;
  EXPECT_EQ(conclude(), "path_unreadable: " + at("a.c"));
  ASSERT_EQ(::symlink(".", at("again").c_str()), 0);
  std::string deep = "again";
  for (int i = 0; i < 41; ++i) deep += "/again";
  row(deep).is_named_by_pwd = true;
  EXPECT_EQ(conclude(), "too_many_symlinks: " + at(deep));
  write("cut.a", "!<arch>\na.o/    ");
  change("cut.a");
  EXPECT_EQ(conclude(), "output_unreadable: " + at("cut.a"));
  std::string header = "a.o/            1700000000  0     0     100644  0         `\n";
  write("dated.a", "!<arch>\n" + header);
  change("dated.a");
  EXPECT_EQ(conclude(), "times_stored: " + at("dated.a"));
}

TEST_F(ConcludeTest, WhatCollectingFoundIsTheProblem) {
  facts_->fail(NotStored::hard_link, "found before");
  facts_->fail(NotStored::lock_left, "found later");
  row("none").all_stamps = true;
  EXPECT_EQ(conclude(), "hard_link: found before");
}

TEST_F(ConcludeTest, AFileThatWasReadIsAnInput) {
  write("a.c", "text");
  read("a.c");
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::file, tag("a.c"), digest("text")));
  EXPECT_EQ(claims(), 1u);
  ASSERT_EQ(out_.inputs.size(), 1u);
  EXPECT_EQ(out_.inputs[0].path, at("a.c"));
}

TEST_F(ConcludeTest, AFileThatIsNotWhatWasReadIsAProblem) {
  write("a.c", "text");
  ++read("a.c").read->identity.size;
  EXPECT_EQ(conclude(), "input_changed: " + at("a.c"));
  write("a.c", "text");
  read("a.c");
  ASSERT_EQ(::unlink(at("a.c").c_str()), 0);
  EXPECT_EQ(conclude(), "input_gone: " + at("a.c"));
}

TEST_F(ConcludeTest, AProgramIsAnInputWithoutAText) {
  write("cc1", "text");
  read("cc1").read->is_program = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::file, tag("cc1"), digest("text")));
  EXPECT_EQ(out_.programs, std::vector<std::string>{at("cc1")});
  EXPECT_TRUE(out_.inputs.empty());
}

TEST_F(ConcludeTest, AFileThatWasReadAndOverwrittenCountsAsItWasBefore) {
  write("lib.a", "new");
  read("lib.a");
  change("lib.a").in_place = true;
  EXPECT_EQ(conclude(), "input_rewritten: " + at("lib.a"));
  before_.push_back({at("lib.a"), identity("lib.a"), {digest::digest_bytes("old")}});
  read("lib.a");
  change("lib.a").in_place = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::file, tag("lib.a"), digest("old")));
}

TEST_F(ConcludeTest, EqualInputsCountByWhetherTheyAreOneFile) {
  write("a.h", "text");
  write("b.h", "text");
  ASSERT_EQ(::link(at("a.h").c_str(), at("c.h").c_str()), 0);
  for (const char* name : {"a.h", "b.h", "c.h"}) read(name);
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::same_file, tag("a.h"), "i" + tag("c.h")));
  EXPECT_TRUE(has(Claim::same_file, tag("c.h"), "i" + tag("a.h")));
  const char letter = same_file_relation(identity("a.h"), identity("b.h"));
  EXPECT_TRUE(has(Claim::same_file, tag("a.h"), letter + tag("b.h")));
}

TEST_F(ConcludeTest, WhatWasSeenCountsByItsKind) {
  write("a.h", "");
  row("a.h").kind = 'f';
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::exists, tag("a.h"), "f"));
  EXPECT_EQ(claims(), 1u);
  row("a.h").kind = '?';
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::exists, tag("a.h"), "f"));
  read("a.h").kind = 'f';  // its content says more
  EXPECT_EQ(conclude(), "");
  EXPECT_EQ(claims(), 1u);
}

TEST_F(ConcludeTest, WhatTheRunMadeIsNotSeen) {
  write("a.o", "");
  row("a.o").kind = 'f';
  row("a.o").executed = row("a.o").listed = row("a.o").all_stamps = true;
  row("a.o").link = "";
  look("a.o").is_trusted = true;
  change("a.o");
  EXPECT_EQ(conclude(), "");
  EXPECT_EQ(claims(), 0u);
}

TEST_F(ConcludeTest, ADirectoryCountsWithTheSymlinksOnItsWay) {
  write("real/in/x", "");
  ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
  row("link/in").kind = 'd';
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::exists, tag("link/in"), "d"));
  EXPECT_TRUE(has(Claim::link, tag("link"), "real"));
  EXPECT_TRUE(has(Claim::link, tag("real"), ""));
  EXPECT_TRUE(has(Claim::link, tag("real/in"), ""));
  EXPECT_FALSE(has(Claim::link, "\1", "")) << "the place of a root";
  row("link").is_named_by_pwd = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::link, tag("link"), "real"));
  EXPECT_EQ(claims(), 2u);
}

TEST_F(ConcludeTest, AProgramThatWasStartedCountsByItsKind) {
  write("cc1", "");
  ASSERT_EQ(::chmod(at("cc1").c_str(), 0755), 0);
  row("cc1").executed = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::exists, tag("cc1"), "x"));
}

TEST_F(ConcludeTest, WhatAnUnknownProgramSawOfAnOutputCounts) {
  write("a.o", "new");
  const auto see = [&]() -> PathFacts::Look& {
    change("a.o");
    return look("a.o");
  };
  see().was_there = false;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::absent, tag("a.o")));
  see().identity = identity("a.o");
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::stamps, tag("a.o"), stamps_text(identity("a.o"))));
  PathFacts::Look& of_rm = see();
  of_rm.identity = identity("a.o");
  of_rm.only_kind = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::exists, tag("a.o"), "f"));
  see();
  EXPECT_EQ(conclude(), "output_looked_for: " + at("a.o"));
}

TEST_F(ConcludeTest, WhatAnUnknownProgramLookedAtCountsByItsStamps) {
  write("a.txt", "text");
  look("a.txt");
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::stamps, tag("a.txt"), stamps_text(identity("a.txt"))));
  look("a.txt").is_trusted = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_EQ(claims(), 0u);
  look("a.txt");
  row("a.txt").stat = identity("a.txt");
  ++row("a.txt").stat->size;
  EXPECT_EQ(conclude(), "input_changed: " + at("a.txt"));
}

TEST_F(ConcludeTest, SizesThatAnInputHoldsCount) {
  write("m.gcm", std::string("\x7f") + "ELF" + '\0' + ".gnu.c++.README" + '\0');
  write("a.h", "four");
  read("m.gcm");
  row("a.h").kind = 'f';
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::stamps, tag("a.h"), "4"));
  write("m.pcm", "CPCH");
  read("m.pcm");
  row("a.h").kind = 'f';
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::stamps, tag("a.h"), stamps_text(identity("a.h"))));
  EXPECT_TRUE(has(Claim::stamps, tag("m.pcm"), stamps_text(identity("m.pcm"))));
}

TEST_F(ConcludeTest, AllStampsCountWhereAttributesWereAskedFor) {
  write("a.txt", "text");
  row("a.txt").all_stamps = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::stamps, tag("a.txt"), all_stamps_text(identity("a.txt"))));
}

TEST_F(ConcludeTest, WhatWasRefusedCountsByTheRightsOfTheUser) {
  write("plain", "no program");
  ASSERT_EQ(::chmod(at("plain").c_str(), 0644), 0);
  row("plain").refused = {{'x', kLater}};
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::access, tag("plain"), *access_text(at("plain"))));
  row("plain").refused = {{'x', 1}};
  EXPECT_EQ(conclude(), "input_changed: " + at("plain"));
  row("plain").refused = {{'r', kLater}};
  EXPECT_EQ(conclude(), "access_refused: " + at("plain"));
  row("plain").refused = {{'x', kLater}};
  change("plain");
  EXPECT_EQ(conclude(), "changed_after_refusal: " + at("plain"));
}

TEST_F(ConcludeTest, ASymlinkCountsByItsText) {
  ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
  row("link").link = "real";
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::link, tag("link"), "real"));
  const auto now = **os::stat_file(at("link"), os::Links::keep);
  row("link").lstat = now;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::link, tag("link"), "real"));
  row("link").lstat = now;
  ++row("link").lstat->ctime_ns;
  EXPECT_EQ(conclude(), "input_changed: " + at("link"));
}

TEST_F(ConcludeTest, ARealPathMayBeWritten) {
  for (const bool may_be_written : {false, true}) {
    row("link").real.emplace().result = at("real");
    row("link").real->may_be_written = may_be_written;
    EXPECT_EQ(conclude(), "");
    EXPECT_TRUE(has(Claim::real, tag("link"), tag("real")));
    EXPECT_EQ(out_.real_paths.size(), may_be_written ? 1u : 0u);
  }
}

TEST_F(ConcludeTest, AListingIsWithoutWhatTheRunMade) {
  write("d/there", "");
  const std::string without = listing_value(*listing_digest(at("d")), {});
  write("d/made", "");
  row("d").listed = true;
  change("d/made");
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::listing, tag("d"), without));
}

TEST_F(ConcludeTest, AListingNeedsToKnowWhatARenameReplaced) {
  write("d/made", "");
  const auto rename = [&]() -> PathFacts& {
    row("d").listed = true;
    change("d/made").renamed = true;
    return row("d/made");
  };
  rename();
  EXPECT_EQ(conclude(), "renamed_in_listing: " + at("d/made"));
  rename().absent = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::listing, tag("d"), listing_value(*listing_digest(at("d"), {"made"}), {})));
  rename().kind = 'f';
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::listing, tag("d"), listing_value(*listing_digest(at("d")), {})));
}

TEST_F(ConcludeTest, AnAbsenceIsThatOfTheFirstMissingComponent) {
  row("none/deep/a.h").absent = row("none/b.h").absent = row("c.h").absent = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::absent, tag("none")));
  EXPECT_TRUE(has(Claim::absent, tag("c.h")));
  EXPECT_EQ(claims(), 2u);
  write("c.h", "");
  row("c.h").absent = true;
  EXPECT_EQ(conclude(), "input_appeared: " + at("c.h"));
  row("c.h").absent = true;
  change("c.h");  // by the run
  EXPECT_EQ(conclude(), "");
  EXPECT_EQ(claims(), 0u);
}

TEST_F(ConcludeTest, WhatWasWrittenIsAnOutputAndWhatIsGoneWasTemporary) {
  write("a.o", "made");
  change("a.o");
  change("tmp");
  EXPECT_EQ(conclude(), "");
  ASSERT_EQ(out_.outputs.size(), 1u);
  EXPECT_EQ(out_.outputs[0].path, at("a.o"));
  EXPECT_EQ(out_.outputs[0].placement, action::Placement::made);
  EXPECT_EQ(out_.temporaries, std::vector<std::string>{"tmp"});
  change("tmp").existed = true;
  EXPECT_EQ(conclude(), "file_deleted: " + at("tmp"));
}

TEST_F(ConcludeTest, APlacementSaysHowTheOutputCame) {
  write("a.o", "made");
  const auto placement = [&] {
    EXPECT_EQ(conclude(), "");
    return out_.outputs[0].placement;
  };
  change("a.o").renamed = true;
  EXPECT_EQ(placement(), action::Placement::replaced);
  change("a.o").in_place = true;
  EXPECT_EQ(placement(), action::Placement::in_place);
  change("a.o").in_place = change("a.o").unlinked = true;
  EXPECT_EQ(placement(), action::Placement::made);
  invocation_.outputs.are_replaced = true;
  change("a.o");
  EXPECT_EQ(placement(), action::Placement::replaced);
}

TEST_F(ConcludeTest, WhatWouldBeContinuedMustBeAbsent) {
  write("log", "made");
  write("d/x", "");
  change("log").continues = true;
  change("d");
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::absent, tag("log")));
  EXPECT_TRUE(has(Claim::absent, tag("d")));
}

TEST_F(ConcludeTest, SomeThingsAreNoOutputs) {
  write("a.o", "made");
  ASSERT_EQ(::link(at("a.o").c_str(), at("other").c_str()), 0);
  change("a.o");
  EXPECT_EQ(conclude(), "hard_link: " + at("a.o"));
  ASSERT_EQ(::unlink(at("other").c_str()), 0);
  change("a.o").file = {1, 1};
  EXPECT_EQ(conclude(), "output_changed: " + at("a.o"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  change("fifo");
  EXPECT_EQ(conclude(), "special_file_left: " + at("fifo"));
  ASSERT_EQ(::symlink("a.o", at("link").c_str()), 0);
  change("link").in_place = true;
  EXPECT_EQ(conclude(), "symlink_written_through: " + at("link"));
  change("link");
  EXPECT_EQ(conclude(), "");
  EXPECT_EQ(out_.outputs[0].link_text, "a.o");
}

TEST_F(ConcludeTest, AnEmptyFileThatWasLockedIsNoOutput) {
  write("lock", "");
  const auto lock = [&]() -> Change& {
    Change& out = change("lock");
    out.is_lock = out.in_place = out.was_empty = true;
    out.file = number_of(identity("lock"));
    return out;
  };
  lock();
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::file, tag("lock"), digest("")));
  EXPECT_TRUE(out_.outputs.empty());
  lock().was_empty = false;
  EXPECT_EQ(conclude(), "lock_left: " + at("lock"));
}

TEST_F(ConcludeTest, AModuleIsWhatWasReadAndWhatWasComparedWithItCounts) {
  write("m.pcm", "module");
  write("a.h", "text");
  const auto module = [&]() -> PathFacts::Module& { return row("m.pcm").module.emplace(); };
  module().is_made = true;
  EXPECT_EQ(conclude(), "module_unclear: " + at("m.pcm"));
  module().identity = identity("m.pcm");
  row("m.pcm").module->when_ns = kLater;
  read("a.h");
  EXPECT_EQ(conclude(), "");
  ASSERT_EQ(out_.modules.size(), 1u);
  ASSERT_EQ(out_.compared.size(), 1u);
  EXPECT_EQ(out_.compared[0].value, stamps_text(identity("a.h")));
  module().is_finished = false;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(out_.modules.empty());
}

TEST_F(ConcludeTest, VariablesCountAsTheRequestHasThem) {
  command_.environment = {{"SET", "value"}};
  facts_->variables.by_value = {"SET", "NONE"};
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::variable, "SET", "value"));
  EXPECT_TRUE(has(Claim::unset, "NONE"));
  EXPECT_EQ(claims(), 2u);
  facts_->variables.all = true;
  EXPECT_EQ(conclude(), "");
  const Digest all = environment_digest(command_, roots_);
  EXPECT_TRUE(has(Claim::environment, "", std::string(all.view())));
}

TEST_F(ConcludeTest, OfASearchedVariableCountsWhatTheSearchMeets) {
  write("bin/as", "");
  const std::string path = at("none") + ":" + at("bin");
  command_.environment = {{"PATH", path}};
  facts_->variables.searched = {"PATH"};
  row("none/as").absent = true;
  row("bin/other").absent = true;  // not in the first directory, so by its path
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::search, "PATH/as", tag("bin/as") + '\0'));
  EXPECT_EQ(claims(), 3u);
}

TEST_F(ConcludeTest, OfAListedVariableCountTheDirectories) {
  const std::string path = at("none");
  command_.environment = {{"CPATH", path}};
  facts_->variables.listed = {"CPATH"};
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::directories, "CPATH", "-" + tag("none") + '\0'));
  facts_->variables.listed = {"CPATH"};
  invocation_.policy.prints_commands = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::variable, "CPATH", tag("none")));
}

TEST_F(ConcludeTest, OfAShellCountTheVariablesThatItsTextsMayRead) {
  write("a.sh", "echo $NAME");
  const auto run = [&] {
    facts_->processes.started(7, "/usr/bin/dash");
    observe::Event e;
    e.pid = 7;
    e.text = "sh" + std::string(1, '\0') + "a.sh" + std::string(1, '\0');
    EXPECT_FALSE(facts_->processes.takes_environment(e));
    e.path = at("a.sh");
    facts_->processes.opens(e, facts_->changes);
    read("a.sh");
    return conclude();
  };
  EXPECT_EQ(run(), "");
  EXPECT_TRUE(has(Claim::unset, "NAME"));
  const auto has_all = [&] {
    return std::any_of(out_.trace.observations.begin(), out_.trace.observations.end(),
                       [](const auto& o) { return o.claim == Claim::environment; });
  };
  EXPECT_FALSE(has_all());
  write("a.sh", "eval $NAME");
  EXPECT_EQ(run(), "");
  EXPECT_TRUE(has_all());
}

TEST_F(ConcludeTest, AQuestionOfAnUnknownProgramIsAProblem) {
  facts_->processes.at(7).unknown = UnknownProgram{"python3"};
  EXPECT_EQ(conclude(), "");
  facts_->processes.at(7).unknown = UnknownProgram{"python3"};
  facts_->processes.at(7).unknown->asked = Problem{NotStored::clock_read};
  EXPECT_EQ(conclude(), "clock_read");
}

TEST_F(ConcludeTest, ATimekeeperMustNotBeAsked) {
  const tool::Timekeeper keeper = {
      "m4", [](std::string_view text) { return text.find("time") != text.npos; }};
  invocation_.policy.timekeeper = &keeper;
  write("a.m4", "text");
  read("a.m4");
  facts_->asked_time = true;
  EXPECT_EQ(conclude(), "");
  write("a.m4", "time");
  read("a.m4");
  facts_->asked_time = true;
  EXPECT_EQ(conclude(), "time_written: " + at("a.m4"));
}

TEST_F(ConcludeTest, ADateHoldsForItsDayUnlessTheTimeMayBeWritten) {
  write("a.c", "char d[] = __DATE__;");
  const LocalDay day{kLater / 1'000'000'000 - 3600, 0};
  const auto date = [&]() -> DateUse& {
    read("a.c");
    return facts_->processes.at(7).date.emplace(DateUse{1, kLater, true, day});
  };
  date();
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::date, "", day_text(day)));
  date().has_zone = false;
  EXPECT_EQ(conclude(), "clock_read");
  date().asked = 2;
  EXPECT_EQ(conclude(), "local_time");
  date().day->begin_s -= 86400;
  EXPECT_EQ(conclude(), "day_changed");
  write("a.c", "char t[] = __TIME__;");
  date();
  EXPECT_EQ(conclude(), "time_written: __TIME__");
}

TEST_F(ConcludeTest, AClockThatIsNotKnownIsAProblemWhereATextNamesTheTime) {
  write("a.c", "char t[] = __TIME__;");
  facts_->clock_untold = true;
  EXPECT_EQ(conclude(), "");
  facts_->clock_untold = true;
  read("a.c");
  EXPECT_EQ(conclude(), "time_written: __DATE__, __TIME__");
}

TEST_F(ConcludeTest, TheMachineCountsWhereItWasAskedFor) {
  facts_->asks_machine = true;
  EXPECT_EQ(conclude(), "");
  EXPECT_TRUE(has(Claim::machine, "", std::string(machine_digest().view())));
}

}  // namespace
}  // namespace deja::evidence
