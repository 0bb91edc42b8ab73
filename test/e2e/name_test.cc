// SPDX-License-Identifier: Apache-2.0
// File names that are long, unusual, or not valid text.
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Name : public ModeTest {};

TEST_P(Name, Strange) {
  for (const std::string name :
       {"with space", "new\nline", "\xff\xfe\x80", "quote'\"s", "$HOME", "%s%n", "back\\slash",
        "tab\there", "semi;colon", "#hash", "colon:s", "(paren)", "-dash", "ünï", "a=b", "@at"}) {
    SCOPED_TRACE(name);
    const std::string directory = name + " dir";
    const std::string stem = "./" + name;  // a leading dash or @ would make it an option
    ws.write(directory + "/" + name + ".h", "#define V 1\n");
    ws.write(directory + "/" + name + ".c", "int a = V;\n");
    ws.expect_same({"gcc", "-include", stem + ".h", "-MD", "-c", stem + ".c", "-o", stem + ".o"},
                   {.cwd = directory});
  }
}

TEST_P(Name, OfFourThousandBytes) {
  std::string directory;
  for (int i = 0; i < 19; ++i) directory += std::string(200, static_cast<char>('a' + i)) + "/";
  ws.write(directory + "a.c", "int a;\n");
  ASSERT_GT(directory.size(), 3800u);
  ws.expect_same({"gcc", "-c", directory + "a.c", "-o", "a.o"});
  ws.expect_same({"gcc", "-c", "a.c", "-o", "b.o"}, {.cwd = directory});
}

TEST_P(Name, ManyAndLongArguments) {
  ws.write("a.c", "int a;\n");
  Argv argv = {"gcc", "-c", "a.c"};
  for (int i = 0; i < 800; ++i)
    argv.push_back("-DMACRO_NUMBER_" + std::to_string(i) + "=" + std::string(100, 'x'));
  ws.expect_same(argv);
  ws.expect_same({"gcc", "-c", "a.c", "-DLONG=" + std::string(100'000, 'y')});
}

TEST_P(Name, OfADirectoryThatWasRemoved) {
  ws.make_directory("gone");
  const Result result = ws.run({"sh", "-c",
                                "cd gone && rmdir ../gone && '" + Workspace::program() +
                                    "' gcc -E -x c /dev/null -o /dev/null"});
  EXPECT_FALSE(result.hung);
  const Result bare = ws.run(
      {"sh", "-c", "mkdir gone && cd gone && rmdir ../gone && gcc -E -x c /dev/null -o /dev/null"});
  EXPECT_EQ(result, bare);
}

EVERY_MODE(Name);

}  // namespace
}  // namespace deja::test
