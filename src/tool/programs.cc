// SPDX-License-Identifier: Apache-2.0
// The table of programs and the search in it. Tested by programs_test.cc.
#include "tool/programs.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "tool/program_name.h"

namespace deja::tool {
namespace {

enum class ProgramMatch : std::uint8_t {
  name,       // exactly this name
  decorated,  // maybe with a target and a version: "x86_64-linux-gnu-ld"
  begins,     // the name begins like this: "ld.lld-19"
};

struct ProgramRow {
  std::string_view name;
  ProgramMatch match;
  std::array<ProgramFact, 3> facts;  // the last one may be repeated
};

constexpr std::array<ProgramFact, 3> only(ProgramFact fact) { return {fact, fact, fact}; }

constexpr std::array<ProgramFact, 3> kGnuLinker = {
    ProgramFact::linker, ProgramFact::loads_llvm_plugin, ProgramFact::draws_build_id};

constexpr ProgramRow kPrograms[] = {
    {"sh", ProgramMatch::name, only(ProgramFact::shell)},
    {"dash", ProgramMatch::name, only(ProgramFact::shell)},
    {"bash", ProgramMatch::name, only(ProgramFact::shell)},
    {"busybox",
     ProgramMatch::name,
     {ProgramFact::shell, ProgramFact::has_applets, ProgramFact::has_applets}},

    {"ld", ProgramMatch::decorated, kGnuLinker},
    {"ld.bfd", ProgramMatch::decorated, kGnuLinker},
    {"ld.gold", ProgramMatch::decorated, kGnuLinker},
    {"gold", ProgramMatch::decorated, only(ProgramFact::loads_llvm_plugin)},
    {"collect2", ProgramMatch::decorated, only(ProgramFact::linker)},
    {"lto-wrapper", ProgramMatch::decorated, only(ProgramFact::linker)},
    {"ld.lld", ProgramMatch::begins, only(ProgramFact::lld)},
    {"rust-lld", ProgramMatch::begins, only(ProgramFact::lld)},
    {"lld", ProgramMatch::begins, only(ProgramFact::lld)},
    {"wasm-ld", ProgramMatch::begins, only(ProgramFact::lld)},

    {"lto1", ProgramMatch::decorated, only(ProgramFact::makes_names_from_clock)},
    {"nasm", ProgramMatch::name, only(ProgramFact::has_own_words_for_time)},
    {"gnat1", ProgramMatch::name, only(ProgramFact::has_own_words_for_time)},
    {"d21", ProgramMatch::name, only(ProgramFact::has_own_words_for_time)},

    {"env", ProgramMatch::name, only(ProgramFact::passes_environment_on)},
};

// coreutils 9.1, sed 4.8, grep 3.8, diffutils 3.8: none has a third parameter of main.
constexpr std::string_view kSmallTools[] = {
    "basename", "cat",     "chmod",     "cmp",   "comm",     "cp",       "cut",    "date",
    "diff",     "dirname", "echo",      "egrep", "expr",     "false",    "fgrep",  "grep",
    "head",     "id",      "install",   "join",  "ln",       "ls",       "md5sum", "mkdir",
    "mktemp",   "mv",      "od",        "paste", "readlink", "realpath", "rm",     "rmdir",
    "sed",      "seq",     "sha256sum", "sleep", "sort",     "stat",     "tac",    "tail",
    "tee",      "test",    "touch",     "tr",    "true",     "uname",    "uniq",   "wc",
};

constexpr std::string_view kModulesOfNode[] = {
    "/usr/share/nodejs/cjs-module-lexer/", "/usr/share/nodejs/undici/", "/usr/share/nodejs/acorn/",
    "/usr/share/nodejs/acorn-walk/"};

bool matches(const ProgramRow& row, std::string_view program) {
  switch (row.match) {
    case ProgramMatch::name:
      return program == row.name;
    case ProgramMatch::decorated:
      return is_called(program, row.name);
    case ProgramMatch::begins:
      return program.starts_with(row.name);
  }
  return false;
}

}  // namespace

bool has_fact(std::string_view program, ProgramFact fact) {
  if (fact == ProgramFact::reads_single_variables)
    return std::find(std::begin(kSmallTools), std::end(kSmallTools), program) !=
           std::end(kSmallTools);
  return std::any_of(std::begin(kPrograms), std::end(kPrograms), [&](const ProgramRow& row) {
    return std::find(row.facts.begin(), row.facts.end(), fact) != row.facts.end() &&
           matches(row, program);
  });
}

bool is_interpreter(std::string_view executable, std::string_view name) {
  return executable.starts_with(name) &&
         executable.find_first_not_of("0123456789.", name.size()) == std::string_view::npos;
}

bool seeds_hash_tables(std::string_view executable) {
  return is_interpreter(executable, "python") || is_interpreter(executable, "perl") ||
         is_interpreter(executable, "ruby");
}

bool is_part_of_interpreter(std::string_view path) {
  return std::any_of(std::begin(kModulesOfNode), std::end(kModulesOfNode),
                     [&](std::string_view directory) { return path.starts_with(directory); });
}

}  // namespace deja::tool
