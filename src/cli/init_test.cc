// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_test.h"

namespace deja::cli {
namespace {

using ::testing::HasSubstr;

class InitTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    environment_["CARGO_HOME"] = dir_ + "/cargo";
  }
  std::string path(const std::string& name = "config.toml") const {
    return dir_ + "/cargo/" + name;
  }
  void write(const std::string& text, const std::string& name = "config.toml") const {
    ASSERT_TRUE(os::make_directories(dir_ + "/cargo"));
    ASSERT_TRUE(os::write_file_atomic(path(name), text, 0640));
  }
  std::string read(const std::string& name = "config.toml") const {
    const auto text = os::read_file_if_exists(path(name), 1 << 20);
    return text && *text ? **text : "(none)";
  }
  // The text that init makes from `before`; removing the line must give `before` again.
  std::string there_and_back(const std::string& before) {
    write(before);
    EXPECT_EQ(run({"init", "--rust", "--yes"}).code, 0);
    std::string after = read();
    EXPECT_THAT(run({"init", "--rust", "--yes"}).out, HasSubstr("already"));
    EXPECT_EQ(read(), after);
    EXPECT_EQ(run({"init", "--rust", "--remove", "--yes"}).code, 0);
    EXPECT_EQ(read(), before);
    return after;
  }
};

TEST_F(InitTest, WritesAFileWhereThereIsNone) {
  EXPECT_EQ(run({"init", "--rust", "--yes"}).code, 0);
  EXPECT_THAT(read(), HasSubstr("[build]"));
  EXPECT_THAT(read(), HasSubstr("/bin/deja\""));
  EXPECT_EQ(read().find(".."), std::string::npos);
  EXPECT_EQ(run({"init", "--rust", "--remove", "--yes"}).code, 0);
  EXPECT_EQ(read(), "(none)");
}

TEST_F(InitTest, LeavesTheRestAsItIs) {
  EXPECT_THAT(there_and_back("# mine\n[net]\noffline = true\n"),
              HasSubstr("offline = true\n[build]"));
  EXPECT_THAT(
      there_and_back("[build]  # of mine\njobs = 2\n\n[net]\n"),
      ::testing::MatchesRegex("\\[build\\]  # of mine\nrustc-wrapper = .*\njobs = 2\n\n.*"));
  EXPECT_EQ(there_and_back("[net]\noffline = true\n").substr(0, 21), "[net]\noffline = true\n");
  EXPECT_EQ((*os::stat_file(path()))->mode & 07777, 0640U);
}

TEST_F(InitTest, WritesThroughLinksAndToTheOlderName) {
  write("[net]\n", "config");
  ASSERT_TRUE(os::rename_file(path("config"), dir_ + "/dotfile"));
  ASSERT_EQ(::symlink((dir_ + "/dotfile").c_str(), path("config").c_str()), 0);
  EXPECT_EQ(run({"init", "--rust", "--yes"}).code, 0);
  EXPECT_THAT(*os::read_file(dir_ + "/dotfile"), HasSubstr("rustc-wrapper"));
  EXPECT_TRUE((*os::stat_file(path("config"), os::Links::keep))->is_symlink());
  EXPECT_EQ(read(), "(none)");
}

TEST_F(InitTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"[build]\nrustc-wrapper = \"sccache\"\n", "build = { jobs = 1 }\n", "build.jobs = 1\n",
        "no toml at all\n", "[build]\nrustc-wrapper = 1\n"}) {
    write(text);
    const Ran ran = run({"init", "--rust", "--yes"});
    EXPECT_EQ(ran.code, 1) << text;
    EXPECT_THAT(ran.err, HasSubstr("deja: init: "));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_EQ(read(), text);
  }
  write("[build]\nrustc-wrapper = \"/opt/deja\"\n");  // added by the user
  EXPECT_EQ(run({"init", "--rust", "--yes"}).code, 0);
  EXPECT_EQ(run({"init", "--rust", "--remove", "--yes"}).code, 1);
}

TEST_F(InitTest, ChangesNothingUnasked) {
  const Ran ran = run({"init", "--rust"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("+ rustc-wrapper = "));
  EXPECT_THAT(ran.err, HasSubstr("give --yes"));
  EXPECT_EQ(read(), "(none)");
}

TEST_F(InitTest, ProposesWhatTheProjectNeeds) {
  const std::string work = dir_ + "/work";
  const Ran nothing = run({"init"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("has no CMakeLists.txt, meson.build"));
  ASSERT_TRUE(os::write_file_atomic(work + "/Makefile", "a:\n"));
  EXPECT_THAT(run({"init"}).out, HasSubstr("make CC=\"deja gcc\""));
  ASSERT_TRUE(os::write_file_atomic(work + "/CMakeLists.txt", ""));
  EXPECT_THAT(run({"init"}).out, HasSubstr("CMake (CMakeLists.txt): deja init --cmake"));
  EXPECT_EQ(run({"init", "--yes"}).code, 0);
  EXPECT_THAT(*os::read_file(work + "/CMakeUserPresets.json"), HasSubstr("\"name\": \"deja\""));
  EXPECT_THAT(run({"init", "--cmake", "--yes"}).out, HasSubstr("there already"));
  EXPECT_EQ(run({"init", "--cmake", "--remove", "--yes"}).code, 0);
  EXPECT_FALSE(*os::stat_file(work + "/CMakeUserPresets.json"));
  EXPECT_EQ(run({"init", "--remove"}).code, 2);
}

TEST_F(InitTest, WritesFilesOfItsOwnAndTakesThemAway) {
  const std::string unit = dir_ + "/home/.config/systemd/user/deja.service";
  const std::string native = dir_ + "/home/.local/share/meson/native/deja";
  environment_["CC"] = "clang -m32";
  EXPECT_EQ(run({"init", "--systemd", "--meson", "--yes"}).code, 0);
  EXPECT_THAT(*os::read_file(unit), HasSubstr("/bin/deja\" daemon run"));
  EXPECT_THAT(*os::read_file(native), HasSubstr("deja', 'clang', '-m32']"));
  const std::string link = dir_ + "/home/.config/systemd/user/default.target.wants/deja.service";
  EXPECT_TRUE((*os::stat_file(link))->is_regular());
  EXPECT_THAT(run({"init", "--systemd", "--meson", "--yes"}).out, HasSubstr("there already"));
  EXPECT_EQ(run({"init", "--systemd", "--meson", "--remove", "--yes"}).code, 0);
  for (const std::string& path : {unit, native, link})
    EXPECT_FALSE(*os::stat_file(path, os::Links::keep)) << path;
  EXPECT_FALSE(*os::stat_file(dir_ + "/home/.local/share/meson"));
  scratch_.write("home/.local/share/meson/native/deja", "[binaries]\n");
  EXPECT_THAT(run({"init", "--meson", "--yes"}).err, HasSubstr("was not written by deja"));
}

TEST_F(InitTest, MasqueradesAsTheCompilersInPath) {
  const std::string links = dir_ + "/home/.local/share/deja/bin";
  for (const char* name : {"gcc", "g++-13", "gcc-ar", "clang-format"})
    scratch_.write(std::string("bin/") + name, "#!/bin/sh\n", 0755);
  environment_["PATH"] = links + ":" + dir_ + "/bin";
  EXPECT_EQ(run({"init", "--masquerade", "--yes"}).code, 0);
  EXPECT_EQ(*os::list_directory(links), (std::vector<std::string>{"g++-13", "gcc"}));
  EXPECT_THAT(**os::read_symlink(links + "/gcc"), ::testing::EndsWith("/bin/deja"));
  EXPECT_THAT(run({"init", "--masquerade", "--yes"}).out, HasSubstr("there already"));
  ASSERT_TRUE(os::write_file_atomic(links + "/mine", ""));
  EXPECT_EQ(run({"init", "--masquerade", "--remove", "--yes"}).code, 0);
  EXPECT_EQ(*os::list_directory(links), (std::vector<std::string>{"mine"}));
}

TEST_F(InitTest, PrintsLinesForAShell) {
  environment_["CC"] = "gcc -m32";
  EXPECT_THAT(
      run({"init", "--cc"}).out,
      ::testing::MatchesRegex("export CC='.*deja gcc -m32'\nexport CXX='.*deja c\\+\\+'\n"));
  environment_["CC"] = "deja gcc -m32";
  EXPECT_EQ(run({"init", "--cc", "--remove"}).out, "export CC='gcc -m32'\nexport CXX='c++'\n");
  EXPECT_EQ(run({"init", "--cc", "--rust"}).code, 2);
}

TEST_F(InitTest, TakesOverTheSettingsOfAnotherCache) {
  environment_["CCACHE_MAXSIZE"] = "20G";
  environment_["CCACHE_SLOPPINESS"] = "x";
  const Ran ran = run({"init", "--from", "ccache", "--yes"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("store.limit = \"20G\"   (CCACHE_MAXSIZE)"));
  EXPECT_THAT(ran.out, HasSubstr("no counterpart: CCACHE_SLOPPINESS: "));
  EXPECT_EQ(run({"config", "get", "store.limit"}).out, "20G\n");
  EXPECT_EQ(run({"init", "--from", "ccache", "--remove", "--yes"}).code, 0);
  EXPECT_EQ(run({"config", "get", "store.limit"}).out, "10G\n");
  EXPECT_EQ(run({"init", "--from", "make"}).code, 2);
}

}  // namespace
}  // namespace deja::cli
