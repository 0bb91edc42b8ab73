// SPDX-License-Identifier: Apache-2.0
// The mutator: one change between a warm run and the next.
#include <algorithm>
#include <string>

#include "diff/cases.h"

namespace deja::test {
namespace {

// A file of the project that the compile may read.
std::string any_input(const Scene& scene, const Project& p, Random& random) {
  std::vector<std::string> names;
  for (const auto& [name, node] : scene.ws.tree()) {
    const bool is_input = name.find("/src/") != std::string::npos ||
                          name.find("/p/") != std::string::npos ||
                          name.find("/q/") != std::string::npos || name.ends_with(".rsp") ||
                          name.ends_with("forced.h") || name.ends_with("blob");
    if (node.kind == 'f' && is_input && name.starts_with(p.root + "/")) names.push_back(name);
  }
  return names.empty() ? std::string() : random.one_of(names);
}

std::string other_digit(std::string text) {
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] < '1' || text[i] > '8') continue;
    ++text[i];
    return text;
  }
  return text;
}

bool edit(Scene& s, Project& p, Random& r) {
  const std::string name = any_input(s, p, r);
  if (name.empty()) return false;
  s.write(name, other_digit(s.read(name)));
  return true;
}

bool edit_secretly(Scene& s, Project& p, Random& r) {
  const std::string name = any_input(s, p, r);
  if (name.empty()) return false;
  s.rewrite_secretly(name, other_digit(s.read(name)));
  return true;
}

bool add_comment(Scene& s, Project& p, Random&) {
  if (p.source.ends_with("s") || p.source.ends_with("S")) return false;
  s.write(in(p, p.source), "/* c */ " + s.read(in(p, p.source)));
  return true;
}

bool touch(Scene& s, Project& p, Random& r) {
  const std::string name = any_input(s, p, r);
  if (name.empty()) return false;
  s.touch(name, 1'000'000'000 + static_cast<long>(r.below(3)));
  return true;
}

bool remove_input(Scene& s, Project& p, Random& r) {
  const std::string name = any_input(s, p, r);
  if (name.empty()) return false;
  s.remove(name);
  return true;
}

bool replace_by_rename(Scene& s, Project& p, Random& r) {
  const std::string name = any_input(s, p, r);
  if (name.empty()) return false;
  s.write(name + ".new", other_digit(s.read(name)));
  s.move(name + ".new", name);
  return true;
}

bool new_header(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> names = {
      "a.h", "b.h", "n.h", "c.h", "link.h", "maybe.h", "up.h", "forced.h", "stddef.h", "dir/d.h"};
  static const std::vector<std::string> directories = {"src", "p",     "q",   "sys",
                                                       "iq",  "build", "late"};
  const std::string& name = r.one_of(names);
  const std::string path = in(p, r.one_of(directories) + "/" + name);
  if (s.exists(path)) return false;
  s.write(path,
          "#define A 5\n#define B 5\n#define N 5\n#define M 5\n#define C 5\n#define L 5\n#define "
          "UP 5\n#define D 5\n");
  return true;
}

bool new_gch(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> names = {"src/a.h.gch", "q/b.h.gch", "src/forced.h.gch",
                                                 "build/forced.h.gch", "src/forced.h.pch"};
  const std::string path = in(p, r.one_of(names));
  if (s.exists(path)) return false;
  if (r.chance(30)) {
    s.make_directory(path);
  } else {
    s.write(path, "no precompiled header");
  }
  return true;
}

bool new_assembler(Scene& s, Project& p, Random& r) {
  const std::string text =
      "#!/bin/sh\nexec /usr/bin/as --defsym mark=" + std::to_string(r.below(3)) + " \"$@\"\n";
  if (r.chance(50)) {
    s.script("as", text);
  } else {
    s.write(in(p, p.command.options.cwd.empty() ? "tools/as" : "build/tools/as"), text,
            r.chance(80) ? 0755 : 0644);
  }
  return true;
}

bool remove_assembler(Scene& s, Project&, Random&) {
  if (!s.exists(s.ws.bin() + "/as")) return false;
  s.remove_script("as");
  return true;
}

// A wrapper that reads one of two variables, in one of several ways, or none.
bool wrap_compiler(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> shells = {"/bin/sh", "/bin/bash", "/usr/bin/env bash"};
  static const std::vector<std::string> ways = {
      "n=1",
      "n=${WRAP_A:-0}",
      "n=${wrap_b:-0}",
      "x=WRAP; eval \"n=\\${${x}_A:-0}\"",
      "n=$(set | grep -c ^WRAP_)",
      "n=$(env | grep -c ^WRAP_)",
      "n=$(sh -c 'echo ${WRAP_A:-0}')",
      "export -p | grep -q WRAP_A && n=1 || n=0",
      "x=WRAP; n=$(printenv ${x}_A)",
      "set -- \"$@\" ${wrap_b:+-DWRAP_B}; n=1",
  };
  s.script(p.compiler, "#!" + r.one_of(shells) + "\n" + r.one_of(ways) + "\nexec /usr/bin/" +
                           p.compiler + " -DWRAP=\"$n\" \"$@\"\n");
  return true;
}

bool retarget_file(Scene& s, Project& p, Random&) {
  if (!s.exists(in(p, "q/link.h"))) return false;
  const bool first = s.read(in(p, "q/link.h")).find("L 1") != std::string::npos;
  s.symlink(first ? "real2.h" : "real1.h", in(p, "q/link.h"));
  return true;
}

bool retarget_directory(Scene& s, Project& p, Random&) {
  if (!s.exists(in(p, "q/dir/d.h"))) return false;
  const bool first = s.read(in(p, "q/dir/d.h")).find("D 1") != std::string::npos;
  s.symlink(first ? "dir2" : "dir1", in(p, "q/dir"));
  return true;
}

bool retarget_logical(Scene& s, Project& p, Random&) {
  if (!s.exists(in(p, "logical"))) return false;
  s.symlink("src", in(p, "logical"));
  return true;
}

bool unlink_twin(Scene& s, Project& p, Random&) {
  if (!s.exists(in(p, "src/y/o.h"))) return false;
  const std::string text = s.read(in(p, "src/y/o.h"));
  s.remove(in(p, "src/y/o.h"));
  s.write(in(p, "src/y/o.h"), text);
  return true;
}

bool fold_directories(Scene& s, Project& p, Random&) {
  if (!s.exists(in(p, "p")) || !s.exists(in(p, "q"))) return false;
  s.remove(in(p, "p"));
  s.symlink("q", in(p, "p"));
  return true;
}

bool unfold_directory(Scene& s, Project& p, Random&) {
  if (!s.exists(in(p, "q"))) return false;
  s.remove(in(p, "sys"));
  s.symlink("q", in(p, "sys"));
  return true;
}

bool file_for_directory(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> names = {"p", "sys", "iq", "late", "build/tools"};
  const std::string path = in(p, r.one_of(names));
  s.remove(path);
  s.write(path, "a file");
  return true;
}

bool directory_for_file(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> names = {"src/a.h", "p/b.h", "src/maybe.h", "src/c.h",
                                                 "p/n.h"};
  const std::string path = in(p, r.one_of(names));
  s.remove(path);
  s.make_directory(path);
  return true;
}

bool change_flag(Scene&, Project& p, Random& r) {
  static const std::vector<std::string> flags = {
      "-DFLAG=2", "-O3", "-UFLAG", "-Wno-all", "-w", "-std=gnu11", "-funroll-loops"};
  p.command.argv.insert(p.command.argv.begin() + 1, r.one_of(flags));
  return true;
}

bool swap_flags(Scene&, Project& p, Random&) {
  const auto isystem = std::find(p.command.argv.begin(), p.command.argv.end(), "-isystem");
  if (isystem == p.command.argv.end() || isystem - p.command.argv.begin() < 4) return false;
  std::swap(*(isystem - 1), *(isystem - 2));
  return true;
}

bool change_environment(Scene&, Project& p, Random& r) {
  static const std::vector<std::string> entries = {"CPATH=%R/late",
                                                   "C_INCLUDE_PATH=%R/sys",
                                                   "CPLUS_INCLUDE_PATH=:",
                                                   "COMPILER_PATH=%R/build/tools",
                                                   "TMPDIR=/var/tmp",
                                                   "SOURCE_DATE_EPOCH=2000000",
                                                   "LANG=C",
                                                   "LC_ALL=C",
                                                   "GCC_COLORS=",
                                                   "PWD=/nowhere",
                                                   "PWD",
                                                   "TZ=Asia/Tokyo",
                                                   "LD_LIBRARY_PATH=%R/sys",
                                                   "HOME=/nowhere",
                                                   "GCC_EXEC_PREFIX=%R/nowhere/",
                                                   "COLUMNS=20",
                                                   "TERM=dumb",
                                                   "UNRELATED=1",
                                                   "X_FLAG=1",
                                                   "X_FLAG=2",
                                                   "X_OTHER=1",
                                                   "X_DEFINE=1",
                                                   "SHLVL=5",
                                                   "OLDPWD=/var",
                                                   "_=/usr/bin/other",
                                                   "MAKELEVEL=2",
                                                   "MAKEFLAGS=-j3",
                                                   "MAKEFLAGS= -k",
                                                   "IFS=/",
                                                   "ENV=%R/q/real1.h",
                                                   "BASH_ENV=%R/more.sh",
                                                   "POSIXLY_CORRECT=1",
                                                   "CDPATH=%R",
                                                   "GCC_COMPARE_DEBUG=-w",
                                                   "DEPENDENCIES_OUTPUT=%R/build/deps",
                                                   "CCC_OVERRIDE_OPTIONS=+-DFLAG=2",
                                                   "CPATH=",
                                                   "LIBRARY_PATH=%R/p"};
  p.command.options.env.push_back(r.one_of(entries));
  return true;
}

// Changes as by another terminal, a recursive make, or a directory reached through a link.
bool enter_otherwise(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> entries = {
      "PWD=%R/build/.", "PWD=%R",       "PWD=.",
      "PWD=",           "PWD=%R/src",   "PWD=%W/via/%N/build",
      "PWD=%W/via/%N",  "PWD=%R/build", "PWD=%R/logical",
      "PWD=/nowhere",   "PWD"};
  if (!s.exists("via")) s.symlink(".", "via");
  p.command.options.env.push_back(r.one_of(entries));
  return true;
}

bool work_elsewhere(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> places = {"", "/build", "/build/deep", "/src", "/q"};
  const bool is_absolute = std::any_of(
      p.command.argv.begin(), p.command.argv.end(),
      [&](const std::string& a) { return a.starts_with("%") && a.ends_with(p.source); });
  if (!is_absolute && r.chance(80)) return false;  // it would most likely not find its source
  p.command.options.cwd = r.one_of(places);
  s.make_directory(p.root + p.command.options.cwd);
  return true;
}

bool search_programs_elsewhere(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> paths = {"PATH=%R/none:%B:/usr/bin:/bin",
                                                 "PATH=%B:%R/empty:/usr/bin:/bin",
                                                 "PATH=%R/build/tools:%B:/usr/bin:/bin",
                                                 "PATH=tools:%B:/usr/bin:/bin",
                                                 "PATH=:%B:/usr/bin:/bin",
                                                 "PATH=%B:/bin:/usr/bin",
                                                 "PATH=%W/shared tools:%B:/usr/bin:/bin",
                                                 "PATH=%B:/usr/bin:/bin:%R/late"};
  s.make_directory(in(p, "empty"));
  p.command.options.env.push_back(r.one_of(paths));
  return true;
}

bool share_an_assembler(Scene& s, Project&, Random& r) {
  s.write("shared tools/as",
          "#!/bin/sh\nexec /usr/bin/as --defsym shared=" + std::to_string(r.below(3)) + " \"$@\"\n",
          0755);
  return true;
}

bool keep_temporaries_elsewhere(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> places = {
      "TMPDIR=%R/tmp",   "TMPDIR=%R/build", "TMPDIR=.",
      "TMPDIR=/nowhere", "TMPDIR=%W/tmp",   "TMPDIR=%W/tmp/",
      "TMPDIR",          "TMP=%W/tmp",      "TMPDIR=/proc/self/cwd/tmp"};
  s.make_directory(in(p, "tmp"));
  s.make_directory("tmp");
  p.command.options.env.push_back(r.one_of(places));
  return true;
}

// Another name for the output, as in builds that compile to a temporary name and rename it.
bool move_output(Scene&, Project& p, Random& r) {
  static const std::vector<std::string> places = {"",        "%R/", "%R/build/",
                                                  "%R/src/", "./",  "%R/build/deep/../"};
  static const std::vector<std::string> ends = {".o", ".obj", ".tmp", "", ".o.tmp", ".b.o"};
  Argv& argv = p.command.argv;
  const std::string name =
      r.one_of(places) + "t" + std::to_string(r.below(100'000)) + r.one_of(ends);
  const auto at = std::find(argv.begin(), argv.end(), "-o");
  if (p.compiler == "ar") {
    argv[2] = name;
  } else if (at != argv.end() && at + 1 != argv.end()) {
    *(at + 1) = name;
  } else {
    argv.insert(argv.end(), {"-o", name});
  }
  return true;
}

bool move_depfile(Scene&, Project& p, Random& r) {
  static const std::vector<std::string> more = {
      "-MF|t1.d", "-MF|%R/build/t2.d", "-MT|t3.o", "-MQ|%R/t4.o", "-MD", "-MMD"};
  const std::string& words = r.one_of(more);
  const std::size_t bar = std::min(words.find('|'), words.size());
  p.command.argv.push_back(words.substr(0, bar));
  if (bar < words.size()) p.command.argv.push_back(words.substr(bar + 1));
  return true;
}

void run_by_deja(Scene& s, const Project& p, const Command& command) {
  Project as = p;
  as.command = command;
  const Command moved = moved_to(as, p.root, s.ws);
  s.note("(deja) " + as_shell(moved));
  s.ws.deja(moved.argv, moved.options);
}

// Another command line writes its output to the same place.
bool share_output(Scene& s, Project& p, Random& r) {
  Command other = p.command;
  if (p.compiler == "ar" || other.argv.size() < 2) return false;
  static const std::vector<std::string> words = {"-DFLAG=3", "-DOTHER", "-O3", "-g", "-w"};
  other.argv.insert(other.argv.begin() + 1, r.one_of(words));
  run_by_deja(s, p, other);
  return true;
}

// One command line with many sources in turn, as in configure scripts.
bool write_many_sources(Scene& s, Project& p, Random& r) {
  if (!p.source.ends_with(".c") || !r.chance(30)) return false;
  const std::string first = s.read(in(p, p.source));
  const int count = r.chance(15) ? 70 : 5;
  for (int i = 0; i < count; ++i) {
    s.write(in(p, p.source),
            "int many = " + std::to_string(i) + ";\n" + (r.chance(20) ? first : ""));
    run_by_deja(s, p, p.command);
  }
  if (r.chance(70)) s.write(in(p, p.source), first);
  return true;
}

bool place_output(Scene& s, Project& p, Random& r) {
  static const std::vector<std::string> names = {"build/out.o", "out.o",     "build/m.o",
                                                 "build/out.d", "build/m.d", "build/dep.d"};
  const std::string path = in(p, r.one_of(names));
  s.remove(path);
  switch (r.below(5)) {
    case 0:
      s.write(path, "old", 0600);
      break;
    case 1:
      s.write(path, "", 0640);
      break;
    case 2:
      s.symlink("elsewhere", path);
      break;
    case 3:
      s.write(in(p, "other-name"), "old");
      s.hard_link(in(p, "other-name"), path);
      break;
    default:
      s.make_directory(path);
      break;
  }
  return true;
}

bool change_mode(Scene& s, Project& p, Random& r) {
  const std::string name = any_input(s, p, r);
  if (name.empty()) return false;
  s.change_mode(name, r.chance(50) ? 0755 : 0600);
  return true;
}

bool nothing(Scene&, Project&, Random&) { return true; }

}  // namespace

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> all = {
      {"nothing", nothing},
      {"nothing", nothing},
      {"edit", edit},
      {"edit", edit},
      {"edit secretly", edit_secretly},
      {"add a comment", add_comment},
      {"touch", touch},
      {"remove an input", remove_input},
      {"replace by rename", replace_by_rename},
      {"new header", new_header},
      {"new header", new_header},
      {"new header", new_header},
      {"new precompiled header", new_gch},
      {"new assembler", new_assembler},
      {"assembler gone", remove_assembler},
      {"wrap the compiler", wrap_compiler},
      {"retarget a file", retarget_file},
      {"retarget a directory", retarget_directory},
      {"retarget the logical directory", retarget_logical},
      {"same_file no more", unlink_twin},
      {"two directories become one", fold_directories},
      {"system directory becomes another", unfold_directory},
      {"file for a directory", file_for_directory},
      {"directory for a file", directory_for_file},
      {"another flag", change_flag},
      {"flags swapped", swap_flags},
      {"another environment", change_environment},
      {"another environment", change_environment},
      {"entered otherwise", enter_otherwise},
      {"entered otherwise", enter_otherwise},
      {"another working directory", work_elsewhere},
      {"another search path for programs", search_programs_elsewhere},
      {"another search path for programs", search_programs_elsewhere},
      {"an assembler for all", share_an_assembler},
      {"another directory for temporary files", keep_temporaries_elsewhere},
      {"another directory for temporary files", keep_temporaries_elsewhere},
      {"another name of the output", move_output},
      {"another name of the output", move_output},
      {"another name of the output", move_output},
      {"another dependency file", move_depfile},
      {"another command with this output", share_output},
      {"many sources", write_many_sources},
      {"something in an output's place", place_output},
      {"another mode", change_mode},
  };
  static const std::vector<Mutation> with_searches = [] {
    std::vector<Mutation> both = all;
    both.insert(both.end(), search_mutations().begin(), search_mutations().end());
    return both;
  }();
  return with_searches;
}

}  // namespace deja::test
