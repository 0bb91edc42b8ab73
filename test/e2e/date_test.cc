// SPDX-License-Identifier: Apache-2.0
// __DATE__: a result stays valid for the day, in the time zone that the compiler sees. The time
// zones of these tests are chosen so that no midnight comes during the test, or exactly one.
#include <time.h>

#include <filesystem>
#include <string>

#include "e2e/setup.h"

namespace deja::test {
namespace {

constexpr const char* kDate = "const char* d = __DATE__;\n";

// "TZ=ABC-h:mm:ss", a zone whose midnight is at that time.
std::string zone_with_midnight(time_t midnight) {
  const time_t ahead = 86400 - midnight % 86400;
  const auto part = [](time_t n) { return std::to_string(n); };
  return "TZ=ABC-" + part(ahead / 3600) + ":" + part(ahead / 60 % 60) + ":" + part(ahead % 60);
}
std::string zone_far_from_midnight() { return zone_with_midnight(::time(nullptr) + 43200); }

class Date : public SetupTest {
 protected:
  void expect_never_a_hit(const Argv& argv) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(ws.deja(argv, {.env = {zone_}}).ok());
      EXPECT_NE(ws.last_event().outcome, "hit");
    }
  }
  void expect_not_stored(const std::string& source) {
    ws.write("a.c", source);
    SCOPED_TRACE(source);
    expect_never_a_hit({cc(), "-c", "a.c"});
  }

  const std::string zone_ = zone_far_from_midnight();
};

TEST_P(Date, IsAHitOnItsDay) {
  ws.write("d.h", "#include <stdio.h>\n#include <math.h>\n#define WHEN __DATE__\n");
  ws.write("a.c", "#include \"d.h\"\nconst char* d = WHEN;\n");
  ws.expect_same({cc(), "-c", "a.c"}, {.env = {zone_}});
  ws.expect_same({cc(), "-E", "a.c"}, {.env = {zone_}});
  ws.expect_same({cc(), "-E", "a.c", "-o", "a.i"}, {.env = {zone_}});
}

TEST_P(Date, IsNoHitAfterMidnight) {
  ws.write("a.c", kDate);
  const Argv argv = {cc(), "-c", "a.c"};
  ws.deja(argv, {.env = {"TZ=UTC"}});  // starts the engine and reads the compiler
  const time_t midnight = ::time(nullptr) + 6;
  const Options today = {.env = {zone_with_midnight(midnight)}};
  ASSERT_TRUE(ws.deja(argv, today).ok());
  const std::string before = ws.read("a.o");
  ASSERT_TRUE(ws.deja(argv, today).ok());
  const std::string outcome = ws.last_event().outcome;
  ws.let_engine_set_watches();
  ASSERT_TRUE(ws.deja(argv, today).ok());
  if (::time(nullptr) >= midnight) GTEST_SKIP() << "the machine was busy until midnight";
  EXPECT_EQ(outcome, "hit");
  EXPECT_EQ(ws.last_event().outcome, "hit");
  ASSERT_TRUE(wait_until([&] { return ::time(nullptr) > midnight; }));
  ws.expect_miss(argv, today);
  EXPECT_TRUE(ws.read("a.o") != before);
  ws.expect_hit(argv, today);
  const std::string after = ws.read("a.o");
  ws.remove("a.o");
  ASSERT_TRUE(ws.run(argv, today).ok());
  EXPECT_TRUE(ws.read("a.o") == after);
}

TEST_P(Date, IsThatOfTheZoneThatTheCompilerSees) {
  ws.write("a.c", kDate);
  // In this zone it is another day.
  ws.expect_same({cc(), "-c", "a.c"}, {.env = {"TZ=ABC-14"}});
  const std::string east = ws.read("a.o");
  ws.expect_same({cc(), "-c", "a.c"}, {.env = {"TZ=ABC+12"}});
  EXPECT_TRUE(ws.read("a.o") != east);
  ws.expect_unchanged({cc(), "-c", "a.c"}, {.env = {"TZ=ABC-14"}});
  EXPECT_TRUE(ws.read("a.o") == east);
  for (const char* zone :
       {"TZ=", "TZ=:UTC", "TZ=Europe/Berlin", "TZ=EST5EDT", "TZ=ABC5DEF", "TZ=::x", "TZ=/nowhere"})
    ws.expect_unchanged({cc(), "-c", "a.c"}, {.env = {zone}});
}

TEST_P(Date, FileOfTheZoneIsAnInput) {
  const std::string zones = "/usr/share/zoneinfo/Etc/";
  if (!std::filesystem::exists(zones + "GMT-14")) GTEST_SKIP() << "needs " << zones;
  const auto use = [&](const std::string& zone) {
    ws.remove("zone");
    std::filesystem::copy_file(zones + zone, ws.path("zone"));
    ws.let_settle("zone");
  };
  ws.write("a.c", kDate);
  const Options options = {.env = {"TZ=" + ws.path("zone")}};
  use("GMT-14");
  ws.expect_same({cc(), "-c", "a.c"}, options);
  const std::string east = ws.read("a.o");
  use("GMT+12");
  ws.expect_same({cc(), "-c", "a.c"}, options);
  EXPECT_TRUE(ws.read("a.o") != east);
}

TEST_P(Date, WithTheTimeOfDayIsNotStored) {
  expect_not_stored("const char* d = __DATE__ __TIME__;\n");
  expect_not_stored("const char* d = __DATE__; const char* t = __TIMESTAMP__;\n");
  expect_not_stored(
      "#define C(a, b) a##b\n#define D(a, b) C(a, b)\n"
      "const char* d = __DATE__; const char* t = D(__TI, ME__);\n");
  expect_not_stored("#define W(x) __##x##__\nconst char* d = __DATE__; const char* t = W(TIME);\n");
  expect_not_stored("const char* d = __DATE__; const char* t = __TI\\\nME__;\n");
  ws.write("t.h", "#define NOW __TIME__\n");
  expect_not_stored("#include \"t.h\"\nconst char* d = __DATE__; const char* t = NOW;\n");
  ws.write("a.c", "const char* d = __DATE__; const char* t = NOW;\n");
  expect_never_a_hit({cc(), "-DNOW=__TIME__", "-c", "a.c"});
  ws.write("options", "-I/* -DNOW=__TIME__ -I*/\n");
  expect_never_a_hit({cc(), "@options", "-c", "a.c"});
  ws.write("a.c", "const char* d = __DATE__; const char* t = C(__TIME);\n");
  expect_never_a_hit({cc(), "-DC(x)=x##__", "-c", "a.c"});
}

// The text of a precompiled header cannot be searched.
TEST_P(Date, WithAPrecompiledHeaderIsNotStored) {
  ws.write("p.h", "#define NOW __TIME__\n#define TODAY __DATE__\n");
  const std::string header = is_gcc() ? "p.h.gch" : "p.h.pch";
  ASSERT_TRUE(ws.run({cc(), "-x", "c-header", "p.h", "-o", header}).ok());
  ws.write("a.c", "#include \"p.h\"\nconst char* d = TODAY; const char* t = NOW;\n");
  // gcc does not compare the text.
  if (is_gcc()) ws.write("p.h", "#define NOW \"\"\n#define TODAY __DATE__\n");
  expect_never_a_hit(is_gcc() ? Argv{cc(), "-c", "a.c"}
                              : Argv{cc(), "-include-pch", header, "-c", "a.c"});
}

// clang stores the buffer into which it has written both date and time.
TEST_P(Date, InATreeIsNotStored) {
  ws.write("d.h", kDate);
  ws.write("m.cppm", "export module m;\nexport const char* d = __DATE__;\n");
  expect_never_a_hit({cc(), "-x", "c-header", "d.h", "-o", "d.pch"});
  if (is_gcc()) return;
  expect_never_a_hit({cc(), "-emit-ast", "-c", "-x", "c", "d.h", "-o", "d.ast"});
  expect_never_a_hit(
      {cc(), "-std=c++20", "--precompile", "-x", "c++-module", "m.cppm", "-o", "m.pcm"});
  expect_never_a_hit(
      {cc(), "-std=c++20", "-fmodule-output=m.pcm", "-x", "c++-module", "-c", "m.cppm"});
}

TEST_P(Date, OfStandardInputIsNotStored) {
  const Argv argv = {cc(), "-x", "c", "-c", "-", "-o", "a.o"};
  for (int i = 0; i < 2; ++i) ws.expect_miss(argv, {.env = {zone_}, .in = kDate});
}

TEST_P(Date, ThatIsRedefinedIsAHit) {
  ws.write("a.c", kDate);
  ws.expect_same({cc(), "-Wno-builtin-macro-redefined", "-D__DATE__=\"x\"", "-c", "a.c"});
  ws.expect_same({cc(), "-c", "a.c"}, {.env = {"SOURCE_DATE_EPOCH=1"}});
}

// Some versions of clang put the time into the header of the object file.
TEST_P(Date, InAnObjectFileThatMayHoldATimeOfItsOwn) {
  if (is_gcc()) return;  // gcc writes no time for this target
  ws.write("a.c", kDate);
  const Argv argv = {cc(), "--target=x86_64-w64-mingw32", "-c", "a.c"};
  if (!ws.run(argv).ok()) GTEST_SKIP() << "not for this machine";
  ASSERT_TRUE(ws.deja(argv, {.env = {zone_}}).ok());
  const time_t then = ::time(nullptr);
  ASSERT_TRUE(wait_until([then] { return ::time(nullptr) > then; }));
  ws.expect_unchanged(argv, {.env = {zone_}});
}

EVERY_SETUP(Date);

}  // namespace
}  // namespace deja::test
