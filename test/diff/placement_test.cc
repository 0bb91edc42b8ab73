// SPDX-License-Identifier: Apache-2.0
// A hit must treat an existing file at the output's place as the tool itself would (L6): it must
// not break a hard link, replace a symlink or change a mode that the tool would have kept.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <ostream>

#include "diff/tester.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

struct Standing {
  const char* name;
  void (*put)(const Workspace& ws, const std::string& path);
};

void put_file(const Workspace& ws, const std::string& path, const std::string& text,
              unsigned mode) {
  const_cast<Workspace&>(ws).write(path, text, mode);
}

constexpr Standing kStanding[] = {
    {"nothing", [](const Workspace&, const std::string&) {}},
    {"file", [](const Workspace& ws, const std::string& p) { put_file(ws, p, "old", 0644); }},
    {"private_file",
     [](const Workspace& ws, const std::string& p) { put_file(ws, p, "old", 0600); }},
    {"read_only_file",
     [](const Workspace& ws, const std::string& p) { put_file(ws, p, "old", 0444); }},
    {"empty_private_file",
     [](const Workspace& ws, const std::string& p) { put_file(ws, p, "", 0600); }},
    {"hard_link",
     [](const Workspace& ws, const std::string& p) {
       put_file(ws, "other", "old", 0644);
       fs::create_hard_link(ws.path("other"), ws.path(p));
     }},
    {"empty_hard_link",
     [](const Workspace& ws, const std::string& p) {
       put_file(ws, "other", "", 0644);
       fs::create_hard_link(ws.path("other"), ws.path(p));
     }},
    {"symlink",
     [](const Workspace& ws, const std::string& p) {
       put_file(ws, "other", "old", 0644);
       fs::create_symlink("other", ws.path(p));
     }},
    {"empty_symlink",
     [](const Workspace& ws, const std::string& p) {
       put_file(ws, "other", "", 0644);
       fs::create_symlink("other", ws.path(p));
     }},
    {"dangling_symlink",
     [](const Workspace& ws, const std::string& p) { fs::create_symlink("gone", ws.path(p)); }},
    {"symlink_to_directory",
     [](const Workspace& ws, const std::string& p) {
       fs::create_directory(ws.path("target"));
       fs::create_symlink("target", ws.path(p));
     }},
    {"directory",
     [](const Workspace& ws, const std::string& p) { fs::create_directory(ws.path(p)); }},
};

struct Place {
  const char* compiler;
  const char* output;
  Standing first, then;
};

std::ostream& operator<<(std::ostream& to, const Place& p) {
  return to << p.compiler << " " << p.output << " first " << p.first.name << " then "
            << p.then.name;
}

std::vector<Place> places() {
  std::vector<Place> out;
  for (const char* compiler : {"gcc", "clang-19"})
    for (const char* output : {"a.o", "a.d"})
      for (const Standing& then : kStanding) {
        out.push_back({compiler, output, kStanding[0], then});
        // Also after a run that found such a file itself.
        out.push_back({compiler, output, kStanding[2], then});
        out.push_back({compiler, output, kStanding[4], then});
      }
  return out;
}

class Placement : public ::testing::TestWithParam<Place> {
 protected:
  Workspace ws;
};

TEST_P(Placement, IsTheToolsOwn) {
  const Place& place = GetParam();
  NEEDS_TOOL(place.compiler);
  ws.write("a.c", "int a;\n");
  const Tree clean = ws.tree();
  const Command command{{place.compiler, "-MD", "-c", "a.c"}, {}};
  place.first.put(ws, place.output);
  ws.deja(command.argv, command.options);
  ws.restore(clean);
  place.then.put(ws, place.output);
  const Verdict verdict = judge(ws, command);
  EXPECT_EQ(verdict.difference, "") << verdict.event;
}

std::string label(const ::testing::TestParamInfo<Place>& of) {
  std::string name = std::string(of.param.compiler) + "_" + of.param.output + "_" +
                     of.param.first.name + "_then_" + of.param.then.name;
  for (char& c : name) c = c == '-' || c == '.' ? '_' : c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(, Placement, ::testing::ValuesIn(places()), label);

}  // namespace
}  // namespace deja::test
