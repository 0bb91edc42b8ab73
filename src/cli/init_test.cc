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
  EXPECT_EQ(run({"init"}).code, 2);
}

}  // namespace
}  // namespace deja::cli
