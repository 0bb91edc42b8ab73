// SPDX-License-Identifier: Apache-2.0
#include "evidence/trace_builder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/trace_builder_test.h"

namespace deja::evidence {
namespace {

// lld opens its old output, so that the kernel frees it later. Another linker may have read it, and
// so may another process.
TEST_F(TraceBuilderTest, OutputsThatLinkersRemove) {
  const auto link = [&](const std::string& program, std::int32_t other_reader) {
    log_ = {};
    write("a", "old");
    ::symlink("/bin/true", at(program).c_str());
    Event started = event(DEJA_OP_PROCESS, program);
    log_.events.push_back(started);
    reads("a");
    log_.events.back().pid = started.pid;
    if (other_reader != 0) {
      reads("a");
      log_.events.back().pid = other_reader;
    }
    removes("a");
    creates("a");
    return text_of(build().problem);
  };
  EXPECT_EQ(link("ld.lld", 0), "");
  EXPECT_EQ(link("rust-lld", 0), "");
  EXPECT_EQ(link("ld.lld", 77), "input_rewritten: " + at("a"));
  EXPECT_EQ(link("objcopy", 0), "input_rewritten: " + at("a"));
}

// A temporary directory is made by one name of its parent and removed by another.
TEST_F(TraceBuilderTest, TemporariesBehindASymlink) {
  ASSERT_EQ(::mkdir(at("real").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
  for (const auto& [made, removed] : {std::pair("link", "real"), std::pair("real", "link")}) {
    log_ = {};
    const auto below = [&](const char* parent, const char* rest) {
      return std::string(parent) + "/rmetaXYZ" + rest;
    };
    ASSERT_EQ(::mkdir(at(below(made, "")).c_str(), 0755), 0);
    log_.events.push_back(event(DEJA_OP_MKDIR, below(made, "")));
    ASSERT_EQ(::mkdir(at(below(made, "/in")).c_str(), 0755), 0);
    log_.events.push_back(event(DEJA_OP_MKDIR, below(made, "/in")));
    creates(below(made, "/in/full.rmeta"));
    removes(below(removed, "/in/full.rmeta"));
    for (const char* directory : {"/in", ""}) {
      ::rmdir(at(below(removed, directory)).c_str());
      log_.events.push_back(event(DEJA_OP_UNLINK, below(removed, directory)));
    }
    const RunFacts t = build();
    EXPECT_EQ(text_of(t.problem), "");
    EXPECT_TRUE(t.outputs.empty());
  }
}

// What is read by the name of a symlink that the run has made is what that leads to.
TEST_F(TraceBuilderTest, SymlinksThatTheRunHasMade) {
  ASSERT_EQ(::mkdir(at("real").c_str(), 0755), 0);
  write("real/a.h", "x");
  const auto run = [&](bool keeps) {
    log_ = {};
    ::unlink(at("link").c_str());
    EXPECT_EQ(::symlink("real", at("link").c_str()), 0);
    log_.events.push_back(event(DEJA_OP_SYMLINK, "link"));
    log_.events.back().text = "real";
    reads("link/a.h");
    misses("link/none.h");
    creates("link/made");
    if (!keeps) removes("link");
    return build();
  };
  for (const bool keeps : {true, false}) {
    ::unlink(at("real/made").c_str());
    const RunFacts t = run(keeps);
    EXPECT_EQ(text_of(t.problem), "");
    const std::string root = roots_.tag(dir_);
    EXPECT_TRUE(has(t, Claim::file, root + "/real/a.h", digest("x")));
    EXPECT_TRUE(has(t, Claim::absent, root + "/real/none.h"));
    EXPECT_EQ(t.outputs.size(), keeps ? 2u : 1u);
    EXPECT_TRUE(std::any_of(t.outputs.begin(), t.outputs.end(),
                            [&](const Output& o) { return o.path == at("real/made"); }));
  }
}

// If the run writes by the name of a symlink and then replaces that, it is not known where it
// wrote.
TEST_F(TraceBuilderTest, SymlinksThatTheRunReplacesAfterItHasWrittenThroughThem) {
  ASSERT_EQ(::mkdir(at("one").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir(at("two").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("one", at("link").c_str()), 0);
  creates("link/made");
  removes("link");
  ASSERT_EQ(::symlink("two", at("link").c_str()), 0);
  log_.events.push_back(event(DEJA_OP_SYMLINK, "link"));
  log_.events.back().text = "two";
  EXPECT_EQ(text_of(build().problem), "link_replaced: " + at("link"));
}

// rustc links an object to another name and removes the first.
TEST_F(TraceBuilderTest, HardLinksOfWhatTheRunHasMade) {
  const auto linked = [&](const char* source, const char* gone) {
    log_ = {};
    for (const char* name : {"a.o", "b.o"}) ::unlink(at(name).c_str());
    write("there", "x");
    creates("a.o");
    EXPECT_EQ(::link(at(source).c_str(), at("b.o").c_str()), 0);
    Event e = event(DEJA_OP_LINK, source);
    e.text = at("b.o");
    log_.events.push_back(e);
    if (*gone != 0) removes(gone);
    RunFacts t = build();
    std::sort(t.outputs.begin(), t.outputs.end(),
              [](const Output& a, const Output& b) { return a.path < b.path; });
    return !t.problem && !t.outputs.empty() ? t.outputs.front().path : text_of(t.problem);
  };
  EXPECT_EQ(linked("a.o", "a.o"), at("b.o"));
  EXPECT_EQ(linked("a.o", "b.o"), at("a.o"));
  EXPECT_EQ(linked("a.o", ""), "hard_link: " + at("a.o"));
  EXPECT_EQ(linked("there", ""), "hard_link: " + at("b.o"));
}

TEST_F(TraceBuilderTest, ReadsAbsencesAndOutputsOfACompile) {
  write("a.c", "source");
  reads("a.c");
  misses("inc/a.h");
  misses("none/deep/b.h");
  creates("a.o");
  creates("a.d");
  creates("tmp.s");
  removes("tmp.s");
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(has(t, Claim::file, "\1/a.c", digest("source")));
  EXPECT_TRUE(has(t, Claim::absent, "\1/inc"));
  EXPECT_TRUE(has(t, Claim::absent, "\1/none"));
  ASSERT_EQ(t.outputs.size(), 2u);
  EXPECT_EQ(t.outputs[0].role, action::Role::depfile);
  EXPECT_EQ(t.outputs[1].path, at("a.o"));
  EXPECT_EQ(t.outputs[1].placement, action::Placement::made);
}

// From outside it cannot be seen which variables a program reads, nor by which function it asks for
// the time.
TEST_F(TraceBuilderTest, OfASupervisedCompilerTheWholeEnvironmentCounts) {
  log_.events.push_back(event(DEJA_OP_PROCESS, *os::real_path("/bin/sh")));
  log_.events.push_back(event(DEJA_OP_ENVIRON, "", 0, DEJA_ENVIRON_UNSEEN));
  Event clock = event(DEJA_OP_CLOCK, "", 0, DEJA_CLOCK_UNTOLD);
  clock.value = DEJA_CLOCK_REALTIME;
  log_.events.push_back(clock);
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(
      has(t, Claim::environment, "", std::string(environment_digest(command_, roots_).view())));
}

TEST_F(TraceBuilderTest, AClockThatMayHaveBeenWrittenProvesNothing) {
  write("a.c", "char t[] = __TIME__;");
  reads("a.c");
  Event clock = event(DEJA_OP_CLOCK, "");
  clock.value = DEJA_CLOCK_REALTIME;
  log_.events.push_back(clock);
  EXPECT_EQ(text_of(build().problem), "");
  log_.events.back().flags = DEJA_CLOCK_UNTOLD;
  EXPECT_EQ(text_of(build().problem), "time_written: __DATE__, __TIME__");
}

TEST_F(TraceBuilderTest, WhatWasSeenOfAnOutputBeforeItWasMadeDoesNotCount) {
  misses("a.o");
  creates("a.o");
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_EQ(t.trace.observations.size(), 1u);
  EXPECT_TRUE(has(t, Claim::directories, "LD_LIBRARY_PATH"));
}

TEST_F(TraceBuilderTest, AnExistingFileThatIsTruncatedIsWrittenInPlaceAndOneUnlinkedIsMade) {
  write("t.o", "old");
  write("u.o", "old");
  creates("t.o");
  removes("u.o");
  creates("u.o");
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  ASSERT_EQ(t.outputs.size(), 2u);
  EXPECT_EQ(t.outputs[0].placement, action::Placement::in_place);
  EXPECT_EQ(t.outputs[1].placement, action::Placement::made);
}

TEST_F(TraceBuilderTest, AnOutputThatWouldBeContinuedMayNotBeThere) {
  creates("log", DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_APPEND);
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(has(t, Claim::absent, "\1/log"));
}

TEST_F(TraceBuilderTest, ADirectoryThatWasMadeMayNotBeThere) {
  ASSERT_TRUE(os::make_directory(at("d")));
  log_.events.push_back(event(DEJA_OP_MKDIR, "d"));
  log_.events.push_back(event(DEJA_OP_MKDIR, "d/.", EEXIST));  // another name of it
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  ASSERT_EQ(t.outputs.size(), 1u);
  EXPECT_EQ(t.outputs[0].role, action::Role::directory);
  EXPECT_TRUE(has(t, Claim::absent, "\1/d"));
  for (const action::Observation& o : t.trace.observations) EXPECT_NE(o.claim, Claim::exists);
}

// What clang keeps of a header that the importer only looks at.
TEST_F(TraceBuilderTest, ATreeHoldsSizesAndMayHoldTimes) {
  write("a.h", "four");
  write("m.pcm", "CPCH, or what is left of one");
  const auto stamps_of = [&](const RunFacts& t) {
    std::string all;
    for (const action::Observation& o : t.trace.observations)
      if (o.claim == Claim::stamps) all += o.subject.substr(2) + "=" + o.value + ";";
    return all;
  };
  log_.events.push_back(event(DEJA_OP_STAT, "a.h"));
  EXPECT_EQ(stamps_of(build()), "");
  reads("m.pcm");
  EXPECT_EQ(stamps_of(build()), "a.h=" + stamps_text(**os::stat_file(at("a.h"))) +
                                    ";m.pcm=" + stamps_text(**os::stat_file(at("m.pcm"))) + ";");
  log_.events.pop_back();
  write("m.gcm", std::string("\x7f") + "ELF" + '\0' + ".gnu.c++.README" + '\0');
  reads("m.gcm");
  EXPECT_EQ(stamps_of(build()), "a.h=4;");
}

// Its size was another one when the tool looked.
TEST_F(TraceBuilderTest, AFileThatChangedAfterItWasLookedAtProvesNothing) {
  write("a.h", "four");
  write("m.pcm", "CPCH, or what is left of one");
  log_.events.push_back(event(DEJA_OP_STAT, "a.h"));
  write("a.h", "longer");
  EXPECT_EQ(text_of(build().problem), "");  // only that it is there counts
  reads("m.pcm");
  EXPECT_EQ(text_of(build().problem), "input_changed: " + at("a.h"));
}

TEST_F(TraceBuilderTest, TemporaryThenRenamedIsTheOutput) {
  creates("x.tmp");
  ASSERT_TRUE(os::rename_file(at("x.tmp"), at("x.o")));
  Event e = event(DEJA_OP_RENAME, "x.tmp");
  e.text = at("x.o");
  log_.events.push_back(e);
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  ASSERT_EQ(t.outputs.size(), 1u);
  EXPECT_EQ(t.outputs[0].path, at("x.o"));
}

TEST_F(TraceBuilderTest, AnOutputThatOthersReplacedProvesNothing) {
  creates("a.o");
  write("keep", "");  // so that the next file cannot get the inode of the first
  write("a.o", "of another command");
  EXPECT_EQ(text_of(build().problem), "output_changed: " + at("a.o"));
}

TEST_F(TraceBuilderTest, AnOutputThatOthersRewroteProvesNothing) {
  creates("a.o");
  ended_ns_ = (*os::stat_file(at("a.o")))->newest_ns() - 1;
  EXPECT_EQ(text_of(build().problem), "output_changed: " + at("a.o"));
}

TEST_F(TraceBuilderTest, AnOutputThatOthersEditedAfterItWasClosedProvesNothing) {
  creates("a.o");
  closes("a.o");
  EXPECT_EQ(text_of(build().problem), "");
  const os::FileIdentity closed = os::stat_file(at("a.o"))->value();
  // The same file, of the same size, before the run has ended.
  for (bool differs = false; !differs;) {
    const os::Fd fd(::open(at("a.o").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(os::write_fd(fd, "o"));
    differs = os::stat_file(at("a.o"))->value().mtime_ns != closed.mtime_ns;
  }
  EXPECT_EQ(text_of(build().problem), "output_changed: " + at("a.o"));
}

TEST_F(TraceBuilderTest, AnOutputRenamedAfterItWasClosedIsTheTools) {
  creates("a.tmp");
  closes("a.tmp");
  ASSERT_TRUE(os::rename_file(at("a.tmp"), at("a.o")));
  Event e = event(DEJA_OP_RENAME, "a.tmp");
  e.text = at("a.o");
  log_.events.push_back(e);
  EXPECT_EQ(text_of(build().problem), "");
}

TEST_F(TraceBuilderTest, AnInputThatChangedDuringTheRunProvesNothing) {
  write("a.h", "one");
  reads("a.h");
  write("a.h", "two");
  EXPECT_EQ(text_of(build().problem), "input_changed: " + at("a.h"));
}

TEST_F(TraceBuilderTest, AnInputReadTwiceWithTwoContentsProvesNothing) {
  write("a.h", "one");
  reads("a.h");
  write("a.h", "two");
  reads("a.h");
  EXPECT_EQ(text_of(build().problem), "input_changed: " + at("a.h"));
}

TEST_F(TraceBuilderTest, SomethingThatAppearedDuringTheRunProvesNothing) {
  misses("late.h");
  write("late.h", "x");
  EXPECT_EQ(text_of(build().problem), "input_appeared: " + at("late.h"));
}

TEST_F(TraceBuilderTest, ChangesToWhatItDidNotMakeProveNothing) {
  write("log", "lines");
  const unsigned append = DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_APPEND;
  log_.events.push_back(event(DEJA_OP_OPEN, "log", 0, append | DEJA_OPEN_EXISTED));
  EXPECT_EQ(text_of(build().problem), "changed_in_place: " + at("log"));
  log_.events = {event(DEJA_OP_CHANGE, "log")};
  EXPECT_EQ(text_of(build().problem), "attributes_changed: " + at("log"));
  log_.events.clear();
  removes("log");
  EXPECT_EQ(text_of(build().problem), "file_deleted: " + at("log"));
}

TEST_F(TraceBuilderTest, CallsThatCannotBeCheckedLaterProveNothing) {
  write("there", "text");
  write("ld.bfd", "a linker");
  const auto after = [&](Event e, const std::string& program = "cc1") {
    log_.events = {event(DEJA_OP_PROCESS, program), std::move(e)};
    return text_of(build().problem);
  };
  const unsigned write_flags = DEJA_OPEN_WRITE | DEJA_OPEN_TRUNCATE;
  EXPECT_EQ(after(event(DEJA_OP_OPEN, "there", EIO, DEJA_OPEN_READ)),
            "call_failed: " + at("there"));
  EXPECT_EQ(after(event(DEJA_OP_OPEN, "there", EROFS, write_flags)), "call_failed: " + at("there"));
  EXPECT_EQ(after(event(DEJA_OP_STAT, "there", EIO)), "call_failed: " + at("there"));
  Event rename = event(DEJA_OP_RENAME, "there");
  rename.text = at("elsewhere");
  EXPECT_EQ(after(rename), "file_renamed: " + at("there"));
  EXPECT_EQ(after(event(DEJA_OP_OPEN, "llvmcache-1", ENOENT, DEJA_OPEN_READ)),
            "shared_cache: " + at("llvmcache-1"));
  Event stdin_read = event(DEJA_OP_HOST, "/");
  stdin_read.path = "stdin";
  EXPECT_EQ(after(stdin_read), "stdin_read");
  const Event random = event(DEJA_OP_OPEN, "/dev/urandom", 0, DEJA_OPEN_READ);
  EXPECT_EQ(after(random, "ld.bfd"), "random_build_id");
}

TEST_F(TraceBuilderTest, EnvironmentOfTheRequestIsAnInputAndThatOfTheTreeIsNot) {
  const auto asks = [&](const char* name, const char* value) {
    Event e = event(DEJA_OP_GETENV, "/");
    e.path = name;
    e.text = value == nullptr ? "" : value;
    e.flags = value == nullptr ? DEJA_FLAG_UNSET : 0;
    log_.events.push_back(e);
  };
  asks("SET", "value");
  asks("PWD", dir_.c_str());
  asks("NONE", nullptr);
  asks("COLLECT_GCC", "set by the driver for its children");
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(has(t, Claim::variable, "SET", "value"));
  EXPECT_TRUE(has(t, Claim::variable, "PWD", "\1"));
  EXPECT_TRUE(has(t, Claim::unset, "NONE"));
  EXPECT_TRUE(has(t, Claim::directories, "LD_LIBRARY_PATH"));
  EXPECT_EQ(t.trace.observations.size(), 4u);
}

TEST_F(TraceBuilderTest, HowMakeSharesItsJobsIsNoInput) {
  const auto digest_of = [&](std::string_view name, std::string_view value) {
    command_.environment = {{"SET", "value"}, {name, value}};
    return environment_digest(command_, roots_);
  };
  const Digest plain = digest_of("MAKEFLAGS", "");
  EXPECT_EQ(plain, digest_of("MAKEFLAGS", " -j4 --jobserver-auth=3,4"));
  EXPECT_EQ(plain, digest_of("MAKEFLAGS", " -j --jobserver-auth=fifo:/tmp/GMfifo12"));
  EXPECT_EQ(digest_of("MFLAGS", "-k"), digest_of("MFLAGS", "-k -j16 --jobserver-fds=3,4"));
  const Digest with = digest_of("MAKEFLAGS", "k -- X=-j1");
  EXPECT_EQ(with, digest_of("MAKEFLAGS", "k -j2 --jobserver-auth=3,4 -- X=-j1"));
  for (const char* other : {"k", "k -- X=-j2", "k -- X=-j1 -j2", "-jobs"})
    EXPECT_NE(with, digest_of("MAKEFLAGS", other)) << other;
  EXPECT_NE(plain, digest_of("OTHERFLAGS", ""));
  EXPECT_NE(digest_of("OTHERFLAGS", ""), digest_of("OTHERFLAGS", "-j4"));
}

TEST_F(TraceBuilderTest, ClockNetworkAndDevicesProveNothing) {
  Event clock = event(DEJA_OP_CLOCK, "/");
  clock.value = DEJA_CLOCK_TIME;
  log_.events = {clock};
  EXPECT_EQ(text_of(build().problem), "clock_read");
  log_.events = {event(DEJA_OP_CONNECT, "/run/some.sock")};
  EXPECT_EQ(text_of(build().problem), "connected: /run/some.sock");
  log_.events = {event(DEJA_OP_OPEN, "/proc/cpuinfo", 0, DEJA_OPEN_READ)};
  EXPECT_EQ(text_of(build().problem), "device_read: /proc/cpuinfo");
  log_.events = {event(DEJA_OP_OPEN, "/dev/null", 0, DEJA_OPEN_WRITE)};
  EXPECT_EQ(text_of(build().problem), "");
}

class LockTest : public TraceBuilderTest {
 protected:
  void locks(const std::string& name) { log_.events.push_back(event(DEJA_OP_LOCK, name)); }
  void opens_lock(const std::string& name) {
    const bool existed = os::stat_file(at(name))->has_value();
    if (!existed) write(name, "");
    log_.events.push_back(event(DEJA_OP_OPEN, name, 0,
                                DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_TRUNCATE |
                                    (existed ? DEJA_OPEN_EXISTED | DEJA_OPEN_EMPTY : 0)));
  }
};

TEST_F(LockTest, IsNoOutput) {
  write("lock", "");
  opens_lock("lock");
  locks("lock");
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(t.outputs.empty());
  EXPECT_TRUE(has(t, Claim::file, "\1/lock", digest("")));
}

TEST_F(LockTest, ThatWasMadeIsLeftToTheToolToMake) {
  opens_lock("lock");
  locks("lock");
  EXPECT_EQ(text_of(build().problem), "lock_left: " + at("lock"));
}

TEST_F(LockTest, ThatWasReplacedIsAnother) {
  write("lock", "");
  opens_lock("lock");
  locks("lock");
  write("lock", "");  // by a rename
  EXPECT_EQ(text_of(build().problem), "lock_left: " + at("lock"));
}

TEST_F(LockTest, EmptyOutputsAndLockedOnesWithContentAreOutputs) {
  write("stamp", "");
  opens_lock("stamp");
  creates("database");
  locks("database");
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_EQ(t.outputs.size(), 2u);
}

TEST_F(TraceBuilderTest, AGapInTheLogProvesNothing) {
  write("a.c", "source");
  reads("a.c");
  log_.gap = "nothing was recorded of /bin/x";
  EXPECT_EQ(text_of(build().problem), "log_incomplete: " + log_.gap);
  log_.gap_kind = observe::GapKind::unseen_program;
  EXPECT_EQ(text_of(build().problem), "program_not_observed: " + log_.gap);
  log_.gap_kind = observe::GapKind::too_large;
  EXPECT_EQ(text_of(build().problem), "too_many_records");
}

TEST_F(TraceBuilderTest, WhatWasClaimedHoldsUntilItChanges) {
  write("a.c", "source");
  ASSERT_EQ(::symlink("a.c", at("link").c_str()), 0);
  reads("a.c");
  misses("b.h");
  log_.events.push_back(event(DEJA_OP_STAT, "."));
  Event link = event(DEJA_OP_READLINK, "link");
  link.text = "a.c";
  log_.events.push_back(link);
  const RunFacts t = build();
  ASSERT_EQ(text_of(t.problem), "");
  digest::FileDigester digester({});
  ClaimChecker checker(command_, roots_, digester);
  EXPECT_EQ(checker.first_broken(t.trace), nullptr);
  ASSERT_EQ(::unlink(at("link").c_str()), 0);
  ASSERT_EQ(::symlink("elsewhere", at("link").c_str()), 0);
  ASSERT_NE(checker.first_broken(t.trace), nullptr);
  EXPECT_EQ(checker.first_broken(t.trace)->claim, Claim::link);
  write("b.h", "");
  EXPECT_EQ(checker.first_broken(t.trace)->claim, Claim::absent);
  write("a.c", "sourcf");
  EXPECT_EQ(checker.first_broken(t.trace)->claim, Claim::file);
}

TEST_F(TraceBuilderTest, ModuleMayBeAbsentOrWhatItWas) {
  write("m.pcm", "made");
  action::Trace trace;
  trace.observations = {
      {Claim::absent_or_file, "\1/m.pcm", std::string(digest::digest_bytes("made").view())}};
  digest::FileDigester digester({});
  ClaimChecker checker(command_, roots_, digester);
  EXPECT_EQ(checker.first_broken(trace), nullptr);
  write("m.pcm", "other");
  EXPECT_NE(checker.first_broken(trace), nullptr);
  ASSERT_EQ(::unlink(at("m.pcm").c_str()), 0);
  EXPECT_EQ(checker.first_broken(trace), nullptr);
  ASSERT_EQ(::mkdir(at("m.pcm").c_str(), 0755), 0);
  EXPECT_NE(checker.first_broken(trace), nullptr);
}

// A file that may not be opened, a program that may not be run: a fact that can be looked at again.
TEST_F(TraceBuilderTest, WhatWasRefusedCountsByWhatTheUserMayDo) {
  write("plain", "no program");
  ASSERT_EQ(::chmod(at("plain").c_str(), 0644), 0);
  ASSERT_EQ(::mkdir(at("directory").c_str(), 0755), 0);
  log_.events.push_back(event(DEJA_OP_EXEC_FAILED, "plain", EACCES));
  log_.events.push_back(event(DEJA_OP_EXEC_FAILED, "directory", EACCES));
  log_.events.push_back(event(DEJA_OP_STAT, "plain", EACCES));  // access(2)
  const RunFacts t = build();
  ASSERT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(has(t, Claim::access, "\1/plain", *access_text(at("plain"))));
  EXPECT_TRUE(has(t, Claim::exists, "\1/directory", "d"));
  digest::FileDigester digester({});
  ClaimChecker checker(command_, roots_, digester);
  EXPECT_EQ(checker.first_broken(t.trace), nullptr);
  ASSERT_EQ(::chmod(at("plain").c_str(), 0755), 0);
  EXPECT_NE(checker.first_broken(t.trace), nullptr);
}

// The engine may read it. So the program ran as another user (setpriv), whose rights are not known.
TEST_F(TraceBuilderTest, WhatWasRefusedToAnotherUserIsNotKnown) {
  write("file", "text");
  for (const deja_op op : {DEJA_OP_OPEN, DEJA_OP_LIST}) {
    log_ = {};
    log_.events.push_back(event(op, "file", EACCES, op == DEJA_OP_OPEN ? DEJA_OPEN_READ : 0));
    EXPECT_EQ(text_of(build().problem), "access_refused: " + at("file"));
  }
}

TEST_F(TraceBuilderTest, RightsThatChangeDuringTheRun) {
  write("file", "text");
  log_.events.push_back(event(DEJA_OP_EXEC_FAILED, "file", EACCES));
  log_.events.back().when_ns = 1;
  EXPECT_EQ(text_of(build().problem), "input_changed: " + at("file"));
}

// Which file is behind a descriptor is not known by the descriptor's name.
TEST_F(TraceBuilderTest, FilesBehindDescriptors) {
  write("file", "text");
  const auto through = [&](deja_op op, const std::string& name, unsigned flags) {
    log_ = {};
    log_.events.push_back(event(DEJA_OP_STAT, "file"));
    Event e = event(op, "file", 0, flags);
    e.path = name;
    log_.events.push_back(e);
    return text_of(build().problem);
  };
  for (const std::string name : {"/proc/self/fd/9", "/proc/thread-self/fd/9", "/dev/fd/9"}) {
    EXPECT_EQ(through(DEJA_OP_OPEN, name, DEJA_OPEN_READ), "descriptor_used: " + name);
    EXPECT_EQ(through(DEJA_OP_OPEN, name, DEJA_OPEN_WRITE), "descriptor_used: " + name);
    EXPECT_EQ(through(DEJA_OP_CHANGE, name, 0), "descriptor_used: " + name);
  }
}

// A file that is opened for reading and writing, and not looked at before.
class UpdateTest : public TraceBuilderTest {
 protected:
  void SetUp() override {
    TraceBuilderTest::SetUp();
    invocation_.outputs.updates = {at("lib.a")};
    write("lib.a", "before");
    before_.push_back(
        {at("lib.a"), **os::stat_file(at("lib.a")), {digest::digest_bytes("before")}});
  }
  void updates() {
    log_.events.push_back(event(DEJA_OP_OPEN, "lib.a", 0, DEJA_OPEN_WRITE | DEJA_OPEN_READ));
    const os::Fd fd(::open(at("lib.a").c_str(), O_WRONLY | O_APPEND));
    ASSERT_EQ(::write(fd.get(), "more", 4), 4);
    closes("lib.a");
  }
};

TEST_F(UpdateTest, WhatItWasCounts) {
  updates();
  const RunFacts t = build();
  EXPECT_EQ(text_of(t.problem), "");
  EXPECT_TRUE(has(t, Claim::file, "\1/lib.a", digest("before")));
  EXPECT_EQ(t.outputs.size(), 1u);
}

TEST_F(UpdateTest, MustBeWhatWasSeenBeforeTheRun) {
  write("lib.a", "of another command");
  updates();
  EXPECT_EQ(text_of(build().problem), "input_changed: " + at("lib.a"));
}

}  // namespace
}  // namespace deja::evidence
