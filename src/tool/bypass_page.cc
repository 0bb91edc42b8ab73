// SPDX-License-Identifier: Apache-2.0
// The text of docs/bypass.md around the tables. Tested by bypass_test.cc, which compares it with
// the file.
#include "tool/bypass_page.h"

#include <algorithm>

#include "tool/cc/emscripten.h"
#include "tool/cc/options.h"
#include "tool/job/jobs.h"
#include "tool/link_time.h"
#include "tool/tool.h"

namespace deja::tool {
namespace {

std::string dialects_of(const cc::Option& option) {
  if (option.dialects == cc::kGcc) return "gcc";
  if (option.dialects == cc::kClang) return "clang";
  if (option.dialects == cc::kEmcc) return "emcc";
  return "both";
}

// "-ftime-trace…": the spelling is the beginning of several options.
std::string spelling_of(const cc::Option& option) {
  const bool begins =
      option.arity == cc::Arity::joined || option.arity == cc::Arity::joined_and_separate;
  return std::string("`") + option.spelling + (begins ? "…`" : "`");
}

std::string rows_of_jobs() {
  std::string rows;
  std::vector<const std::vector<job::Rule>*> listed;
  for (const job::Job& job : job::jobs()) {
    // another name of the same job
    if (std::find(listed.begin(), listed.end(), &job.rules) != listed.end()) continue;
    listed.push_back(&job.rules);
    for (const job::Rule& rule : job.rules)
      if (rule.effect == job::Effect::bypass)
        rows += "| " + std::string(job.name) + " | `" + std::string(rule.text) +
                (rule.match == job::Match::begin ? "…` | " : "` | ") + rule.why + " |\n";
  }
  for (const LinkRule& rule : refused_by_links())
    rows +=
        "| ld, and links by compilers | `" + std::string(rule.text) + "…` | " + rule.why + " |\n";
  return rows;
}

}  // namespace

std::string bypass_page() {
  std::string page = R"(# When deja does not look

A bypass runs the tool as if deja were not there. `deja events` shows the reason, `deja stats` counts it. This page is
generated from `src/tool/bypass.cc`, `src/tool/cc/options.cc`, `src/tool/cc/emscripten.cc`, `src/tool/job/table.cc` and
`src/tool/link_time.cc`. To write it again: `DEJA_WRITE_DOCS=1 tool_test --gtest_filter='Bypass.*'`.

| reason | meaning | example | what you can do |
|---|---|---|---|
)";
  for (const BypassRow& row : bypass_rows()) {
    const std::string example = row.example[0] == '\0' ? "" : std::string("`") + row.example + "`";
    page += std::string("| `") + row.name + "` | " + row.sentence + " | " + example + " | " +
            row.remedy + " |\n";
  }
  page += R"(
## Options of C and C++ compilers that are an `unsupported_option`

| option | compiler | why |
|---|---|---|
)";
  for (const auto& table : {cc::options(), cc::emscripten_options()}) {
    for (const cc::Option& option : table) {
      if (option.has(cc::kBypass))
        page +=
            "| " + spelling_of(option) + " | " + dialects_of(option) + " | " + option.why + " |\n";
    }
  }
  page += R"(
Further cases:

- `-v` together with a source: it prints names of temporary files. (Commands that make no
  temporary files are looked up.)
- `-Xclang` with an option that is not in the table of harmless front end options.
- The language D ([tools.md](tools.md)).
- An input or output that is an open descriptor (`/dev/stdin`, `/dev/fd/3`).
- gcc's `-fmodule-mapper=` or `CXX_MODULE_MAPPER`, when it names a program, descriptors or a socket: the mapper may
  answer differently the next time.
- Of emcc: the settings `VERBOSE` and `NODE_CODE_CACHING`, and variables like `EMCC_DEBUG` that make it print times or
  leave files.

## Options of other tools

| tool | option | why |
|---|---|---|
)";
  page += rows_of_jobs();
  page += R"(
A tool that would colour what it writes to a terminal (`ld.lld`, `clang-tidy`, `bison`) is looked up only when it writes
to none.
)";
  return page;
}

}  // namespace deja::tool
