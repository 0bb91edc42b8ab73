// SPDX-License-Identifier: Apache-2.0
// The fixture of tests of programs that do not stand observation.
#pragma once

#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "fault/fault.h"

namespace deja::test {

// Copies in.txt to out.txt.
constexpr const char* kCopier = R"(
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  char text[100] = {0};
  FILE* in = fopen("in.txt", "r");
  if (!in || !fgets(text, sizeof text, in)) return 4;
  fclose(in);
  FILE* out = fopen("out.txt", "w");
  if (!out) return 5;
  fputs(text, out);
  fclose(out);
  free(malloc(10));
  printf("copied %s", text);
  return 0;
}
)";

class Programs : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    NEEDS_TOOL("gcc");
    ws.write("in.txt", "text\n");
    ws.make_directory("program");
  }
  // False: this compiler cannot build it.
  bool build(const std::string& source, Argv compiler, const std::string& to = "program/tool") {
    ws.write("program/source.c", source);
    compiler.insert(compiler.end(), {"program/source.c", "-o", to});
    const bool is_there = !find_program(compiler[0]).empty();
    return is_there && ws.run(compiler).ok();
  }
  // Three runs through deja must equal one without, in the same directory.
  void expect_like_bare(const Argv& command, const Argv& options = {}, const Options& how = {},
                        Workspace::Here here = Workspace::Here::current()) {
    SCOPED_TRACE("line " + std::to_string(here.line()));
    const Tree before = ws.tree();
    const Result bare = ws.run(command, how);
    const Tree left = ws.tree();
    Argv argv = {"exec"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    argv.insert(argv.end(), command.begin(), command.end());
    for (int i = 0; i < 3; ++i) {
      ws.restore(before);
      EXPECT_EQ(ws.deja(argv, how), bare) << "run " << i;
      EXPECT_EQ(difference(left, ws.tree()), "") << "run " << i;
    }
  }
  // On a busy machine a run may not be stored (a file was too new), and the next one is.
  void expect_to_become_a_hit(const Argv& command) {
    Argv argv = {"exec", "--"};
    argv.insert(argv.end(), command.begin(), command.end());
    const Tree before = ws.tree();
    EXPECT_TRUE(wait_until([&] {
      if (ws.last_event().outcome == "hit") return true;
      ws.restore(before);
      ws.deja(argv);
      return false;
    })) << ws.last_event();
  }
  const Argv tool = {"program/tool"};

  Workspace ws{GetParam()};
};

}  // namespace deja::test
