// SPDX-License-Identifier: Apache-2.0
// How `deja exec` runs tools and restores their results.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "e2e/exec.h"

namespace deja::test {
namespace {

class ExecRun : public ExecTest {
 protected:
  void SetUp() override { ws.write("in", "1\n"); }
  const Argv copy = exec({"--input-file", "in", "--output-file", "out"}, {"cp", "in", "out"});
};

TEST_P(ExecRun, CachePolicies) {
  const auto with = [&](const std::string& policy) {
    Argv argv = copy;
    argv.insert(argv.begin() + 1, policy);
    return argv;
  };
  for (const char* policy : {"--no-cache", "--non-deterministic"}) {
    ws.expect_bypass("no_cache", with(policy));
    EXPECT_EQ(ws.read("out"), "1\n");
  }
  ws.expect_miss(with("--read-only"));
  ws.expect_miss(with("--read-only"));  // nothing was stored
  ws.expect_miss(copy);
  ws.expect_hit(with("--read-only"));
  ws.expect_bypass("no_cache", with("--no-cache"));
  Argv both = with("--non-deterministic");
  both.insert(both.begin() + 1, "--read-only");
  ws.expect_bypass("no_cache", both);
}

TEST_P(ExecRun, OnlyDeclaredVariablesAndAnEmptyStandardInput) {
  const Argv show = exec({"--input-env", "A", "--pass-env", "B"}, {"/usr/bin/env"});
  const Options with = {.env = {"A=1", "B=2", "C=3"}};
  EXPECT_EQ(ws.expect_miss(show, with).out, "A=1\nB=2\n");
  EXPECT_EQ(ws.expect_hit(show, with).out, "A=1\nB=2\n");
  EXPECT_EQ(ws.expect_miss(exec({}, {"cat"}), {.in = "text"}).out, "");
  EXPECT_EQ(ws.expect_hit(exec({}, {"cat"}), {.in = "other"}).out, "");
}

TEST_P(ExecRun, StreamsAreStoredThoughNotShown) {
  const auto say = [&](const Argv& options) { return sh(options, "echo out; echo err >&2"); };
  const auto expect = [](const Result& r, const char* out, const char* err) {
    EXPECT_EQ(r.out, out);
    EXPECT_EQ(r.err, err);
  };
  expect(ws.expect_miss(say({"--output-stdout=false"})), "", "err\n");
  expect(ws.expect_hit(say({})), "out\n", "err\n");
  expect(ws.expect_hit(say({"--output-stderr=false"})), "out\n", "");
  expect(ws.expect_hit(say({"--output-stderr=false", "--output-stdout=false"})), "", "");
  expect(ws.expect_bypass("no_cache", say({"--no-cache", "--output-stdout=false"})), "", "err\n");
}

TEST_P(ExecRun, FailuresOnlyOnRequest) {
  ws.write("in", "7");
  const auto fail = [&](const Argv& options) {
    return sh(options, "echo told; read -r code < in; exit $code");
  };
  for (int i = 0; i < 2; ++i) {
    const Result r = ws.expect_failure(fail({}));
    EXPECT_EQ(r.exit_code, 7);
    EXPECT_EQ(r.out, "told\n");
  }
  EXPECT_EQ(ws.expect_failure(fail({"--cache-failures"})).exit_code, 7);
  const Result again = ws.expect_hit(fail({"--cache-failures"}));
  EXPECT_EQ(again.exit_code, 7);
  EXPECT_EQ(again.out, "told\n");
  ws.expect_failure(fail({}));  // a caller without --cache-failures does not get a failure
  ws.write("in", "0");
  EXPECT_EQ(ws.expect_miss(fail({"--cache-failures"})).exit_code, 0);
}

TEST_P(ExecRun, RunsEndedByASignalAreNeverStored) {
  for (int i = 0; i < 2; ++i) {
    const Result r = ws.expect_failure(sh({"--cache-failures"}, "kill -TERM $$"));
    EXPECT_EQ(r.signal, SIGTERM) << r;
  }
  // A shell reports a child's signal by its exit code.
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(ws.expect_failure(sh({"--cache-failures"}, "(kill -9 $(exec sh -c 'echo $PPID'))"))
                  .exit_code,
              137);
}

TEST_P(ExecRun, ResultsHaveATimeToLive) {
  const auto with = [&](const std::string& ttl) {
    Argv argv = copy;
    argv.insert(argv.begin() + 1, {"--ttl", ttl});
    return argv;
  };
  ws.expect_miss(with("1h"));
  ws.expect_hit(with("1h"));
  ws.expect_hit(copy);
  ws.let_engine_set_watches();
  ws.expect_hit(copy);  // a warm engine answers from memory
  const auto let_it_pass = [] { ::poll(nullptr, 0, 5); };
  let_it_pass();
  ws.expect_miss(with("1ms"));
  let_it_pass();
  ws.expect_miss(copy);  // stored with a --ttl that has passed
  ws.expect_hit(with("1h"));
}

TEST_P(ExecRun, OutputsMustBeWrittenByThisRun) {
  const Argv lazy = exec({"--output-file", "out"}, {"true"});
  ws.write("out", "left by somebody\n");
  for (const Argv& more : {Argv{}, Argv{"--declared-only"}}) {
    Argv argv = lazy;
    argv.insert(argv.begin() + 1, more.begin(), more.end());
    for (int i = 0; i < 2; ++i) {
      ws.expect_miss(argv);
      EXPECT_EQ(ws.last_event().not_stored, "output_not_written") << ws.last_event();
    }
  }
  EXPECT_EQ(ws.read("out"), "left by somebody\n");
}

TEST_P(ExecRun, OptionalOutputsMayBeMissing) {
  const Argv maybe = sh({"--input-file", "in", "--optional-output", "extra"},
                        "read -r n < in; if [ $n = 2 ]; then echo x > extra; fi");
  ws.expect_miss(maybe);
  ws.expect_hit(maybe);
  EXPECT_FALSE(ws.exists("extra"));
  ws.write("in", "2\n");
  ws.expect_miss(maybe);
  ws.remove("extra");
  ws.expect_hit(maybe);
  EXPECT_EQ(ws.read("extra"), "x\n");
}

TEST_P(ExecRun, OutputsComeBackWithTheirDirectories) {
  const Argv make = sh({"--input-file", "in", "--output-dir", "gen", "--pass-env", "PATH"},
                       "mkdir -p gen/deep; cp in gen/deep/a; ln -s deep/a gen/link; "
                       "echo '#!/bin/sh' > gen/run; chmod 755 gen/run");
  ws.expect_miss(make);
  const Tree made = ws.tree();
  ws.remove("gen");
  ws.expect_hit(make);
  EXPECT_EQ(difference(made, ws.tree()), "");
  ws.expect_hit(make);  // while everything is there
  EXPECT_EQ(difference(made, ws.tree()), "");
}

TEST_P(ExecRun, DeclaredOnlyKeepsModesSymlinksAndDirectories) {
  const Argv make =
      sh({"--declared-only", "--input-file", "in", "--output-dir", "gen", "--output-file", "tool",
          "--pass-env", "PATH"},
         "mkdir -p gen/deep; cp in gen/deep/a; ln -s deep/a gen/link; cp in tool; chmod 755 tool");
  ws.expect_miss(make);
  EXPECT_EQ(ws.last_event().not_stored, "");
  const Tree made = ws.tree();
  ws.remove("gen");
  ws.remove("tool");
  ws.expect_hit(make);
  EXPECT_EQ(difference(made, ws.tree()), "");
}

TEST_P(ExecRun, OutputNamesAreThoseOfTheRequest) {
  const auto to = [&](const std::string& name) {
    return exec({"--output-file", name}, {"cp", "in", "out"});
  };
  ws.expect_miss(to("out"));
  for (const std::string& name : {std::string("./out"), ws.path("out"), std::string("out")}) {
    ws.remove("out");
    ws.expect_hit(to(name));
    EXPECT_TRUE(ws.exists("out"));
  }
}

// Two outputs, declared in two orders.
TEST_P(ExecRun, OrderOfOutputsDoesNotMixThemUp) {
  const auto make = [&](const std::string& one, const std::string& other) {
    return sh({"--output-file", one, "--output-file", other}, "echo a > a; echo b > b");
  };
  ws.expect_miss(make("a", "b"));
  ws.remove("a");
  ws.remove("b");
  ws.expect_hit(make("b", "a"));
  EXPECT_EQ(ws.read("a"), "a\n");
  EXPECT_EQ(ws.read("b"), "b\n");
}

TEST_P(ExecRun, RewritingAnOutputDoesNotReachTheCache) {
  ws.expect_miss(copy);
  ws.expect_hit(copy);
  ws.run({"sh", "-c", "echo more >> out"});
  ws.expect_hit(copy);
  EXPECT_EQ(ws.read("out"), "1\n");
}

TEST_P(ExecRun, EditsDuringTheRunPreventStoring) {
  for (const Argv& evidence : {Argv{}, Argv{"--declared-only"}}) {
    ws.write("in", "1\n");
    Argv options = {"--input-file", "in", "--output-file", "out"};
    options.insert(options.end(), evidence.begin(), evidence.end());
    const Argv edits = sh(options, "read -r n < in; echo 2 > in; echo $n > out");
    ws.expect_miss(edits);
    EXPECT_EQ(ws.last_event().not_stored, evidence.empty() ? "input_rewritten" : "input_changed")
        << ws.last_event();
    ws.write("in", "1\n");
    ws.expect_miss(edits);
  }
}

TEST_P(ExecRun, EqualSizeAndTimeIsNotEqualContent) {
  ws.expect_miss(copy);
  struct stat st;
  ASSERT_EQ(::stat(ws.path("in").c_str(), &st), 0);
  ws.write("in", "2\n");
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, ws.path("in").c_str(), times, 0), 0);
  ws.expect_miss(copy);
  EXPECT_EQ(ws.read("out"), "2\n");
}

TEST_P(ExecRun, StandardInputIsEmptyKeyedOrInherited) {
  const Argv keyed = exec({"--stdin", "keyed"}, {"cat"});
  EXPECT_EQ(ws.expect_miss(keyed, {.in = "one"}).out, "one");
  EXPECT_EQ(ws.expect_hit(keyed, {.in = "one"}).out, "one");
  EXPECT_EQ(ws.expect_miss(keyed, {.in = "two"}).out, "two");
  const Argv inherit = exec({"--stdin", "inherit"}, {"cat"});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ws.expect_miss(inherit, {.in = "one"}).out, "one");
  const Argv unread = exec({"--stdin", "inherit"}, {"echo", "x"});
  ws.expect_miss(unread, {.in = "one"});
  ws.expect_hit(unread, {.in = "two"});
}

TEST_P(ExecRun, MuchTextAndLargeOutputs) {
  const Argv much = sh({"--output-file", "out", "--pass-env", "PATH"},
                       "head -c 20000000 /dev/zero | tr '\\0' x; head -c 40000000 /dev/zero > out");
  const std::string text(20'000'000, 'x');
  EXPECT_TRUE(ws.expect_miss(much).out == text);
  ws.remove("out");
  EXPECT_TRUE(ws.expect_hit(much).out == text);
  EXPECT_EQ(ws.read("out").size(), 40'000'000U);
}

// 512 MiB through an engine that never holds them.
TEST_P(ExecRun, LargeOutputsInLittleMemory) {
  const Argv large =
      sh({"--output-file", "out", "--pass-env", "PATH"},
         "dd if=/dev/urandom of=seed bs=1M count=1 2>/dev/null; "
         "for i in 1 2 3 4 5 6 7 8; do cat seed; done > eight; rm seed; "
         "for i in 1 2 3 4 5 6 7 8; do cat eight eight eight eight eight eight eight "
         "eight; done > out; rm eight");
  ws.expect_miss(large);
  const auto size = std::filesystem::file_size(ws.path("out"));
  EXPECT_EQ(size, 512U << 20);
  ws.remove("out");
  ws.expect_hit(large);
  EXPECT_EQ(std::filesystem::file_size(ws.path("out")), size);
  if (GetParam() != Mode::daemon) return;  // the engine has ended
  const std::string status = ws.read("/proc/" + std::to_string(ws.daemon_pid()) + "/status");
  const std::size_t at = status.find("VmHWM:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stol(status.substr(at + 6)), 64 * 1024) << "KiB of resident memory at most";
}

TEST_P(ExecRun, NoCacheLooksAtNothing) {
  EXPECT_EQ(
      ws.expect_bypass("no_cache", exec({"--no-cache", "--input-file", "missing"}, {"echo", "ran"}))
          .out,
      "ran\n");
}

TEST_P(ExecRun, TheToolIsAChildOfTheCaller) {
  const Result r =
      ws.run({"sh", "-c", "umask 027; \"$0\" \"$@\"; ls -l out | cut -c1-10", Workspace::program(),
              "exec", "--output-file", "out", "--", "/bin/sh", "-c", "umask; echo > out"});
  EXPECT_EQ(r.out, "0027\n-rw-r-----\n") << r;
}

TEST_P(ExecRun, TimeoutEndsTheTool) {
  const Argv slow = sh({"--timeout", "300ms", "--pass-env", "PATH"}, "sleep 100 & sleep 100");
  for (int i = 0; i < 2; ++i) {
    const Result r = ws.expect_failure(slow);
    EXPECT_EQ(r.exit_code, 124) << r;
    EXPECT_NE(r.err.find("--timeout"), std::string::npos) << r;
  }
  Argv bare = slow;
  bare.insert(bare.begin() + 1, "--no-cache");
  EXPECT_EQ(ws.expect_bypass("no_cache", bare).exit_code, 124);
  const Argv quick = exec({"--timeout", "100s"}, {"true"});
  ws.expect_miss(quick);
  ws.expect_hit(quick);
}

// All outputs or none: what cannot be put back has the tool run.
TEST_P(ExecRun, OutputsComeBackAsASet) {
  const Argv make = sh({"--output-file", "a", "--output-file", "b"}, "echo a > a; echo b > b");
  ws.expect_miss(make);
  ws.remove("a");
  ws.remove("b");
  ws.make_directory("b");
  expect_refused(make, {"--output-file", "'b'", "is a directory"});
  EXPECT_FALSE(ws.exists("a"));
}

TEST_P(ExecRun, OutputEqualToInputIsRefused) {
  ws.write("sub/x", "1\n");
  std::filesystem::create_symlink("in", ws.path("link"));
  std::filesystem::create_symlink("sub", ws.path("other"));
  for (const auto& [in, out] : {std::pair{"in", "in"}, std::pair{"in", "./in"},
                                std::pair{"in", "link"}, std::pair{"sub/x", "other/x"}})
    expect_refused(exec({"--input-file", in, "--output-file", out}, {"true"}),
                   {"--output-file", out, "is an input, too"});
  expect_refused(exec({"--input-file", "in", "--depfile", "in"}, {"true"}),
                 {"--depfile", "'in'", "is an input, too"});
  EXPECT_EQ(ws.read("in"), "1\n");
}

TEST_P(ExecRun, InputsThatAreNotDeclaredAreFound) {
  ws.write("hidden", "1\n");
  const Argv uses = sh({"--input-file", "in", "--output-file", "out"},
                       "read -r n < hidden; echo $n > out; echo side > side");
  ws.expect_miss(uses);
  ws.remove("side");
  ws.expect_hit(uses);
  EXPECT_EQ(ws.read("side"), "side\n");
  ws.write("hidden", "2\n");
  ws.expect_miss(uses);
  EXPECT_EQ(ws.read("out"), "2\n");
}

TEST_P(ExecRun, DeclaredOnlyIsTheUsersWord) {
  ws.write("hidden", "1\n");
  const Argv uses = sh({"--declared-only", "--input-file", "in", "--output-file", "out"},
                       "read -r n < hidden; echo $n > out");
  ws.expect_miss(uses);
  ws.write("hidden", "2\n");
  ws.expect_hit(uses);
  EXPECT_EQ(ws.read("out"), "1\n");
  // A caller without that option does not get such a result.
  ws.expect_miss(
      sh({"--input-file", "in", "--output-file", "out"}, "read -r n < hidden; echo $n > out"));
  EXPECT_EQ(ws.read("out"), "2\n");
}

TEST_P(ExecRun, StrictNamesWhatIsNotDeclared) {
  ws.write("hidden", "1\n");
  const auto uses = [&](const Argv& more) {
    Argv options = {"--strict", "--input-file", "in", "--output-file", "out"};
    options.insert(options.end(), more.begin(), more.end());
    return sh(options, "read -r n < hidden; read -r n < in; echo $n > out; echo side > side");
  };
  for (int i = 0; i < 2; ++i) {
    const Result r = ws.expect_miss(uses({}));
    EXPECT_EQ(r.exit_code, 1) << r;
    EXPECT_NE(r.err.find("--strict: reads " + ws.path("hidden")), std::string::npos) << r;
    EXPECT_NE(r.err.find("--strict: writes " + ws.path("side")), std::string::npos) << r;
    EXPECT_EQ(r.err.find(ws.path("in") + ","), std::string::npos) << r;
  }
  EXPECT_EQ(ws.expect_miss(uses({"--input-file", "hidden"})).exit_code, 1);
  const Argv honest = uses({"--input-file", "hidden", "--output-file", "side"});
  EXPECT_EQ(ws.expect_miss(honest).exit_code, 0);
  EXPECT_EQ(ws.expect_hit(honest).exit_code, 0);
}

TEST_P(ExecRun, StrictDoesNotNameTheToolsOwnScript) {
  ws.write("in", "1\n");
  ws.write("script", "#!/bin/sh\nread -r n < in; echo $n > out\n", 0755);
  ws.write("other", "#!/bin/sh\n. ./script\n", 0755);
  const Argv options = {"--strict", "--input-file", "in", "--output-file", "out"};
  for (const std::string& name : {std::string("./script"), ws.path("script")}) {
    EXPECT_EQ(ws.expect_miss(exec(options, {name})).exit_code, 0);
    EXPECT_EQ(ws.expect_hit(exec(options, {name})).exit_code, 0);
  }
  // A script that is not the tool itself must be declared.
  const Result r = ws.expect_miss(exec(options, {"./other"}));
  EXPECT_EQ(r.exit_code, 1) << r;
  EXPECT_NE(r.err.find("/script, which is not declared"), std::string::npos) << r;
}

TEST_P(ExecRun, ClockAndRandomNumbersAreNoise) {
  const Argv noisy = exec({}, {"date", "+%N"});
  const std::string first = ws.expect_miss(noisy).out;
  EXPECT_EQ(ws.expect_hit(noisy).out, first);
  const Argv random = sh({"--pass-env", "PATH"}, "head -c 8 /dev/urandom | od");
  const std::string drawn = ws.expect_miss(random).out;
  EXPECT_EQ(ws.expect_hit(random).out, drawn);
}

TEST_P(ExecRun, ClockCountsOnRequest) {
  NEEDS_TOOL("gcc");
  const Argv counts = {"--clock-counts", "--pass-env", "PATH"};
  const auto expect_never_kept = [&](const Argv& argv) {
    for (int i = 0; i < 2; ++i) {
      ws.expect_miss(argv);
      EXPECT_NE(ws.last_event().not_stored, "");
    }
  };
  ws.write("a.c", "int a;\n");
  expect_never_kept(exec(counts, {"date", "+%N"}));
  expect_never_kept(sh(counts, "cat a.c; date"));
  ws.write("t.c", "const char* t = __TIME__;\n");
  const Argv options = {"--clock-counts", "--pass-env", "PATH", "--output-file", "out.o"};
  const auto compile = [&](const std::string& source) {
    return sh(options, "gcc -c " + source + " -o out.o && cat " + source);
  };
  ws.expect_miss(compile("a.c"));
  ws.expect_hit(compile("a.c"));
  expect_never_kept(compile("t.c"));
  EXPECT_NE(key(exec({}, {"true"})), key(exec({"--clock-counts"}, {"true"})));
}

TEST_P(ExecRun, ObservedVariablesCountWhenTheyAreRead) {
  const Argv read = exec({"--env", "observed"}, {"printenv", "NAME"});
  EXPECT_EQ(ws.expect_miss(read, {.env = {"NAME=1"}}).out, "1\n");
  EXPECT_EQ(ws.expect_miss(read, {.env = {"NAME=2"}}).out, "2\n");
  EXPECT_EQ(ws.expect_hit(read, {.env = {"NAME=1"}}).out, "1\n");
  // gcc is known to read single variables, so the others do not count.
  NEEDS_TOOL("gcc");
  ws.write("a.c", "int a;\n");
  const Argv compile = exec({"--env", "observed", "--output-file", "a.o"}, {"gcc", "-c", "a.c"});
  ws.expect_miss(compile, {.env = {"NAME=1"}});
  ws.expect_hit(compile, {.env = {"NAME=2"}});
  ws.expect_miss(compile, {.env = {"C_INCLUDE_PATH=" + ws.path("inc")}});
}

TEST_P(ExecRun, AllVariablesCountWhereTheyAreToCount) {
  const Argv all = exec({"--env", "all", "--output-file", "out"}, {"cp", "in", "out"});
  ws.expect_miss(all, {.env = {"NAME=1"}});
  ws.expect_miss(all, {.env = {"NAME=2"}});
  ws.expect_hit(all, {.env = {"NAME=1"}});
}

// Both streams are one file: a result stored for a terminal differs from one stored for two files.
TEST_P(ExecRun, OrderOfTheStreamsIsKeptWhereTheyAreOne) {
  const std::string script = "echo 1; echo 2 >&2; echo 3; echo 4 >&2";
  const Argv one = {"sh", "-c", "\"$0\" exec -- /bin/sh -c '" + script + "' 2>&1",
                    Workspace::program()};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ws.run(one).out, "1\n2\n3\n4\n");
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_EQ(ws.expect_miss(sh({}, script)).err, "2\n4\n");
  EXPECT_EQ(ws.run(one).out, "1\n2\n3\n4\n");  // both results stay
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_EQ(ws.expect_hit(sh({}, script)).out, "1\n3\n");
}

TEST_P(ExecRun, WhatItSaysOfItself) {
  Argv explained = copy;
  explained.insert(explained.begin() + 1, "--explain");
  EXPECT_NE(ws.expect_miss(explained).err.find("deja exec: miss, new; stored; key "),
            std::string::npos);
  EXPECT_NE(ws.expect_hit(explained).err.find("deja exec: hit; key "), std::string::npos);
  ws.write("in", "2\n");
  Argv json = copy;
  json.insert(json.begin() + 1, "--json");
  EXPECT_NE(ws.expect_miss(json).err.find("\"outcome\":\"miss\""), std::string::npos);
  EXPECT_NE(ws.expect_hit(json).err.find("\"outcome\":\"hit\""), std::string::npos);
  EXPECT_EQ(ws.expect_hit(copy).err, "");
}

// An error of the cache never stops the tool.
TEST_P(ExecRun, RunsWithoutACache) {
  for (const char* variable : {"DEJA_DISABLE=1", "DEJA_DIR=/proc/nowhere"}) {
    ws.remove("out");
    const Result r = ws.deja(copy, {.env = {variable}});
    EXPECT_EQ(r.exit_code, 0) << r;
    EXPECT_EQ(ws.read("out"), "1\n");
  }
  EXPECT_EQ(ws.deja(exec({}, {"env"}), {.env = {"DEJA_DISABLE=1"}}).out, "");
  EXPECT_EQ(ws.deja(exec({}, {"no-such-tool"}), {.env = {"DEJA_DISABLE=1"}}).exit_code, 127);
  EXPECT_EQ(ws.deja(exec({"--nope"}, {"true"}), {.env = {"DEJA_DISABLE=1"}}).exit_code, 2);
}

TEST_P(ExecRun, BadInputIsOneLineAndRunsNothing) {
  const std::string marks = "echo ran > mark";
  expect_refused(sh({"--input-file", "missing"}, marks),
                 {"--input-file", "missing", "no such file"});
  expect_refused(sh({"--input-file-list", "missing"}, marks), {"--input-file-list", "missing"});
  expect_refused(sh({"--input-file-stdin"}, marks), {"--input-file-stdin", "gone"}, {.in = "gone"});
  ws.make_directory("directory");
  expect_refused(sh({"--input-file", "directory"}, marks),
                 {"--input-file", "directory", "is a directory"});
  expect_refused(sh({"--output-file", "directory"}, marks),
                 {"--output-file", "directory", "is a directory"});
  expect_refused(sh({"--output-dir", "in"}, marks), {"--output-dir", "in", "is not a directory"});
  expect_refused(sh({"--tool-hash", "xyz"}, marks), {"--tool-hash", "xyz"});
  expect_refused(sh({"--strict", "--declared-only"}, marks), {"--strict", "--declared-only"});
  expect_refused(sh({"--include-scan", "missing.c"}, marks), {"--include-scan", "missing.c"});
  expect_refused(exec({"--nope"}, {"true"}), {"--nope"});
  EXPECT_FALSE(ws.exists("mark"));
  const Result missing = ws.deja(exec({"--input-file", "missing"}, {"no-such-tool"}));
  EXPECT_EQ(missing.exit_code, 127) << missing;
  EXPECT_NE(missing.err.find("'no-such-tool': no such program"), std::string::npos) << missing;
  const Result nothing = ws.deja({"exec"});
  EXPECT_EQ(nothing.exit_code, 2) << nothing;
  EXPECT_NE(nothing.err.find("no command"), std::string::npos);
}

// A program whose threads have the smallest possible stacks and load libraries.
TEST_P(ExecRun, ThreadsWithSmallStacks) {
  NEEDS_TOOL("gcc");
  ws.write("small.c",
           "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <limits.h>\n#include <pthread.h>\n"
           "#include <stdio.h>\n"
           "static void *body(void *a) {\n"
           "  for (int i = 0; i < 3; ++i) { void *h = dlopen(\"libm.so.6\", RTLD_NOW);\n"
           "    if (h) dlclose(h); }\n"
           "  dlopen(\"libnot-there.so\", RTLD_NOW);\n  return a;\n}\n"
           "int main(void) {\n  pthread_attr_t a; pthread_t t;\n  pthread_attr_init(&a);\n"
           "  if (pthread_attr_setstacksize(&a, PTHREAD_STACK_MIN)) return 3;\n"
           "  if (pthread_create(&t, &a, body, 0)) return 4;\n  pthread_join(t, 0);\n"
           "  puts(\"done\");\n}\n");
  ASSERT_TRUE(ws.run({"gcc", "small.c", "-o", "small", "-lpthread", "-ldl"}).ok());
  ASSERT_EQ(ws.run({"./small"}).out, "done\n");
  for (const std::string variable : {"UNUSED=1", "LD_LIBRARY_PATH=/nowhere:/usr/lib"}) {
    const Options options = {.env = {variable}};
    const Argv argv = exec({"--env", "observed"}, {"./small"});
    EXPECT_EQ(ws.expect_miss(argv, options).out, "done\n");
    EXPECT_EQ(ws.expect_hit(argv, options).out, "done\n");
  }
}

INSTANTIATE_TEST_SUITE_P(, ExecRun, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
