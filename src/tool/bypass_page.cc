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
  std::string page =
      "# When deja does not look\n"
      "\n"
      "A bypass runs the tool as if deja were not there. The reason is in the journal (`deja "
      "events`) and in\n"
      "the counters (`deja stats`). This page is generated from `src/tool/bypass.cc`, "
      "`src/tool/cc/options.cc`,\n"
      "`src/tool/cc/emscripten.cc`, `src/tool/job/table.cc` and `src/tool/link_time.cc`;\n"
      "`DEJA_WRITE_DOCS=1 tool_test --gtest_filter='Bypass.*'` writes it again.\n"
      "\n"
      "| reason | meaning | example |\n"
      "|---|---|---|\n";
  for (const BypassRow& row : bypass_rows()) {
    const std::string example = row.example[0] == '\0' ? "" : std::string("`") + row.example + "`";
    page += std::string("| `") + row.name + "` | " + row.sentence + " | " + example + " |\n";
  }
  page +=
      "\n"
      "## Options of C and C++ compilers that are an `unsupported_option`\n"
      "\n"
      "| option | compiler | why |\n"
      "|---|---|---|\n";
  for (const auto& table : {cc::options(), cc::emscripten_options()}) {
    for (const cc::Option& option : table) {
      if (option.has(cc::kBypass))
        page +=
            "| " + spelling_of(option) + " | " + dialects_of(option) + " | " + option.why + " |\n";
    }
  }
  page +=
      "\n"
      "Also: `-v` together with a source, unless no temporary file is made (it prints their "
      "names); `-Xclang` with "
      "anything that\n"
      "is not in the table of harmless front end options; the language D ([tools.md](tools.md)); "
      "an "
      "input "
      "or output\n"
      "that is an open descriptor (`/dev/stdin`, `/dev/fd/3`); gcc's `-fmodule-mapper=` or "
      "`CXX_MODULE_MAPPER` when it\n"
      "names a program, descriptors or a socket: its answer may differ the "
      "next "
      "time.\n"
      "Of emcc: the settings `VERBOSE` and `NODE_CODE_CACHING`; variables like `EMCC_DEBUG` that "
      "make it "
      "print\n"
      "times or leave files.\n";
  page +=
      "\n"
      "## Options of other tools\n"
      "\n"
      "| tool | option | why |\n"
      "|---|---|---|\n";
  page += rows_of_jobs();
  page +=
      "\n"
      "A tool that would colour its output on a terminal (`ld.lld`, `clang-tidy`, `bison`) is "
      "looked up "
      "only "
      "when it\n"
      "does not write to a terminal.\n";
  return page;
}

}  // namespace deja::tool
