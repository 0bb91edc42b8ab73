// SPDX-License-Identifier: Apache-2.0
// C++20 modules: a compiler's stored form of an interface (its tree: gcc's .gcm, clang's .pcm) is
// an output of one command and an input of others. The name of each test says what changes between
// two runs, with gcc and clang.
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "diff/family.h"
#include "diff/scene.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

struct Maker {
  const char* cxx;
  bool is_gcc;
};
std::ostream& operator<<(std::ostream& to, const Maker& m) { return to << m.cxx; }

constexpr Maker kGcc = {"g++", true};
constexpr Maker kClang = {"clang++-19", false};
constexpr Maker kOldClang = {"clang++-14", false};

class AnyModules : public Family {
 protected:
  explicit AnyModules(Maker maker) : maker_(maker) {
    // Otherwise gcc writes the time of the build into each tree.
    if (maker.is_gcc) ws.set("SOURCE_DATE_EPOCH=1000000000");
  }
  void SetUp() override { NEEDS_TOOL(maker_.cxx); }

  bool is_gcc() const { return maker_.is_gcc; }
  Argv start(std::initializer_list<const char*> more = {}) const {
    Argv argv = {maker_.cxx, "-std=c++20"};
    argv.insert(argv.end(), more.begin(), more.end());
    if (is_gcc()) argv.push_back("-fmodules-ts");
    return argv;
  }
  static Argv plus(Argv argv, std::initializer_list<std::string> more) {
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  // Makes the tree of the interface NAME.cppm (with gcc, also an object).
  Argv interface_of(const std::string& name, const std::string& directory = ".") const {
    const std::string source = name + ".cppm";
    if (is_gcc()) return plus(start(), {"-x", "c++", "-c", source, "-o", name + ".o"});
    return plus(start(), {"-fprebuilt-module-path=" + directory, "--precompile", source, "-o",
                          directory + "/" + name + ".pcm"});
  }
  Argv importer(const std::string& source = "main.cc", const std::string& directory = ".") const {
    if (is_gcc()) return plus(start(), {"-c", source, "-o", "main.o"});
    return plus(start(), {"-fprebuilt-module-path=" + directory, "-c", source, "-o", "main.o"});
  }
  std::string tree_of_module(const std::string& name) const {
    return is_gcc() ? "gcm.cache/" + name + ".gcm" : name + ".pcm";
  }
  void make(const Argv& argv, const std::string& cwd = "") const {
    const Result result = ws.run(argv, {.cwd = cwd});
    ASSERT_TRUE(result.ok()) << as_shell({argv, {}}) << result;
  }
  void write_m(int value, const std::string& more = "") {
    ws.write("m.cppm", "export module m;\nexport inline int f() { return " + std::to_string(value) +
                           "; }\n" + more);
  }
  void write_main(const std::string& body = "int g() { return f(); }\n") {
    ws.write("main.cc", "import m;\n" + body);
  }
  void write_both() {
    write_m(7);
    write_main();
  }

  const Maker maker_;
};

class Modules : public AnyModules, public ::testing::WithParamInterface<Maker> {
 protected:
  Modules() : AnyModules(GetParam()) {}
};
class GccModules : public AnyModules {
 protected:
  GccModules() : AnyModules(kGcc) {}
};
class ClangModules : public AnyModules {
 protected:
  ClangModules() : AnyModules(kClang) {}
};

INSTANTIATE_TEST_SUITE_P(, Modules, ::testing::Values(kGcc, kClang, kOldClang), [](const auto& of) {
  std::string name = of.param.cxx;
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '+' || c == '-'; }, '_');
  return name;
});

// --- the interface ---

TEST_P(Modules, InterfaceComesBack) {
  write_both();
  EXPECT_TRUE(after({interface_of("m"), {}}, nullptr).is_hit());
}

TEST_P(Modules, InterfaceIsEdited) {
  write_both();
  const Verdict verdict = after({interface_of("m"), {}}, [&] { write_m(8); });
  EXPECT_FALSE(verdict.is_hit());
}

TEST_P(Modules, InterfaceIsOnlyTouched) {
  write_both();
  const Verdict verdict = after({interface_of("m"), {}}, [&] { set_time("m.cppm", 1'000'000); });
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

TEST_P(Modules, InterfaceThatImportsAnother) {
  write_both();
  make(interface_of("m"));
  ws.write("n.cppm", "export module n;\nexport import m;\nexport inline int n() { return f(); }\n");
  EXPECT_TRUE(after({interface_of("n"), {}}, nullptr).is_hit());
  after({interface_of("n"), {}}, [&] {
    write_m(8);
    make(interface_of("m"));
  });
}

TEST_P(Modules, InterfaceWithAMessage) {
  write_m(7, "export inline int g(int u) { int unused; return 0; }\n");
  const Verdict verdict = after({plus(interface_of("m"), {"-Wall"}), {}}, nullptr);
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

TEST_P(Modules, InterfaceThatDoesNotCompile) {
  write_m(7, "export int g() { return nothing; }\n");
  EXPECT_TRUE(after({interface_of("m"), {}}, nullptr).is_hit());
}

TEST_P(Modules, TreeIsThereAlready) {
  write_both();
  make(interface_of("m"));
  EXPECT_TRUE(after({interface_of("m"), {}}, nullptr).is_hit());
}

// --- the importer ---

TEST_P(Modules, ImporterHits) {
  write_both();
  make(interface_of("m"));
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
  EXPECT_TRUE(after({plus(importer(), {"-g", "-MD"}), {}}, nullptr).is_hit());
}

// A tree that was made again with the same bytes and a newer time is the same input.
TEST_P(Modules, ImporterHitsWhenTheTreeWasMadeAgain) {
  write_both();
  make(interface_of("m"));
  const Verdict verdict = after({importer(), {}}, [&] {
    ws.remove(tree_of_module("m"));
    make(interface_of("m"));
    set_time(tree_of_module("m"), 1'000'000);
    set_time("m.cppm", 2'000'000);
  });
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

TEST_P(Modules, ImportedInterfaceIsEdited) {
  write_both();
  make(interface_of("m"));
  const Verdict verdict = after({importer(), {}}, [&] {
    write_m(8);
    make(interface_of("m"));
  });
  EXPECT_FALSE(verdict.is_hit());
}

TEST_P(Modules, TreeIsReplacedSecretly) {
  write_both();
  make(interface_of("m"));
  const std::string old = ws.read(tree_of_module("m"));
  write_m(8);
  make(interface_of("m"));
  const std::string other = ws.read(tree_of_module("m"));
  ASSERT_EQ(old.size(), other.size());
  ASSERT_NE(old, other);
  write_m(7);
  make(interface_of("m"));
  const Verdict verdict =
      after({importer(), {}}, [&] { Scene(ws).rewrite_secretly(tree_of_module("m"), other); });
  EXPECT_FALSE(verdict.is_hit());
}

TEST_P(Modules, TreeIsDamaged) {
  write_both();
  make(interface_of("m"));
  after({importer(), {}}, [&] {
    const std::string text = ws.read(tree_of_module("m"));
    ws.write(tree_of_module("m"), text.substr(0, text.size() / 2));
  });
}

TEST_P(Modules, TreeIsGone) {
  write_both();
  make(interface_of("m"));
  after({importer(), {}}, [&] { ws.remove(tree_of_module("m")); });
}

TEST_P(Modules, TreeComes) {
  write_both();
  EXPECT_EQ(ws.run(importer()).exit_code, 1);
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
  after({importer(), {}}, [&] { make(interface_of("m")); });
}

// A module that is imported through another module is an input, too.
TEST_P(Modules, ModuleBehindAModuleIsEdited) {
  write_m(7);
  ws.write("n.cppm", "export module n;\nexport import m;\nexport inline int n() { return f(); }\n");
  ws.write("main.cc", "import n;\nint g() { return n() + f(); }\n");
  make(interface_of("m"));
  make(interface_of("n"));
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
  after({importer(), {}}, [&] {  // the outer one alone: compilers may object
    write_m(8);
    make(interface_of("m"));
  });
  after({importer(), {}}, [&] { make(interface_of("n")); });
  after({importer(), {}}, [&] { ws.remove(tree_of_module("m")); });
}

// A message quotes a line of the interface, whose source is otherwise not read.
TEST_P(Modules, SourceOfTheInterfaceIsQuoted) {
  write_m(7, "export [[deprecated]] inline int old() { return 1; }\n");
  write_main("int g() { return old(); }\n");
  make(interface_of("m"));
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
  after({importer(), {}},
        [&] { write_m(7, "export [[deprecated]] inline int new_() { return 1; }\n"); });
  after({importer(), {}}, [&] { ws.write("m.cppm", "shorter\n"); });
  after({importer(), {}}, [&] { ws.remove("m.cppm"); });
}

TEST_P(Modules, SourceOfTheInterfaceChangesAlone) {
  write_both();
  make(interface_of("m"));
  after({importer(), {}}, [&] { set_time("m.cppm", 1'000'000); });
  after({importer(), {}}, [&] { write_m(123456); });
  after({importer(), {}}, [&] { ws.remove("m.cppm"); });
}

// --- directories ---

// A tree names the directory in which it was made, and text that comes from a tree is not searched.
TEST_P(Modules, AnotherCheckout) {
  for (const char* flag : {"-O1", "-g"}) {
    for (const char* p : {"one", "two"}) {
      ws.remove(p);
      ws.write(
          std::string(p) + "/m.cppm",
          "export module m;\nexport [[deprecated]] inline const char* f() { return __FILE__; }\n");
      ws.write(std::string(p) + "/main.cc", "import m;\nconst char* g() { return f(); }\n");
    }
    for (const char* p : {"one", "two", "two"}) {
      for (const Argv& argv : {interface_of("m"), importer()}) {
        Command command{plus(argv, {flag}), {}};
        for (std::string& a : command.argv) {
          if (a.ends_with(".cppm") || a.ends_with(".cc")) a.insert(0, ws.path(p) + "/");
        }
        command.options.cwd = p;
        const Verdict verdict = judge(ws, command);
        EXPECT_EQ(verdict.difference, "") << as_shell(command) << verdict.event;
      }
    }
  }
}

// A copy with its trees, which still name the first checkout.
TEST_P(Modules, CopyOfACheckoutWithItsTrees) {
  ws.write("one/m.cppm", "export module m;\nexport [[deprecated]] inline int f() { return 7; }\n");
  ws.write("one/main.cc", "import m;\nint g() { return f(); }\n");
  make(interface_of("m"), "one");
  make({"cp", "-a", "one", "two"});
  const Command one{importer(), {.cwd = "one"}};
  const Command two{importer(), {.cwd = "two"}};
  EXPECT_TRUE(after(one, nullptr).is_hit());
  after(two, nullptr);
  after(two, [&] { ws.write("one/m.cppm", "export module m;\n\nnothing else\n"); });
}

// A tree names the trees that it imports, and they are read from there.
TEST_P(Modules, CopyOfACheckoutWithTreesThatImportTrees) {
  const auto write_one = [&](int value) {
    ws.write("one/m.cppm",
             "export module m;\nexport inline int f() { return " + std::to_string(value) + "; }\n");
    make(interface_of("m"), "one");
  };
  ws.write("one/n.cppm", "export module n;\nexport import m;\n");
  ws.write("one/main.cc", "import n;\nint g() { return f(); }\n");
  write_one(7);
  make(interface_of("n"), "one");
  make({"cp", "-a", "one", "two"});
  EXPECT_TRUE(after({importer(), {.cwd = "one"}}, nullptr).is_hit());
  const Command two{importer(), {.cwd = "two"}};
  after(two, nullptr);
  after(two, [&] { write_one(8); });
  after(two, [&] { make(interface_of("n"), "one"); });
}

// --- a whole project ---

struct Unit {
  const char* file;
  const char* text;
};
// In build order.
constexpr Unit kProject[] = {
    {"shape.cppm",
     "export module shape;\nexport struct Shape { int sides; };\n"
     "export template <class T> T twice(T t) { return t + t; }\n"},
    {"area.cppm",
     "export module area;\nimport shape;\n"
     "export inline int area(Shape s) { return twice(s.sides); }\n"},
    {"all.cppm", "export module all;\nexport import shape;\nexport import area;\n"},
    {"main.cc", "import all;\nint main() { return area(Shape{3}) - 6; }\n"},
    {"other.cc", "import area;\nint other() { return 1; }\n"},
};

TEST_P(Modules, ProjectOfSeveral) {
  const auto command_of = [&](const Unit& unit) {
    const std::string file = unit.file;
    if (file.ends_with(".cppm")) return interface_of(file.substr(0, file.find('.')));
    Argv argv = importer(file);
    argv.back() = file + ".o";
    return argv;
  };
  const auto build = [&](const std::string& expected) {
    for (const Unit& unit : kProject) {
      const Verdict verdict = judge(ws, {command_of(unit), {}});
      EXPECT_EQ(verdict.difference, "") << unit.file << verdict.event;
      EXPECT_TRUE(verdict.bare.ok()) << unit.file << verdict.bare;
      EXPECT_TRUE(expected.empty() || verdict.event.outcome == expected)
          << unit.file << " should be a " << expected << verdict.event;
    }
  };
  for (const Unit& unit : kProject) ws.write(unit.file, unit.text);
  const Tree sources = ws.tree();
  build("miss");
  ws.restore(sources);
  build("hit");
  build("");  // now the directory exists for gcc's first unit
  build("hit");
  ws.restore(sources);
  build("hit");
  ws.write("shape.cppm", std::string(kProject[0].text) + "export inline int more = 1;\n");
  build("miss");
  ws.restore(sources);
  build("hit");
}

// --- gcc only ---

// The tree holds the time of the build, so its bytes cannot be predicted. A command that imports it
// can hit.
TEST_F(GccModules, TreeWithTheTimeOfItsBuild) {
  ws.set("SOURCE_DATE_EPOCH");
  write_both();
  warm_up(ws, {interface_of("m"), {}});
  EXPECT_EQ(ws.last_event().outcome, "miss");
  EXPECT_EQ(ws.last_event().not_stored, "time_written");
  make(interface_of("m"));
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
}

TEST_F(GccModules, DateOfTheSourceChanges) {
  write_both();
  Command then{interface_of("m"), {}};
  then.options.env = {"SOURCE_DATE_EPOCH=2000000000"};
  after({interface_of("m"), {}}, nullptr, &then);
}

TEST_F(GccModules, MapOfModulesChanges) {
  write_both();
  make(interface_of("m"));
  make({"mv", "gcm.cache/m.gcm", "seven.gcm"});
  write_m(8);
  make(interface_of("m"));
  make({"mv", "gcm.cache/m.gcm", "eight.gcm"});
  ws.write("map", "m seven.gcm\n");
  const Command command{plus(importer(), {"-fmodule-mapper=map"}), {}};
  EXPECT_TRUE(after(command, nullptr).is_hit());
  EXPECT_FALSE(after(command, [&] { ws.write("map", "m eight.gcm\n"); }).is_hit());
  after(command, [&] { ws.remove("map"); });
}

TEST_F(GccModules, MapOfModulesInTheEnvironment) {
  write_both();
  make(interface_of("m"));
  make({"mv", "gcm.cache/m.gcm", "seven.gcm"});
  ws.write("map", "m seven.gcm\n");
  write_m(8);
  make(interface_of("m"));
  Command command{importer(), {}};
  Command then = command;
  then.options.env = {"CXX_MODULE_MAPPER=map"};
  EXPECT_TRUE(after(command, nullptr).is_hit());
  EXPECT_FALSE(after(command, nullptr, &then).is_hit());
  EXPECT_TRUE(after(then, nullptr).is_hit());
}

TEST_F(GccModules, ProgramThatIsAskedForModules) {
  write_both();
  make(interface_of("m"));
  const Argv argv = plus(importer(), {"-fmodule-mapper=|@g++-mapper-server -r"});
  ws.expect_bypass("unsupported_option", argv);
}

TEST_F(GccModules, HeaderUnit) {
  const auto write_h = [&](int value) {
    ws.write("h.h", "#pragma once\ninline int h() { return 1; }\n#define H " +
                        std::to_string(value) + "\n");
  };
  write_h(7);
  ws.write("main.cc", "import \"h.h\";\nint g() { return h() + H; }\n");
  const Argv unit = plus(start(), {"-fmodule-header", "h.h"});
  EXPECT_TRUE(after({unit, {}}, nullptr).is_hit());
  EXPECT_FALSE(after({unit, {}}, [&] { write_h(8); }).is_hit());
  make(unit);
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
  after({importer(), {}}, [&] { write_h(9); });
  after({importer(), {}}, [&] { make(unit); });
  after({importer(), {}}, [&] { ws.remove("gcm.cache/,/h.h.gcm"); });
}

TEST_F(GccModules, SystemHeaderUnit) {
  ws.write("main.cc", "import <stddef.h>;\nsize_t size;\n");
  const Argv unit = plus(start(), {"-x", "c++-system-header", "stddef.h"});
  EXPECT_TRUE(after({unit, {}}, nullptr).is_hit());
  make(unit);
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
}

// An include becomes an import when there is a unit of the header.
TEST_F(GccModules, HeaderUnitComes) {
  ws.write("h.h", "#pragma once\ninline int h() { return 1; }\n");
  ws.write("main.cc", "#include \"h.h\"\nint g() { return h(); }\n");
  const Argv unit = plus(start(), {"-fmodule-header", "h.h"});
  for (const char* depfile : {"-MD", "-MMD"}) {
    ws.remove("gcm.cache");
    ws.make_directory("gcm.cache");
    const Command command{plus(importer(), {depfile}), {}};
    EXPECT_TRUE(after(command, nullptr).is_hit());
    EXPECT_FALSE(after(command, [&] { make(unit); }).is_hit());
  }
}

// A macro from a tree can do anything with the importer's own path, where no search finds it.
TEST_F(GccModules, MacroOfAHeaderUnitNamesTheImporter) {
  ws.write("first/h.h",
           "#pragma once\nconstexpr unsigned hash(const char* s) {\n"
           "  unsigned h = 5;\n  while (*s) h = h * 33 + (unsigned char)*s++;\n  return h;\n}\n"
           "#define WHERE hash(__FILE__)\n");
  ws.write("first/main.cc", "import \"h.h\";\nunsigned where = WHERE;\n");
  make(plus(start(), {"-fmodule-header", "h.h"}), "first");
  for (const char* p : {"one", "two"}) make({"cp", "-a", "first", p});
  for (const char* p : {"one", "two"}) {
    const Command command{importer(ws.path(p) + "/main.cc"), {.cwd = p}};
    EXPECT_TRUE(after(command, nullptr).is_hit());
  }
}

TEST_F(GccModules, OnlyTheTree) {
  write_both();
  EXPECT_TRUE(after({plus(interface_of("m"), {"-fmodule-only"}), {}}, nullptr).is_hit());
}

TEST_F(GccModules, Partitions) {
  ws.write("p.cppm", "export module m:p;\nexport inline int p() { return 3; }\n");
  ws.write("m.cppm", "export module m;\nexport import :p;\n");
  write_main("int g() { return p(); }\n");
  EXPECT_TRUE(after({interface_of("p"), {}}, nullptr).is_hit());
  make(interface_of("p"));
  EXPECT_TRUE(after({interface_of("m"), {}}, nullptr).is_hit());
  make(interface_of("m"));
  EXPECT_TRUE(after({importer(), {}}, nullptr).is_hit());
  after({importer(), {}}, [&] { ws.remove("gcm.cache/m-p.gcm"); });
}

// --- clang only ---

TEST_F(ClangModules, TreeNextToTheObject) {
  write_both();
  for (const char* output : {"-fmodule-output", "-fmodule-output=trees/x.pcm"}) {
    ws.make_directory("trees");
    write_m(7);
    const Command command{plus(start({output}), {"-x", "c++-module", "-g", "-MD", "-c", "m.cppm"}),
                          {}};
    EXPECT_TRUE(after(command, nullptr).is_hit());
    EXPECT_FALSE(after(command, [&] { write_m(8); }).is_hit());
  }
}

TEST_F(ClangModules, ObjectOfATree) {
  write_both();
  make(interface_of("m"));
  const Command command{plus(start(), {"-c", "m.pcm", "-o", "m.o"}), {}};
  EXPECT_TRUE(after(command, nullptr).is_hit());
  after(command, [&] { set_time("m.cppm", 1'000'000); });
  after(command, [&] {
    write_m(8);
    make(interface_of("m"));
  });
}

TEST_F(ClangModules, TreeThatTheCommandNames) {
  write_both();
  make(interface_of("m"));
  for (const std::string flag : {"-fmodule-file=m=m.pcm", "-fmodule-file=m.pcm"}) {
    const Command command{plus(start({flag.c_str()}), {"-c", "main.cc"}), {}};
    write_m(7);
    make(interface_of("m"));
    EXPECT_TRUE(after(command, nullptr).is_hit()) << flag;
    after(command, [&] {
      write_m(8);
      make(interface_of("m"));
    });
  }
}

TEST_F(ClangModules, TreeInAnotherDirectory) {
  write_both();
  for (const char* directory : {"p", "q"}) ws.make_directory(directory);
  make(interface_of("m", "q"));
  const Command command{plus(start({"-fprebuilt-module-path=p"}),
                             {"-fprebuilt-module-path=q", "-c", "main.cc", "-o", "main.o"}),
                        {}};
  EXPECT_TRUE(after(command, nullptr).is_hit());
  const Verdict verdict = after(command, [&] {
    write_m(8);
    make(interface_of("m", "p"));
  });
  EXPECT_FALSE(verdict.is_hit());
  after(command, [&] { ws.remove("p/m.pcm"); });
}

// clang compares the sizes of headers with those in the tree.
TEST_F(ClangModules, HeaderUnit) {
  ws.write("i.h", "#pragma once\n[[deprecated]] inline int i() { return 1; }\n");
  ws.write("h.h", "#pragma once\n#include \"i.h\"\ninline int h() { return 1; }\n#define H 7\n");
  const Argv unit = plus(start({"-fmodule-header=user"}), {"h.h", "-o", "h.pcm"});
  EXPECT_TRUE(after({unit, {}}, nullptr).is_hit());
  const Command command{plus(start({"-fmodule-file=h.pcm"}), {"-c", "main.cc"}), {}};
  for (const char* use : {"h() + H", "i()"}) {
    ws.write("main.cc", std::string("import \"h.h\";\nint g() { return ") + use + "; }\n");
    make(unit);
    EXPECT_TRUE(after(command, nullptr).is_hit());
    EXPECT_TRUE(after(command, [&] { set_time("h.h", 1'000'000); }).is_hit());
    for (const char* header : {"h.h", "i.h"}) {
      after(command, [&] { ws.write(header, ws.read(header) + "#define J 1\n"); });
      after(command, [&] { make(unit); });
    }
    after(command, [&] { ws.write("i.h", "#pragma once\n"); });
    after(command, [&] { ws.remove("i.h"); });
    ws.write("i.h", "#pragma once\n[[deprecated]] inline int i() { return 1; }\n");
  }
}

}  // namespace
}  // namespace deja::test
