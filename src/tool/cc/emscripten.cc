// SPDX-License-Identifier: Apache-2.0
// Checked against emcc 3.1.6: its `--help` and its sources. Tested by classify_test.cc and
// test/e2e/emscripten_test.cc.
#include "tool/cc/emscripten.h"

#include <algorithm>

namespace deja::tool::cc {
namespace {

using enum Arity;
using R = Role;

constexpr Option kEmscriptenRows[] = {
    // clang-format off
    {"-s",                    joined_or_separate, kEmcc, 0, R::setting,    "setting; without a setting it strips symbols"},
    {"--preload-file",        separate,           kEmcc, kBypass, kNone,   "a new number for the package in every run"},
    {"--preload-file=",       joined,             kEmcc, kBypass, kNone,   "a new number for the package in every run"},
    {"--embed-file",          separate,           kEmcc, kPath, kNone,     "file or directory, maybe with \"@\" and its name for the program"},
    {"--embed-file=",         joined,             kEmcc, kPath, kNone,     "--embed-file"},
    {"--exclude-file",        separate,           kEmcc, 0, kNone,         "pattern"},
    {"--js-library",          separate,           kEmcc, kPath, kNone,     "library that the compiler of JavaScript runs"},
    {"--js-library=",         joined,             kEmcc, kPath, kNone,     "--js-library"},
    {"--pre-js",              separate,           kEmcc, kPath, kNone,     "text before the program's"},
    {"--pre-js=",             joined,             kEmcc, kPath, kNone,     "--pre-js"},
    {"--post-js",             separate,           kEmcc, kPath, kNone,     "text after the program's"},
    {"--post-js=",            joined,             kEmcc, kPath, kNone,     "--post-js"},
    {"--extern-pre-js",       separate,           kEmcc, kPath, kNone,     "text before the module"},
    {"--extern-pre-js=",      joined,             kEmcc, kPath, kNone,     "--extern-pre-js"},
    {"--extern-post-js",      separate,           kEmcc, kPath, kNone,     "text after the module"},
    {"--extern-post-js=",     joined,             kEmcc, kPath, kNone,     "--extern-post-js"},
    {"--shell-file",          separate,           kEmcc, kPath, kNone,     "page around the program"},
    {"--shell-file=",         joined,             kEmcc, kPath, kNone,     "--shell-file"},
    {"--embind-emit-tsd",     separate,           kEmcc, kPath, kNone,     "side output"},
    {"--emit-tsd",            separate,           kEmcc, kPath, kNone,     "side output"},
    {"--em-config",           separate,           kEmcc, kPath, kNone,     "where the tools are"},
    {"--em-config=",          joined,             kEmcc, kPath, kNone,     "--em-config"},
    {"--cache",               separate,           kEmcc, kPath, kNone,     "directory of system libraries"},
    {"--cache=",              joined,             kEmcc, kPath, kNone,     "--cache"},
    {"--valid-abspath",       separate,           kEmcc, kPath, kNone,     "directory without warnings"},
    {"--source-map-base",     separate,           kEmcc, 0, kNone,         "address"},
    {"--memory-init-file",    separate,           kEmcc, 0, kNone,         "number"},
    {"--closure",             separate,           kEmcc, 0, kNone,         "number"},
    {"--closure-args",        separate,           kEmcc, 0, kNone,         "options of the closure compiler"},
    {"--js-opts",             separate,           kEmcc, 0, kNone,         "number"},
    {"--llvm-opts",           separate,           kEmcc, 0, kNone,         "list"},
    {"--llvm-lto",            separate,           kEmcc, 0, kNone,         "number"},
    {"--js-transform",        separate,           kEmcc, 0, kNone,         "command that is run, and observed"},
    {"--minify",              separate,           kEmcc, 0, kNone,         "number"},
    {"--oformat",             separate,           kEmcc, 0, kNone,         "format"},
    {"--output_eol",          separate,           kEmcc, 0, kNone,         "ends of lines"},
    {"--output-eol",          separate,           kEmcc, 0, kNone,         "ends of lines"},
    {"--default-obj-ext",     separate,           kEmcc, 0, kNone,         "extension of objects"},
    {"--compiler-wrapper",    separate,           kEmcc, kBypass, kNone,   "another program runs the compiler"},
    {"--compiler-wrapper=",   joined,             kEmcc, kBypass, kNone,   "another program runs the compiler"},
    {"--clear-cache",         flag,               kEmcc, kQuery | kNoAnswer, kNone, "empties emcc's own directory of libraries"},
    {"--clear-ports",         flag,               kEmcc, kQuery | kNoAnswer, kNone, "empties emcc's own directory of libraries"},
    {"--show-ports",          flag,               kEmcc, kQuery | kNoAnswer, kNone, "question"},
    {"--check",               flag,               kEmcc, kQuery | kNoAnswer, kNone, "question"},
    {"--generate-config",     flag,               kEmcc, kQuery | kNoAnswer, kNone, "writes a configuration"},
    {"--cflags",              flag,               kEmcc, kQuery | kNoAnswer, kNone, "question"},
    // clang-format on
};
constexpr auto kEmscriptenOptions = sorted_options(kEmscriptenRows);

struct EmscriptenRow {
  std::string_view name;
  BypassReason reason;
  const char* why;
};

constexpr EmscriptenRow kSettings[] = {
    {"VERBOSE", BypassReason::unsupported_option, "prints names of temporary files"},
    {"NODE_CODE_CACHING", BypassReason::unsupported_option,
     "caches compiled code of one version of node"},
};

// EMCC_CFLAGS is not in the table: its words are read like those of the command line.
constexpr EmscriptenRow kEmscriptenVariables[] = {
    {"EMCC_DEBUG", BypassReason::unsupported_option, "prints times, leaves intermediate files"},
    {"EMCC_DEBUG_SAVE", BypassReason::unsupported_option, "leaves intermediate files"},
    {"EM_PROFILE_TOOLCHAIN", BypassReason::environment_output, "appends times to files"},
    {"EMPROFILE", BypassReason::environment_output, "appends times to files"},
    {"NODE_V8_COVERAGE", BypassReason::environment_output, "coverage of node itself"},
    {"EM_COMPILER_WRAPPER", BypassReason::unsupported_option, "another program runs the compiler"},
    {"_EMCC_CCACHE", BypassReason::unsupported_option, "another program runs the compiler"},
    {"EMCC_LOCAL_PORTS", BypassReason::unsupported_option, "compares modification times"},
};

bool is_off(std::string_view value) { return value.empty() || value == "0"; }

const EmscriptenRow* find_emscripten_row(std::span<const EmscriptenRow> rows,
                                         std::string_view name) {
  const auto it = std::find_if(rows.begin(), rows.end(),
                               [&](const EmscriptenRow& r) { return r.name == name; });
  return it == rows.end() ? nullptr : &*it;
}

// The interpreters that run emcc's own scripts. The whole environment still is an input.
constexpr TrustedScript kEmscriptenPrograms[] = {
    {"python", "/emcc.py", TrustedScript::Asks::never_tells, ".py",
     "time() is for the log of EMCC_DEBUG, the wait for a lock and the module `logging`, whose "
     "format here has no time; only the import of modules compares sizes and times"},
    {"python", "/em++.py", TrustedScript::Asks::never_tells, ".py", "imports emcc.py"},
    {"python", "/tools/file_packager.py", TrustedScript::Asks::never_tells, ".py",
     "for --embed-file; --preload-file, with a new number in every run, is a bypass"},
    {"python", "/tools/wasm-sourcemap.py", TrustedScript::Asks::never_tells, ".py",
     "debug sections to a map"},
    {"node", "/src/compiler.js", TrustedScript::Asks::before_its_script, "",
     "runs the user's libraries, which may read the clock and output the time"},
    {"node", "/tools/acorn-optimizer.js", TrustedScript::Asks::before_its_script, "",
     "text to text"},
    {"node", "/tools/preprocessor.js", TrustedScript::Asks::before_its_script, "", "text to text"},
    {"node", "/src/compiler.mjs", TrustedScript::Asks::before_its_script, "",
     "a later name of the same script"},
    {"node", "/tools/compiler.mjs", TrustedScript::Asks::before_its_script, "",
     "a later name of the same script"},
    {"node", "/tools/acorn-optimizer.mjs", TrustedScript::Asks::before_its_script, "",
     "text to text"},
    {"node", "/tools/preprocessor.mjs", TrustedScript::Asks::before_its_script, "", "text to text"},
};

}  // namespace

std::span<const Option> emscripten_options() { return kEmscriptenOptions; }

const Option* find_emscripten_option(std::string_view argument) {
  return longest_match(kEmscriptenOptions, argument);
}

bool is_emscripten_setting(std::string_view text) {
  const std::string_view name = text.substr(0, text.find('='));
  const auto is_of_name = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::all_of(name.begin(), name.end(), is_of_name);
}

std::optional<Bypass> bypass_by_setting(std::string_view setting) {
  const std::size_t equals = std::min(setting.find('='), setting.size());
  const EmscriptenRow* row = find_emscripten_row(kSettings, setting.substr(0, equals));
  if (row == nullptr || (equals < setting.size() && is_off(setting.substr(equals + 1))))
    return std::nullopt;
  return Bypass{row->reason, "-s" + std::string(row->name) + ": " + row->why};
}

std::optional<Bypass> bypass_by_emscripten_variables(const Command& command) {
  for (const EnvironmentVariable& variable : command.environment) {
    const EmscriptenRow* row = find_emscripten_row(kEmscriptenVariables, variable.name);
    if (row != nullptr && !is_off(variable.value))
      return Bypass{row->reason, std::string(row->name) + ": " + row->why};
  }
  return std::nullopt;
}

std::span<const TrustedScript> emscripten_programs() { return kEmscriptenPrograms; }

}  // namespace deja::tool::cc
