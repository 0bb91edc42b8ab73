// SPDX-License-Identifier: Apache-2.0
// The two ways to give `deja exec` inputs without observation: an include scan, and a depfile that
// the tool writes. Both are tested with and without observation.
#include <filesystem>

#include "e2e/exec.h"

namespace deja::test {
namespace {

struct Way {
  Mode mode;
  bool observes;
};

std::string way_label(const ::testing::TestParamInfo<Way>& info) {
  return mode_name(info.param.mode) + (info.param.observes ? "_observed" : "_declared_only");
}

class ExecDeps : public ::testing::TestWithParam<Way> {
 protected:
  // A tool that reads $1, writes $2, and writes the rules of $2 to $3. A line "use NAME" makes it
  // read another file, "fail" makes it fail.
  void SetUp() override {
    ws.script("tool", R"(#!/bin/sh
files=$1
out=
read_all() {
  while read -r word name; do
    case $word in
      use) files="$files $name"; read_all < "$name" ;;
      fail) exit 3 ;;
      *) out="$out $word" ;;
    esac
  done
}
read_all < "$1"
[ -z "$2" ] || echo $out > "$2"
[ -z "$3" ] || printf '%s: %s\n' "$2" "$files" > "$3"
)");
    ws.write("a", "one\nuse b\n");
    ws.write("b", "two\n");
  }
  Argv with(Argv options, const Argv& command) const {
    if (!GetParam().observes) options.emplace_back("--declared-only");
    Argv argv = {"exec"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    argv.insert(argv.end(), command.begin(), command.end());
    return argv;
  }
  Argv rules() const {
    return with({"--input-file", "a", "--output-file", "out", "--depfile", "out.d"},
                {"tool", "a", "out", "out.d"});
  }
  void expect_text(const std::string& text) const { EXPECT_EQ(ws.read("out"), text); }

  Workspace ws{GetParam().mode};
};

TEST_P(ExecDeps, PrerequisitesAreInputs) {
  ws.expect_miss(rules());
  ws.expect_hit(rules());
  ws.write("b", "three\n");
  ws.expect_miss(rules());
  expect_text("one three\n");
  ws.write("b", "two\n");
  ws.expect_hit(rules());  // the old set of inputs is still stored
  expect_text("one two\n");
}

TEST_P(ExecDeps, SeveralSetsOfInputsAreKept) {
  ws.write("c", "three\n");
  ws.expect_miss(rules());
  ws.write("b", "use c\n");
  ws.expect_miss(rules());
  expect_text("one three\n");
  ws.write("b", "two\n");
  ws.expect_hit(rules());
  ws.write("b", "use c\n");
  ws.expect_hit(rules());
  expect_text("one three\n");
  ws.write("c", "four\n");
  ws.expect_miss(rules());
}

TEST_P(ExecDeps, TheDepfileComesBackAndAStaleOneIsNotTaken) {
  ws.expect_miss(rules());
  const std::string text = ws.read("out.d");
  ws.remove("out.d");
  ws.remove("out");
  ws.expect_hit(rules());
  EXPECT_EQ(ws.read("out.d"), text);
  // Left by an earlier run; this run does not write it.
  const Argv lazy = with({"--input-file", "a", "--output-file", "out", "--depfile", "out.d"},
                         {"tool", "a", "out"});
  for (int i = 0; i < 2; ++i) ws.expect_miss(lazy);
  EXPECT_EQ(ws.last_event().not_stored, "output_not_written") << ws.last_event();
}

TEST_P(ExecDeps, ResultsWithoutTrackingDoNotServeThoseWithIt) {
  ws.expect_miss(
      with({"--input-file", "a", "--output-file", "out"}, {"tool", "a", "out", "out.d"}));
  ws.expect_miss(rules());
  ws.write("b", "three\n");
  ws.expect_miss(rules());
  expect_text("one three\n");
}

TEST_P(ExecDeps, FailuresAndVanishedInputs) {
  ws.write("a", "one\nuse b\nfail\n");
  for (int i = 0; i < 2; ++i) {
    Argv failing = rules();
    failing.insert(failing.begin() + 1, "--cache-failures");
    ws.expect_failure(failing);
  }
  ws.write("a", "one\nuse b\n");
  ws.expect_miss(rules());
  ws.expect_hit(rules());
  ws.remove("b");
  EXPECT_NE(ws.deja(rules()).exit_code, -1);
  EXPECT_EQ(ws.last_event().tool_runs, 1);
}

TEST_P(ExecDeps, NamesWithBlanksAndNewlines) {
  ws.write("a", "one\n");
  ws.write("with blank", "x\n");
  const Argv argv = with({"--input-file", "a", "--output-file", "out", "--depfile", "out.d"},
                         {"/bin/sh", "-c",
                          "read -r x < a; read -r y < 'with blank'; echo $x $y > out; "
                          "printf 'out: \\\\\\n a with\\\\ blank\\n' > out.d"});
  ws.expect_miss(argv);
  EXPECT_EQ(ws.last_event().not_stored, "");
  ws.expect_hit(argv);
  ws.write("with blank", "y\n");
  ws.expect_miss(argv);
  expect_text("one y\n");
}

TEST_P(ExecDeps, IncludesOfSeedsAreInputs) {
  ws.write("src/a.c", "#include \"b.h\"\n#include <c.h>\n#if __has_include(<d.h>)\n#endif\n");
  ws.write("src/b.h", "#embed <data.bin>\n");
  ws.write("inc/c.h", "");
  ws.write("inc/data.bin", "1");
  const Argv scan = with({"--include-scan", "src/a.c", "--include-dir", "first", "--include-dir",
                          "inc", "--system-include", "sys", "--iquote-dir", "quote"},
                         {"true"});
  ws.expect_miss(scan);
  ws.expect_hit(scan);
  const auto expect_change = [&](const std::string& name, const std::string& text) {
    ws.write(name, text);
    ws.expect_miss(scan);
    ws.expect_hit(scan);
  };
  expect_change("src/a.c", ws.read("src/a.c") + "\n");  // the seed itself
  expect_change("src/b.h", "#embed <data.bin>\n\n");
  expect_change("inc/data.bin", "2");
  expect_change("inc/c.h", "#include <e.h>\n");
  expect_change("sys/e.h", "");    // found at last
  expect_change("first/c.h", "");  // earlier on the search path
  expect_change("first/d.h", "");  // asked for by __has_include
  ws.write("src/unrelated.h", "");
  ws.expect_hit(scan);
}

TEST_P(ExecDeps, ComputedIncludesProveNothingAlone) {
  ws.write("a.c", "#define H \"b.h\"\n#include H\n");
  ws.write("b.h", "1\n");
  const Argv scan = with({"--include-scan", "a.c"}, {"cat", "b.h"});
  ws.expect_miss(scan);
  if (GetParam().observes) {
    ws.expect_hit(scan);
  } else {
    EXPECT_EQ(ws.last_event().not_stored, "include_unknown") << ws.last_event();
    ws.expect_miss(scan);
  }
  ws.write("b.h", "2\n");
  EXPECT_EQ(ws.expect_miss(scan).out, "2\n");
}

TEST_P(ExecDeps, BothWaysTogether) {
  ws.write("a", "#include \"h\"\n");
  ws.write("h", "1\n");
  ws.write("b", "1\n");
  const Argv both = with({"--include-scan", "a", "--depfile", "out.d"},
                         {"/bin/sh", "-c", "read -r x < b; echo \"out: b\" > out.d"});
  ws.expect_miss(both);
  ws.expect_hit(both);
  ws.write("h", "2\n");
  ws.expect_miss(both);
  ws.write("b", "2\n");
  ws.expect_miss(both);
  ws.expect_hit(both);
}

INSTANTIATE_TEST_SUITE_P(, ExecDeps,
                         ::testing::Values(Way{Mode::daemon, true}, Way{Mode::daemon, false},
                                           Way{Mode::one_shot, true}, Way{Mode::one_shot, false}),
                         way_label);

}  // namespace
}  // namespace deja::test
