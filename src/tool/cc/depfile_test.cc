// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/depfile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tool/cc/test_compiler.h"
#include "tool/tool.h"

namespace deja::tool::cc {
namespace {

const std::vector<DepfileStyle> kAll = {DepfileStyle::gcc, DepfileStyle::clang,
                                        DepfileStyle::clang_14};

TextMoves move(const std::string& from, const std::string& to) { return {{{from, to}}, {}, {}}; }

TEST(Depfile, ParsesWhatCompilersQuote) {
  const auto depfile =
      parse_depfile("a\\ b.o c.o: s\\ p/x.h h\\#h d$$d c:c b\\b \\\n  y\\\\\\ z\na.h:\n\nb.h:\n");
  ASSERT_TRUE(depfile);
  EXPECT_EQ(depfile->targets, (std::vector<std::string>{"a b.o", "c.o"}));
  EXPECT_EQ(depfile->dependencies,
            (std::vector<std::string>{"s p/x.h", "h#h", "d$d", "c:c", "b\\b", "y\\ z"}));
  EXPECT_EQ(depfile->phony, (std::vector<std::string>{"a.h", "b.h"}));
}

TEST(Depfile, RefusesWhatIsNone) {
  for (const char* text :
       {"", "a", "a.o", ": b", "a: $b\n", "a: b\nc: d\n", "a: b\nc d\n", "a:\\", "a: b\\\\ c\n"})
    EXPECT_FALSE(parse_depfile(text)) << text;
}

TEST(Depfile, MovesOnlyWholeComponents) {
  EXPECT_EQ(move_depfile("/w/a.o: /w/a.c /w2/b.h w/c.h /w\n", move("/w", "/v"), kAll),
            "/v/a.o: /v/a.c /w2/b.h w/c.h /v\n");
}

TEST(Depfile, MovesOnlyWhatItCanReproduce) {
  EXPECT_FALSE(move_depfile("a.o:  /w/a.c\n", move("/w", "/v"), kAll));  // two blanks
  EXPECT_FALSE(move_depfile("a.o: /w/a.c", move("/w", "/v"), kAll));     // no newline
  EXPECT_FALSE(
      move_depfile("a.o: /w/a.c \\\n /w/b.h\n", move("/w", "/v"), kAll));  // breaks too early
  EXPECT_FALSE(move_depfile("a.o: /w/a.c\n", move("/w", "/v\\w"), kAll));
}

TEST(Depfile, MovesSeveralDirectories) {
  const TextMoves moves = {{{"/w", "/v"}, {"/b", "/c"}, {"/gone", ""}}, {}, {}};
  EXPECT_EQ(move_depfile("a.o: /w/a.c /b/b.h /d\n", moves, kAll), "a.o: /v/a.c /c/b.h /d\n");
  EXPECT_FALSE(move_depfile("a.o: /w/a.c /gone/b.h\n", moves, kAll));
}

TEST(Depfile, RenamesTheTargetOnly) {
  const TextMoves moves = {{}, "o/a.o", "b.o"};
  EXPECT_EQ(move_depfile("o/a.o: a.c o/a.o\n", moves, kAll), "b.o: a.c o/a.o\n");
  EXPECT_EQ(move_depfile("x.o: a.c\n", moves, kAll), "x.o: a.c\n");
  EXPECT_FALSE(move_depfile("o/a.o: a.c\n", {{}, "o/a.o", "b c.o"}, kAll));  // -MT or -MQ?
  const TextMoves nested = {{{"/w", "/v"}}, "/w/a.o", "/v/b.o"};
  EXPECT_EQ(move_depfile("/w/a.o: /w/a.c\n", nested, kAll), "/v/b.o: /v/a.c\n");
}

// gcc leaves out "./" at the start of a target, clang does not.
TEST(Depfile, WritesAnotherTargetAsTheCompilerDoes) {
  TextMoves moves;
  moves.old_target = "../b/a.o";
  moves.new_target = ".//c.o";
  const std::string text = "../b/a.o: a.c\n";
  EXPECT_EQ(move_depfile(text, moves, {DepfileStyle::gcc}), "c.o: a.c\n");
  EXPECT_EQ(move_depfile(text, moves, {DepfileStyle::clang}), ".//c.o: a.c\n");
  EXPECT_FALSE(move_depfile(text, moves, kAll));
  moves.old_target = "./a.o";
  EXPECT_EQ(move_depfile("a.o: a.c\n", moves, {DepfileStyle::gcc}), "c.o: a.c\n");
}

TEST(Depfile, LeavesATextThatDoesNotNameTheRoot) {
  EXPECT_EQ(move_depfile("a.o:  a.c \\\n b.h\n", move("/w", "/v"), kAll), "a.o:  a.c \\\n b.h\n");
  EXPECT_FALSE(move_depfile("no depfile", move("/w", "/v"), kAll));
}

TEST(Depfile, FindsARootThatIsQuoted) {
  EXPECT_EQ(move_depfile("a.o: /my\\ w/a.c\n", move("/my w", "/v$"), kAll), "a.o: /v$$/a.c\n");
}

TEST(Depfile, DoesNotGuessWhoseItIs) {
  const std::string from = "/w";
  const std::string to = "/a/directory/whose/name/is/so/long/that/the/line/has/to/break/somewhere";
  const std::string text = "a.o: /w/a.c /w/b.h\n";
  EXPECT_FALSE(move_depfile(text, move(from, to), kAll));
  EXPECT_TRUE(move_depfile(text, move(from, to), {DepfileStyle::gcc}));
  EXPECT_TRUE(move_depfile(text, move(from, to), {DepfileStyle::clang, DepfileStyle::clang_14}));
}

// A project with every character that needs quoting, and enough headers for several lines.
void write_project(const TestDirectory& directory) {
  std::string source =
      "#include \"../o t/h.h\"\n#include \"a$b.h\"\n#include \"c#d.h\"\n#include \"e:f.h\"\n";
  directory.write("o t/h.h", "");
  for (const char* name : {"a$b.h", "c#d.h", "e:f.h", "t\tt.h"})
    directory.write("src/" + std::string(name), "");
  source += "#include \"t\tt.h\"\n#include <sys/types.h>\n";
  for (int i = 0; i < 40; ++i) {
    const std::string name =
        "inc/" + std::string(static_cast<std::size_t>(i), 'n') + std::to_string(i) + ".h";
    directory.write("src/" + name, "");
    source += "#include \"" + name + "\"\n";
  }
  directory.write("src/a.c", source);
  directory.write("src/small.c", "#include \"inc/0.h\"\n");
}

// A command as a build system might write it; @ stands for the directory.
struct Call {
  std::vector<std::string> words;
  bool names_root_in_target = true;
};
const std::vector<Call> kDepfileCalls = {
    {{"-MD", "-c", "@/src/a.c", "-o", "@/out.o"}},
    {{"-MMD", "-MP", "-c", "@/src/a.c", "-o", "@/out.o"}},
    {{"-MD", "-MP", "-MF", "out.d", "-MT", "@/x.o", "-MQ", "@/y z$.o", "-c", "@/src/a.c", "-o",
      "out.o"}},
    {{"-M", "-MG", "@/src/a.c", "-MF", "out.d", "-I@/o t"}, false},
    {{"-MMD", "-MP", "-MF", "out.d", "-c", "@/src/small.c", "-o", "out.o"}, false},
    {{"-MM", "-MF", "out.d", "-MQ", "@/a", "-MQ", "@/b", "-MQ",
      "@/long/enough/to/need/another/line/x.o", "-MQ",
      "@/long/enough/to/need/another/line/here/y.o", "@/src/small.c"}},
};

std::vector<std::string> call_in(const std::string& compiler, std::vector<std::string> call,
                                 const TestDirectory& directory) {
  call.insert(call.begin(), compiler);
  for (std::string& word : call)
    if (const std::size_t at = word.find('@'); at != std::string::npos)
      word.replace(at, 1, directory.path());
  return call;
}

class DepfileOf : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Compilers, DepfileOf, testing::ValuesIn(installed_compilers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DepfileOf);

// The first place where two texts differ, for a readable failure.
std::string difference(const std::string& a, const std::string& b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return {};
  return std::string(in_a, a.end()).substr(0, 120) + "\nbut should be\n" +
         std::string(in_b, b.end()).substr(0, 120);
}

TEST_P(DepfileOf, MovedIsWhatTheCompilerWritesThere) {
  Invocation invocation;
  invocation.identity.dialect = GetParam().starts_with("gcc") ? "gcc" : "clang";
  const std::vector<std::string> names = {
      "v", "checkout2", "a/much/longer/name/that/moves/all/the/breaks", "blanks and $ and # too"};
  for (const std::string& name : names) {
    const bool quoted = name.find(' ') != std::string::npos;
    const TestDirectory one("checkout");
    const TestDirectory other(name);
    write_project(one);
    write_project(other);
    for (const Call& call : kDepfileCalls) {
      ASSERT_EQ(one.run(call_in(GetParam(), call.words, one)).exit_code, 0);
      ASSERT_EQ(other.run(call_in(GetParam(), call.words, other)).exit_code, 0);
      const auto moved =
          cc_adapter().move_depfile(invocation, one.read("out.d"), move(one.path(), other.path()));
      ASSERT_EQ(moved.has_value(), !(quoted && call.names_root_in_target))
          << call.words[0] << ' ' << name;
      if (!moved) continue;
      EXPECT_EQ(difference(*moved, other.read("out.d")), "") << call.words[0] << ' ' << name;
    }
  }
}

}  // namespace
}  // namespace deja::tool::cc
