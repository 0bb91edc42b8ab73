// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tool/cc/classify.h"
#include "tool/cc/test_command.h"

namespace deja::tool::cc {
namespace {

// emcc is a clang with its own options, settings and variables.
constexpr ClassifyCase kEmscriptenCommands[] = {
    {"emcc -c a.c", "a.c c"},  // no colours: on failure it prints clang's command line
    {"emcc -c a.c -o a.o -MD", "a.c c dep=/ws/build/a.d"},
    {"em++ -c a.c", "a.c c++"},
    {"/opt/emsdk/upstream/emscripten/em++ -c a.cc", "a.cc c++"},
    {"emcc -c a.cu", "a.cu cuda opaque"},
    {"emcc a.c -o x.js", "x.js c opaque"},
    {"emcc a.o b.o -o x.html", "x.html link opaque"},
    {"emcc a.o libx.a", "a.out link opaque"},
    {"emcc a.o -s WASM=0 -sSINGLE_FILE -o x.js", "x.js link opaque"},
    {"emcc -s EXPORT_ES6 -s MODULARIZE=1 a.o -o x.mjs", "x.mjs link opaque"},
    {"emcc -c a.c -s", "a.c c"},  // strips symbols
    {"emcc -s a.o -o x.js", "x.js link opaque"},
    {"emcc -sother a.o -o x.js", "x.js link opaque"},
    {"gcc -s WASM=1 -c a.c", "a.c c colour"},  // two words to gcc: WASM=1 goes to the linker
    {"emcc a.o --js-library l.js --pre-js p.js --post-js=q.js --shell-file s.html -o x.html",
     "x.html link opaque"},
    {"emcc a.o --embed-file data@/data --exclude-file *.bak -o x.js", "x.js link opaque"},
    {"emcc a.o --closure 1 --memory-init-file 0 --source-map-base http://x/ -o x.js",
     "x.js link opaque"},
    {"emcc a.o --bind --emrun --profiling-funcs --emit-symbol-map -o x.js", "x.js link opaque"},
    {"emcc -E a.c", "a.c c"},
    {"emcc -S -emit-llvm a.c", "a.c c opaque"},
    {"EMCC_CFLAGS=-O2 emcc -c a.c", "a.c c"},
    {"EMCC_CFLAGS=-MD emcc -c a.c", "a.c c dep=/ws/build/a.d"},
    {"EMCC_CFLAGS=-v emcc -c a.c", "bypass unsupported_option"},
    {"EMCC_CFLAGS=-DX=\"y emcc -c a.c", "bypass unsupported_option"},
    {"EMCC_CFLAGS=-v gcc -c a.c", "a.c c colour"},
    {"EMCC_DEBUG=1 emcc -c a.c", "bypass unsupported_option"},
    {"EMCC_DEBUG=0 emcc -c a.c", "a.c c"},
    {"EMCC_DEBUG=1 gcc -c a.c", "a.c c colour"},
    {"EMPROFILE=1 emcc -c a.c", "bypass environment_output"},
    {"EM_COMPILER_WRAPPER=ccache emcc -c a.c", "bypass unsupported_option"},
    {"emcc a.o --preload-file data -o x.js", "bypass unsupported_option"},
    {"emcc a.o --preload-file=data -o x.js", "bypass unsupported_option"},
    {"emcc a.o -sVERBOSE -o x.js", "bypass unsupported_option"},
    {"emcc a.o -sVERBOSE=0 -o x.js", "x.js link opaque"},
    {"emcc a.o -s VERBOSE=1 -o x.js", "bypass unsupported_option"},
    {"emcc -v -c a.c", "bypass unsupported_option"},
    {"emcc --compiler-wrapper ccache -c a.c", "bypass unsupported_option"},
    {"emcc --js-library", "bypass argument_error"},
    {"emcc a.o --js-library", "bypass argument_error"},
    {"emcc --version", "bypass not_a_compile"},
    {"emcc -v", "bypass not_a_compile"},
    {"emcc --clear-cache", "bypass not_a_compile"},
    {"emcc --show-ports", "bypass not_a_compile"},
    {"emcc", "bypass no_input"},
    {"emar rc x.a a.o", "bypass unknown_tool"},
    {"emcmake cmake .", "bypass unknown_tool"},
    {"emcc.py -c a.c", "bypass unknown_tool"},
};

TEST(Classify, KnowsTheKindOfEveryCommandOfEmscripten) {
  for (const ClassifyCase& one : kEmscriptenCommands)
    EXPECT_EQ(summary(classify_text(one.command)), one.expected) << one.command;
}

TEST(Classify, MarksPathsOfEmscripten) {
  EXPECT_EQ(
      keys(invocation_of("emcc /ws/a.o --pre-js /ws/p.js --js-library=l.js -s X=/ws -o x.js")),
      "</ws/a.o> --pre-js </ws/p.js> --js-library=<l.js> -s X=/ws -o <x.js>");
  EXPECT_EQ(keys(invocation_of("emcc a.o -s b.o")), "<a.o> -s <b.o>");
  const auto rows = cc_adapter().trusted_script(invocation_of("emcc -c a.c"));
  EXPECT_FALSE(rows.empty());
  for (const TrustedScript& row : rows) EXPECT_TRUE(row.script.starts_with('/')) << row.script;
  EXPECT_EQ(cc_adapter().trusted_script(invocation_of("clang -c a.c")).front().program, "make");
}

}  // namespace
}  // namespace deja::tool::cc
