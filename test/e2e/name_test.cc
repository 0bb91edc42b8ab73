// Names: long, strange, not text at all.
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Name : public ModeTest {};

TEST_P(Name, Strange) {
  for (const std::string name :
       {"with space", "new\nline", "\xff\xfe\x80", "quote'\"s", "$HOME", "%s%n", "back\\slash",
        "tab\there", "semi;colon", "#hash", "colon:s", "(paren)", "-dash", "ünï", "a=b", "@at"}) {
    SCOPED_TRACE(name);
    const std::string folder = name + " dir";
    const std::string stem = "./" + name;  // a leading dash or at-sign would be an option
    ws.write(folder + "/" + name + ".h", "#define V 1\n");
    ws.write(folder + "/" + name + ".c", "int a = V;\n");
    ws.expect_same({"gcc", "-include", stem + ".h", "-MD", "-c", stem + ".c", "-o", stem + ".o"},
                   {.cwd = folder});
  }
}

TEST_P(Name, OfFourThousandBytes) {
  std::string folder;
  for (int i = 0; i < 19; ++i) folder += std::string(200, static_cast<char>('a' + i)) + "/";
  ws.write(folder + "a.c", "int a;\n");
  ASSERT_GT(folder.size(), 3800u);
  ws.expect_same({"gcc", "-c", folder + "a.c", "-o", "a.o"});
  ws.expect_same({"gcc", "-c", "a.c", "-o", "b.o"}, {.cwd = folder});
}

TEST_P(Name, ManyAndLongArguments) {
  ws.write("a.c", "int a;\n");
  Argv argv = {"gcc", "-c", "a.c"};
  for (int i = 0; i < 800; ++i)
    argv.push_back("-DMACRO_NUMBER_" + std::to_string(i) + "=" + std::string(100, 'x'));
  ws.expect_same(argv);
  ws.expect_same({"gcc", "-c", "a.c", "-DLONG=" + std::string(100'000, 'y')});
}

TEST_P(Name, OfAFolderThatWasRemoved) {
  ws.make_folder("gone");
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
