// SPDX-License-Identifier: Apache-2.0
// What is part of the key of a `deja exec`.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "e2e/exec.h"

namespace deja::test {
namespace {

class ExecKey : public ExecTest {
 protected:
  void SetUp() override {
    ws.write("in", "1\n");
    ws.write("other", "1\n");
  }
  const Argv copy = exec({"--input-file", "in", "--output-file", "out"}, {"cp", "in", "out"});
};

TEST_P(ExecKey, FilteredArgumentsAreNotKeyedButGiven) {
  const auto echo = [&](const std::string& tick) {
    return exec({"--key-args-filter", "^--tick="}, {"echo", "--tick=" + tick, "x"});
  };
  EXPECT_EQ(key(echo("1")), key(echo("2")));
  EXPECT_EQ(ws.expect_miss(echo("1")).out, "--tick=1 x\n");
  EXPECT_EQ(ws.expect_hit(echo("2")).out, "--tick=1 x\n");
  EXPECT_NE(key(echo("1")), key(exec({"--key-args-filter", "^--tick="}, {"echo", "x", "y"})));
}

TEST_P(ExecKey, BadRegexIsReportedBeforeAnythingElseAndWithoutCache) {
  for (const Argv& more : {Argv{}, Argv{"--no-cache"}, Argv{"--non-deterministic"}}) {
    Argv options = {"--key-args-filter", "a(b", "--input-file", "missing"};
    options.insert(options.end(), more.begin(), more.end());
    expect_refused(exec(options, {"no-such-tool"}), {"--key-args-filter", "a(b"});
  }
}

TEST_P(ExecKey, ToolHashStandsForTheToolsFile) {
  const std::string one(64, '1'), two(64, '2');
  ws.script("tool", "#!/bin/sh\necho first\n");
  EXPECT_NE(key(exec({"--tool-hash", one}, {"tool"})), key(exec({"--tool-hash", two}, {"tool"})));
  ws.expect_miss(exec({"--tool-hash", one}, {"tool"}));
  ws.script("tool", "#!/bin/sh\necho second\n");
  EXPECT_EQ(ws.expect_hit(exec({"--tool-hash", one}, {"tool"})).out, "first\n");
  EXPECT_EQ(ws.expect_miss(exec({"--tool-hash", two}, {"tool"})).out, "second\n");
  EXPECT_EQ(ws.expect_miss(exec({}, {"tool"})).out, "second\n");
  ws.script("tool", "#!/bin/sh\necho third\n");
  EXPECT_EQ(ws.expect_miss(exec({}, {"tool"})).out, "third\n");
}

TEST_P(ExecKey, InputsAreKeyedByPathAndContentOnce) {
  const std::string first = key(copy);
  ws.write("in", "2\n");
  EXPECT_NE(key(copy), first);
  ws.write("in", "1\n");
  EXPECT_EQ(key(copy), first);
  const auto with = [&](const Argv& inputs) {
    Argv options;
    for (const std::string& name : inputs) options.insert(options.end(), {"--input-file", name});
    return key(exec(options, {"true"}));
  };
  EXPECT_EQ(with({"in", "other"}), with({"other", "in"}));
  EXPECT_EQ(with({"in", "in"}), with({"in"}));
  EXPECT_EQ(with({"./in"}), with({"in"}));
  EXPECT_EQ(with({ws.path("in")}), with({"in"}));
  EXPECT_NE(with({"in"}), with({"other"}));  // another name, the same content
}

TEST_P(ExecKey, EverythingDeclaredIsPartOfTheKey) {
  const std::string plain = key(exec({}, {"echo", "a", "b"}));
  EXPECT_NE(key(exec({}, {"echo", "b", "a"})), plain);
  EXPECT_NE(key(exec({}, {"echo", "a"})), plain);
  EXPECT_NE(key(exec({}, {"printf", "a", "b"})), plain);
  EXPECT_NE(key(exec({"--input-extra", "x"}, {"echo", "a", "b"})), plain);
  EXPECT_NE(key(exec({"--input-extra", ""}, {"echo", "a", "b"})), plain);
  EXPECT_NE(key(exec({"--output-file", "x"}, {"echo", "a", "b"})), plain);
  EXPECT_NE(key(exec({"--output-dir", "x"}, {"echo", "a", "b"})), plain);
  EXPECT_NE(key(exec({"--input-env", "NAME"}, {"echo", "a", "b"})), plain);
  ws.make_directory("sub");
  EXPECT_NE(key(exec({}, {"echo", "a", "b"}), {.cwd = "sub"}), plain);
}

TEST_P(ExecKey, TheRestIsNotPartOfTheKey) {
  const std::string plain = key(copy);
  EXPECT_EQ(key(copy, {.env = {"SOME_VARIABLE=1"}}), plain);
  const auto with = [&](const Argv& more) {
    Argv argv = copy;
    argv.insert(argv.begin() + 1, more.begin(), more.end());
    return key(argv);
  };
  for (const Argv& more :
       {Argv{"--output-stdout=false"}, Argv{"--output-stderr=false"}, Argv{"--read-only"},
        Argv{"--no-cache"}, Argv{"--cache-failures"}, Argv{"--ttl", "1h"}, Argv{"--timeout", "1h"},
        Argv{"--pass-env", "HOME"}, Argv{"--include-dir", "x"}})
    EXPECT_EQ(with(more), plain) << more.front();
  ASSERT_EQ(::utimensat(AT_FDCWD, ws.path("in").c_str(), nullptr, 0), 0);
  EXPECT_EQ(key(copy), plain);
  EXPECT_EQ(with({"--depfile", "a.d"}), with({"--depfile", "b.d"}));
  const auto env = [&](const char* a, const char* b) {
    return key(exec({"--input-env", a, "--input-env", b}, {"true"}), {.env = {"A=1", "B=2"}});
  };
  EXPECT_EQ(env("A", "B"), env("B", "A"));
  EXPECT_EQ(key(exec({"--output-file", "a", "--output-file", "b"}, {"true"})),
            key(exec({"--output-file", "b", "--output-file", "a"}, {"true"})));
}

TEST_P(ExecKey, TheKeyIsInTheEventToo) {
  std::string printed = key(copy);
  printed.pop_back();
  ws.expect_miss(copy);
  EXPECT_NE(ws.deja({"events", "--format", "json"}).out.find("\"probe_key\":\"" + printed),
            std::string::npos);
}

TEST_P(ExecKey, TouchedInputIsStillAHit) {
  ws.expect_miss(copy);
  ASSERT_EQ(::utimensat(AT_FDCWD, ws.path("in").c_str(), nullptr, 0), 0);
  ws.expect_hit(copy);
}

TEST_P(ExecKey, DirectoriesCountUnlessTheyAreNotToBe) {
  for (const char* directory : {"one", "two"}) ws.write(std::string(directory) + "/in", "x\n");
  const Argv here = exec({"--input-file", "in", "--output-file", "out"}, {"cp", "in", "out"});
  ws.expect_miss(here, {.cwd = "one"});
  ws.expect_miss(here, {.cwd = "two"});
  Argv anywhere = here;
  anywhere.insert(anywhere.begin() + 1, "--no-cwd-in-key");
  ws.expect_miss(anywhere, {.cwd = "one"});
  ws.remove("two/out");
  ws.expect_hit(anywhere, {.cwd = "two"});
  EXPECT_EQ(ws.read("two/out"), "x\n");
}

// Files that are named by absolute paths are shared too.
TEST_P(ExecKey, NoCwdInKeySharesAbsoluteNames) {
  for (const std::string directory : {"one", "two"}) ws.write(directory + "/in", "x\n");
  const auto copy_in = [&](const std::string& directory) {
    const std::string in = ws.path(directory) + "/in", out = ws.path(directory) + "/out";
    return exec({"--no-cwd-in-key", "--input-file", in, "--output-file", out}, {"cp", in, out});
  };
  ws.expect_miss(copy_in("one"), {.cwd = "one"});
  ws.expect_hit(copy_in("two"), {.cwd = "two"});
  EXPECT_EQ(ws.read("two/out"), "x\n");
}

TEST_P(ExecKey, NeverSharesWhatNamesTheDirectory) {
  ws.make_directory("one");
  ws.make_directory("two");
  const Argv where = sh({"--no-cwd-in-key", "--output-file", "out"}, "pwd > out");
  ws.expect_miss(where, {.cwd = "one"});
  ws.expect_miss(where, {.cwd = "two"});
  EXPECT_EQ(ws.read("two/out"), ws.path("two") + "\n");
}

TEST_P(ExecKey, UnsetIsNotEmpty) {
  const Argv show = sh({"--input-env", "NAME"}, "echo ${NAME-unset}");
  EXPECT_EQ(ws.expect_miss(show).out, "unset\n");
  EXPECT_EQ(ws.expect_miss(show, {.env = {"NAME="}}).out, "\n");
  EXPECT_EQ(ws.expect_hit(show).out, "unset\n");
}

TEST_P(ExecKey, PassedVariablesAreGivenAndNotKeyed) {
  const Argv show = sh({"--pass-env", "NAME"}, "echo ${NAME-unset}");
  EXPECT_EQ(ws.expect_miss(show, {.env = {"NAME=1"}}).out, "1\n");
  EXPECT_EQ(ws.expect_hit(show, {.env = {"NAME=2"}}).out, "1\n");
}

TEST_P(ExecKey, PathsAreBytes) {
  ws.write("a\\b", "1\n");
  ws.write("a/b", "1\n");
  ws.write("\xff", "1\n");
  ws.write("\xfe", "1\n");
  EXPECT_NE(key(exec({"--input-file", "a\\b"}, {"true"})),
            key(exec({"--input-file", "a/b"}, {"true"})));
  EXPECT_NE(key(exec({"--input-file", "\xff"}, {"true"})),
            key(exec({"--input-file", "\xfe"}, {"true"})));
}

TEST_P(ExecKey, ToolsOfOneContentAndTwoNamesAreTwo) {
  ws.script("one", "#!/bin/sh\necho ${0##*/}\n");
  std::filesystem::copy(ws.bin() + "/one", ws.bin() + "/two");
  EXPECT_EQ(ws.expect_miss(exec({}, {"one"})).out, "one\n");
  EXPECT_EQ(ws.expect_miss(exec({}, {"two"})).out, "two\n");
}

TEST_P(ExecKey, TheInterpreterOfAScriptCounts) {
  ws.script("interpreter", "#!/bin/sh\necho first\n");
  ws.script("tool", "#!" + ws.bin() + "/interpreter\n");
  if (ws.bin().find(' ') != std::string::npos) ws.script("tool", "#!/usr/bin/env interpreter\n");
  for (const Argv& evidence : {Argv{}, Argv{"--declared-only"}}) {
    Argv options = {"--pass-env", "PATH"};
    options.insert(options.end(), evidence.begin(), evidence.end());
    ws.script("interpreter", "#!/bin/sh\necho first\n");
    EXPECT_EQ(ws.expect_miss(exec(options, {"tool"})).out, "first\n");
    ws.script("interpreter", "#!/bin/sh\necho second\n");
    EXPECT_EQ(ws.expect_miss(exec(options, {"tool"})).out, "second\n");
  }
}

TEST_P(ExecKey, FilterNeverHidesWhereAnOutputGoes) {
  const auto to = [&](const std::string& name) {
    return exec({"--key-args-filter", "^out"}, {"cp", "in", name});
  };
  ws.expect_miss(to("out1"));
  ws.expect_miss(to("out2"));
  EXPECT_EQ(ws.read("out2"), "1\n");
  ws.remove("out1");
  ws.remove("out2");
  ws.expect_miss(to("out2"));
  EXPECT_FALSE(ws.exists("out1"));
}

TEST_P(ExecKey, ListsOfInputs) {
  ws.write("with blank", "1\n");
  ws.write(" leading", "1\n");
  ws.write("list", "in  \n\n\t\nwith blank\r\n leading\n");
  const Argv by_list = exec({"--input-file-list", "list"}, {"true"});
  const std::string named = key(exec(
      {"--input-file", "in", "--input-file", "with blank", "--input-file", " leading"}, {"true"}));
  EXPECT_EQ(key(by_list), named);
  EXPECT_EQ(key(exec({"--input-file-stdin"}, {"true"}), {.in = "with blank\nin\n leading"}), named);
  ws.write(" leading", "2\n");
  EXPECT_NE(key(by_list), named);
  ws.expect_miss(by_list);
  ws.expect_hit(by_list);
  ws.write("list", "in\n");
  ws.expect_miss(by_list);
  const Argv by_stdin = exec({"--input-file-stdin"}, {"cat"});
  EXPECT_EQ(ws.expect_miss(by_stdin, {.in = "in\n"}).out, "");  // the tool does not get the list
  ws.expect_hit(by_stdin, {.in = "in\n"});
  ws.expect_miss(by_stdin, {.in = "other\n"});
}

TEST_P(ExecKey, Globs) {
  ws.write("data/a.txt", "1\n");
  ws.write("data/deep/b.txt", "1\n");
  const Argv command = exec({"--input-glob", "data/**/*.txt"}, {"true"});
  ws.expect_miss(command);
  ws.expect_hit(command);
  ws.write("data/deep/b.txt", "2\n");
  ws.expect_miss(command);
  ws.write("data/new/c.txt", "1\n");
  ws.expect_miss(command);
  ws.let_engine_set_watches();
  ws.expect_hit(command);
  ws.remove("data/new");
  ws.expect_hit(command);  // the same as before
  ws.write("data/c.md", "1\n");
  ws.expect_hit(command);
}

// What is answered without a look at any file is answered right all the same.
TEST_P(ExecKey, TheWatchSetNoticesEveryChange) {
  ws.script("tool", "#!/usr/bin/env interpreter\n");
  ws.script("interpreter", "#!/bin/sh\necho x\n");
  ws.write("list", "in\n");
  ws.write("src/a.c", "#include \"b.h\"\n");
  ws.write("src/b.h", "");
  ws.write("dep", "1\n");
  ws.script("ruled", "#!/bin/sh\necho 'out: dep' > out.d\n");
  for (const Argv& evidence : {Argv{}, Argv{"--declared-only"}}) {
    const auto with = [&](Argv options, const Argv& command) {
      options.insert(options.end(), evidence.begin(), evidence.end());
      return exec(options, command);
    };
    const Argv declared = with({"--input-file-list", "list", "--pass-env", "PATH"}, {"tool"});
    const Argv scanned = with({"--include-scan", "src/a.c", "--include-dir", "inc"}, {"true"});
    const Argv ruled = with({"--depfile", "out.d"}, {"ruled"});
    struct Case {
      Argv argv;
      std::string file, text;
    };
    const std::string interpreter = ws.bin() + "/interpreter", tool = ws.bin() + "/tool";
    for (const Case& c :
         {Case{declared, "in", "2\n"}, Case{declared, "list", "in\nother\n"},
          Case{declared, interpreter, "#!/bin/sh\necho y\n"},
          Case{declared, tool, "#!/bin/sh\necho z\n"}, Case{scanned, "src/b.h", "// changed\n"},
          Case{scanned, "src/a.c", "\n"}, Case{ruled, "dep", "2\n"}}) {
      const std::string before = ws.read(c.file);
      ws.deja(c.argv);
      ws.expect_hit(c.argv);
      ws.let_engine_set_watches();
      ws.expect_hit(c.argv);
      ws.run({"/bin/sh", "-c", "printf %s \"$1\" > \"$0\"", ws.path(c.file), c.text});
      SCOPED_TRACE(c.file);
      ws.expect_miss(c.argv);
      ws.run({"/bin/sh", "-c", "printf %s \"$1\" > \"$0\"", ws.path(c.file), before});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, ExecKey, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
