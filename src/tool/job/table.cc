// SPDX-License-Identifier: Apache-2.0
// The table of jobs. Checked against the programs of Debian 12 (binutils 2.40, LLVM 19, nasm 2.16,
// flex 2.6, bison 3.8, protoc 3.21, Qt 5.15 and 6.4, swig 4.1 …): their manuals, and what they do.
#include "tool/job/jobs.h"
#include "tool/job/timekeeper.h"

namespace deja::tool::job {
namespace {

using enum Match;
using enum Effect;

// Times and owners in an archive (ar's U, or an ar that is built that way) are detected after the
// run, in evidence/file_facts.cc.
const std::vector<Rule> kArRules = {
    {"-V", word, query},
    {"-h", word, query},
    {"-M", word, Effect::stdin},  // a script of commands
    {"--plugin", word, value},
    {"--target", word, value},
    {"--output", word, value},
    {"--record-libdeps", word, value},
    {"--thin", word, relates, "names members relative to itself"},
    {"T", letter, relates, "names members relative to itself"},
    {"u", letter, bypass, "u: compares times"},
    {"o", letter, bypass, "o: sets times of files"},
    {"U", letter, bypass, "U: stores times and owners"},
    {"M", letter, Effect::stdin},
};

const std::vector<Rule> kRanlibRules = {
    {"-v", word, query},
    {"-V", word, query},
    {"-h", word, query},
    {"--plugin", word, value},
    {"-U", word, bypass, "stores the time"},
    {"-t", word, bypass, "sets the time"},
};

const std::vector<Rule> kAsRules = {
    {"--target-help", word, query},
    {"-", word, Effect::stdin},
    {"--statistics", word, bypass, "prints times"},
    {"-o", word, output},
    {"-I", word, path},
    {"--MD", word, output},
    {"--defsym", word, value},
    {"--debug-prefix-map", word, value},
    {"-march", word, value},
    {"-mtune", word, value},
    {"--compress-debug-sections", begin, opaque},
};

const std::vector<Rule> kLdRules = {
    {"-v", word, query},
    {"-V", word, query},
    {"--print-output-format", word, query},
    {"--print-sysroot", word, query},
    {"-o", word, output},
    {"-m", word, value},
    {"-T", word, path},
    {"-e", word, value},
    {"-u", word, value},
    {"-z", word, value},
    {"-L", word, path},
    {"-l", word, value},
    {"-h", word, value},
    {"--soname", word, value},
    {"--rpath", word, value},
    {"--rpath-link", word, value},
    {"--dynamic-linker", word, value},
    {"--plugin", word, value},
    {"--plugin-opt", word, value},
    {"--Map", word, output},
    {"--Ttext", word, value},
    {"--defsym", word, value},
    {"--version-script", word, value},
    {"--compress-debug-sections", begin, opaque},
};

const std::vector<Rule> kObjcopyRules = {
    {"-V", word, query},
    {"-h", word, query},
    {"--info", word, query},
    {"-p", word, bypass, "sets times of files"},
    {"--preserve-dates", word, bypass, "sets times of files"},
    {"--compress-debug-sections", begin, opaque},
    {"-o", word, output},
    {"-I", word, value},
    {"-O", word, value},
    {"-F", word, value},
    {"-B", word, value},
    {"-j", word, value},
    {"-R", word, value},
    {"-K", word, value},
    {"-N", word, value},
    {"-L", word, value},
    {"-G", word, value},
    {"-W", word, value},
    {"-b", word, value},
    {"-i", word, value},
    {"--input-target", word, value},
    {"--output-target", word, value},
    {"--target", word, value},
    {"--binary-architecture", word, value},
    {"--only-section", word, value},
    {"--remove-section", word, value},
    {"--keep-section", word, value},
    {"--keep-symbol", word, value},
    {"--strip-symbol", word, value},
    {"--keep-global-symbol", word, value},
    {"--localize-symbol", word, value},
    {"--globalize-symbol", word, value},
    {"--weaken-symbol", word, value},
    {"--redefine-sym", word, value},
    {"--redefine-syms", word, path},
    {"--add-symbol", word, value},
    {"--add-section", word, value},
    {"--update-section", word, value},
    {"--dump-section", word, value},
    {"--rename-section", word, value},
    {"--set-section-flags", word, value},
    {"--set-section-alignment", word, value},
    {"--change-section-address", word, value},
    {"--change-section-lma", word, value},
    {"--change-section-vma", word, value},
    {"--change-addresses", word, value},
    {"--change-start", word, value},
    {"--set-start", word, value},
    {"--gap-fill", word, value},
    {"--pad-to", word, value},
    {"--prefix-symbols", word, value},
    {"--prefix-sections", word, value},
    {"--prefix-alloc-sections", word, value},
    {"--keep-symbols", word, path},
    {"--strip-symbols", word, path},
    {"--localize-symbols", word, path},
    {"--globalize-symbols", word, path},
    {"--keep-global-symbols", word, path},
    {"--weaken-symbols", word, path},
    {"--add-gnu-debuglink", word, path},
    {"--add-gnu-debuglink=", begin, path},
};

const std::vector<Rule> kClangTidyRules = {
    {"--list-checks", word, query},
    {"--dump-config", word, query},
    {"--verify-config", word, query},
    {"--explain-config", word, query},
    {"--fix", begin, bypass, "edits its sources"},
    {"--enable-check-profile", word, bypass, "prints times"},
    {"--vfsoverlay", begin, bypass, "names other files than those that are read"},
    {"-p", word, value},
    {"--checks", word, value},
    {"-", word, Effect::stdin},
};

// nasm and yasm.
const std::vector<Rule> kNasmRules = {
    {"-v", word, query},       {"-h", word, query},        {"-hf", word, query},
    {"-version", word, query}, {"-", word, Effect::stdin}, {"-o", joined, output},
    {"-l", joined, output},    {"-MF", word, output},      {"-MD", word, output},
    {"-MT", word, value},      {"-MQ", word, value},       {"-MP", word, nothing},
    {"-MG", word, nothing},    {"-MW", word, nothing},     {"-M", word, nothing},
    {"-I", joined, path},      {"-i", joined, path},       {"-P", joined, path},
    {"-p", joined, path},      {"-Z", joined, output},     {"-f", joined, value},
    {"-F", joined, value},     {"-g", word, nothing},      {"-D", joined, value},
    {"-d", joined, value},     {"-U", joined, value},      {"-u", joined, value},
    {"-X", joined, value},     {"-r", joined, value},      {"-m", joined, value},
    {"-a", joined, value},     {"-L", joined, value},
};

const std::vector<Rule> kWindresRules = {
    {"-V", word, query},
    {"-h", word, query},
    {"-i", word, path},
    {"--input", word, path},
    {"--input=", begin, path},
    {"-o", word, output},
    {"--output", word, output},
    {"--output=", begin, output},
    {"-I", joined, path},
    {"--include-dir", word, path},
    {"--include-dir=", begin, path},
    {"-J", word, value},
    {"-O", word, value},
    {"-F", word, value},
    {"-D", word, value},
    {"-U", word, value},
    {"-l", word, value},
    {"-c", word, value},
    {"--input-format", word, value},
    {"--output-format", word, value},
    {"--target", word, value},
    {"--preprocessor", word, value},
    {"--preprocessor-arg", word, value},
    {"--define", word, value},
    {"--undefine", word, value},
    {"--language", word, value},
    {"--codepage", word, value},
};

const std::vector<Rule> kFlexRules = {
    {"-V", word, query},
    {"-h", word, query},
    {"-?", word, query},
    {"-", word, Effect::stdin},
    {"-o", joined, output},
    {"--outfile=", begin, output},
    {"--header-file=", begin, output},
    {"--backup-file=", begin, output},
    {"-S", joined, path},
    {"-P", joined, value},
    {"-D", joined, value},
};

const std::vector<Rule> kBisonRules = {
    {"-V", word, query},
    {"-h", word, query},
    {"--print-localedir", word, query},
    {"--print-datadir", word, query},
    {"-u", word, bypass, "edits its source"},
    {"--update", word, bypass, "edits its source"},
    {"--time", begin, bypass, "prints times"},
    {"--trace", begin, bypass, "may print times"},
    {"-", word, Effect::stdin},
    {"-o", joined, output},
    {"--output", word, output},
    {"--output=", begin, output},
    {"--file-prefix", word, value},
    {"--defines=", begin, output},
    {"--header=", begin, output},
    {"--graph=", begin, output},
    {"--skeleton", word, value},
    {"--language", word, value},
    {"--name-prefix", word, value},
    {"--define", word, value},
    {"--feature", word, value},
    {"--report", word, value},
    {"-b", joined, value},
    {"-p", joined, value},
    {"-S", joined, value},
    {"-L", joined, value},
    {"-D", joined, value},
    {"-F", joined, value},
    {"-r", joined, value},
    {"-M", joined, value},
    {"-W", begin, nothing},
};

const std::vector<Rule> kByaccRules = {
    {"-V", word, query},  {"-h", word, query}, {"-", word, Effect::stdin}, {"-o", word, output},
    {"-H", word, output}, {"-b", word, value}, {"-p", word, value},
};

const std::vector<Rule> kProtocRules = {
    {"-h", word, query},
    {"-I", joined, path},
    {"--proto_path", word, path},
    {"--proto_path=", begin, path},
    {"--descriptor_set_in=", begin, path},
    {"--dependency_out=", begin, output},
    {"--descriptor_set_out=", begin, output},
    {"-o", joined, output},
    {"_out=", inside, path},
    {"--plugin", word, value},
    {"--encode", begin, Effect::stdin},
    {"--decode", begin, Effect::stdin},
    {"--print_free_field_numbers", word, nothing},
};

const std::vector<Rule> kMocRules = {
    {"-v", word, query},
    {"-h", word, query},
    {"-", word, Effect::stdin},
    {"-o", joined, output},
    {"-I", joined, path},
    {"-F", joined, path},
    {"-p", joined, path},
    {"-D", joined, value},
    {"-U", joined, value},
    {"-M", joined, value},
    {"-b", joined, path},
    {"--include", word, path},
    {"-f", begin, nothing},
    {"--compiler-flavor", word, value},
    {"--output-json", word, nothing},
    {"--dep-file-path", word, output},
    {"--dep-file-rule-name", word, value},
};

const std::vector<Rule> kUicRules = {
    {"-v", word, query},          {"-h", word, query},        {"-", word, Effect::stdin},
    {"-o", joined, output},       {"--output", word, output}, {"-g", word, value},
    {"--generator", word, value}, {"--tr", word, value},      {"--translate", word, value},
    {"--postfix", word, value},   {"--include", word, value}, {"--connections", word, value},
};

const std::vector<Rule> kRccRules = {
    {"-v", word, query},         {"-h", word, query},
    {"-", word, Effect::stdin},  {"-o", joined, output},
    {"--output", word, output},  {"--name", word, value},
    {"--root", word, value},     {"--threshold", word, value},
    {"--compress", word, value}, {"--compress-algo", word, value},
    {"--pass", word, value},     {"--format-version", word, value},
    {"-d", word, output},        {"-g", word, value},
    {"-t", word, value},         {"--temp", word, value},
};

const std::vector<Rule> kGlslangRules = {
    {"-v", word, query},
    {"-h", word, query},
    {"--stdin", word, Effect::stdin},
    {"-o", word, output},
    {"-I", joined, path},
    {"--depfile", word, output},
    {"-S", word, value},
    {"-e", word, value},
    {"--source-entrypoint", word, value},
    {"--target-env", word, value},
    {"--client", word, value},
    {"--variable-name", word, value},
    {"--vn", word, value},
    {"--entry-point", word, value},
    {"--sep", word, value},
};

const std::vector<Rule> kGlslcRules = {
    {"--show-limits", word, query},
    {"-", word, Effect::stdin},
    {"-o", joined, output},
    {"-I", joined, path},
    {"-MF", word, output},
    {"-MT", word, value},
    {"-x", word, value},
    {"-D", joined, value},
};

const std::vector<Rule> kSwigRules = {
    {"-version", word, query},     {"-swiglib", word, query},
    {"-pcreversion", word, query}, {"-external-runtime", word, nothing},
    {"-o", word, output},          {"-oh", word, output},
    {"-outdir", word, path},       {"-outcurrentdir", word, nothing},
    {"-I", begin, path},           {"-l", begin, nothing},
    {"-module", word, value},      {"-package", word, value},
    {"-namespace", word, value},   {"-prefix", word, value},
    {"-interface", word, value},   {"-MF", word, output},
    {"-MT", word, value},          {"-features", word, value},
    {"-outfile", word, value},
};

const std::vector<Rule> kDtcRules = {
    {"-v", word, query},    {"-h", word, query},    {"-", word, Effect::stdin},
    {"-o", joined, output}, {"-d", joined, output}, {"-i", joined, path},
    {"-I", joined, value},  {"-O", joined, value},  {"-V", joined, value},
    {"-R", joined, value},  {"-S", joined, value},  {"-p", joined, value},
    {"-a", joined, value},  {"-b", joined, value},  {"-H", joined, value},
    {"-W", joined, value},  {"-E", joined, value},
};

const std::vector<Rule> kCapnpRules = {
    {"-I", joined, path},
    {"--import-path=", begin, path},
    {"--src-prefix=", begin, path},
    {"-o", joined, value},
};

const std::vector<Rule> kGperfRules = {
    {"-v", word, query},
    {"-h", word, query},
    {"-", word, Effect::stdin},
    {"--output-file=", begin, output},
    {"--random", word, bypass, "its output is random"},
    {"-r", word, bypass, "its output is random"},
    {"-L", joined, value},
    {"-K", joined, value},
    {"-F", joined, value},
    {"-H", joined, value},
    {"-N", joined, value},
    {"-Z", joined, value},
    {"-W", joined, value},
    {"-Q", joined, value},
    {"-e", joined, value},
    {"-k", joined, value},
    {"-f", joined, value},
    {"-i", joined, value},
    {"-j", joined, value},
    {"-s", joined, value},
    {"-m", joined, value},
};

const std::vector<Rule> kXxdRules = {
    {"-v", word, query},
    {"-h", word, query},
    {"-", word, Effect::stdin},
    {"-c", joined, value},
    {"-g", joined, value},
    {"-l", joined, value},
    {"-n", joined, value},
    {"-o", joined, value},
    {"-s", joined, value},
    {"-r", word, bypass, "writes into an existing file"},
    {"--revert", begin, bypass, "writes into an existing file"},
};

// Qt's programs, by their names in Debian.
void add_qt(std::vector<Job>& all) {
  for (const char* name : {"moc", "moc-qt5", "moc-qt6"})
    all.push_back({.name = name,
                   .label = "moc",
                   .rules = kMocRules,
                   .accepts_one_dash = true,
                   .reads_stdin = true,
                   .relates_paths = true});
  for (const char* name : {"uic", "uic-qt5", "uic-qt6"})
    all.push_back({.name = name,
                   .label = "uic",
                   .rules = kUicRules,
                   .accepts_one_dash = true,
                   .reads_stdin = true,
                   .relates_paths = true,
                   .timekeeper = uic_timekeeper});
  for (const char* name : {"rcc", "rcc-qt5", "rcc-qt6"})
    all.push_back({.name = name,
                   .label = "rcc",
                   .rules = kRccRules,
                   .accepts_one_dash = true,
                   .reads_stdin = true,
                   .relates_paths = true,
                   .timekeeper = rcc_timekeeper});
}

std::vector<Job> all_jobs() {
  std::vector<Job> all = {
      {.name = "ar",
       .label = "archive",
       .rules = kArRules,
       .rewrites = Rewrites::first,
       .has_operation = true},
      {.name = "ranlib", .label = "archive", .rules = kRanlibRules, .rewrites = Rewrites::first},
      {.name = "emar",
       .label = "archive",
       .rules = kArRules,
       .rewrites = Rewrites::first,
       .has_operation = true},
      {.name = "emranlib", .label = "archive", .rules = kRanlibRules, .rewrites = Rewrites::first},
      {.name = "as",
       .label = "assembler",
       .rules = kAsRules,
       .accepts_one_dash = true,
       .reads_stdin = true},
      {.name = "objcopy", .label = "object", .rules = kObjcopyRules, .rewrites = Rewrites::only},
      {.name = "strip",
       .label = "object",
       .rules = kObjcopyRules,
       .rewrites = Rewrites::all_without_output},
      {.name = "clang-tidy",
       .label = "check",
       .rules = kClangTidyRules,
       .accepts_one_dash = true,
       .colours = true,
       .failures_count = true},
      {.name = "nasm", .label = "assembler", .rules = kNasmRules, .timekeeper = nasm_timekeeper},
      {.name = "yasm", .label = "assembler", .rules = kNasmRules},
      {.name = "windres", .label = "resource", .rules = kWindresRules, .reads_stdin = true},
      {.name = "flex", .label = "lexer", .rules = kFlexRules, .reads_stdin = true},
      {.name = "flex++", .label = "lexer", .rules = kFlexRules, .reads_stdin = true},
      {.name = "lex", .label = "lexer", .rules = kFlexRules, .reads_stdin = true},
      {.name = "bison", .label = "parser", .rules = kBisonRules, .colours = true},
      {.name = "yacc", .label = "parser", .rules = kBisonRules, .colours = true},
      {.name = "byacc", .label = "parser", .rules = kByaccRules},
      {.name = "protoc", .label = "protobuf", .rules = kProtocRules, .relates_paths = true},
      {.name = "glslangValidator",
       .label = "shader",
       .rules = kGlslangRules,
       .accepts_one_dash = true},
      {.name = "glslang", .label = "shader", .rules = kGlslangRules, .accepts_one_dash = true},
      {.name = "glslc", .label = "shader", .rules = kGlslcRules},
      {.name = "swig", .label = "bindings", .rules = kSwigRules, .relates_paths = true},
      {.name = "dtc", .label = "devicetree", .rules = kDtcRules, .reads_stdin = true},
      {.name = "capnp", .label = "capnp", .rules = kCapnpRules, .relates_paths = true},
      {.name = "gperf", .label = "hash", .rules = kGperfRules, .reads_stdin = true},
      {.name = "xxd", .label = "dump", .rules = kXxdRules, .reads_stdin = true},
  };
  for (const char* name : {"ld", "ld.bfd", "ld.gold", "ld.lld"}) {
    all.push_back({.name = name, .label = "link", .rules = kLdRules, .accepts_one_dash = true});
    all.back().colours = all.back().name == "ld.lld";
  }
  add_qt(all);
  return all;
}

}  // namespace

const std::vector<Job>& jobs() {
  static const std::vector<Job> all = all_jobs();
  return all;
}

}  // namespace deja::tool::job
