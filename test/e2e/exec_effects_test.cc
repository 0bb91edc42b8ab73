// SPDX-License-Identifier: Apache-2.0
// Effects of tools besides writing files: renamed directories, processes that stay, reads of a
// file's metadata.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "e2e/exec.h"

namespace deja::test {
namespace {

class ExecEffects : public ExecTest {
 protected:
  // Runs the command, removes what it has made, and expects that a hit restores it.
  void expect_comes_back(const Argv& argv, const std::string& made) {
    const Result first = ws.expect_miss(argv);
    EXPECT_EQ(ws.last_event().not_stored, "");
    const Tree after = ws.tree();
    ws.remove(made);
    EXPECT_EQ(ws.expect_hit(argv).out, first.out);
    EXPECT_EQ(difference(after, ws.tree()), "");
  }
  // Through deja it does what it does without.
  void expect_as_bare(const std::string& script) {
    const Tree before = ws.tree();
    const Result bare = ws.run({"/bin/sh", "-c", script});
    const Tree wanted = ws.tree();
    ws.restore(before);
    const Result got = ws.deja(sh({"--pass-env", "PATH"}, script));
    EXPECT_EQ(got.exit_code, bare.exit_code) << script;
    EXPECT_EQ(got.out, bare.out) << script;
    EXPECT_EQ(difference(wanted, ws.tree()), "") << script;
  }
};

TEST_P(ExecEffects, WhatMustNotBeThereCounts) {
  ws.write("in", "1\n");
  for (const std::string script : {"cp in a; mv -n a out; rm -f a", "cp in a; ln a out; rm a",
                                   "ln -s in out", "mkdir out", "cp in a; mv a out"}) {
    for (int i = 0; i < 2; ++i) {
      ws.remove("out");
      expect_as_bare(script);
    }
    ws.remove("out");
    ws.write("out", "mine\n");
    expect_as_bare(script);
    expect_as_bare(script);
  }
}

TEST_P(ExecEffects, KindsInAListingCount) {
  for (const std::string script : {"find d -type f", "ls -F d", "grep -r 1 d"}) {
    ws.write("d/x", "1\n");
    ws.let_settle("d/x");
    expect_as_bare(script);
    expect_as_bare(script);
    ws.remove("d/x");
    ws.make_directory("d/x");
    ws.let_settle("d/x");
    expect_as_bare(script);
    ws.remove("d");
  }
}

TEST_P(ExecEffects, ASymlinkIsNotTheFileThatItLeadsTo) {
  for (const std::string script :
       {"cp -a x out", "cp -P x out", "test -L x && echo link || echo file", "tar cf out x"}) {
    ws.write("x", "1\n");
    ws.write("y", "1\n");
    ws.let_settle("y");
    expect_as_bare(script);
    ws.remove("out");
    ws.remove("x");
    ws.run({"ln", "-s", "y", "x"});
    expect_as_bare(script);
    ws.remove("x");
    ws.remove("out");
  }
}

TEST_P(ExecEffects, RenamedDirectoriesComeBackWithWhatIsInThem) {
  for (const Argv& with : {Argv{}, Argv{"--output-dir", "out"}}) {
    Argv options = with;
    options.insert(options.end(), {"--pass-env", "PATH"});
    expect_comes_back(sh(options, "mkdir t && echo 1 > t/a && mv t out"), "out");
    ws.remove("out");
    expect_comes_back(
        sh(options,
           "mkdir -p t/s && echo 1 > t/s/a && ln -s s/a t/l && echo 2 > t/gone && mv t u && "
           "mv u/s u/r && cat u/r/a && mv u out && rm out/gone && ls out"),
        "out");
    ws.remove("out");
  }
}

TEST_P(ExecEffects, ProcessesThatStayProveNothing) {
  const auto leave = [&](const std::string& seconds) {
    return sh({"--pass-env", "PATH"}, "(exec sleep " + seconds + ") > /dev/null 2>&1 & echo now");
  };
  for (int i = 0; i < 2; ++i) {
    ws.expect_miss(leave("2"));
    EXPECT_EQ(ws.last_event().not_stored, "text_not_captured") << ws.last_event();
  }
  // The directory existed before the tool ran.
  const Argv plain = sh({}, "echo then");
  ws.expect_miss(plain);
  ws.expect_hit(plain);
}

TEST_P(ExecEffects, DirectoriesAreMadeOnlyForWhatComesBack) {
  const Argv may = exec({"--optional-output", "d/x", "--output-dir", "e"}, {"true"});
  ws.expect_miss(may);
  ws.expect_hit(may);
  EXPECT_FALSE(ws.exists("d"));
  EXPECT_FALSE(ws.exists("e"));
}

TEST_P(ExecEffects, AHitThatCannotBeLeavesNoDirectories) {
  const Argv make = sh({"--output-file", "out"}, "mkdir d && echo 1 > d/f; echo 2 > out");
  ws.expect_miss(make);
  ws.remove("d");
  ws.remove("out");
  ws.expect_hit(make);
  ws.remove("d");
  ASSERT_EQ(::chmod(ws.path("out").c_str(), 0600), 0);  // the tool would keep this mode
  EXPECT_EQ(ws.expect_miss(make).err, "");
  EXPECT_TRUE(ws.exists("d/f"));
}

TEST_P(ExecEffects, DirectoriesKeepTheirModes) {
  const Argv make = sh({"--output-dir", "d", "--pass-env", "PATH"},
                       "mkdir -p d/e; echo 1 > d/e/f; chmod 500 d/e; chmod 711 d");
  ws.expect_miss(make);
  const Tree made = ws.tree();
  ASSERT_EQ(::chmod(ws.path("d/e").c_str(), 0700), 0);
  ws.remove("d");
  ws.expect_hit(make);
  EXPECT_EQ(difference(made, ws.tree()), "");
  ASSERT_EQ(::chmod(ws.path("d/e").c_str(), 0700), 0);
}

TEST_P(ExecEffects, SymlinksThatAreLookedAt) {
  ws.write("from/e/f", "1\n");
  std::filesystem::create_symlink("nowhere", ws.path("from/l"));
  const Argv copy = exec({"--output-dir", "to"}, {"cp", "-r", "from", "to"});
  expect_comes_back(copy, "to");
  ws.remove("to");
  ws.remove("from/l");
  std::filesystem::create_symlink("elsewhere", ws.path("from/l"));
  ws.expect_miss(copy);
}

TEST_P(ExecEffects, ModesOfDirectoriesCount) {
  ws.write("d/f", "1\n");
  const Argv look = exec({}, {"stat", "-c", "%a", "d"});
  ws.expect_miss(look);
  ws.expect_hit(look);
  ASSERT_EQ(::chmod(ws.path("d").c_str(), 0700), 0);
  EXPECT_EQ(ws.expect_miss(look).out, "700\n");
}

TEST_P(ExecEffects, LongListings) {
  ws.write("d/f", "1\n");
  ws.write("d/sub/g", "1\n");
  std::filesystem::create_directory(ws.path("aside"));
  const Argv list = exec({}, {"ls", "-l", "d"});
  ws.expect_miss(list);
  ws.expect_hit(list);
  ASSERT_EQ(::link(ws.path("d/f").c_str(), ws.path("aside/f").c_str()), 0);
  EXPECT_NE(ws.expect_miss(list).out.find(" 2 "), std::string::npos);
  ws.expect_hit(list);
  ws.write("d/sub/h", "1\n");  // changes the directory's time
  ws.expect_miss(list);
}

TEST_P(ExecEffects, PackedFilesHoldATime) {
  NEEDS_TOOL("gzip");
  ws.write("in", "1\n");
  const auto touch = [&](std::time_t seconds) {
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, ws.path("in").c_str(), times, 0), 0);
  };
  const auto pack = [&](const Argv& options) {
    Argv argv = {"gzip", "-kf", "in"};
    argv.insert(argv.begin() + 1, options.begin(), options.end());
    return exec({"--output-file", "in.gz"}, argv);
  };
  touch(1'500'000'000);
  ws.expect_miss(pack({}));
  ws.expect_hit(pack({}));
  ws.expect_miss(pack({"-n"}));
  touch(1'600'000'000);
  ws.expect_miss(pack({}));
}

TEST_P(ExecEffects, ArgumentsThatOnlyEndLikeTheDirectory) {
  ws.write("one/x", "");
  ws.write("two/x", "");
  const auto say = [&](const std::string& cwd) {
    return key(exec({"--no-cwd-in-key"}, {"echo", "stage" + ws.path(cwd)}), {.cwd = cwd});
  };
  EXPECT_NE(say("one"), say("two"));
}

INSTANTIATE_TEST_SUITE_P(, ExecEffects, ::testing::Values(Mode::daemon, Mode::one_shot),
                         mode_label);

}  // namespace
}  // namespace deja::test
