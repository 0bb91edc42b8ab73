// SPDX-License-Identifier: Apache-2.0
// The text of docs/tools.md around the tables. Tested by bypass_test.cc, which compares it with the
// file.
#include "tool/tools_page.h"

#include <map>

#include "tool/cc/language.h"
#include "tool/cc/program.h"
#include "tool/job/jobs.h"

namespace deja::tool {
namespace {

std::string in_backquotes(std::string_view text) { return "`" + std::string(text) + "`"; }

void append(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

std::string drivers() {
  std::string list;
  for (const std::string_view name : cc::driver_names()) append(list, in_backquotes(name));
  return list;
}

std::string languages() {
  std::map<std::string, std::string> of;
  for (const cc::Extension& row : cc::extensions())
    append(of[row.language], in_backquotes(std::string(".") + row.extension) +
                                 (row.dialects == cc::kGcc     ? " (gcc)"
                                  : row.dialects == cc::kClang ? " (clang)"
                                                               : ""));
  std::string rows;
  for (const auto& [language, list] : of) {
    const char* why_not = cc::language_named(language)->why_not;
    rows += "| " + in_backquotes(language) + " | " + list + " | " +
            (why_not == nullptr ? "" : std::string("no: ") + why_not) + " |\n";
  }
  return rows;
}

std::string programs() {
  std::map<std::string, std::string> of;
  for (const job::Job& job : job::jobs())
    append(of[std::string(job.label)], in_backquotes(job.name));
  std::string rows;
  for (const auto& [label, list] : of)
    rows.append("| ").append(label).append(" | ").append(list).append(" |\n");
  return rows;
}

}  // namespace

std::string tools_page() {
  return R"(# Tools that deja knows

deja observes what a tool reads and writes, whatever its options are ([observation.md](observation.md)). An adapter has
to know little of a tool: is the command one bounded job, which arguments are paths, and what makes a run impossible to
store ([bypass.md](bypass.md)). This page is generated from the tables. To write it again:
`DEJA_WRITE_DOCS=1 tool_test --gtest_filter='Bypass.*'`.

## By name

deja knows a program by the name it is called with. The name may have a target in front and a version behind it:
`x86_64-foo-gcc-13.2`, `gcc-13`, `aarch64-linux-gnu-gcc-12`. A program of another name that is a symlink to a known one
(`acmecc` to `/usr/bin/gcc-12`) counts as that one. Exceptions are LLVM's programs that are several in one and go by
their name (`clang-cl`, `llvm-lib`). A script or a copy of another name is not known.

| kind | programs |
|---|---|
| compilers | )" +
         drivers() + R"( |
| Rust | `rustc`, `clippy-driver` ([rust.md](rust.md)) |
)" + programs() +
         R"(
Build tools (`make`, `gnatmake`, `cargo`) are not one job, so deja looks up what they start, not them. `thrift` and
`ldc2` are left out: they write the time into their outputs, or ask for it in a way that shows nothing.

## Named by the configuration

    # .deja.toml, or ~/.config/deja/config.toml; in the environment DEJA_TOOLS=acmecc=gcc,mygen=any
    [tools]
    acmecc = "gcc"     # reads its arguments as gcc does
    mygen = "any"      # one job; nothing else is known

The name on the left is the program's name without directories. On the right is any name of the table above, or `any`.

A tool that is `any` is cached with the most cautious rules. All its arguments count as they are. Its whole environment
counts if it may have read it. Size and time of all that it looks at count. Its results serve no other directory. A run
that asks for the time, reads standard input, talks to another process, changes a file that was there or sets the
times of one is not stored, nor is a failure. A hit gives the same random numbers again. When it writes
to a terminal, it runs without a look-up. What cannot be seen or put back, so that such a tool must not be `any`:
[run.md](run.md#commands).

## Questions

`gcc --version`, `-dumpmachine`, `-print-file-name=…`, `-print-search-dirs`, `-v`, `-###`, `clang -print-resource-dir`,
`ld -v`, `ar --version` and so on are answered from the cache too, and so are the failures of questions that only other
compilers know (`gcc -V`). Another compiler, or another file in a place where it has looked, is a miss. An answer that
holds the name of a temporary file is not stored. gcc formats its lists of options (`--help=common`) for the terminal's
width; they are stored only where `COLUMNS` gives it.

## Languages of gcc and clang

| `-x` | names | cached |
|---|---|---|
)" + languages() +
         R"(
- **Fortran.** A compile reads the module files that are there before it writes its own, and does not touch one that
  would not change. So the old module file is an input: a module file with the same content is another case than none.
- **Ada.** The `.ali` file holds the time of each source, so times of sources count. A source that asks for the time
  of its compilation, and a listing (`-gnatl`), is not stored.
)";
}

}  // namespace deja::tool
