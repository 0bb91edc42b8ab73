// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/classify.h"

#include <gtest/gtest.h>

#include "tool/cc/test_command.h"

namespace deja::tool::cc {
namespace {

void check(const ClassifyCase& one, const std::map<std::string, std::string>& files = {}) {
  EXPECT_EQ(summary(classify_text(one.command, files)), one.expected) << one.command;
}

constexpr ClassifyCase kCommands[] = {
    // Objects and assembly.
    {"gcc -c a.c", "a.c c colour"},
    {"gcc -c a.c -o a.o", "a.c c colour"},
    {"gcc -oa.o -c a.c", "a.c c colour"},
    {"gcc -S a.c", "a.c c colour"},
    {"gcc -c -o - a.c", "a.c c colour"},
    {"gcc -c a.c -o /dev/null", "a.c c colour"},
    {"gcc --compile a.c --output a.o", "a.c c colour"},
    {"gcc --assemble --output=a.s a.c", "a.c c colour"},
    {"gcc -g -O2 -Wall -std=gnu11 -fPIC -pthread -m64 -c /ws/a.c", "/ws/a.c c colour"},
    {"gcc -pipe -c a.c", "a.c c colour"},
    {"gcc -c a.c -DX -D Y=1 -UZ -U W", "a.c c colour"},
    {"gcc -c -I inc -Iinc2 -I/ws/inc -isystem /usr/x -iquote q -idirafter r a.c", "a.c c colour"},
    {"gcc -include a.h -imacros b.h -c a.c", "a.c c colour"},
    {"gcc -c a.c -L lib -l m -lpthread", "a.c c colour"},
    {"gcc -gsplit-dwarf -g -c a.c -o a.o", "a.c c colour"},
    {"gcc -save-temps -c a.c", "a.c c colour"},
    {"gcc -save-temps=obj -c a.c -o o/a.o", "a.c c colour"},
    {"gcc -fplugin=p.so -fplugin-arg-p-x=y -c a.c", "a.c c colour"},
    {"gcc -specs=my.specs -c a.c", "a.c c colour"},
    {"gcc --specs my.specs -c a.c", "a.c c colour"},
    {"gcc --sysroot /sys --sysroot=/sys -B /bin -c a.c", "a.c c colour"},
    {"gcc --param max-inline-insns-auto=1 --param=x=2 -c a.c", "a.c c colour"},
    {"gcc -fstack-usage -fcallgraph-info -fdump-tree-all -aux-info p -c a.c", "a.c c colour"},
    {"gcc -dumpbase x -dumpdir d/ -dumpbase-ext .c -c a.c", "a.c c colour"},
    {"gcc -Xlinker -z -Xpreprocessor -DX -Xassembler -v -c a.c", "a.c c colour"},
    {"gcc -Wa,-a,-v -Wl,-z,now -Wp,-DX -c a.c", "a.c c colour"},
    {"gcc -fsanitize=address,undefined -c a.c", "a.c c colour"},
    {"gcc -fno-such-option-yet -c a.c", "a.c c colour"},
    {"gcc -c a.c -w", "a.c c colour"},
    {"gcc -C -CC -P -H -E a.c", "a.c c colour"},
    {"gcc -T script -Tdata 0 -e main -u sym -z now -c a.c", "a.c c colour"},
    {"gcc -nostdinc -undef -ansi -pedantic-errors -c a.c", "a.c c colour"},
    {"gcc -frandom-seed=/ws/a.c -c a.c", "a.c c colour"},
    {"gcc -fprofile-use=p.gcda -fauto-profile=p.afdo -c a.c", "a.c c colour opaque"},
    {"gcc -fprofile-use -c a.c", "a.c c colour opaque"},
    {"gcc -c dir.with.dots/a.b.c", "dir.with.dots/a.b.c c colour"},
    {"gcc -c /dev/null -x c", "bypass no_input"},
    {"gcc -x c -c /dev/null", "/dev/null c colour"},
    {"/opt/x/bin/gcc -c a.c", "a.c c colour"},

    // Languages.
    {"gcc -c a.cc", "a.cc c++ colour"},
    {"gcc -c a.C", "a.C c++ colour"},
    {"gcc -c a.cpp", "a.cpp c++ colour"},
    {"gcc -c a.cxx", "a.cxx c++ colour"},
    {"gcc -c a.c++", "a.c++ c++ colour"},
    {"g++ -c a.c", "a.c c++ colour"},
    {"g++ -c a.cc", "a.cc c++ colour"},
    {"clang++ -c a.c", "a.c c++ colour"},
    {"c++ -c a.cc", "a.cc c++ colour"},
    {"gcc -c a.i", "a.i cpp-output colour"},
    {"g++ -c a.ii", "a.ii c++-cpp-output colour"},
    {"gcc -c a.m", "a.m objective-c colour"},
    {"gcc -c a.mm", "a.mm objective-c++ colour"},
    {"gcc -c a.mi", "a.mi objective-c-cpp-output colour"},
    {"gcc -c a.s", "a.s assembler colour"},
    {"gcc -c a.S", "a.S assembler-with-cpp colour"},
    {"gcc -c a.sx", "a.sx assembler-with-cpp colour"},
    {"clang -c a.s", "a.s assembler"},
    {"clang -c a.S", "a.S assembler-with-cpp colour"},
    {"clang -c a.sx", "bypass no_input"},
    {"cc -c a.s", "a.s assembler"},
    {"clang -c -x assembler a.c", "a.c assembler"},
    {"clang -c a.ll", "a.ll ir colour"},
    {"gcc -c a.ll", "bypass no_input"},
    {"clang -c a.bc -o a.o", "a.bc ir colour"},
    {"clang -c a.cl", "a.cl cl colour"},
    {"clang -c a.cu --cuda-gpu-arch=sm_70", "a.cu cuda colour opaque"},
    {"clang -x hip -c a.cpp", "a.cpp hip colour opaque"},
    {"gcc -x c -c a.txt", "a.txt c colour"},
    {"gcc -xc++ -c a.c", "a.c c++ colour"},
    {"gcc --language=c++ -c a.c", "a.c c++ colour"},
    {"gcc --language c++ -c a.c", "a.c c++ colour"},
    {"gcc -x c++ -x none -c a.c", "a.c c colour"},
    {"gcc -x c++ -x none -c a.txt", "bypass no_input"},
    {"gcc -c a.c -x c++", "a.c c colour"},
    {"gcc -x f95 -c a.c", "a.c f95 colour updates /ws/build/*.mod"},
    {"gcc -x nonsense -c a.c", "bypass unsupported_option"},
    {"gcc -c a.f90", "a.f90 f95 colour updates /ws/build/*.mod"},
    {"gcc -c a", "bypass no_input"},
    {"gcc -c a.foo", "bypass no_input"},
    {"clang -c a.f90", "bypass no_input"},
    {"gfortran -c a.F90 -J mod", "a.F90 f95-cpp-input colour updates /ws/build/mod/*.mod"},
    {"x86_64-linux-gnu-gfortran-12 -c a.f", "a.f f77 colour updates /ws/build/*.mod"},
    {"gfortran a.o -o a", "a link"},
    {"gnatgcc -c a.adb", "a.adb ada clock"},
    {"gcc -c a.ads", "a.ads ada clock"},
    {"gccgo-12 -c a.go", "a.go go"},
    {"gdc -c a.d", "bypass unsupported_option"},
    {"gcc -c a.mod", "a.mod modula-2 opaque"},
    {"clang -g -c a.S", "a.S assembler-with-cpp colour names-intermediates"},
    {"clang -c a.S", "a.S assembler-with-cpp colour"},
    {"clang -g -c a.s", "a.s assembler"},
    {"gcc -g -c a.S", "a.S assembler-with-cpp colour"},
    {"clang -c -fthinlto-index=a.bc a.o -o b.o", "a.o ir colour opaque"},
    {"clang -c a.o -o b.o", "bypass no_input"},
    {"cpp a.c", "a.c c colour"},
    {"cpp-12 a.c a.i", "a.c c colour"},
    {"cpp a", "a c colour"},
    {"cpp", "- c colour stdin"},
    {"cpp --version", "--version question"},
    {"clang-cpp a.c", "a.c c colour"},
    {"gcc -c .c", ".c c colour"},
    {"clang -c -- a.c", "a.c c colour"},
    {"clang -c -- -a.c", "-a.c c colour"},
    {"clang -c -- -", "- c colour stdin"},

    // Modules.
    {"g++ -fmodules-ts -c a.cc", "a.cc c++ colour"},
    {"g++ -fmodules -c a.cc", "a.cc c++ colour"},
    {"c++ -fmodules -c a.cc", "bypass unsupported_option"},
    {"g++ -fmodules-ts -fmodule-only -c a.cc", "a.cc c++ colour"},
    {"g++ -fmodules-ts -fno-module-lazy -fmodule-implicit-inline -c a.cc", "a.cc c++ colour"},
    {"g++ -fmodules-ts -fmodule-mapper=map -c a.cc", "a.cc c++ colour"},
    {"g++ -fmodules-ts -fmodule-mapper=/ws/map?x -c a.cc", "a.cc c++ colour"},
    {"CXX_MODULE_MAPPER=map g++ -fmodules-ts -c a.cc", "a.cc c++ colour"},
    {"g++ -fmodules-ts -fmodule-header a.h", "a.h c++-header opaque"},
    {"g++ -fmodules-ts -x c++-user-header a.h", "a.h c++-user-header opaque"},
    {"g++ -fmodules-ts -x c++-system-header -c vector", "vector c++-system-header opaque"},
    {"clang++ -c a.cppm", "a.cppm c++-module opaque"},
    {"clang++ --precompile a.cppm -o a.pcm", "a.cppm c++-module opaque"},
    {"clang++ -fmodule-output -c a.cppm", "a.cppm c++-module opaque"},
    {"clang++ -fmodule-output=m/a.pcm -c a.cppm", "a.cppm c++-module opaque"},
    {"clang++ -x c++-module -fmodule-output -c a.cc", "a.cc c++-module opaque"},
    {"clang++ -c a.ixx -c a.ccm", "a.ixx c++-module opaque"},
    {"clang++ -E a.cppm", "a.cppm c++-module colour"},
    {"clang++ -c a.pcm -o a.o", "a.pcm pcm colour"},
    {"g++ -c a.pcm", "bypass no_input"},
    {"clang++ -fmodule-file=a=a.pcm -c a.cc", "a.cc c++ colour"},
    {"clang++ -fmodule-file=a.pcm -c a.cc", "a.cc c++ colour"},
    {"clang++ -fprebuilt-module-path=m -c a.cc", "a.cc c++ colour"},
    {"clang++ -fmodule-header=user a.h -o a.pcm", "a.h c++-header opaque"},
    {"clang++ -x c++-user-header --precompile a.h", "a.h c++-user-header opaque"},
    {"clang++ --precompile a.hpp", "a.hpp c++-header opaque"},

    // Preprocessing and checking only.
    {"gcc -E a.c", "a.c c colour"},
    {"gcc -E a.c -o a.i", "a.c c colour"},
    {"gcc --preprocess -dM a.c", "a.c c colour"},
    {"gcc -fsyntax-only a.c", "a.c c colour"},
    {"gcc -E a.h", "a.h c-header colour"},
    {"gcc -fsyntax-only a.h", "a.h c-header colour"},
    {"clang -fsyntax-only a.hpp", "a.hpp c++-header colour"},
    {"clang --analyze a.c", "a.c c colour"},
    {"gcc -M a.c", "a.c c colour"},
    {"gcc -MM a.c", "a.c c colour"},
    {"gcc --user-dependencies a.c", "a.c c colour"},
    {"gcc -MM a.c -MF a.d", "a.c c colour dep=/ws/build/a.d"},
    {"gcc -MM a.c -o a.d", "a.c c colour dep=/ws/build/a.d"},
    {"gcc -MM a.c -MF a.d -o a.o", "a.c c colour dep=/ws/build/a.d"},
    {"gcc -M -MG a.c -MFa.d", "a.c c colour dep=/ws/build/a.d"},

    // Dependency files next to the output.
    {"gcc -MD -c a.c", "a.c c colour dep=/ws/build/a.d"},
    {"gcc -MMD -c ../src/a.c", "../src/a.c c colour dep=/ws/build/a.d"},
    {"gcc -MMD -c a.c -o o/b.o", "a.c c colour dep=/ws/build/o/b.d"},
    {"gcc -MMD -c a.c -o o/b", "a.c c colour dep=/ws/build/o/b.d"},
    {"gcc -MMD -c a.c -o o.d/b", "a.c c colour dep=/ws/build/o.d/b.d"},
    {"gcc -MMD -c a.c -o /x/b.c.o", "a.c c colour dep=/x/b.c.d"},
    {"gcc -MMD -c a.c -o o/.o", "a.c c colour dep=/ws/build/o/.d"},
    {"gcc -MMD -c a.c -o /dev/null", "a.c c colour"},
    {"gcc -MMD -MF x.d -c a.c", "a.c c colour dep=/ws/build/x.d"},
    {"gcc -MD -MT a.o -MF CMakeFiles/a.c.o.d -o a.o -c /ws/a.c",
     "/ws/a.c c colour dep=/ws/build/CMakeFiles/a.c.o.d"},
    {"gcc -MD -MP -MQ a.o -MF/x/a.d -c a.c", "a.c c colour dep=/x/a.d"},
    {"gcc -MD -MF /dev/null -c a.c", "a.c c colour"},
    {"gcc -MD -MF - -c a.c", "a.c c colour"},
    {"gcc --write-dependencies -c a.c", "a.c c colour dep=/ws/build/a.d"},
    {"gcc -Wp,-MD,x.d -c a.c", "a.c c colour dep=/ws/build/x.d"},
    {"gcc -Wp,-MMD,.deps/x.d -c a.c -o a.o", "a.c c colour dep=/ws/build/.deps/x.d"},
    {"gcc -Wp,-MD,x.d,-DY -c a.c", "a.c c colour dep=/ws/build/x.d"},
    {"gcc -MD -MT $(X)/a.o -c a.c", "a.c c colour"},

    // Prefix maps.
    {"gcc -ffile-prefix-map=/ws=. -c a.c", "a.c c colour map=/ws"},
    {"gcc -fdebug-prefix-map=/ws=. -c a.c", "a.c c colour"},
    {"gcc -fmacro-prefix-map=/ws=. -c a.c", "a.c c colour"},
    {"gcc -fdebug-prefix-map=/ws=. -fmacro-prefix-map=/ws=. -c a.c", "a.c c colour map=/ws"},
    {"gcc -fdebug-prefix-map=/ws=. -fmacro-prefix-map=/w=. -c a.c", "a.c c colour"},
    {"gcc -ffile-prefix-map=/ws/=. -c a.c", "a.c c colour"},
    {"gcc -ffile-prefix-map=/w=s=. -c a.c", "a.c c colour"},
    {"gcc -ffile-prefix-map=../src=. -c a.c", "a.c c colour"},
    {"gcc -ffile-prefix-map=nonsense -c a.c", "a.c c colour"},

    // The user chose the colours, or they would reach an output.
    {"gcc -fdiagnostics-color=never -c a.c", "a.c c"},
    {"gcc -fdiagnostics-color=auto -c a.c", "a.c c colour"},
    {"gcc -fdiagnostics-color -c a.c", "a.c c"},
    {"gcc -fno-diagnostics-color -c a.c", "a.c c"},
    {"clang -fcolor-diagnostics -c a.c", "a.c c"},
    {"clang -fno-color-diagnostics -c a.c", "a.c c"},
    {"gcc -fdiagnostics-format=json -c a.c", "a.c c"},
    {"gcc -fdiagnostics-plain-output -c a.c", "a.c c"},
    {"clang -fdiagnostics-format=msvc -c a.c", "a.c c"},
    {"gcc -fdiagnostics-urls=always -c a.c", "a.c c"},
    {"gcc -fmessage-length=72 -c a.c", "a.c c"},
    {"gcc -fmessage-length=0 -c a.c", "a.c c colour"},
    {"gcc -frecord-gcc-switches -c a.c", "a.c c"},
    {"clang -grecord-command-line -g -c a.c", "a.c c"},
    {"gcc -grecord-gcc-switches -g -c a.c", "a.c c colour"},
    {"cc -grecord-gcc-switches -g -c a.c", "a.c c"},

    // Outputs that hide paths.
    {"gcc -gz -c a.c", "a.c c colour opaque"},
    {"gcc -gz=zlib -g -c a.c", "a.c c colour opaque"},
    {"gcc -flto -c a.c", "a.c c colour opaque"},
    {"clang -flto=thin -c a.c", "a.c c colour opaque"},
    {"gcc -Wa,--compress-debug-sections -c a.c", "a.c c colour opaque"},
    {"gcc -Xassembler --compress-debug-sections=zlib -c a.c", "a.c c colour opaque"},
    {"clang -emit-llvm -c a.c", "a.c c colour opaque"},
    {"clang -emit-llvm -S a.c", "a.c c colour opaque"},
    {"clang -fembed-bitcode -c a.c", "a.c c opaque"},
    {"clang -fprofile-instr-generate -fcoverage-mapping -c a.c", "a.c c colour opaque"},
    {"gcc --coverage -c a.c", "a.c c colour opaque"},
    {"gcc -fprofile-arcs -ftest-coverage -c a.c", "a.c c colour opaque"},
    {"gcc -fprofile-generate=/p -c a.c", "a.c c colour opaque"},
    {"gcc -c a.h", "a.h c-header opaque"},
    {"gcc a.h", "a.h c-header opaque"},
    {"g++ -x c++-header all.h -o all.h.gch", "all.h c++-header opaque"},

    // Options of clang's front end.
    {"clang -Xclang -include-pch -Xclang a.pch -c a.c", "a.c c colour"},
    {"clang -include-pch a.pch -c a.c", "a.c c colour"},
    {"clang -Xclang -emit-pch -Xclang -include -Xclang a.h -x c++-header a.h.cxx",
     "a.h.cxx c++-header opaque"},
    {"clang -Xclang -emit-pch -Xclang -fno-pch-timestamp -x c++-header a.h.cxx -o a.pch",
     "a.h.cxx c++-header opaque"},
    {"clang -c a.h", "a.h c-header opaque"},
    {"cc -c a.h", "a.h c-header opaque"},
    {"clang -Xclang -ast-dump -fsyntax-only a.c", "bypass unsupported_option"},
    {"clang -Xclang -verify -c a.c", "bypass unsupported_option"},
    {"clang -mllvm -inline-threshold=1 -c a.c", "a.c c colour"},
    {"clang -target aarch64-linux-gnu -c a.c", "a.c c colour"},
    {"clang --target=aarch64-linux-gnu -c a.c", "a.c c colour"},
    {"clang -arch arm64 -c a.c", "a.c c colour"},

    // Links.
    {"gcc a.c", "a.out c colour"},
    {"gcc a.c -o a", "a c colour"},
    {"gcc a.o b.o -o a", "a link"},
    {"gcc -shared a.o -o a.so", "a.so link"},
    {"gcc -r a.o b.o -o c.o", "c.o link"},
    {"gcc a.o -Wl,--build-id=uuid -o a", "bypass unsupported_option"},
    {"gcc a.o -Wl,-z,now,-build-id=uuid -o a", "bypass unsupported_option"},
    {"clang a.o -Wl,--thinlto-cache-dir=c -o a", "bypass unsupported_option"},
    {"clang a.o -Wl,-plugin-opt,cache-dir=c -o a", "bypass unsupported_option"},
    {"clang a.o -Wl,-plugin-opt=cache-dir=c -o a", "bypass unsupported_option"},
    {"clang a.o -Xlinker --time-trace=t -o a", "bypass unsupported_option"},
    {"clang a.o -Xlinker -reproduce=t -o a", "bypass unsupported_option"},
    {"gcc a.o -flto -flto-incremental=c -o a", "bypass unsupported_option"},
    {"gcc stats.o repro.o -Wl,--no-stats -o a", "a link"},
    {"gcc a.o -Wl,-Map=/dev/stdout -o a", "a link"},
    {"gcc a.c b.c", "a.out c colour"},
    {"gcc a.c b.o -lm", "a.out c colour"},
    {"gcc a.h b.c", "a.h c-header opaque"},

    // No input, several inputs, standard input.
    {"gcc", "no input question"},
    {"gcc -c", "no input question"},
    {"gcc -c -O2 -o a.o", "no input question"},
    {"gcc -c a.o", "bypass no_input"},
    {"gcc -c a.c b.c", "a.c c colour"},
    {"gcc -c a.c b.o", "a.c c colour"},
    {"gcc -E a.c b.c", "a.c c colour"},
    {"gcc -M a.c b.c", "a.c c colour"},
    {"gcc -x c -c -", "- c colour stdin"},
    {"gcc -x c -E - -dM", "- c colour stdin"},
    {"gcc -x c -c /dev/stdin", "bypass stdin_source"},
    {"gcc -x c -c /dev/fd/63", "bypass stdin_source"},
    {"gcc -x c -c /proc/self/fd/0", "bypass stdin_source"},
    {"gcc -include /dev/stdin -c a.c", "bypass unsupported_option"},
    {"gcc -c a.c -o /dev/stdout", "bypass unsupported_option"},
    {"gcc -MD -MF /dev/stdout -c a.c", "bypass unsupported_option"},

    // Questions.
    {"gcc --version", "--version question"},
    {"gcc -v", "-v question"},
    {"gcc -dumpversion", "-dumpversion question"},
    {"gcc -dumpmachine -c a.c", "-dumpmachine question"},
    {"gcc -print-file-name=libc.so", "-print-file-name=libc.so question"},
    {"gcc -print-search-dirs", "-print-search-dirs question"},
    {"clang --print-resource-dir", "--print-resource-dir question"},
    {"gcc -### -c a.c", "-### question"},
    {"gcc --help", "--help question"},
    {"gcc --help=optimizers -Q", "bypass not_a_compile"},
    {"gcc --help=optimizers", "bypass not_a_compile"},
    {"COLUMNS=0 gcc --help=optimizers", "bypass not_a_compile"},
    {"COLUMNS=80 gcc --help=optimizers", "--help=optimizers question"},
    {"clang --help", "--help question"},
    {"gcc -V", "-V question"},
    {"gcc -qversion", "no input question"},
    {"gcc -E -v -", "- c stdin"},
    {"gcc -v -S a.c", "bypass unsupported_option"},
    {"clang -v -c a.c", "a.c c"},
    {"clang -v a.c", "bypass unsupported_option"},
    {"gcc --target-help", "bypass not_a_compile"},
    {"clang -ccc-print-phases -c a.c", "bypass not_a_compile"},

    // What cannot be remembered.
    {"gcc -v -c a.c", "bypass unsupported_option"},
    {"gcc -wrapper gdb -c a.c", "bypass unsupported_option"},
    {"gcc -ftime-report -c a.c", "bypass unsupported_option"},
    {"clang -ftime-trace -c a.c", "bypass unsupported_option"},
    {"clang -ftime-trace=t.json -c a.c", "bypass unsupported_option"},
    {"gcc -fmem-report -c a.c", "bypass unsupported_option"},
    {"gcc -time -c a.c", "bypass unsupported_option"},
    {"gcc -Q -c a.c", "bypass unsupported_option"},
    {"clang -Qunused-arguments -c a.c", "a.c c colour"},
    {"clang -fproc-stat-report=x -c a.c", "bypass unsupported_option"},
    {"clang -MJ x.json -c a.c", "bypass unsupported_option"},
    // it is unknown where the modules are kept
    {"clang -fmodules -c a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -c a.c", "a.c c"},
    {"HOME=/h clang -fmodules -c a.c", "a.c c"},
    {"clang -fmodules -fmodules-cache-path=. -c a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=/ -c a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -E a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -fsyntax-only a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -M a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -x c-header a.h", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -gmodules -c a.c", "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -fmodule-file=m.pcm -c a.c",
     "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -fprebuilt-module-path=. -c a.c",
     "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -include-pch p.pch -c a.c",
     "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -fmodules-prune-after=1 -c a.c",
     "bypass unsupported_option"},
    {"clang -fmodules -fmodules-cache-path=x -fmodules-validate-once-per-build-session -c a.c",
     "bypass unsupported_option"},
    {"clang -fmodules-cache-path=x -c a.c", "a.c c colour"},
    {"clang -fimplicit-modules -c a.c", "bypass unsupported_option"},
    {"clang -fimplicit-module-maps -c a.c", "a.c c colour"},
    {"clang -fprebuilt-implicit-modules -c a.c", "bypass unsupported_option"},
    {"clang -fmodule-map-file=m -c a.c", "a.c c colour"},
    {"clang -fmodule-name=m -c a.c", "a.c c colour"},
    {"clang -fmodule-file-deps -c a.c", "bypass unsupported_option"},
    {"clang -Xclang -emit-module -c a.c", "bypass unsupported_option"},
    {"g++ -fmodules-ts -fmodule-mapper=|mapper -c a.cc", "bypass unsupported_option"},
    {"g++ -fmodules-ts -fmodule-mapper=<3>4 -c a.cc", "bypass unsupported_option"},
    {"g++ -fmodules-ts -fmodule-mapper==socket -c a.cc", "bypass unsupported_option"},
    {"g++ -fmodules-ts -fmodule-mapper=localhost:7 -c a.cc", "bypass unsupported_option"},
    {"CXX_MODULE_MAPPER=|mapper g++ -fmodules-ts -c a.cc", "bypass unsupported_option"},
    {"CXX_MODULE_MAPPER==socket g++ -fmodules-ts -c a.cc", "bypass unsupported_option"},
    {"clang -cc1 -emit-obj a.c", "bypass unsupported_option"},
    {"clang -cc1as a.s", "bypass unsupported_option"},
    {"clang --config x.cfg -c a.c", "bypass unsupported_option"},
    {"clang --config=x.cfg -c a.c", "bypass unsupported_option"},
    {"clang --driver-mode=cl -c a.c", "bypass unsupported_option"},
    {"clang -fintegrated-cc1 -c a.c", "bypass unsupported_option"},
    {"clang -Xarch_x86_64 -g -c a.c", "bypass unsupported_option"},
    {"clang -working-directory /x -c a.c", "bypass unsupported_option"},
    {"gcc -c a.c -o", "bypass argument_error"},
    {"gcc -c a.c -I", "bypass argument_error"},
    {"gcc -c a.c -MF", "bypass argument_error"},

    // The environment.
    {"DEPENDENCIES_OUTPUT=x gcc -c a.c", "bypass environment_output"},
    {"SUNPRO_DEPENDENCIES=x gcc -c a.c", "bypass environment_output"},
    {"CC_PRINT_OPTIONS=1 clang -c a.c", "bypass environment_output"},
    {"CCC_OVERRIDE_OPTIONS=+-O3 clang -c a.c", "bypass unsupported_option"},
    {"CPATH=/x GCC_COLORS= gcc -c a.c", "a.c c colour"},

    // Facts about arguments.
    {"gcc -DWHERE=__FILE__ -c a.c", "a.c c colour facts=1"},
    {"gcc -D WHEN=__TIME__ -c a.c", "a.c c colour facts=2"},
    {"gcc -Wp,-DWHEN=__TIMESTAMP__ -c a.c", "a.c c colour facts=4"},
    {"gcc -Xpreprocessor -DWHEN=__TIMESTAMP__ -c a.c", "a.c c colour facts=4"},

    // Programs.
    {"aarch64-linux-gnu-gcc-12 -c a.c", "a.c c colour"},
    {"x86_64-w64-mingw32-g++-posix -c a.cc", "a.cc c++ colour"},
    {"clang-19 -c a.c", "a.c c colour"},
    {"clang++-19.1.7 -c a.cc", "a.cc c++ colour"},
    {"gcc12 -c a.c", "a.c c colour"},
    {"c99 -c a.c", "a.c c colour"},
    {"c89-gcc -c a.c", "a.c c colour"},
    {"gcc-ar rc a.a a.o", "bypass unknown_tool"},
    {"gcc-nm a.o", "bypass unknown_tool"},
    {"clang-tidy a.c", "bypass unknown_tool"},
    {"clang-format-19 a.c", "bypass unknown_tool"},
    {"clang-cl -c a.c", "bypass unknown_tool"},
    {"cc1 a.c", "bypass unknown_tool"},
    {"cc1plus a.c", "bypass unknown_tool"},
    {"distcc -c a.c", "bypass unknown_tool"},
    {"gcov a.gcda", "bypass unknown_tool"},
    {"-gcc -c a.c", "bypass unknown_tool"},
};

TEST(Classify, KnowsTheKindOfEveryCommand) {
  static_assert(std::size(kCommands) >= 150);
  for (const ClassifyCase& one : kCommands) check(one);
}

TEST(Classify, ReadsResponseFiles) {
  const std::map<std::string, std::string> files = {
      {"a.rsp", "-c 'a.c'\n-DX=\\\"y\\\""},
      {"b.rsp", "@a.rsp -MD"},
      {"loop.rsp", "@loop.rsp -c a.c"},
      {"bad.rsp", "-c 'a\\b.c'"},
      {"empty.rsp", " \n"},
      {"open.rsp", "-c \"a.c"},
      {"two.rsp", "a.c b.c"},
  };
  check({"gcc @a.rsp", "a.c c colour"}, files);
  check({"gcc @b.rsp", "a.c c colour dep=/ws/build/a.d"}, files);
  check({"gcc @loop.rsp", "bypass response_file"}, files);
  check({"gcc @bad.rsp", "bypass response_file"}, files);
  check({"gcc @open.rsp", "bypass response_file"}, files);
  check({"gcc @empty.rsp -c a.c", "a.c c colour"}, files);
  check({"gcc -c @two.rsp", "a.c c colour"}, files);
  check({"gcc -c @missing.c", "@missing.c c colour"}, files);
}

TEST(Classify, MarksPathsInTheKey) {
  EXPECT_EQ(keys(invocation_of("gcc -c -I/ws/i -I i -D/ws /ws/a.c -o a.o")),
            "-c -I</ws/i> -I <i> -D/ws </ws/a.c> -o <a.o>");
  EXPECT_EQ(
      keys(invocation_of("gcc -c -isystem=/i -ffile-prefix-map=/ws=. a.c -Wp,-MD,/ws/a.d,-DX")),
      "-c -isystem=/i -ffile-prefix-map=</ws>=. <a.c> -Wp,-MD,</ws/a.d>,-DX");
  EXPECT_EQ(keys(invocation_of("clang -c a.c -Xclang -include-pch -Xclang /ws/a.pch -fno-x=/ws")),
            "-c <a.c> -Xclang -include-pch -Xclang </ws/a.pch> -fno-x=/ws");
  EXPECT_EQ(keys(invocation_of("gcc -frandom-seed=/ws/a.c -c a.c -MT /ws/a.o -MF/ws/a.d")),
            "-frandom-seed=/ws/a.c -c <a.c> -MT </ws/a.o> -MF</ws/a.d>");
}

TEST(Classify, MarksPathsOfModulesInTheKey) {
  EXPECT_EQ(keys(invocation_of("clang++ -c a.cc -fmodule-file=m=/ws/m.pcm -fmodule-file=/ws/n.pcm "
                               "-fprebuilt-module-path=/ws -fmodule-output=/ws/a.pcm")),
            "-c <a.cc> -fmodule-file=m=</ws/m.pcm> -fmodule-file=</ws/n.pcm> "
            "-fprebuilt-module-path=</ws> -fmodule-output=</ws/a.pcm>");
  EXPECT_EQ(keys(invocation_of("g++ -c a.cc -fmodule-mapper=/ws/map?x")),
            "-c <a.cc> -fmodule-mapper=</ws/map>?x");
}

TEST(Classify, KnowsThePathsThatAreForTheLinker) {
  EXPECT_EQ(keys(invocation_of("gcc a.o -Wl,-rpath-link,/ws/lib -Wl,--rpath=/ws/lib -o a")),
            "<a.o> -Wl,-rpath-link,</ws/lib> -Wl,--rpath=</ws/lib> -o <a>");
  EXPECT_EQ(keys(invocation_of("clang a.o -Wl,-z,now,--version-script=/ws/v.map,-x -o a")),
            "<a.o> -Wl,-z,now,--version-script=</ws/v.map>,-x -o <a>");
  EXPECT_EQ(keys(invocation_of("gcc a.o -Wl,-L/ws/lib,-Map,/ws/a.map -o a")),
            "<a.o> -Wl,-L</ws/lib>,-Map,/ws/a.map -o <a>");
  EXPECT_EQ(keys(invocation_of("gcc a.o -Xlinker -rpath-link -Xlinker /ws/lib -o a")),
            "<a.o> -Xlinker -rpath-link -Xlinker </ws/lib> -o <a>");
  EXPECT_EQ(keys(invocation_of("gcc a.o -Wl,-rpath,lib/x,--defsym=a=1/2 -o a")),
            "<a.o> -Wl,-rpath,lib/x,--defsym=a=1/2 -o <a>");
}

TEST(Classify, NamesTheProcessorWhereTheCompilerAsksIt) {
  EXPECT_EQ(keys(invocation_of("gcc -march=native -c a.c")), "-march=native -c <a.c> cpu:test");
  EXPECT_EQ(keys(invocation_of("clang -mtune=native -c a.c")), "-mtune=native -c <a.c> cpu:test");
  EXPECT_EQ(keys(invocation_of("clang -Wl,-mllvm,-mcpu=native a.o")),
            "-Wl,-mllvm,-mcpu=native <a.o> cpu:test");
}

TEST(Classify, AsksForNoColoursWhereClangHasNothingToDo) {
  EXPECT_FALSE(invocation_of("clang -E a.i").run.colours_forced);
  EXPECT_FALSE(invocation_of("clang++ -M a.ii").run.colours_forced);
  EXPECT_TRUE(invocation_of("clang -c a.i").run.colours_forced);
  EXPECT_TRUE(invocation_of("clang -E a.c").run.colours_forced);
  EXPECT_TRUE(invocation_of("gcc -E a.i").run.colours_forced);
}

TEST(Classify, PutsColoursFirstSoThatTheUserWins) {
  const Invocation invocation = invocation_of("TERM=xterm gcc -c a.c");
  EXPECT_EQ(invocation.run.argv,
            (std::vector<std::string>{"gcc", "-fdiagnostics-color=always", "-c", "a.c"}));
  EXPECT_EQ(keys(invocation), "-c <a.c>");
  EXPECT_TRUE(invocation.run.colours_on_terminal);
}

TEST(Classify, KnowsWhetherATerminalWouldHaveColours) {
  EXPECT_FALSE(invocation_of("gcc -c a.c").run.colours_on_terminal);
  EXPECT_FALSE(invocation_of("TERM=dumb gcc -c a.c").run.colours_on_terminal);
  EXPECT_FALSE(invocation_of("TERM=xterm NO_COLOR=1 clang -c a.c").run.colours_on_terminal);
  EXPECT_TRUE(invocation_of("TERM=xterm NO_COLOR= clang -c a.c").run.colours_on_terminal);
  EXPECT_TRUE(invocation_of("TERM=xterm NO_COLOR=1 gcc -c a.c").run.colours_on_terminal);
  EXPECT_FALSE(invocation_of("TERM=xterm NO_COLOR=1 cc -c a.c").run.colours_on_terminal);
}

TEST(Classify, MapsRootsWhenResultsArePortable) {
  const Options options{.portable = true, .portable_roots = {"/ws", "/ws/build", "/home/x/lib"}};
  const Invocation invocation = invocation_of("gcc -c a.c", options);
  EXPECT_EQ(invocation.run.argv, (std::vector<std::string>{
                                     "gcc", "-fdiagnostics-color=always", "-ffile-prefix-map=/ws=.",
                                     "-ffile-prefix-map=/home/x/lib=./root-2", "-c", "a.c"}));
  EXPECT_EQ(keys(invocation),
            "-c <a.c> -ffile-prefix-map=</ws>=. -ffile-prefix-map=</home/x/lib>=./root-2");
  EXPECT_EQ(invocation.outputs.mapped_prefixes, (std::vector<std::string>{"/ws", "/home/x/lib"}));
}

TEST(Classify, NamesTheSource) {
  EXPECT_EQ(invocation_of("gcc -c ./src//a.c").identity.source, "/ws/build/src/a.c");
  EXPECT_EQ(invocation_of("gcc -c /x/a.c").identity.source, "/x/a.c");
  EXPECT_STREQ(invocation_of("gcc -c a.c").identity.dialect, "gcc");
  EXPECT_STREQ(invocation_of("clang -c a.c").identity.dialect, "clang");
  EXPECT_STREQ(invocation_of("cc -c a.c").identity.dialect, "either");
}

}  // namespace
}  // namespace deja::tool::cc
