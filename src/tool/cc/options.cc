// SPDX-License-Identifier: Apache-2.0
// The table of options and the search in it. One row per line; `why` says what the row is for, and
// for a bypass what would go wrong. Checked against `gcc --help=separate`, `clang --help-hidden`
// and what the drivers do. Tested by options_test.cc.
#include "tool/cc/options.h"

#include <algorithm>
#include <iterator>

namespace deja::tool::cc {
namespace {

using enum Arity;
using R = Role;

constexpr Option kOptionRows[] = {
    // clang-format off
    // What kind of job this is.
    {"-c",                        flag,               kEither, 0, R::compile,        "object file"},
    {"--compile",                 flag,               kEither, 0, R::compile,        "-c"},
    {"-S",                        flag,               kEither, 0, R::compile,        "assembly"},
    {"--assemble",                flag,               kEither, 0, R::compile,        "-S"},
    {"-E",                        flag,               kEither, 0, R::preprocess,     "preprocessed text, to a file or standard output"},
    {"--preprocess",              flag,               kEither, 0, R::preprocess,     "-E"},
    {"-fsyntax-only",             flag,               kEither, 0, R::syntax_only,    "diagnostics only"},
    {"--analyze",                 flag,               kClang,  0, R::compile,        "static analyser's report"},
    {"-emit-ast",                 flag,               kClang,  kOpaque, kNone,       "a serialized tree"},
    {"-emit-llvm",                flag,               kClang,  kOpaque, kNone,       "bitcode packs its strings"},
    {"-o",                        joined_or_separate, kEither, kPath, R::output,     "main output"},
    {"--output",                  separate,           kEither, kPath, R::output,     "-o"},
    {"--output=",                 joined,             kEither, kPath, R::output,     "-o"},
    {"-x",                        joined_or_separate, kEither, 0, R::language,       "language of the inputs that follow"},
    {"--language",                separate,           kEither, 0, R::language,       "-x"},
    {"--language=",               joined,             kEither, 0, R::language,       "-x"},
    {"--",                        flag,               kClang,  0, R::end_of_options, "only inputs follow"},

    // Dependency files.
    {"-M",                        flag,               kEither, 0, R::depend_only,    "depfile is the output"},
    {"-MM",                       flag,               kEither, 0, R::depend_only,    "depfile is the output"},
    {"--dependencies",            flag,               kEither, 0, R::depend_only,    "-M"},
    {"--user-dependencies",       flag,               kEither, 0, R::depend_only,    "-MM"},
    {"-MD",                       flag,               kEither, 0, R::writes_depfile, "depfile next to the output"},
    {"-MMD",                      flag,               kEither, 0, R::writes_depfile, "depfile next to the output"},
    {"--write-dependencies",      flag,               kEither, 0, R::writes_depfile, "-MD"},
    {"--write-user-dependencies", flag,               kEither, 0, R::writes_depfile, "-MMD"},
    {"--print-missing-file-dependencies", flag,       kEither, 0, kNone,             "-MG"},
    {"-MF",                       joined_or_separate, kEither, kPath, R::depfile_name, "depfile"},
    {"-MT",                       joined_or_separate, kEither, kPath, R::depfile_target, "target as it is written"},
    {"-MQ",                       joined_or_separate, kEither, kPath, R::depfile_target, "target, quoted"},
    {"-MJ",                       joined_or_separate, kClang,  kBypass, kNone,       "appends the command line to a file"},
    {"-gen-cdb-fragment-path",    separate,           kClang,  kBypass, kNone,       "adds a file with a random name to a directory"},
    {"--gen-cdb-fragment-path",   separate,           kClang,  kBypass, kNone,       "adds a file with a random name to a directory"},

    // Preprocessor and header search: the value is the next argument, or a path.
    {"-D",                        joined_or_separate, kEither, 0, kNone,             "macro: literal, its text can occur anywhere"},
    {"--define-macro",            separate,           kEither, 0, kNone,             "-D"},
    {"-U",                        joined_or_separate, kEither, 0, kNone,             "macro"},
    {"--undefine-macro",          separate,           kEither, 0, kNone,             "-U"},
    {"-A",                        joined_or_separate, kEither, 0, kNone,             "assertion"},
    {"--assert",                  separate,           kEither, 0, kNone,             "-A"},
    {"-I",                        joined_or_separate, kEither, kPath, kNone,         "header directory"},
    {"--include-directory",       separate,           kEither, kPath, kNone,         "-I"},
    {"--include-directory=",      joined,             kEither, kPath, kNone,         "-I"},
    {"-I-",                       flag,               kEither, 0, kNone,             "splits the header path"},
    {"-F",                        joined_or_separate, kEither, kPath, kNone,         "framework directory"},
    {"-J",                        joined_or_separate, kEither, kPath, R::module_directory, "Fortran's modules are read and written there"},
    {"-iquote",                   joined_or_separate, kEither, kPath, kNone,         "header directory"},
    {"-isystem",                  joined_or_separate, kEither, kPath, kNone,         "header directory"},
    {"-isystem-after",            joined_or_separate, kClang,  kPath, kNone,         "header directory"},
    {"-idirafter",                joined_or_separate, kEither, kPath, kNone,         "header directory"},
    {"--include-directory-after", separate,           kEither, kPath, kNone,         "-idirafter"},
    {"--include-directory-after=", joined,            kEither, kPath, kNone,         "-idirafter"},
    {"-cxx-isystem",              joined_or_separate, kClang,  kPath, kNone,         "header directory"},
    {"-stdlib++-isystem",         joined_or_separate, kClang,  kPath, kNone,         "header directory"},
    {"-iframework",               joined_or_separate, kEither, kPath, kNone,         "framework directory"},
    {"-iframeworkwithsysroot",    joined_or_separate, kClang,  0, kNone,             "framework directory below the sysroot"},
    {"-iwithsysroot",             joined_or_separate, kClang,  0, kNone,             "header directory below the sysroot"},
    {"-iprefix",                  joined_or_separate, kEither, kPath, kNone,         "prefix of header directories"},
    {"--include-prefix",          separate,           kEither, kPath, kNone,         "-iprefix"},
    {"--include-prefix=",         joined,             kEither, kPath, kNone,         "-iprefix"},
    {"-iwithprefix",              joined_or_separate, kEither, 0, kNone,             "header directory below the prefix"},
    {"--include-with-prefix",     separate,           kEither, 0, kNone,             "-iwithprefix"},
    {"--include-with-prefix-after", separate,         kEither, 0, kNone,             "-iwithprefix"},
    {"-iwithprefixbefore",        joined_or_separate, kEither, 0, kNone,             "header directory below the prefix"},
    {"--include-with-prefix-before", separate,        kEither, 0, kNone,             "-iwithprefixbefore"},
    {"-imultilib",                joined_or_separate, kEither, 0, kNone,             "name of a directory"},
    {"-imultiarch",               joined_or_separate, kEither, 0, kNone,             "name of a directory"},
    {"-isysroot",                 joined_or_separate, kEither, kPath, kNone,         "system root"},
    {"--sysroot",                 separate,           kEither, kPath, kNone,         "system root"},
    {"--sysroot=",                joined,             kEither, kPath, kNone,         "system root"},
    {"-include",                  joined_or_separate, kEither, kPath, kNone,         "header read first"},
    {"--include",                 separate,           kEither, kPath, kNone,         "-include"},
    {"--include=",                joined,             kEither, kPath, kNone,         "-include"},
    {"-imacros",                  joined_or_separate, kEither, kPath, kNone,         "header read for its macros"},
    {"--imacros",                 separate,           kEither, kPath, kNone,         "-imacros"},
    {"--imacros=",                joined,             kEither, kPath, kNone,         "-imacros"},
    {"-include-pch",              separate,           kClang,  kPath, kNone,         "precompiled header to use"},
    {"-iapinotes-modules",        joined_or_separate, kClang,  kPath, kNone,         "notes directory"},
    {"-ivfsoverlay",              joined_or_separate, kClang,  kPath, kNone,         "overlay of the file system"},
    {"-vfsoverlay",               joined_or_separate, kClang,  kPath, kNone,         "overlay of the file system"},
    {"-working-directory",        joined_or_separate, kClang,  kBypass, kNone,       "relative paths name files in another directory"},
    {"-working-directory=",       joined,             kClang,  kBypass, kNone,       "relative paths name files in another directory"},
    {"-Wp,",                      joined,             kEither, 0, R::preprocessor,   "list for the preprocessor"},
    {"-Xpreprocessor",            separate,           kEither, 0, kNone,             "for the preprocessor"},

    // Code generation and the driver.
    {"--dump",                    separate,           kEither, 0, kNone,             "dumps"},
    {"--std",                     separate,           kEither, 0, kNone,             "language"},
    {"-time",                     joined,             kGcc,    kBypass, kNone,       "prints times"},
    {"-v",                        flag,               kEither, 0, R::verbose,        "prints commands with random names"},
    {"--verbose",                 flag,               kEither, 0, R::verbose,        "-v"},
    {"-Q",                        flag,               kGcc,    kBypass, kNone,       "prints times"},
    {"--param",                   separate,           kEither, 0, kNone,             "tuning"},
    {"-aux-info",                 separate,           kGcc,    kPath, kNone,         "side output"},
    {"-aux-info=",                joined,             kGcc,    kPath, kNone,         "side output"},
    {"-dumpbase",                 separate,           kGcc,    kPath, kNone,         "names of side outputs"},
    {"--dumpbase",                separate,           kGcc,    kPath, kNone,         "names of side outputs"},
    {"-dumpbase-ext",             separate,           kGcc,    0, kNone,             "names of side outputs"},
    {"--dumpbase-ext",            separate,           kGcc,    0, kNone,             "names of side outputs"},
    {"-dumpdir",                  separate,           kEither, kPath, kNone,         "names of side outputs"},
    {"--dumpdir",                 separate,           kEither, kPath, kNone,         "names of side outputs"},
    {"--output-pch=",             joined_or_separate, kGcc,    kBypass, kNone,       "internal to the driver"},
    {"-ObjC",                     flag,               kClang,  kBypass, kNone,       "sets the language of all inputs"},
    {"-ObjC++",                   flag,               kClang,  kBypass, kNone,       "sets the language of all inputs"},
    {"-relocatable-pch",          flag,               kClang,  kOpaque, kNone,       "precompiled header"},
    {"--relocatable-pch",         flag,               kClang,  kOpaque, kNone,       "precompiled header"},
    {"-verify-pch",               flag,               kClang,  kBypass, kNone,       "compares modification times"},
    {"-mllvm",                    separate,           kClang,  0, kNone,             "for the code generator"},
    {"-mmlir",                    separate,           kClang,  0, kNone,             "for the code generator"},
    {"-fexperimental-openacc-macro-override", separate, kClang, 0, kNone,            "macro"},
    {"-hlsl-entry",               separate,           kClang,  0, kNone,             "name"},
    {"-meabi",                    separate,           kClang,  0, kNone,             "target"},
    {"-mthread-model",            separate,           kClang,  0, kNone,             "target"},
    {"-target",                   separate,           kClang,  0, kNone,             "target"},
    {"-arch",                     separate,           kEither, 0, kNone,             "target; several make one fat object"},
    {"-darwin-target-variant",    separate,           kClang,  0, kNone,             "target"},
    {"-darwin-target-variant-triple", separate,       kClang,  0, kNone,             "target"},
    {"-G",                        joined_or_separate, kEither, 0, kNone,             "target"},
    {"-b",                        separate,           kClang,  0, kNone,             "target"},
    {"-V",                        flag,               kEither, kQuery, kNone,        "a question to other compilers, and an error"},
    {"-gnatO",                    separate,           kGcc,    kBypass, kNone,       "an option for Ada"},
    {"-Xf",                       joined_or_separate, kGcc,    kBypass, kNone,       "an option for the language D"},
    {"-Hd",                       joined_or_separate, kGcc,    kBypass, kNone,       "an option for the language D"},
    {"-Hf",                       joined_or_separate, kGcc,    kBypass, kNone,       "an option for the language D"},
    {"-fintrinsic-modules-path",  joined_or_separate, kGcc,    kPath, kNone,         "module directory"},

    // Modules that the command line or the directory names; reads and outputs are observed.
    {"--precompile",              flag,               kClang,  0, R::precompile,     "makes a module, or a precompiled header"},
    {"-fmodules-ts",              flag,               kEither, 0, kNone,             "C++ modules"},
    {"-fmodule-only",             flag,               kEither, 0, kNone,             "makes a module and no object"},
    {"-fmodule-header",           flag,               kEither, 0, R::module_header,  "makes a module from a header"},
    {"-fmodule-header=",          joined,             kEither, 0, R::module_header,  "makes a module from a header"},
    {"-fmodule-mapper=",          joined,             kGcc,    0, R::module_mapper,  "list of modules, or a program to ask"},
    {"-fmodule-output",           flag,               kClang,  0, R::module_output,  "module next to the object"},
    {"-fmodule-output=",          joined,             kClang,  kPath, R::module_output, "module as a side output"},
    {"-fmodule-file=",            joined,             kClang,  0, R::module_file,    "module to read"},
    {"-fprebuilt-module-path=",   joined,             kClang,  kPath, kNone,         "where modules are searched"},

    // Modules that clang makes from headers on demand, in a directory that all its runs share.
    {"-fmodules",                 flag,               kClang,  0, R::modules,        "modules made on demand"},
    {"-fcxx-modules",             flag,               kClang,  0, R::modules,        "modules made on demand"},
    {"-fimplicit-modules",        flag,               kClang,  0, R::modules,        "modules made on demand"},
    {"-fimplicit-module-maps",    flag,               kClang,  0, kNone,             "searches for maps of modules"},
    {"-fmodules-cache-path=",     joined,             kClang,  kPath, R::module_cache, "where modules are kept"},
    {"-fmodules-decluse",         flag,               kClang,  0, kNone,             "a check"},
    {"-fmodules-strict-decluse",  flag,               kClang,  0, kNone,             "a check"},
    {"-fmodules-search-all",      flag,               kClang,  0, kNone,             "searches further when a name is not found"},
    {"-fmodules-ignore-macro=",   joined,             kClang,  0, kNone,             "a macro that modules ignore"},
    {"-fmodules-validate-system-headers", flag,       kClang,  0, kNone,             "reads more headers"},
    {"-fmodule-map-file=",        joined,             kClang,  kPath, kNone,         "a map of modules"},
    {"-fmodule-name=",            joined,             kClang,  0, kNone,             "the module that the source belongs to"},

    // The value is a path: what it names is observed.
    {"-B",                        joined_or_separate, kEither, kPath, kNone,         "where programs and files are searched"},
    {"--prefix",                  separate,           kEither, kPath, kNone,         "-B"},
    {"--prefix=",                 joined,             kEither, kPath, kNone,         "-B"},
    {"-specs",                    separate,           kEither, kPath, kNone,         "the driver's rules, which may add options"},
    {"-specs=",                   joined,             kEither, kPath, kNone,         "driver's rules"},
    {"--specs",                   separate,           kEither, kPath, kNone,         "driver's rules"},
    {"--specs=",                  joined,             kEither, kPath, kNone,         "driver's rules"},
    {"-resource-dir",             separate,           kClang,  kPath, kNone,         "compiler's own headers"},
    {"-resource-dir=",            joined,             kClang,  kPath, kNone,         "compiler's own headers"},
    {"--gcc-toolchain=",          joined,             kClang,  kPath, kNone,         "where gcc's files are"},
    {"-gcc-toolchain",            separate,           kClang,  kPath, kNone,         "where gcc's files are"},
    {"--gcc-install-dir=",        joined,             kClang,  kPath, kNone,         "where gcc's files are"},
    {"--cuda-path=",              joined,             kClang,  kPath, kNone,         "where CUDA's files are"},
    {"--rocm-path=",              joined,             kClang,  kPath, kNone,         "where ROCm's files are"},
    {"-iplugindir=",              joined,             kGcc,    kPath, kNone,         "plugins"},
    {"-fplugin=",                 joined,             kEither, kPath, kNone,         "plugin: observed like the compiler itself"},
    {"-fpass-plugin=",            joined,             kClang,  kPath, kNone,         "plugin"},
    {"-fprofile-use",             flag,               kEither, kOpaque, kNone,       "profile to read, matched with paths"},
    {"-fprofile-use=",            joined,             kEither, kPath | kOpaque, kNone, "profile to read, matched with paths"},
    {"-fprofile-instr-use=",      joined,             kClang,  kPath | kOpaque, kNone, "profile to read, matched with paths"},
    {"-fprofile-sample-use=",     joined,             kClang,  kPath | kOpaque, kNone, "profile to read, matched with paths"},
    {"-fauto-profile=",           joined,             kEither, kPath | kOpaque, kNone, "profile to read, matched with paths"},
    {"-fprofile-list=",           joined,             kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-finstrument-functions-exclude-file-list=", joined, kGcc, kOpaque, kNone,      "parts of paths"},
    {"-fprofile-filter-files=",   joined,             kGcc,    kOpaque, kNone,       "patterns of paths"},
    {"-fprofile-exclude-files=",  joined,             kGcc,    kOpaque, kNone,       "patterns of paths"},
    {"-fprofile-remapping-file=", joined,             kClang,  kPath, kNone,         "list to read"},
    {"-fprofile-dir=",            joined,             kEither, kPath, kNone,         "where the program will write"},
    {"-fprofile-note=",           joined,             kGcc,    kPath, kNone,         "side output"},
    {"-fprofile-prefix-path=",    joined,             kGcc,    kPath, kNone,         "prefix removed from names"},
    {"-fsanitize-blacklist=",     joined,             kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fsanitize-ignorelist=",    joined,             kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fsanitize-system-ignorelist=", joined,         kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fsanitize-coverage-allowlist=", joined,        kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fsanitize-coverage-ignorelist=", joined,       kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fxray-always-instrument=", joined_or_separate, kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fxray-never-instrument=",  joined_or_separate, kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fxray-attr-list=",         joined_or_separate, kClang,  kPath | kOpaque, kNone, "list to read, matched with paths"},
    {"-fxray-instruction-threshold=", joined_or_separate, kClang, 0, kNone,          "number"},
    {"-fxray-instrumentation-bundle=", joined_or_separate, kClang, 0, kNone,         "names"},
    {"-fxray-modes=",             joined_or_separate, kClang,  0, kNone,             "names"},
    {"-fthinlto-index=",          joined,             kClang,  kPath | kOpaque, R::thin_index, "index to read"},
    {"-frandomize-layout-seed-file=", joined,         kClang,  kPath, kNone,         "seed to read"},
    {"-foptimization-record-file=", joined,           kClang,  kPath, kNone,         "side output"},
    {"-fdebug-compilation-dir=",  joined,             kClang,  kPath, kNone,         "directory in debug information"},
    {"-ffile-compilation-dir=",   joined,             kClang,  kPath, kNone,         "directory in debug information and coverage"},
    {"-fcoverage-compilation-dir=", joined,           kClang,  kPath, kNone,         "directory in coverage"},
    {"-fcrash-diagnostics-dir=",  joined,             kClang,  kPath, kNone,         "only when it crashes"},
    {"-serialize-diagnostics",    separate,           kClang,  kPath | kOpaque, kNone, "side output, bit-packed"},
    {"--serialize-diagnostics",   separate,           kClang,  kPath | kOpaque, kNone, "side output, bit-packed"},
    {"--analyzer-output",         joined_or_separate, kClang,  0, kNone,             "format of the report"},
    {"-arcmt-migrate-report-output", separate,        kClang,  kPath, kNone,         "side output"},
    {"-dependency-dot",           separate,           kClang,  kPath, kNone,         "side output"},
    {"-dependency-file",          separate,           kClang,  kPath, R::depfile_name, "depfile"},
    {"-index-store-path",         separate,           kClang,  kBypass, kNone,       "writes into a store that other runs share"},
    {"-index-unit-output-path",   separate,           kClang,  kBypass, kNone,       "writes into a store that other runs share"},

    // Prefix maps "OLD=NEW". parse.cc marks OLD as the path.
    {"-ffile-prefix-map=",        joined,             kEither, 0, R::maps_files,     "all names in outputs"},
    {"-fdebug-prefix-map=",       joined,             kEither, 0, R::maps_debug,     "names in debug information"},
    {"-fmacro-prefix-map=",       joined,             kEither, 0, R::maps_macros,    "names in macros"},
    {"-fcoverage-prefix-map=",    joined,             kClang,  0, R::maps_other,     "names in coverage"},
    {"-fprofile-prefix-map=",     joined,             kGcc,    0, R::maps_other,     "names in profiles"},

    // Outputs that hide paths.
    {"-gz",                       joined,             kEither, kOpaque, kNone,       "compressed debug sections"},
    {"-flto",                     joined,             kEither, kOpaque, kNone,       "compressed bytecode"},
    {"-ffat-lto-objects",         flag,               kEither, kOpaque, kNone,       "compressed bytecode"},
    {"-fthin-link-bitcode=",      joined,             kClang,  kPath | kOpaque, kNone, "bitcode"},
    {"-fembed-bitcode",           joined,             kClang,  kOpaque | kRecordsArgv, kNone, "bitcode and command line in the object"},
    {"-fcoverage-mapping",        flag,               kClang,  kOpaque, kNone,       "compressed file names"},
    {"-fprofile-instr-generate",  joined,             kClang,  kOpaque, kNone,       "compressed names of local functions"},
    {"-fcs-profile-generate",     joined,             kClang,  kOpaque, kNone,       "compressed names of local functions"},
    {"-fprofile-generate",        flag,               kEither, kOpaque, kNone,       "check sums of file names"},
    {"-fprofile-generate=",       joined,             kEither, kPath | kOpaque, kNone, "check sums of file names"},
    {"-fprofile-arcs",            flag,               kEither, kOpaque, kNone,       "check sums of file names"},
    {"-ftest-coverage",           flag,               kEither, kOpaque, kNone,       "check sums of file names"},
    {"-coverage",                 flag,               kEither, kOpaque, kNone,       "check sums of file names"},
    {"--coverage",                flag,               kEither, kOpaque, kNone,       "check sums of file names"},
    {"-fcondition-coverage",      flag,               kGcc,    kOpaque, kNone,       "check sums of file names"},
    {"-fsave-optimization-record", joined,            kEither, kOpaque, kNone,       "gcc's is compressed"},
    {"-fdebug-types-section",     flag,               kEither, kOpaque, kNone,       "type signatures are digests"},
    {"-funique-internal-linkage-names", flag,         kClang,  kOpaque, kNone,       "digest of the file name in symbols"},
    {"-fgpu-rdc",                 flag,               kClang,  kOpaque, kNone,       "digest of the file name in symbols"},
    {"-fcuda-rdc",                flag,               kClang,  kOpaque, kNone,       "digest of the file name in symbols"},
    {"-Wa,",                      joined,             kEither, 0, R::assembler,      "list for the assembler"},
    {"-Xassembler",               separate,           kEither, 0, R::assembler,      "for the assembler"},

    // Outputs that hold the command line. gcc 12 leaves out diagnostics options, others do not.
    {"-frecord-gcc-switches",     flag,               kEither, kRecordsArgv, kNone,  "section with the command line"},
    {"-frecord-command-line",     flag,               kClang,  kRecordsArgv, kNone,  "section with the command line"},
    {"-grecord-command-line",     flag,               kClang,  kRecordsArgv, kNone,  "producer with the command line"},
    {"-grecord-gcc-switches",     flag,               kClang,  kRecordsArgv, kNone,  "producer with the command line"},

    // Diagnostics.
    {"-fdiagnostics-color",       flag,               kEither, kUserColour, kNone,   "colours"},
    {"-fdiagnostics-color=auto",  flag,               kEither, 0,           kNone,   "like the default"},
    {"-fdiagnostics-color=",      joined,             kEither, kUserColour, kNone,   "colours"},
    {"-fno-diagnostics-color",    flag,               kEither, kUserColour, kNone,   "colours"},
    {"-fcolor-diagnostics",       flag,               kEither, kUserColour, kNone,   "colours"},
    {"-fno-color-diagnostics",    flag,               kEither, kUserColour, kNone,   "colours"},
    {"-fansi-escape-codes",       flag,               kEither, kUserColour, kNone,   "colours"},
    {"-fno-ansi-escape-codes",    flag,               kEither, kUserColour, kNone,   "colours"},
    {"-fdiagnostics-format",      joined,             kEither, kUserColour, kNone,   "format for programs"},
    {"-fdiagnostics-add-output=", joined,             kEither, kUserColour, kNone,   "format for programs"},
    {"-fdiagnostics-set-output=", joined,             kEither, kUserColour, kNone,   "format for programs"},
    {"-fdiagnostics-plain-output", flag,              kEither, kUserColour, kNone,   "format for programs"},
    {"-fdiagnostics-urls",        joined,             kEither, kUserColour, kNone,   "links in the text"},
    {"-fmessage-length=",         joined,             kEither, 0, R::message_length, "wraps lines"},

    // Cannot be stored soundly, or too rare to prove that it can.
    {"-wrapper",                  separate,           kEither, kBypass, kNone,       "another program runs the compiler"},
    {"--wrapper",                 separate,           kEither, kBypass, kNone,       "another program runs the compiler"},
    {"-ftime-report",             joined,             kEither, kBypass, kNone,       "prints times"},
    {"-ftime-trace",              joined,             kEither, kBypass, kNone,       "writes times"},
    {"-fmem-report",              joined,             kEither, kBypass, kNone,       "prints memory use of this run"},
    {"-fpre-ipa-mem-report",      flag,               kEither, kBypass, kNone,       "prints memory use of this run"},
    {"-fpost-ipa-mem-report",     flag,               kEither, kBypass, kNone,       "prints memory use of this run"},
    {"-fproc-stat-report",        joined,             kClang,  kBypass, kNone,       "times, appended to a file"},
    {"-fmodules-",                joined,             kClang,  kBypass, kNone,       "makes, checks or removes modules in an unknown way"},
    {"-fmodule-",                 joined,             kClang,  kBypass, kNone,       "modules of a kind that has not been checked"},
    {"-fprebuilt-",               joined,             kClang,  kBypass, kNone,       "modules made on demand, in a shared directory"},
    {"-fbuild-session-",          joined,             kClang,  kBypass, kNone,       "modules: compares modification times"},
    {"-fmodules-user-build-path", separate,           kClang,  kBypass, kNone,       "modules made on demand, in a shared directory"},
    {"-module-dependency-dir",    separate,           kClang,  kBypass, kNone,       "adds copies of files to a directory"},
    {"-Xclang",                   separate,           kClang,  0, R::frontend,       "options of the front end: a table has the harmless ones"},
    {"-Xclang=",                  joined,             kClang,  kBypass, kNone,       "options of the front end"},
    {"-Xanalyzer",                separate,           kClang,  0, kNone,             "for the analyser"},
    {"-Xarch_",                   joined_and_separate, kClang, kBypass, kNone,       "an option for one of several jobs"},
    {"-Xopenmp-target",           separate,           kClang,  kBypass, kNone,       "an option for one of several jobs"},
    {"-Xopenmp-target=",          joined_and_separate, kClang, kBypass, kNone,       "an option for one of several jobs"},
    {"-Xoffload-linker",          joined_and_separate, kClang, kBypass, kNone,       "an option for one of several jobs"},
    {"-X",                        joined,             kEither, kBypass, kNone,       "an option for another program"},
    {"-Xlinker",                  separate,           kEither, 0, R::linker,         "an argument for the linker"},
    {"-Wl,",                      joined,             kEither, 0, R::linker,         "list for the linker"},
    {"--config",                  joined_or_separate, kClang,  kBypass, kNone,       "options in a file"},
    {"--config=",                 joined,             kClang,  kBypass, kNone,       "options in a file"},
    {"--config-",                 joined,             kClang,  kBypass, kNone,       "options in a file"},
    {"--driver-mode=",            joined,             kClang,  kBypass, kNone,       "reads options like another program"},
    {"-cc1",                      joined,             kClang,  kBypass, kNone,       "the front end has another command line"},
    {"-fintegrated-cc1",          flag,               kClang,  kBypass, kNone,       "how the front end is started"},
    {"-fno-integrated-cc1",       flag,               kClang,  kBypass, kNone,       "how the front end is started"},
    {"-gen-reproducer",           joined,             kClang,  kBypass, kNone,       "leaves files with random names"},
    {"-fcrash-diagnostics=",      joined,             kClang,  kBypass, kNone,       "leaves files with random names"},
    {"-ccc-",                     joined,             kClang,  kBypass, kNone,       "debugging of the driver"},
    {"-ccc-print-",               joined,             kClang,  kQuery | kNoAnswer, kNone, "debugging of the driver"},
    {"-fself-test=",              joined,             kGcc,    kQuery | kNoAnswer, kNone, "compiler's own tests"},
    {"-frepo",                    flag,               kGcc,    kBypass, kNone,       "a file that is read and rewritten"},

    // Questions.
    {"--version",                 joined,             kEither, kQuery, kNone,        "question"},
    {"-version",                  flag,               kEither, kQuery, kNone,        "question"},
    {"-dumpversion",              flag,               kEither, kQuery, kNone,        "question"},
    {"--dumpversion",             flag,               kEither, kQuery, kNone,        "question"},
    {"-dumpfullversion",          flag,               kEither, kQuery, kNone,        "question"},
    {"-dumpmachine",              flag,               kEither, kQuery, kNone,        "question"},
    {"--dumpmachine",             flag,               kEither, kQuery, kNone,        "question"},
    {"-dumpspecs",                flag,               kEither, kQuery, kNone,        "question"},
    {"-print-file-name",          separate,           kEither, kQuery, kNone,        "question"},
    {"--print-file-name",         separate,           kEither, kQuery, kNone,        "question"},
    {"-print-prog-name",          separate,           kEither, kQuery, kNone,        "question"},
    {"--print-prog-name",         separate,           kEither, kQuery, kNone,        "question"},
    {"-print-",                   joined,             kEither, kQuery, kNone,        "question"},
    {"--print-",                  joined,             kEither, kQuery, kNone,        "question"},
    {"-###",                      flag,               kEither, kQuery, kNone,        "prints the commands only"},
    {"-help",                     flag,               kEither, kQuery, kNone,        "question"},
    {"--help",                    joined,             kEither, kQuery, kNone,        "question"},
    {"--target-help",             flag,               kEither, kQuery, kNone,        "question"},
    {"--autocomplete=",           joined,             kClang,  kQuery, kNone,        "question"},
    {"--completion=",             joined,             kGcc,    kQuery, kNone,        "question"},

    // Linking. With -c these are unused but still take their values.
    {"-l",                        joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-L",                        joined_or_separate, kEither, kPath, kNone,         "linking"},
    {"--library-directory",       separate,           kEither, kPath, kNone,         "linking"},
    {"--library-directory=",      joined,             kEither, kPath, kNone,         "linking"},
    {"--for-linker",              separate,           kEither, 0, kNone,             "linking"},
    {"--for-assembler",           separate,           kEither, 0, R::assembler,      "-Xassembler"},
    {"--for-assembler=",          joined,             kEither, 0, R::assembler,      "-Xassembler"},
    {"--force-link",              separate,           kEither, 0, kNone,             "linking"},
    {"--entry",                   separate,           kEither, 0, kNone,             "linking"},
    {"-e",                        joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-u",                        joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-z",                        joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-T",                        joined_or_separate, kEither, kPath, kNone,         "linking"},
    {"-Tbss",                     joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-Tdata",                    joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-Ttext",                    joined_or_separate, kEither, 0, kNone,             "linking"},
    {"-rpath",                    separate,           kEither, 0, kNone,             "linking"},
    {"-framework",                separate,           kEither, 0, kNone,             "linking"},
    {"-dsym-dir",                 joined_or_separate, kClang,  kPath, kNone,         "linking"},
    {"-dylib_file",               separate,           kEither, 0, kNone,             "linking"},
    // clang-format on
};

// Options that clang's front end gets through -Xclang and that keep the command one bounded,
// repeatable job.
constexpr Option kFrontendRows[] = {
    // clang-format off
    {"-include",                  separate, kClang, kPath, kNone, "header read first"},
    {"-include-pch",              separate, kClang, kPath, kNone, "precompiled header to use"},
    {"-emit-pch",                 flag, kClang, kOpaque, kNone, "makes a precompiled header"},
    {"-fno-pch-timestamp",        flag, kClang, 0, kNone, "no modification times in a precompiled header"},
    {"-fno-validate-pch",         flag, kClang, 0, kNone, "precompiled header to use"},
    {"-fallow-pch-with-",         joined, kClang, 0, kNone, "precompiled header to use"},
    {"-target-feature",           separate, kClang, 0, kNone, "target"},
    {"-mllvm",                    separate, kClang, 0, kNone, "for the code generator"},
    {"-load",                     separate, kClang, kPath, kNone, "plugin"},
    {"-add-plugin",               separate, kClang, 0, kNone, "plugin"},
    {"-plugin-arg-",              joined_and_separate, kClang, 0, kNone, "plugin's option"},
    {"-mrelax-all",               flag, kClang, 0, kNone, "assembler"},
    {"-fconcepts-",               joined, kClang, 0, kNone, "language"},
    {"-fconstexpr-",              joined, kClang, 0, kNone, "language"},
    {"-fdebug-compilation-dir",   separate, kClang, kPath, kNone, "directory in debug information"},
    {"-fcoverage-compilation-dir", separate, kClang, kPath, kNone, "directory in coverage"},
    {"-disable-llvm-passes",      flag, kClang, 0, kNone, "code generation"},
    {"-disable-O0-optnone",       flag, kClang, 0, kNone, "code generation"},
    {"-no-opaque-pointers",       flag, kClang, 0, kNone, "code generation"},
    {"-opaque-pointers",          flag, kClang, 0, kNone, "code generation"},
    {"-debug-info-kind=",         joined, kClang, 0, kNone, "debug information"},
    {"-fexperimental-",           joined, kClang, 0, kNone, "language"},
    {"-Wno-",                     joined, kClang, 0, kNone, "warnings"},
    {"-W",                        joined, kClang, 0, kNone, "warnings"},
    // clang-format on
};

constexpr auto kOptions = sorted_options(kOptionRows);
constexpr auto kFrontendOptions = sorted_options(kFrontendRows);

bool may_be_joined(Arity arity) {
  return arity == joined || arity == joined_or_separate || arity == joined_and_separate;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto [end_a, end_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end_a - a.begin());
}

}  // namespace

// Each step looks at the last row that is not after `key`. No row between that row and `key` can be
// a prefix, so the search continues with the common prefix of the two.
const Option* longest_match(std::span<const Option> rows, std::string_view argument) {
  std::string_view key = argument;
  while (!key.empty()) {
    auto after =
        std::upper_bound(rows.begin(), rows.end(), key,
                         [](std::string_view k, const Option& o) { return k < o.spelling; });
    if (after == rows.begin()) return nullptr;
    const Option& row = *std::prev(after);
    const std::string_view spelling = row.spelling;
    const std::size_t common = common_prefix(spelling, key);
    if (common < spelling.size()) {
      key = key.substr(0, common);
    } else if (spelling.size() == argument.size() || may_be_joined(row.arity)) {
      return &row;
    } else {
      key = key.substr(0, spelling.size() - 1);
    }
  }
  return nullptr;
}

const char* dialect_name(Dialect dialect) {
  if ((dialect & kEmcc) != 0) return "emcc";
  return dialect == kGcc ? "gcc" : dialect == kClang ? "clang" : "either";
}

std::span<const Option> options() { return kOptions; }

const Option* find_option(std::string_view argument) { return longest_match(kOptions, argument); }

const Option* find_frontend_option(std::string_view argument) {
  return longest_match(kFrontendOptions, argument);
}

}  // namespace deja::tool::cc
