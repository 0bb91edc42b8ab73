// The text of docs/tools.md around the tables. Tested by bypass_test.cc, which compares it with the
// file.
#include "tool/tools_page.h"

#include <map>

#include "tool/cc/language.h"
#include "tool/cc/program.h"
#include "tool/job/jobs.h"

namespace deja::tool {
namespace {

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

void append(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

std::string drivers() {
  std::string list;
  for (const std::string_view name : cc::driver_names()) append(list, quoted(name));
  return list;
}

std::string languages() {
  std::map<std::string, std::string> of;
  for (const cc::Extension& row : cc::extensions())
    append(of[row.language],
           quoted(std::string(".") + row.extension) + (row.dialects == cc::kGcc     ? " (gcc)"
                                                       : row.dialects == cc::kClang ? " (clang)"
                                                                                    : ""));
  std::string rows;
  for (const auto& [language, list] : of) {
    const char* why_not = cc::language_named(language)->why_not;
    rows += "| " + quoted(language) + " | " + list + " | " +
            (why_not == nullptr ? "" : std::string("no: ") + why_not) + " |\n";
  }
  return rows;
}

std::string programs() {
  std::map<std::string, std::string> of;
  for (const job::Job& job : job::jobs()) append(of[std::string(job.label)], quoted(job.name));
  std::string rows;
  for (const auto& [label, list] : of) rows += "| " + label + " | " + list + " |\n";
  return rows;
}

}  // namespace

std::string tools_page() {
  return R"(# Tools that deja knows

What a tool reads and writes is observed, whatever its options are ([observation.md](observation.md)). Little must be known about a
tool: whether the command is one bounded job, which arguments are paths, and what makes a run impossible to store
([bypass.md](bypass.md)). This page is generated from the tables; `DEJA_WRITE_DOCS=1 tool_test --gtest_filter='Bypass.*'` writes it again.

## By name

A program is known by the name it is called with, maybe with a target before and a version after it: `x86_64-foo-gcc-13.2`, `gcc-13`,
`aarch64-linux-gnu-gcc-12`. A program of another name that is a symlink to a known one (`acmecc` to `/usr/bin/gcc-12`) is treated as its
target, except for LLVM's programs that are several in one, selected by the name (`clang-cl`, `llvm-lib`). A script or a copy with another
name is not known.

| kind | programs |
|---|---|
| compilers | )" +
         drivers() + R"( |
| Rust | `rustc`, `clippy-driver` ([rust.md](rust.md)) |
)" + programs() +
         R"(
Build tools (`make`, `gnatmake`, `cargo`) are not one job, so they are not looked up; the commands that they start are. Not supported, because
they write the time into their outputs or read it in a way that cannot be judged: `thrift`, `ldc2`.

## Named by the configuration

    # .deja.toml, or ~/.config/deja/config.toml; in the environment DEJA_TOOLS=acmecc=gcc,mygen=any
    [tools]
    acmecc = "gcc"     # reads its arguments as gcc does
    mygen = "any"      # one job; nothing else is known

On the left is the name of the program, without directories. On the right is a name of the table above, or `any`. For a tool that is `any`
the strictest rules hold: all its arguments count as they are, its whole environment counts if it may have read it, size and time of every file
that it looks at count, and its results serve no other directory. A run that reads the clock or standard input, exchanges data with another
process or changes an existing file is not stored, and neither is a failure. A hit of a tool that draws random numbers gives the same numbers
again. With a terminal the tool always runs.

## Questions

`gcc --version`, `-dumpmachine`, `-print-file-name=…`, `-print-search-dirs`, `-v`, `-###`, `clang -print-resource-dir`, `ld -v`, `ar --version` and
so on are answered from the cache, too, and so are the failures of questions that only other compilers answer (`gcc -V`). Another compiler, or
another file at a path that it has looked at, is a miss. An answer that holds the name of a temporary file is not stored. gcc formats its
lists of options (`--help=common`) for the width of the terminal, so they are stored only when `COLUMNS` gives that width.

## Languages of gcc and clang

| `-x` | names | cached |
|---|---|---|
)" + languages() +
         R"(
- **Fortran.** A compile reads existing module files before it writes its own, and does not touch one that would not change. So the
  old module file is an input: an existing module with the same content and a missing module are different cases.
- **Ada.** The `.ali` file holds the time of each source, so times of sources count. A source that uses the time
  of its compilation, and a listing (`-gnatl`), are not stored.
)";
}

}  // namespace deja::tool
