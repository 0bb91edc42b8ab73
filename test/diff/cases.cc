// The generator: language × compiler × flags × shapes of includes × working folder.
#include "diff/cases.h"

#include <algorithm>

namespace deja::test {
namespace {

struct Shape {
  int percent;
  const char* text;  // for the source
  void (*write)(Scene& scene, const std::string& root);
};

// Files named in a shape are written by it; "p", "q" and "sys" are on the search path, in this order.
const Shape kShapes[] = {
    {70, "#include \"a.h\"\nint va = A;\n",
     [](Scene& s, const std::string& r) { s.write(r + "/src/a.h", "#define A 1\n"); }},
    {60, "#include <b.h>\nint vb = B;\n",
     [](Scene& s, const std::string& r) {
       s.write(r + "/q/b.h", "#define B 1\n");
       s.make_folder(r + "/p");
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
    {20, "const char *file = __FILE__;\n", nullptr},
    {15, "const char *base = __BASE_FILE__;\nint counter = __COUNTER__;\n", nullptr},
    {10, "const char *stamp = __TIMESTAMP__;\n", nullptr},
    {15, "const char *date = __DATE__;\n", nullptr},
    {15, "#line 7 \"elsewhere.c\"\nint after_line;\n", nullptr},
    {25, "static int f(int x) { int unused; return x; }\nint g(int x) { return f(x); }\n", nullptr},
    {15, "#warning \"a message\"\n", nullptr},
    {20, "#include <stddef.h>\nsize_t size = sizeof(size_t);\n", nullptr},
};

struct Flag {
  int percent;
  const char* text;
  bool only_gcc = false;
};
// What a flag names is there or not; both are worth a try. %R is the project's absolute folder.
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
};

std::string filled(std::string text, const std::string& root, const Workspace& ws) {
  const auto fill = [&text](const std::string& mark, const std::string& by) {
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + by.size()))
      text.replace(at, 2, by);
  };
  fill("%R", ws.path(root));
  fill("%W", ws.work());
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
  std::string text =
      std::string(is_module ? "module;\n" : "") + "#ifndef FLAG\n#define FLAG 1\n#endif\n";
  for (const Shape& shape : kShapes) {
    if (!random.chance(shape.percent)) continue;
    text += shape.text;
    if (shape.write != nullptr) shape.write(scene, p.root);
  }
  scene.write(name, text + (is_module ? "export module m;\nexport " : "") + "int always = FLAG;\n");
}

// What some flags name.
void write_named_files(Scene& scene, const std::string& root) {
  for (const char* folder : {"src", "build", "p", "q", "sys", "build/tools"})
    scene.make_folder(root + "/" + folder);
  for (const char* folder : {"src", "build"}) {
    scene.write(root + "/" + folder + "/forced.h", "#define FORCED 1\n");
    scene.write(root + "/" + folder + "/more.rsp", "-DMORE=1 @inner.rsp");
    scene.write(root + "/" + folder + "/inner.rsp", "-DINNER=1");
  }
}

// A second source; with or without a link of both, a library (a linker's script) and a map.
void add_second_source(Scene& scene, Random& random, Project& p, const std::string& up) {
  scene.write(p.root + "/src/n.c", "#include \"a.h\"\nint second = A;\n");
  scene.write(p.root + "/src/a.h", "#define A 1\n");
  Argv& argv = p.command.argv;
  argv.push_back(up + "src/n.c");
  if (random.chance(40)) return;
  std::erase(argv, "-c");
  scene.write(p.root + "/q/libmine.a", "EXTERN(second)\n");
  argv.insert(argv.end(), {"-shared", "-fPIC", "-L" + up + "p", "-L" + up + "q", "-lmine"});
  if (random.chance(30)) argv.push_back("-Wl,-rpath,%R/q");
  if (random.chance(30)) argv.push_back("-Wl,--build-id");
  if (random.chance(60)) argv.insert(argv.end(), {"-o", up + "build/out.so"});
}

// An archive of files that may be there already; ar takes any file for a member.
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

std::string versioned(const std::string& driver, const std::string& version) {
  return driver + version;
}

}  // namespace

Project make_project(Scene& scene, Random& random) {
  if (random.chance(7)) return make_archive(scene, random);
  Project p;
  const Language& language = kLanguages[random.below(std::size(kLanguages))];
  static const bool has_clang = !find_program("clang-19").empty();
  const bool gcc = !has_clang || random.chance(65);
  p.compiler = gcc ? language.driver_gcc : versioned(language.driver_clang, "-19");
  p.source = language.source;
  write_named_files(scene, p.root);
  write_source(scene, random, p);
  const bool absolute = random.chance(35);
  const bool below = random.chance(60);
  const std::string up = absolute ? "%R/" : below ? "../" : "";
  Argv& argv = p.command.argv;
  argv = {p.compiler, "-c",       "-I" + up + "p",      "-I" + up + "q",
          "-isystem", up + "sys", "-Wa,-I" + up + "src"};
  if (p.source.ends_with(".s")) argv.resize(2), argv.push_back("-Wa,-I" + up + "src");
  for (const Flag& flag : kFlags) {
    if ((!flag.only_gcc || gcc) && random.chance(flag.percent / 2)) add_words(argv, flag.text);
  }
  if (const char* more = gcc ? language.flags_gcc : language.flags_clang; more != nullptr)
    add_words(argv, more);
  const bool is_c = p.source.ends_with(".c");
  if (is_c && random.chance(8)) {  // another one, by standard input
    argv.insert(argv.end(), {"-x", "c", "-"});
    p.command.options.in =
        "#include <b.h>\n#if __has_include(\"a.h\")\nint given = FLAG;\n#endif\n";
  } else {
    argv.push_back(up + p.source);
  }
  if (argv.back() != "-" && (is_c || p.source.ends_with(".cc")) && random.chance(20)) {
    add_second_source(scene, random, p, up);
  } else if (random.chance(60)) {
    argv.insert(argv.end(), {"-o", random.chance(50) ? "out.o" : up + "build/out.o"});
  }
  p.command.options.cwd = below ? "/build" : "";
  const bool holds_date = gcc && language.flags_gcc != nullptr;
  if (random.chance(20) || holds_date) p.command.options.env.push_back("SOURCE_DATE_EPOCH=1000000");
  if (random.chance(15)) p.command.options.env.push_back("CPATH=%R/sys");
  if (below && random.chance(20)) {
    scene.symlink("build", p.root + "/logical");
    p.command.options.env.push_back("PWD=%R/logical");
  }
  return p;
}

Command moved_to(const Project& project, const std::string& root, const Workspace& ws) {
  Command out = project.command;
  for (std::string& argument : out.argv) argument = filled(argument, root, ws);
  for (std::string& entry : out.options.env) entry = filled(entry, root, ws);
  out.options.cwd = root + project.command.options.cwd;
  return out;
}

}  // namespace deja::test
