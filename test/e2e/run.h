// SPDX-License-Identifier: Apache-2.0
// Builds under `deja run`.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include "e2e/setup.h"

namespace deja::test {

class RunTest : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    ws.write("a.c", "int b(void);\nint main(void) { return b(); }\n");
    ws.write("b.c", "int b(void) { return 0; }\n");
    ws.write("Makefile",
             "prog: a.o lib.a\n\tgcc -o $@ a.o lib.a\n"
             "lib.a: b.o\n\trm -f $@; ar rcs $@ b.o\n"
             "%.o: %.c\n\tgcc -c $< -o $@\n");
  }
  static Argv under_run(const Argv& argv) {
    Argv all = {Workspace::program(), "run", "--"};
    all.insert(all.end(), argv.begin(), argv.end());
    return all;
  }
  // Whoever runs the tests may pass on descriptors, with which commands are not looked up.
  static Options with_streams_only(Options options) {
    options.in_child = [] {
      for (int fd = 3; fd < 256; ++fd) ::close(fd);
    };
    return options;
  }
  Result build(const Argv& argv, const Options& options = {}) const {
    return ws.run(under_run(argv), with_streams_only(options));
  }
  // The outcomes since the last call: "gcc hit, ar miss", each once, in the order of their names.
  std::string outcomes() {
    std::set<std::string> all;
    const auto events = ws.events();
    for (; seen < events.size(); ++seen)
      all.insert(std::filesystem::path(events[seen].tool).filename().string() + " " +
                 events[seen].outcome);
    std::string out;
    for (const std::string& one : all) out += (out.empty() ? "" : ", ") + one;
    return out;
  }
  // Runs the command as it is, then three times under `deja run` from the same files. All must leave the
  // same.
  void expect_same(const Argv& argv, const Options& options = {}) {
    const Tree before = ws.tree();
    const Result plain = ws.run(argv, with_streams_only(options));
    const Tree after = ws.tree();
    for (int i = 0; i < 3; ++i) {
      ws.restore(before);
      EXPECT_EQ(build(argv, options), plain) << i;
      EXPECT_EQ(difference(after, ws.tree()), "") << i;
    }
  }
  void compile(const std::string& name, const std::string& text, const Argv& more = {}) {
    ws.write(name + ".c", text);
    Argv argv = {"gcc", name + ".c", "-o", name};
    argv.insert(argv.end(), more.begin(), more.end());
    ASSERT_TRUE(ws.run(argv).ok());
    ws.remove(name + ".c");
  }
  void always(const std::string& names) {
    ws.write(".deja.toml", "run.commands = true\nrun.always = [" + names + "]\n");
  }

  void with_commands() { ws.write(".deja.toml", "run.commands = true\n"); }

  std::size_t seen = 0;
};

}  // namespace deja::test
