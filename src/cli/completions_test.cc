// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_test.h"
#include "wire/subcommands.h"

namespace deja::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(CliTest, CompletionsNameEverySubcommandAndOption) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = run({"completions", shell});
    EXPECT_EQ(ran.code, 0) << ran.err;
    for (const std::string_view name : wire::kSubcommands)
      EXPECT_THAT(ran.out, HasSubstr(std::string(name))) << shell;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("markdown"), HasSubstr("output-file"),
                               HasSubstr("miss bypass failure")))
        << shell;
  }
  EXPECT_EQ(run({"completions"}).code, 2);
  EXPECT_EQ(run({"completions", "tcsh"}).code, 2);
}

// The scripts, read and asked by the shells themselves.
TEST_F(CliTest, BashCompletes) {
  if (::access("/bin/bash", X_OK) != 0) GTEST_SKIP() << "needs bash, which is not installed";
  ASSERT_TRUE(os::write_file_atomic(dir_ + "/work/c", run({"completions", "bash"}).out));
  const auto completed = [&](const std::string& words, int at) {
    program_ = "/bin/bash";
    // run() passes "deja" as argv[0].
    const Ran ran =
        run({"-c", "source ./c; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                       "; _deja; echo \"${COMPREPLY[@]}\""});
    program_ = DEJA_CLI;
    EXPECT_EQ(ran.err, "");
    return ran.out;
  };
  EXPECT_THAT(completed("deja repo", 1), HasSubstr("report"));
  EXPECT_EQ(completed("deja events --out", 2), "--outcome\n");
  EXPECT_EQ(completed("deja events --outcome by", 3), "bypass\n");
  EXPECT_EQ(completed("deja daemon st", 2), "start stop status\n");
}

TEST_F(CliTest, ManPagesNameEveryOption) {
  ASSERT_TRUE(os::make_directory(dir_ + "/man"));
  EXPECT_EQ(run({"help", "--man", dir_ + "/man"}).code, 0);
  const std::string overview = *os::read_file(dir_ + "/man/deja.1");
  EXPECT_THAT(overview, AllOf(HasSubstr(".TH DEJA 1"), HasSubstr("DEJA_DISABLE=1")));
  for (const std::string_view name : wire::kSubcommands) {
    if (name == "help") continue;
    EXPECT_THAT(overview, HasSubstr(".BR deja\\-" + std::string(name) + " (1)"));
    const auto page = os::read_file(dir_ + "/man/deja-" + std::string(name) + ".1");
    ASSERT_TRUE(page) << name;
    EXPECT_THAT(*page, AllOf(HasSubstr(".SH NAME\ndeja\\-" + std::string(name) + " \\- "),
                             HasSubstr(".SH SYNOPSIS")));
  }
  EXPECT_THAT(*os::read_file(dir_ + "/man/deja-events.1"),
              AllOf(HasSubstr("\\fB\\-n\\fR, \\fB\\-\\-limit\\fR \\fIN\\fR"),
                    HasSubstr("\\fIhit|miss|bypass|failure|running\\fR")));
  EXPECT_EQ(run({"help", "--man", dir_ + "/nowhere/x"}).code, 1);
}

}  // namespace
}  // namespace deja::cli
