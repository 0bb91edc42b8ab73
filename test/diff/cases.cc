// SPDX-License-Identifier: Apache-2.0
// The generator: language × compiler × flags × shapes of includes × working directory.
#include "diff/cases.h"

#include <algorithm>
#include <filesystem>

namespace deja::test {
namespace {

namespace fs = std::filesystem;

enum class In { any, c, cxx };
struct Shape {
  int percent;
  const char* text;  // of the source; %R is the project's absolute directory, also after a copy
  void (*write)(Scene& scene, const std::string& root);
  In language = In::any;
};

void write_hash(Scene& s, const std::string& root) {
  s.write(
      root + "/src/hash.h",
      "#pragma once\n"
      "constexpr unsigned hash(const char *p) { unsigned n = 7; while (*p) n = n * 31 + "
      "(unsigned)*p++; return n; }\n"
      "template <unsigned S> struct Number { static constexpr unsigned value = S; };\n"
      "constexpr unsigned kHashed = hash(__FILE__);\n"
      "constexpr unsigned here(const char *p = __builtin_FILE()) { return hash(p); }\n"
      "template <class T> constexpr unsigned name_of() { return hash(__PRETTY_FUNCTION__); }\n");
}

// A shape writes the files that it names; "p", "q" and "sys" are on the search path, in this order.
const Shape kShapes[] = {
    {70, "#include \"a.h\"\nint va = A;\n",
     [](Scene& s, const std::string& r) { s.write(r + "/src/a.h", "#define A 1\n"); }},
    {60, "#include <b.h>\nint vb = B;\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/q/b.h", "#define B 1\n");
       s.make_directory(r + "/p");
     }},
    {30, "#include <n.h>\nint vn = N;\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/p/n.h", "#include_next <n.h>\n#define N M\n");
       s.write(r + "/q/n.h", "#define M 1\n");
     }},
    {30, "#include \"../q/../q/up.h\"\nint vu = UP;\n",
     [](Scene& s, const std::string& r) { s.write(r + "/q/up.h", "#define UP 1\n"); }},
    {30, "#include <link.h>\nint vl = L;\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/q/real1.h", "#define L 1\n");
       s.write(r + "/q/real2.h", "#define L 2\n");
       s.symlink("real1.h", r + "/q/link.h");
     }},
    {30, "#include <dir/d.h>\nint vd = D;\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/q/dir1/d.h", "#define D 1\n");
       s.write(r + "/q/dir2/d.h", "#define D 2\n");
       s.symlink("dir1", r + "/q/dir");
     }},
    {40, "#if __has_include(\"maybe.h\")\nint maybe;\n#endif\n", nullptr},
    {30, "#define H \"c.h\"\n#include H\nint vc = C;\n",
     [](Scene& s, const std::string& r) { s.write(r + "/src/c.h", "#define C 1\n"); }},
    {30, "#if FLAG > 1\n#include \"flag.h\"\n#endif\n",
     [](Scene& s, const std::string& r) { s.write(r + "/src/flag.h", "int flagged;\n"); }},
    {25, "#include \"x/o.h\"\n#include \"y/o.h\"\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/src/x/o.h", "#pragma once\nextern int once;\n");
       s.hard_link(r + "/src/x/o.h", r + "/src/y/o.h");
     }},
    {20, "__asm__(\".section .rodata\\n.incbin \\\"blob\\\"\\n.text\\n\");\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/src/blob", "one");
       s.write(r + "/build/blob", "two");
     }},
    {10, "const char *stamp = __TIMESTAMP__;\n", nullptr},
    {15, "const char *date = __DATE__;\n", nullptr},
    {15, "#line 7 \"elsewhere.c\"\nint after_line;\n", nullptr},
    {25, "static int f(int x) { int unused; return x; }\nint g(int x) { return f(x); }\n", nullptr},
    {15, "#warning \"a message\"\n", nullptr},
    {20, "#include <stddef.h>\nsize_t size = sizeof(size_t);\n", nullptr},
    {60, "#if __has_include(<found.h>)\n#include <found.h>\nint found = FOUND;\n#endif\n", nullptr},
};

// A source's own name, spelled out and in what is computed from it; in headers of the project and
// of the toolchain.
const Shape kOwnNames[] = {
    {20, "const char *file = __FILE__;\n", nullptr},
    {15, "const char *base = __BASE_FILE__;\nint counter = __COUNTER__;\n", nullptr},
    {20, "#include <assert.h>\nvoid check(int x) { assert(x); }\n", nullptr},
    {15, "#include <errno.h>\n#include <limits.h>\nint most = INT_MAX;\n", nullptr},
    {12, "char as_long_as_the_name[sizeof(__FILE__)];\n", nullptr},
    {12, "const char *built_in(void) { return __builtin_FILE(); }\n", nullptr},
    {8, "char as_long_as_the_base[sizeof(__BASE_FILE__)];\nint level = __INCLUDE_LEVEL__;\n",
     nullptr},
    {8, "const char *last = __FILE_NAME__;\n", nullptr},
    {8, "#define PASTE(a, b) a##b\nchar pasted[sizeof(PASTE(__FI, LE__))];\n", nullptr},
    {8, "#ifdef WHERE\nchar where[sizeof(WHERE)];\nconst char *where_text = WHERE;\n#endif\n",
     nullptr},
    {8, "#include \"%R/src/a.h\"\n",
     [](Scene& s, const std::string& r) { s.write(r + "/src/a.h", "#define A 1\n"); }},
    {18, "#include \"own.h\"\nvoid own(int x) { OWN(x); }\n",
     [](Scene& s, const std::string& r) {
       s.write(
           r + "/src/own.h",
           "extern void tell(const char *, int);\n"
           "#define OWN(x) ((x) ? (void)0 : tell(__FILE__, __LINE__))\n"
           "static inline int own_length(void) { return sizeof(__FILE__) + __INCLUDE_LEVEL__; }\n"
           "int own_is(void) { return own_length(); }\n");
     },
     In::c},
    {14, "#include <system.h>\nvoid of_system(int x) { SYSTEM(x); }\n",
     [](Scene& s, const std::string& r) {
       s.write(
           r + "/sys/system.h",
           "#define SYSTEM(x) do { static char n[sizeof(__FILE__)]; n[0] = (char)(x); } while (0)\n"
           "static const char system_name[] __attribute__((used)) = __FILE__;\n");
     }},
    {25,
     "#include \"hash.h\"\nunsigned hashed = Number<hash(__FILE__)>::value;\nunsigned of_header = "
     "kHashed;\n",
     write_hash, In::cxx},
    {15, "#include \"hash.h\"\nunsigned by_default = Number<here()>::value;\n", write_hash,
     In::cxx},
    {15,
     "#include \"hash.h\"\nstatic auto unnamed = [] {};\n"
     "unsigned of_type = Number<name_of<decltype(unnamed)>()>::value;\n",
     write_hash, In::cxx},
    {12,
     "#include <initializer_list>\n#include <cassert>\nvoid check_too(int x) { assert(x > 1); }\n",
     nullptr, In::cxx},
    {12,
     "#if __cplusplus > 201703L\n#include <source_location>\nunsigned column(std::source_location "
     "at = "
     "std::source_location::current()) { return at.column() + at.file_name()[0]; }\nunsigned now = "
     "column();\n"
     "constexpr auto at = std::source_location::current();\nchar first[at.file_name()[1] == 't' ? "
     "2 : 3];\n"
     "#endif\n",
     nullptr, In::cxx},
    {5, "#include <array>\nint of_array(std::array<int, 3> &a, int i) { return a[(unsigned)i]; }\n",
     nullptr, In::cxx},
};

struct Flag {
  int percent;
  const char* text;
  bool only_gcc = false;
  In language = In::any;
};
// The file that a flag names may or may not exist; both are worth testing. %R is the project's
// absolute directory.
const Flag kFlags[] = {
    {30, "-O2"},
    {10, "-O1"},
    {25, "-g"},
    {8, "-g3"},
    {8, "-gdwarf-4"},
    {8, "-ggdb"},
    {8, "-gz"},
    {8, "-gsplit-dwarf"},
    {30, "-MD"},
    {15, "-MMD"},
    {12, "-MP"},
    {8, "-MF|dep.d"},
    {6, "-MT|%R/some target"},
    {30, "-Wall"},
    {10, "-Wextra"},
    {6, "-Wsystem-headers"},
    {8, "-fstack-usage", true},
    {6, "-fdump-tree-optimized", true},
    {8, "-save-temps"},
    {5, "-save-temps=obj"},
    {20, "-ffile-prefix-map=%R=."},
    {8, "-fdebug-prefix-map=%R=/src"},
    {6, "-ffile-prefix-map=%W=/src"},
    {6, "-fmacro-prefix-map=%R/="},
    {8, "-pipe"},
    {6, "-fmax-errors=3", true},
    {6, "-fdiagnostics-format=json", true},
    {6, "-fno-diagnostics-color"},
    {10, "-iquote|%R/iq"},
    {10, "-idirafter|../late"},
    {8, "-include|forced.h"},
    {8, "-imacros|forced.h"},
    {8, "@more.rsp"},
    {8, "-Btools"},
    {6, "--sysroot=%R/root"},
    {5, "-nostdinc"},
    {6, "-fopt-info-all=opt.txt", true},
    {5, "-aux-info|aux.X", true},
    {5, "-flto"},
    {8, "-fPIC"},
    {6, "-ffunction-sections"},
    {6, "-frandom-seed=7"},
    {5, "-fprofile-use=profile.gcda", true},
    {8, "-DEXTRA=\"%R/x\""},
    {8, "-fcommon"},
    {5, "--coverage|-frandom-seed=7"},
    {6, "-fverbose-asm"},
    // Outputs named by others, and outputs that name others.
    {8, "-Wp,-MMD,.m.d"},
    {6, "-MQ|%R/q$.o"},
    {6, "-MF|%R/build/dep.d"},
    {6, "-dumpbase|other.c", true},
    {5, "-dumpdir|dumped-", true},
    {5, "-fcallgraph-info", true},
    {5, "-fsave-optimization-record"},
    {6, "-Wa,-adhlns=m.lst", true},
    {6, "-frecord-gcc-switches"},
    {5, "-fprofile-arcs"},
    {5, "-ftest-coverage|-frandom-seed=7"},
    {6, "-DWHERE=__FILE__"},
    {5, "-D_GLIBCXX_ASSERTIONS"},
    {8, "-std=gnu++20|-Wno-all", false, In::cxx},
    {4, "-fno-working-directory", true},
    {5, "-ffile-prefix-map=%R/src=."},
    {5, "-ffile-prefix-map=%R/=/"},
    {4, "-fmacro-prefix-map=..="},
    {4, "-fdebug-compilation-dir=."},
    {4, "-isystem|%R/sys"},
    {4, "-I."},
};

std::string filled(std::string text, const std::string& root, const Workspace& ws) {
  const auto fill = [&text](const std::string& mark, const std::string& by) {
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + by.size()))
      text.replace(at, 2, by);
  };
  fill("%R", ws.path(root));
  fill("%W", ws.work());
  fill("%N", fs::path(root).filename().string());
  fill("%B", ws.bin());
  return text;
}

void add_words(Argv& argv, const std::string& text) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('|', at), text.size());
    argv.push_back(text.substr(at, end - at));
    at = end + 1;
  }
}

struct Language {
  const char* source;
  const char* driver_gcc;
  const char* driver_clang;
  const char* flags_gcc = nullptr;  // an interface of a module
  const char* flags_clang = nullptr;
};
const Language kLanguages[] = {
    {"src/m.c", "gcc", "clang"},
    {"src/m.c", "gcc", "clang"},
    {"src/m.cc", "g++", "clang++"},
    {"src/m.S", "gcc", "clang"},
    {"src/m.s", "gcc", "clang"},
    {"src/m.i", "gcc", "clang"},
    {"src/m.cppm", "g++", "clang++", "-std=c++20|-fmodules-ts|-x|c++",
     "-std=c++20|-fmodule-output=m.pcm"},
};

bool fits(In language, const Project& p) {
  const bool is_cxx = p.source.ends_with(".cc") || p.source.ends_with(".cppm");
  return language == In::any || (language == In::cxx) == is_cxx;
}

void write_source(Scene& scene, Random& random, const Project& p) {
  const std::string name = p.root + "/" + p.source;
  if (p.source.ends_with(".s") || p.source.ends_with(".S")) {
    const bool preprocessed = p.source.ends_with(".S");
    scene.write(p.root + "/src/part.inc", ".byte 1\n");
    scene.write(p.root + "/src/a.h", "#define A 1\n");
    scene.write(name, std::string(preprocessed ? "#include \"a.h\"\n.byte A\n" : "") +
                          ".data\n.byte 7\n.include \"part.inc\"\n");
    return;
  }
  if (p.source.ends_with(".i"))
    return scene.write(name, "# 1 \"given.c\"\nint given(void) { return 1; }\n");
  const bool is_module = p.source.ends_with(".cppm");
  const int density = p.is_about_names ? 10 : random.chance(60) ? 100 : 30;
  std::string text =
      std::string(is_module ? "export module m;\n" : "") + "#ifndef FLAG\n#define FLAG 1\n#endif\n";
  const auto add = [&](const Shape& shape) {
    text += filled(shape.text, p.root, scene.ws);
    if (shape.write != nullptr) shape.write(scene, p.root);
  };
  for (const Shape& shape : kShapes) {
    if (random.chance(shape.percent * density / 100)) add(shape);
  }
  // A shape that spells the name would hide one that only computes something from it.
  std::size_t wanted = p.is_about_names ? 1 + random.below(2) : 0;
  while (wanted > 0) {
    const Shape& shape = kOwnNames[random.below(std::size(kOwnNames))];
    if (!fits(shape.language, p) || text.find(filled(shape.text, p.root, scene.ws)) != text.npos)
      continue;
    add(shape);
    --wanted;
  }
  for (const Shape& shape : kOwnNames) {
    if (!p.is_about_names && fits(shape.language, p) &&
        random.chance(shape.percent * density / 100))
      add(shape);
  }
  scene.write(name, text + (is_module ? "export " : "") + "int always = FLAG;\n");
}

// Writes the files that some flags name.
void write_named_files(Scene& scene, const std::string& root) {
  for (const char* directory : {"src", "build", "p", "q", "sys", "build/tools"})
    scene.make_directory(root + "/" + directory);
  for (const char* directory : {"src", "build"}) {
    scene.write(root + "/" + directory + "/forced.h", "#define FORCED 1\n");
    scene.write(root + "/" + directory + "/more.rsp", "-DMORE=1 @inner.rsp");
    scene.write(root + "/" + directory + "/inner.rsp", "-DINNER=1");
  }
}

// One file has many names. "../one" is the first checkout, also seen from the second.
std::string spelled(Scene& scene, const std::string& root, const std::string& up,
                    const std::string& name, Random& random) {
  if (random.chance(65)) return up + name;
  scene.symlink("build", root + "/logical");
  const std::string back = up == "%R/" ? "%R/../%N/" : up + "../%N/";
  const std::string spellings[] = {
      (up == "%R/" ? "%R/./" : "./" + up) + name,
      back + name,
      up + "src/../" + name,
      up + "./" + name,
      "%R/./" + name,
      "%R/build/../" + name,
      "%R//" + name,
      up + "build/../src/./../" + name,
      up + "logical/../" + name,
      up == "%R/" ? "%W/one/" + name : up + "../one/" + name,
  };
  return spellings[random.below(std::size(spellings))];
}

// Adds sources; with or without a link of all, a library (a linker script) and a map.
void add_more_sources(Scene& scene, Random& random, Project& p, const std::string& up) {
  scene.write(p.root + "/src/n.c", "#include \"a.h\"\nint second = A;\n");
  scene.write(p.root + "/src/a.h", "#define A 1\n");
  Argv& argv = p.command.argv;
  argv.push_back(spelled(scene, p.root, up, "src/n.c", random));
  for (int i = 0; i < 3 && random.chance(30); ++i) {
    const std::string name = "src/more" + std::to_string(i) + ".c";
    scene.write(p.root + "/" + name,
                "#include <assert.h>\nvoid more" + std::to_string(i) + "(int x) { assert(x); }\n");
    argv.push_back(spelled(scene, p.root, up, name, random));
  }
  if (random.chance(40)) return;
  std::erase(argv, "-c");
  scene.write(p.root + "/q/libmine.a", "EXTERN(second)\n");
  argv.insert(argv.end(), {"-shared", "-fPIC", "-L" + up + "p", "-L" + up + "q", "-lmine"});
  if (random.chance(30)) argv.push_back("-Wl,-rpath,%R/q");
  if (random.chance(30)) argv.push_back("-Wl,--build-id");
  if (random.chance(15)) argv.push_back("-Wl,-Map=" + up + "build/out.map");
  if (random.chance(60)) argv.insert(argv.end(), {"-o", up + "build/out.so"});
  if (!random.chance(40)) return;
  argv.emplace_back("-lfound");
  p.command.options.env.push_back(random.chance(50) ? "LIBRARY_PATH=%R/s2"
                                                    : "LIBRARY_PATH=%R/s3/empty:%R/s1:%R/slink");
}

// An archive of files that may exist already; ar accepts any file as a member.
Project make_archive(Scene& scene, Random& random) {
  Project p;
  p.compiler = "ar";
  p.source = "src/m.c";
  write_named_files(scene, p.root);
  scene.write(p.root + "/src/m.c", "int m;\n");
  scene.write(p.root + "/src/a.h", "#define A 1\n");
  const char* const operations[] = {"rcs", "qc", "rcsT", "-r", "crsD", "d", "t"};
  p.command.argv = {"ar", operations[random.below(std::size(operations))], "lib.a"};
  for (const char* member : {"src/m.c", "src/a.h", "src/forced.h", "build/forced.h"})
    if (random.chance(70))
      p.command.argv.push_back(random.chance(30) ? "%R/" + std::string(member) : member);
  if (random.chance(20)) p.command.argv.push_back("@src/inner.rsp");
  p.command.options.cwd = "";
  return p;
}

// A compiler that is a script, and the variables that it reads.
void add_wrapper(Scene& scene, Random& random, const Project& p) {
  static const std::vector<std::string> shells = {"/bin/sh", "/bin/bash", "/bin/dash",
                                                  "/bin/bash -p"};
  static const std::vector<std::string> asks = {"${X_FLAG:-0}",
                                                "${X_OTHER-0}",
                                                "${#PWD}",
                                                "${#OLDPWD}",
                                                "${SHLVL:-0}",
                                                "${COLUMNS:-0}",
                                                "${MAKELEVEL:-0}",
                                                "${#MAKEFLAGS}",
                                                "${#TMPDIR}",
                                                "${#PATH}",
                                                "$(pwd | wc -c)",
                                                "$(printenv X_FLAG | wc -c)",
                                                "$(env | grep -c ^X_)",
                                                "$(set | grep -c ^X_)",
                                                "$(echo \"${0}\" | wc -c)",
                                                "$(export -p | grep -c X_)",
                                                "$(eval echo \"\\${X_FLAG:-0}\")",
                                                "0"};
  scene.script(p.compiler,
               "#!" + random.one_of(shells) +
                   "\nif [ -n \"$X_DEFINE\" ]; then set -- \"-DX=$X_DEFINE\" \"$@\"; fi\n" +
                   (random.chance(20) ? "unset X_OTHER\n" : "") + "exec /usr/bin/" + p.compiler +
                   " -DFLAG=" + random.one_of(asks) + " \"$@\"\n");
}

std::string versioned(const std::string& driver, const std::string& version) {
  return driver + version;
}

std::string map_of(const std::string& directory) { return "-ffile-prefix-map=" + directory + "=."; }

// DEJA_PORTABLE=1. The bare tool gets the maps that deja adds (src/tool/prefix_maps.h).
void make_portable(Random& random, Project& p) {
  p.command.options.env.push_back("DEJA_PORTABLE=1");
  // A source that is named in the first checkout does not use the second one's src.
  const bool is_named_elsewhere = std::ranges::any_of(
      p.command.argv, [](const std::string& a) { return a.starts_with("%W/"); });
  const std::string base = random.chance(80) || is_named_elsewhere ? "%R" : "%R/src";
  p.command.options.env.push_back("DEJA_BASE_DIR=" + base);
  p.added_by_deja = {map_of(base)};
}

}  // namespace

Project make_project(Scene& scene, Random& random) {
  if (random.chance(7)) return make_archive(scene, random);
  Project p;
  p.is_about_names = random.chance(25);
  const Language& language = p.is_about_names && random.chance(50)
                                 ? kLanguages[2]
                                 : kLanguages[random.below(std::size(kLanguages))];
  static const bool has_clang = !find_program("clang-19").empty();
  const bool gcc = !has_clang || random.chance(65);
  p.compiler = gcc ? language.driver_gcc : versioned(language.driver_clang, "-19");
  p.source = language.source;
  write_named_files(scene, p.root);
  write_source(scene, random, p);
  const bool absolute = random.chance(p.is_about_names ? 70 : 35);
  const bool below = random.chance(60);
  const std::string up = absolute ? "%R/" : below ? "../" : "";
  Argv& argv = p.command.argv;
  argv = {p.compiler, "-c",       "-I" + up + "p",      "-I" + up + "q",
          "-isystem", up + "sys", "-Wa,-I" + up + "src"};
  if (p.source.ends_with(".s")) argv.resize(2), argv.push_back("-Wa,-I" + up + "src");
  for (const Flag& flag : kFlags) {
    const int percent = p.is_about_names ? flag.percent / 4 : flag.percent / 2;
    if ((!flag.only_gcc || gcc) && fits(flag.language, p) && random.chance(percent))
      add_words(argv, flag.text);
  }
  if (p.is_about_names && random.chance(35)) argv.push_back("-ffile-prefix-map=%R=.");
  if (p.source.ends_with(".S") && random.chance(50)) argv.push_back("-g");
  if (const char* more = gcc ? language.flags_gcc : language.flags_clang; more != nullptr)
    add_words(argv, more);
  const bool is_c = p.source.ends_with(".c");
  if (is_c && random.chance(8)) {  // another one, on standard input
    argv.insert(argv.end(), {"-x", "c", "-"});
    p.command.options.in =
        "#include <b.h>\n#if __has_include(\"a.h\")\nint given = FLAG;\n#endif\n";
  } else {
    argv.push_back(spelled(scene, p.root, up, p.source, random));
  }
  if (argv.back() != "-" && (is_c || p.source.ends_with(".cc")) && random.chance(20)) {
    add_more_sources(scene, random, p, up);
  } else if (random.chance(60)) {
    argv.insert(argv.end(), {"-o", random.chance(50) ? "out.o" : up + "build/out.o"});
  }
  if (random.chance(6) && std::erase(argv, "-c") > 0)
    argv.push_back(random.chance(50) ? "-S" : "-E");
  if (random.chance(12)) add_wrapper(scene, random, p);
  p.command.options.cwd = below ? "/build" : "";
  const bool holds_date = gcc && language.flags_gcc != nullptr;
  if (random.chance(20) || holds_date) p.command.options.env.push_back("SOURCE_DATE_EPOCH=1000000");
  if (random.chance(15)) p.command.options.env.push_back("CPATH=%R/sys");
  if (random.chance(20)) {
    scene.symlink("build", p.root + "/logical");
    if (below) p.command.options.env.push_back("PWD=%R/logical");
  }
  if (random.chance(12)) make_portable(random, p);
  make_search_directories(scene, p.root);
  if (random.chance(40)) set_search_variables(p, random);
  return p;
}

namespace {

// deja maps the name that PWD has for the root, too. The mutations know one such name.
bool has_mapped_alias(const Project& project, const std::string& root) {
  const auto& environment = project.command.options.env;
  const auto last = std::find_if(environment.rbegin(), environment.rend(), [](const auto& entry) {
    return entry == "PWD" || entry.starts_with("PWD=");
  });
  const bool is_there = root.find('/') == std::string::npos;  // the link leads to the workspace
  return is_there && project.added_by_deja == Argv{map_of("%R")} && last != environment.rend() &&
         *last == std::string("PWD=") + kSecondName + project.command.options.cwd;
}

}  // namespace

Command bare_of(const Project& project, const std::string& root, const Workspace& ws) {
  Project bare = project;
  Argv added = project.added_by_deja;
  if (has_mapped_alias(project, root)) added.push_back(map_of(kSecondName));
  Argv& argv = bare.command.argv;
  argv.insert(argv.begin() + 1, added.begin(), added.end());
  return moved_to(bare, root, ws);
}

Command moved_to(const Project& project, const std::string& root, const Workspace& ws) {
  Command out = project.command;
  for (std::string& argument : out.argv) argument = filled(argument, root, ws);
  for (std::string& entry : out.options.env) entry = filled(entry, root, ws);
  out.options.cwd = root + project.command.options.cwd;
  return out;
}

}  // namespace deja::test
