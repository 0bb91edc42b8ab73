// SPDX-License-Identifier: Apache-2.0
#include "tool/make_variables.h"

#include <gtest/gtest.h>

namespace deja::tool {
namespace {

Command with(std::string_view name, std::string_view value) {
  Command command;
  command.environment = {{name, value}};
  return command;
}

TEST(MakeVariables, OnlyTheJobsAreRemoved) {
  EXPECT_EQ(without_jobserver(" -j4 --jobserver-auth=3,4 k"), " k");
  EXPECT_EQ(without_jobserver("rR -j --jobserver-fds=5,6"), " rR");
  EXPECT_EQ(without_jobserver("-k -jobs"), " -k -jobs");
  EXPECT_EQ(without_jobserver("w -j2 -- CC='a -j8 b'"), " w -- CC='a -j8 b'");
  EXPECT_EQ(without_jobserver(""), "");
}

TEST(MakeVariables, DescriptorsOfTheJobserver) {
  for (const char* name : {"MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS"}) {
    const Command command = with(name, " -j --jobserver-auth=6,17 k");
    EXPECT_TRUE(is_jobserver_descriptor(command, "6")) << name;
    EXPECT_TRUE(is_jobserver_descriptor(command, "17")) << name;
    EXPECT_FALSE(is_jobserver_descriptor(command, "1")) << name;
    EXPECT_FALSE(is_jobserver_descriptor(command, "7")) << name;
    EXPECT_TRUE(holds_make_flags(name));
  }
  EXPECT_TRUE(is_jobserver_descriptor(with("MAKEFLAGS", "--jobserver-fds=3,4"), "4"));
  EXPECT_FALSE(is_jobserver_descriptor(with("FLAGS", "--jobserver-auth=6,7"), "6"));
  EXPECT_FALSE(holds_make_flags("GNUMAKEFLAGS"));
}

TEST(MakeVariables, FifoOfTheJobserver) {
  const Command command = with("MAKEFLAGS", " -j4 --jobserver-auth=fifo:/tmp/GMfifo12 k");
  EXPECT_TRUE(is_jobserver_fifo(command, "/tmp/GMfifo12"));
  EXPECT_FALSE(is_jobserver_fifo(command, "/tmp/GMfifo1"));
  EXPECT_FALSE(is_jobserver_fifo(command, ""));
  EXPECT_FALSE(is_jobserver_fifo(with("MAKEFLAGS", " -j4"), "/tmp/GMfifo12"));
}

TEST(MakeVariables, EvalIsFoundAmongTheOptionsOnly) {
  EXPECT_TRUE(has_eval_in_make_flags(with("MAKEFLAGS", " --eval=a:=b")));
  EXPECT_TRUE(has_eval_in_make_flags(with("MAKEFLAGS", "kE")));
  EXPECT_TRUE(has_eval_in_make_flags(with("GNUMAKEFLAGS", "--eval=a:=b")));
  EXPECT_FALSE(has_eval_in_make_flags(with("MAKEFLAGS", "k -- A=--eval E=1")));
  EXPECT_FALSE(has_eval_in_make_flags(with("FLAGS", "--eval=a:=b")));
}

}  // namespace
}  // namespace deja::tool
