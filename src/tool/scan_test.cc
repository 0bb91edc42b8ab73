// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <set>

#include "tool/tool.h"

namespace deja::tool {
namespace {

TEST(ScanSource, FindsWhatPutsThePathIntoOutputs) {
  for (const char* text :
       {"__FILE__", "f(__BASE_FILE__);", "x = __builtin_FILE();", "std::source_location::current()",
        "__builtin_source_location", "#line __FILE__"})
    EXPECT_EQ(scan_source(text), kMentionsOwnPath) << text;
}

TEST(ScanSource, FindsTypesThatClangSpellsWithPaths) {
  EXPECT_EQ(scan_source("f(__PRETTY_FUNCTION__)"), kMentionsOwnPath | kMentionsTypePath);
  EXPECT_EQ(scan_source("__extension__ __PRETTY_FUNCTION__ __PRETTY_FUNCTION__"),
            kMentionsOwnPath | kMentionsTypePath | kReportsOwnPath);
}

TEST(ScanSource, KnowsWhatOnlyReportsThePath) {
  for (const char* text :
       {"# define assert(e) ((e) ? 0 : __assert_fail (#e, __FILE__, __LINE__, f))",
        "std::__glibcxx_assert_fail(__FILE__, __LINE__, __PRETTY_FUNCTION__,\\\n x)",
        "__extension__ __PRETTY_FUNCTION__", "void __assert_fail(const char *);",
        "#    define _PSTL_PRAGMA_LOCATION __FILE__ \":\" _PSTL_STRING(__LINE__)",
        "__ASSERT_FUNCTION"})
    EXPECT_EQ(scan_source(text), kReportsOwnPath) << text;
  for (const char* text : {"__assert_fail(g(__FILE__))", "__assert_fail(x); __FILE__",
                           "my__assert_fail(__FILE__)", "__assert_fail(\"(\", __FILE__)"})
    EXPECT_NE(scan_source(text) & kMentionsOwnPath, 0U) << text;
}

TEST(ScanSource, CommentsMentionNothing) {
  for (const char* text : {"/* __FILE__ */", "// source_location\n", "/* `__PRETTY_FUNCTION__' */",
                           "#define __cpp_lib_source_location 201907L",
                           "#if __has_builtin(__builtin_source_location)\n", "/* #undef NDEBUG */"})
    EXPECT_EQ(scan_source(text), 0U) << text;
  EXPECT_EQ(scan_source("\"/*\" __FILE__ /* */"), kMentionsOwnPath);
}

TEST(ScanSource, KnowsWhatNdebugLeavesOut) {
  EXPECT_EQ(scan_source("#ifndef NDEBUG\n#define CHECK(x) check(x, __FILE__)\n#endif\n"),
            kMentionsOwnPathForDebugging);
  EXPECT_EQ(scan_source("#undef NDEBUG\n"), kSetsNdebug);
  EXPECT_EQ(scan_source("#  define NDEBUG 1\n"), kSetsNdebug);
  EXPECT_EQ(scan_source("#if !defined( NDEBUG )\n#endif\n#ifdef NDEBUG\n"), 0U);
  EXPECT_EQ(scan_source("#define P(x) x\n#undef P\nP(NDEBUG)"), kSetsNdebug);
}

TEST(ScanSource, KnowsWhatNamesFilesWithTheirTimes) {
  EXPECT_EQ(scan_source("CPCH and more"), kHoldsFileTimes | kHoldsTree);
  EXPECT_EQ(scan_source("CPCH \x1b"), kHoldsFileTimes | kHoldsTree);
  EXPECT_EQ(scan_source("CPCH __TIME__"), kHoldsFileTimes | kHoldsTree | kMentionsClock);
  EXPECT_EQ(scan_source("not CPCH"), 0U);
}

TEST(ScanSource, FindsBytecodeInObjectsAndArchives) {
  EXPECT_EQ(scan_source(std::string("\x7f") + "ELF .. .gnu.lto_main"), kHoldsBytecode);
  EXPECT_EQ(scan_source(std::string("!<arch>\n a.o/ BC\xc0\xde")), kHoldsBytecode);
  EXPECT_EQ(scan_source("BC\xc0\xde"), kHoldsBytecode);
  EXPECT_EQ(scan_source(std::string("\x7f") + "ELF __FILE__ .text"), 0U);
  EXPECT_EQ(scan_source(".gnu.lto_ in a text"), 0U);
}

std::string member(std::string name, const std::string& bytes) {
  name.resize(48, ' ');
  std::string size = std::to_string(bytes.size());
  size.resize(10, ' ');
  return name + size + "`\n" + bytes + (bytes.size() % 2 != 0 ? "\n" : "");
}

TEST(ScanSource, RustLibrariesAreNotLookedThrough) {
  const std::string head = "!<arch>\n", metadata = member("lib.rmeta/", "rust");
  const std::string symbols = member("/", "odd") + member("//", "names");
  EXPECT_EQ(scan_source(head + metadata), kHoldsBytecode);
  EXPECT_EQ(scan_source(head + symbols + metadata), kHoldsBytecode);
  EXPECT_EQ(scan_source(head + symbols + member("a.o/", "rust") + metadata), 0U);
  EXPECT_EQ(scan_source(head + symbols), 0U);
  EXPECT_EQ(scan_source(std::string("rust\0\0\0\x0a __DATE__", 17)), 0U);
  EXPECT_EQ(scan_source("rust __DATE__"), kMentionsClock);
}

// A 64-bit ELF file with one program header of a type.
std::string loadable(char object_type, char header_type) {
  std::string bytes(64 + 56, '\0');
  bytes.replace(0, 8, std::string("\x7f") + "ELF\x02\x01\x01" + '\0');
  bytes[16] = object_type;
  bytes[32] = 64;  // offset of the program headers
  bytes[54] = 56;  // size of one
  bytes[56] = 1;   // how many
  bytes[64] = header_type;
  return bytes;
}

TEST(ScanSource, KnowsProgramsThatNoLoaderStarts) {
  constexpr char kExecutable = 2, kShared = 3, kLoad = 1, kInterpreter = 3;
  EXPECT_EQ(scan_source(loadable(kExecutable, kLoad)), kIsStatic);
  EXPECT_EQ(scan_source(loadable(kShared, kLoad)), kIsStatic);  // a static program at any address
  EXPECT_EQ(scan_source(loadable(kExecutable, kInterpreter)), 0U);
  EXPECT_EQ(scan_source(loadable(kShared, kInterpreter)), 0U);
  for (std::size_t size = 4; size < 120; ++size)  // truncated files
    EXPECT_EQ(scan_source(loadable(kExecutable, kLoad).substr(0, size)) & ~kIsStatic, 0U);
}

TEST(ScanSource, KnowsWhatMayReadTheWholeEnvironment) {
  const std::string program = loadable(3, 3);
  const auto with = [&](const char* name) { return scan_source(program + '\0' + name + '\0'); };
  EXPECT_EQ(with("environ"), kNamesEnviron);
  EXPECT_EQ(with("an environ"), 0U);
  EXPECT_EQ(with("environment"), 0U);
  EXPECT_EQ(scan_source(std::string("\0environ\0", 9)), 0U);  // not in a program
}

TEST(ScanSource, KnowsWhatMakesSystemCallsByItself) {
  std::string program = loadable(3, 1);
  program[18] = 62;         // EM_X86_64
  program[64 + 4] = 1 | 4;  // the one segment is loaded and executed
  program.resize(200);
  program[64 + 32 + 1] = 1;  // 256 bytes of it
  EXPECT_EQ(scan_source(program), kIsStatic);
  EXPECT_EQ(scan_source(program + std::string("\xb8\x01\x01\0\0\x0f\x05", 7)),
            kIsStatic | kMakesRawCalls);
}

TEST(ScanSource, AWordThatIsSplitCanBeAny) {
  constexpr std::uint32_t kAny = kSetsNdebug | kReportsOwnPath;
  for (const char* text : {"#undef NDE\\\nBUG", "x_\\ \r\nx", "x\\\n\\\nx", "x ?\?/ x"})
    EXPECT_EQ(scan_source(text), kAny) << text;
  for (const char* text :
       {"#define A x \\\n x", "#define A x\\\n x", "x(\\\nx", "\"x\\n\"", "x\\", "x\\\n"})
    EXPECT_EQ(scan_source(text), 0U) << text;
}

TEST(ScanSource, FindsThePiecesOfAPastedName) {
  for (const char* text : {"P(_, _FILE__)", "P(__,FILE__)", "P(__F,ILE__)", "P(__FI,LE__)",
                           "P(__FIL,E__)", "P(__FILE,__)", "P(__FILE_,_)", "P(__BASE_FI,LE__)",
                           "P(__BASE_FILE, __)", "P(__builtin_, FILE)()", "P(__builtin,_FILE)()",
                           "P(__bui,ltin_FILE)()", "P(_,_builtin_FILE)()", "P(__builtin_so, x)"})
    EXPECT_EQ(scan_source(text), kMentionsOwnPath) << text;
  EXPECT_NE(scan_source("__builtin_FI\\\nLE()") & kMentionsOwnPath, 0U);
  for (const char* text :
       {"typedef struct _IO_FILE __FILE;", "__LINE__ SIZE__ E_ TYPE__", "MY_FILE__x",
        "__builtin_source_x", "__builtin_popcount", "x__builtin_", "my_builtin_FILE", "_IO_FILE"})
    EXPECT_EQ(scan_source(text), 0U) << text;
}

// Only objects are searched: programs and shared libraries hold no bytecode for a linker.
TEST(ScanSource, LooksForBytecodeInWhatIsLinked) {
  std::string elf = std::string("\x7f") + "ELF" + std::string(12, '\0');
  for (const auto& [type, fact] : {std::pair(1, kHoldsBytecode), {2, 0U}, {3, 0U}}) {
    const std::string little = {static_cast<char>(type), '\0'};
    const std::string big = {'\0', static_cast<char>(type)};
    EXPECT_EQ(scan_source(elf + little + ".gnu.lto_x"), fact) << type;
    EXPECT_EQ(scan_source(elf + big + ".gnu.lto_x"), fact) << type;
  }
}

TEST(ScanSource, KnowsModulesOfGcc) {
  const std::string module = std::string("\x7f") + "ELF" + '\0' + ".gnu.c++.README" + '\0';
  EXPECT_EQ(scan_source(module), kHoldsTree);
  EXPECT_EQ(scan_source(module + "\x1b __TIME__"), kHoldsTree | kMentionsClock);
  EXPECT_EQ(scan_source(module.substr(1)), 0U);
}

TEST(ScanSource, FindsEscapes) {
  EXPECT_EQ(scan_source("char s[] = \"\x1b[1m\";"), kHoldsEscape);
  EXPECT_EQ(scan_source(std::string("cache1.1\x9c\x02\0\0 \x1b", 14)), 0U);
  EXPECT_EQ(scan_source(std::string("\0\x1b[1m", 5)), kHoldsEscape);
  // Wide characters of two and of four bytes, in both byte orders.
  for (const std::size_t width : {2, 4}) {
    for (const std::size_t place : {std::size_t{0}, width - 1}) {
      std::string wide;
      for (const char c : std::string_view("char s[] = \"\x1b[1m\";")) {
        std::string one(width, '\0');
        one[place] = c;
        wide += one;
      }
      EXPECT_EQ(scan_source(wide), kHoldsEscape) << width << ' ' << place;
    }
  }
  EXPECT_EQ(scan_source("char s[] = \"\\x1b[1m\";"), 0U);
}

TEST(ScanSource, FindsTheClockAndTheTimeOfTheFile) {
  EXPECT_EQ(scan_source("char t[] = __TIME__;"), kMentionsClock);
  EXPECT_EQ(scan_source("char t[] = __DATE__;"), kMentionsClock);
  EXPECT_EQ(scan_source("char t[] = __TIMESTAMP__;"), kMentionsFileTime);
  EXPECT_EQ(scan_source("__TIMESTAMP__ __DATE__ __FILE__"),
            kMentionsFileTime | kMentionsClock | kMentionsOwnPath);
}

TEST(ScanSource, LeavesTheRestAlone) {
  for (const char* text :
       {"", "_", "__FILE_NAME__", "__LINE__ __func__ __INCLUDE_LEVEL__ __COUNTER__", ".file \"a\"",
        "#pragma message(\"x\")", "FILE *f; __FILE", "__time__ __date__"})
    EXPECT_EQ(scan_source(text), 0U) << text;
}

TEST(ScanSource, IsExactAtBothEnds) {
  const std::string text = "__DATE__";
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(scan_source(text.substr(0, size)), 0U);
  EXPECT_EQ(scan_source(std::string(5000, '_') + "DATE__"), kMentionsClock);
  EXPECT_EQ(scan_source(std::string("\0__DATE__", 9)), kMentionsClock);
}

// Is one of its identifiers a piece of a name: from the end, from before some underscores, or the
// beginning of a function's name?
bool has_piece(const std::string& text) {
  static const std::regex word("[A-Za-z0-9_]+");
  std::set<std::string> words(std::sregex_token_iterator(text.begin(), text.end(), word),
                              std::sregex_token_iterator());
  for (const std::string name : {"__FILE__", "__BASE_FILE__"}) {
    for (std::size_t at = 1; at < name.size(); ++at) {
      const std::string begin = name.substr(0, at), end = name.substr(at);
      if (end.size() >= 3 && words.contains(end)) return true;
      if (end.size() < 3 && words.contains(begin) && words.contains(end)) return true;
    }
  }
  for (const std::string name : {"__builtin_FILE", "__builtin_source_location"}) {
    for (std::size_t at = name.find('_', 2); at < name.size(); ++at)
      if (words.contains(name.substr(0, at))) return true;
  }
  const std::string file = "__builtin_FILE";
  for (std::size_t at = 1; file.substr(at) != "_FILE"; ++at)
    if (words.contains(file.substr(at))) return true;
  return false;
}

TEST(ScanSource, AgreesWithASearchForEachName) {
  const std::pair<std::string_view, std::uint32_t> names[] = {
      {"__FILE__", kMentionsOwnPath},
      {"__BASE_FILE__", kMentionsOwnPath},
      {"__builtin_FILE", kMentionsOwnPath},
      {"source_location", kMentionsOwnPath},
      {"__PRETTY_FUNCTION__", kMentionsOwnPath | kMentionsTypePath},
      {"__TIME__", kMentionsClock},
      {"__DATE__", kMentionsClock},
      {"__TIMESTAMP__", kMentionsFileTime},
  };
  std::mt19937_64 bits(7);
  const auto below = [&](std::size_t limit) { return bits() % limit; };
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (std::size_t pieces = below(6); pieces != 0; --pieces) {
      const std::string_view name = names[below(std::size(names))].first;
      const std::size_t from = below(4) == 0 ? below(name.size()) : 0;
      text += name.substr(from, below(4) == 0 ? below(name.size()) : name.npos);
      if (below(2) == 0) text += std::string(below(8), "_EFTx ,"[below(7)]);
    }
    std::uint32_t expected = 0;
    for (const auto& [name, fact] : names)
      if (text.find(name) != text.npos) expected |= fact;
    if (has_piece(text)) expected |= kMentionsOwnPath;
    ASSERT_EQ(scan_source(text), expected) << text;
  }
}

}  // namespace
}  // namespace deja::tool
