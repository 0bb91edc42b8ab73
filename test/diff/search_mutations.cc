// SPDX-License-Identifier: Apache-2.0
// What can happen to the variables that list directories to search, and to those directories.
#include <algorithm>
#include <string>
#include <vector>

#include "diff/cases.h"

namespace deja::test {
namespace {

using Words = std::vector<std::string>;

const Words kVariables = {
    "CPATH",          "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH",
    "LIBRARY_PATH",   "COMPILER_PATH",  "LD_LIBRARY_PATH",    "PATH",
    "GCC_EXEC_PREFIX"};

const Words kThere = {"%R/s1", "%R/s2", "%R/s3/lib", "%R/slink", "%R/q"};
const Words kMissing = {"%R/none", "%R/none/s1", "%R/none/../s2", "%R/dangling", "/nowhere"};
// What looks as if it led to nothing, to one who looks otherwise than the tool.
const Words kSeemMissing = {"%R/file/x",
                            "%R/s1/pre-",
                            "%R/s2/pre-",
                            "/proc/self/cwd/s1",
                            "/proc/self/cwd/../s1",
                            "/proc/self/cwd/../s2",
                            "/proc/self/cwd/s2",
                            "%R/late",
                            "%R/s3/empty"};
// One place by many names, and the working directory.
const Words kSpelled = {"%R/s1/../s2",
                        "%R/./s1",
                        "%R/s2/",
                        "%R//s1",
                        "/%R/s1/.",
                        "%R/none/",
                        "%R/s3/empty/",
                        "%R/slink/../s1",
                        "%W/both",
                        "%W/both/",
                        "%W/both/../none",
                        "",
                        ".",
                        "./",
                        "..",
                        "s1",
                        "../s1",
                        "../none",
                        "%R",
                        "%R/build",
                        "%R/file",
                        "%R/src",
                        "%R/sys",
                        "/usr/include",
                        "/usr/lib",
                        "none/",
                        "/proc/self/cwd",
                        "%R/p"};
const Words kLoaderEntries = {"%R/none;%R/s1",  "%R/s2;%R/none", "%R/$LIB", "$ORIGIN/s1",
                              "%R/${PLATFORM}", "%R/s1;",        ";",       "%R/s1/$ORIGIN/s2"};
// What is searched and may be changed.
const Words kPlaces = {"s1",       "s1",   "s2",   "s2",    "s3/lib",
                       "s3/empty", "none", "late", "slink", "sys"};

std::string joined(const Words& entries) {
  std::string out;
  for (std::size_t i = 0; i < entries.size(); ++i) out += (i == 0 ? "" : ":") + entries[i];
  return out;
}

Words split(const std::string& list) {
  Words out;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(':', at), list.size());
    out.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

const std::string& any_entry(Random& r) {
  const Words* const kinds[] = {&kThere,       &kThere,       &kMissing,
                                &kSeemMissing, &kSeemMissing, &kSpelled};
  return r.one_of(*kinds[r.below(std::size(kinds))]);
}

// One that this command may read, most likely.
const std::string& any_variable(const Project& p, Random& r) {
  const bool is_cxx = p.source.ends_with(".cc") || p.source.ends_with(".cppm");
  for (;;) {
    const std::string& name = r.one_of(kVariables);
    const bool is_others =
        name == "OBJC_INCLUDE_PATH" || name == (is_cxx ? "C_INCLUDE_PATH" : "CPLUS_INCLUDE_PATH") ||
        (name == "LIBRARY_PATH" && p.command.argv.size() > 1 && p.command.argv[1] == "-c");
    if (!is_others || r.chance(10)) return name;
  }
}

std::string value_of(const std::string& variable, Words entries) {
  if (variable == "GCC_EXEC_PREFIX") return entries.empty() ? "" : entries.front() + "/";
  if (variable == "PATH")
    for (const char* last : {"%B", "/usr/bin", "/bin"}) entries.emplace_back(last);
  return joined(entries);
}

void set_variable(Project& p, const std::string& variable, Random& r) {
  Words entries;
  const std::size_t count = r.chance(50) ? 1 : 1 + r.below(4);
  for (std::size_t i = 0; i < count; ++i)
    entries.push_back(variable == "LD_LIBRARY_PATH" && r.chance(25) ? r.one_of(kLoaderEntries)
                                                                    : any_entry(r));
  p.command.options.env.push_back(variable + "=" + value_of(variable, std::move(entries)));
}

bool set_list(Scene&, Project& p, Random& r) {
  set_variable(p, any_variable(p, r), r);
  return true;
}

// A variable that is set by this command; no "=": none is.
std::string set_entry(const Project& p, Random& r) {
  Words set;
  for (const std::string& entry : p.command.options.env) {
    const std::string name = entry.substr(0, entry.find('='));
    if (entry.find('=') != std::string::npos && name != "GCC_EXEC_PREFIX" &&
        std::find(kVariables.begin(), kVariables.end(), name) != kVariables.end())
      set.push_back(entry);
  }
  return set.empty() ? std::string() : r.one_of(set);
}

bool unset_list(Scene&, Project& p, Random& r) {
  const std::string entry = set_entry(p, r);
  if (entry.empty() || entry.starts_with("PATH=")) return false;
  p.command.options.env.push_back(entry.substr(0, entry.find('=')));
  return true;
}

// The same directories, or nearly so.
bool change_list(Scene&, Project& p, Random& r) {
  const std::string entry = set_entry(p, r);
  if (entry.empty()) {
    set_variable(p, any_variable(p, r), r);
    return true;
  }
  const std::size_t equals = entry.find('=');
  Words list = split(entry.substr(equals + 1));
  const std::size_t at = r.below(list.size());
  const auto place = list.begin() + static_cast<std::ptrdiff_t>(at);
  switch (r.below(8)) {
    case 0:
      std::rotate(list.begin(), place, list.end());
      break;
    case 1:
      std::swap(list[at], list[r.below(list.size())]);
      break;
    case 2:
      list.insert(place, list[r.below(list.size())]);
      break;
    case 3:
      if (list.size() > 1) list.erase(place);
      break;
    case 4:
      list.insert(place, r.chance(60) ? "%R/none" : "/nowhere");
      break;
    default:
      list.insert(place, any_entry(r));
      break;
  }
  p.command.options.env.push_back(entry.substr(0, equals + 1) + joined(list));
  return true;
}

void write_program(Scene& s, const std::string& directory, Random& r) {
  const std::string mark = std::to_string(r.below(3));
  const std::string program = r.one_of(Words{"as", "ld", "cc1", "pre-as", "pre-ld"});
  const std::string real = program.substr(program.starts_with("pre-") ? 4 : 0);
  const std::string text =
      real == "cc1"
          ? "exec \"$(env -u COMPILER_PATH -u GCC_EXEC_PREFIX /usr/bin/gcc -print-prog-name=cc1)\" "
            "\"$@\" -DFLAG=" +
                mark
          : "exec /usr/bin/" + real + " --defsym mark=" + mark + " \"$@\"";
  s.write(directory + "/" + program, "#!/bin/sh\n" + text + "\n", r.chance(90) ? 0755 : 0644);
}

// A good copy of what the loader needs, or none.
void write_loaded(Scene& s, const std::string& directory, Random& r) {
  const std::string name = r.one_of(Words{"libmpc.so.3", "libz.so.1", "libbfd-2.40-system.so",
                                          "libLLVM.so.19.1", "libopcodes-2.40-system.so"});
  const std::string real = "/usr/lib/x86_64-linux-gnu/" + name;
  const std::string sub = r.one_of(Words{"", "", "", "/glibc-hwcaps/x86-64-v2", "/tls/x86_64"});
  if (r.chance(60) && s.exists(real) && name != "libLLVM.so.19.1") {
    s.make_directory(directory + sub);
    s.remove(directory + sub + "/" + name);
    s.copy(real, directory + sub + "/" + name);
  } else {
    s.write(directory + sub + "/" + name, "no library");
  }
}

bool fill_directory(Scene& s, Project& p, Random& r) {
  const std::string directory = in(p, r.one_of(kPlaces));
  const std::string digit = std::to_string(1 + r.below(8));
  switch (r.below(5)) {
    case 0:
    case 1:
      s.write(
          directory + "/" + r.one_of(Words{"a.h", "b.h", "n.h", "maybe.h", "found.h", "link.h"}),
          "#define A " + digit + "\n#define B " + digit + "\n#define N " + digit + "\n#define M " +
              digit + "\n#define L " + digit + "\n#define FOUND " + digit + "\n");
      return true;
    case 2:
      s.write(directory + "/" + r.one_of(Words{"libfound.a", "libfound.so", "libmine.a"}),
              "EXTERN(found" + digit + ")\n");
      return true;
    case 3:
      write_program(s, directory, r);
      return true;
    default:
      write_loaded(s, directory, r);
      return true;
  }
}

bool change_directory(Scene& s, Project& p, Random& r) {
  const std::string name = r.one_of(kPlaces);
  const std::string directory = in(p, name);
  switch (r.below(6)) {
    case 0:
      s.remove(directory);
      return true;
    case 1:
      s.remove(directory);
      s.make_directory(directory);
      return true;
    case 2:
      s.make_directory(directory + "/more");
      return true;
    case 3:
      s.remove(directory);
      s.symlink(r.one_of(Words{"s1", "s2", "none", "p", "q"}), in(p, "slink"));
      return true;
    case 4:
      if (s.exists(in(p, "aside")) || !s.exists(directory)) return false;
      s.move(directory, in(p, "aside"));
      return true;
    default:
      s.remove(in(p, "slink"));
      s.symlink(r.one_of(Words{"s1", "s2", "none", "s3/lib", "/proc/self/cwd/s1", "."}),
                in(p, "slink"));
      return true;
  }
}

}  // namespace

void make_search_directories(Scene& s, const std::string& root) {
  s.write(root + "/s1/found.h", "#define FOUND 1\n");
  s.write(root + "/s2/found.h", "#define FOUND 2\n");
  s.write(root + "/s3/lib/libfound.a", "EXTERN(found3)\n");
  s.write(root + "/s2/libfound.a", "EXTERN(found2)\n");
  for (const char* name : {"s3/empty", "s3/other"}) s.make_directory(root + "/" + name);
  s.symlink("s2", root + "/slink");
  s.symlink("none", root + "/dangling");
  s.write(root + "/file", "a file\n");
  for (const char* name : {"s1/pre-as", "s2/as"})
    s.write(root + "/" + name, "#!/bin/sh\nexec /usr/bin/as --defsym mark=7 \"$@\"\n", 0755);
}

void set_search_variables(Project& p, Random& r) {
  const std::size_t count = 1 + r.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& variable = any_variable(p, r);
    if (variable != "GCC_EXEC_PREFIX") set_variable(p, variable, r);
  }
}

const std::vector<Mutation>& search_mutations() {
  static const std::vector<Mutation> all = {
      {"a list of directories", set_list},
      {"a list of directories", set_list},
      {"a list of directories", set_list},
      {"no list of directories", unset_list},
      {"another list of directories", change_list},
      {"another list of directories", change_list},
      {"another list of directories", change_list},
      {"something in a searched directory", fill_directory},
      {"something in a searched directory", fill_directory},
      {"something in a searched directory", fill_directory},
      {"a searched directory is another", change_directory},
  };
  return all;
}

}  // namespace deja::test
