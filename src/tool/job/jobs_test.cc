// SPDX-License-Identifier: Apache-2.0
#include "tool/job/jobs.h"

#include <gtest/gtest.h>

#include <sstream>

namespace deja::tool {
namespace {

Classified classify(const std::string& command, bool terminal = false) {
  static std::vector<std::string> words;
  words.clear();
  std::istringstream in(command);
  for (std::string word; in >> word;) words.push_back(word);
  Command c;
  c.cwd = "/ws";
  c.tool = "/usr/bin/" + words[0];
  c.talks_to_terminal = terminal;
  c.argv.assign(words.begin(), words.end());
  return job_adapter().classify(c, {});
}

// "archive lib.a updates /ws/lib.a" or "bypass reason".
std::string summary(const Classified& classified) {
  if (const auto* bypass = std::get_if<Bypass>(&classified))
    return std::string("bypass ") + bypass_name(bypass->reason);
  const auto& invocation = std::get<Invocation>(classified);
  std::string out = invocation.identity.language + " " + invocation.identity.what;
  for (const std::string& path : invocation.outputs.updates) out += " updates " + path;
  if (!invocation.identity.source.empty()) out += " source " + invocation.identity.source;
  for (const std::string& path : invocation.outputs.written)
    if (invocation.outputs.updates.empty()) out += " writes " + path;
  if (invocation.outputs.are_opaque) out += " opaque";
  if (invocation.outputs.relate_paths) out += " relates";
  if (invocation.policy.timekeeper != nullptr) out += " clock";
  if (invocation.run.reads_stdin) out += " stdin";
  return out;
}

struct Case {
  const char* command;
  const char* expected;
};
constexpr Case kCases[] = {
    {"ar rcs lib.a a.o b.o", "archive lib.a updates /ws/lib.a"},
    {"ar -rcs lib.a a.o", "archive lib.a updates /ws/lib.a"},
    {"ar crb a.o lib.a b.o", "archive lib.a updates /ws/lib.a"},
    {"ar dN 2 /l/lib.a b.o", "archive /l/lib.a updates /l/lib.a"},
    {"ar --plugin p.so rcs lib.a a.o", "archive lib.a updates /ws/lib.a"},
    {"ar rcs --target elf64-little lib.a a.o", "archive lib.a updates /ws/lib.a"},
    {"x86_64-linux-gnu-gcc-ar-12 qc lib.a @list", "archive lib.a updates /ws/lib.a"},
    {"llvm-ar-19 cr lib.a a.o", "archive lib.a updates /ws/lib.a"},
    {"emar rcs lib.a a.o", "archive lib.a updates /ws/lib.a"},
    {"emranlib lib.a", "archive lib.a updates /ws/lib.a"},
    {"ar --version", "question --version"},
    {"ar -M", "archive - source /ws/- stdin"},
    {"ar", "bypass no_input"},
    {"ar ru lib.a a.o", "bypass unsupported_option"},
    {"ar rcsU lib.a a.o", "bypass unsupported_option"},
    {"ar xo lib.a", "bypass unsupported_option"},
    {"ar -r -u lib.a a.o", "bypass unsupported_option"},
    {"ar r lib.a -u a.o", "bypass unsupported_option"},
    {"ar rcs lib.a u.o --update.o", "archive lib.a updates /ws/lib.a"},
    {"ranlib lib.a", "archive lib.a updates /ws/lib.a"},
    {"ranlib -U lib.a", "bypass unsupported_option"},
    {"ranlib", "bypass no_input"},
    {"as a.s -o a.o", "assembler a.s source /ws/a.s writes /ws/a.o"},
    {"as -o a.o --64 a.s b.s", "assembler a.s source /ws/a.s writes /ws/a.o"},
    {"as -o a.o", "assembler - source /ws/- writes /ws/a.o stdin"},
    {"as -o a.o -", "assembler - source /ws/- writes /ws/a.o stdin"},
    {"as --debug-prefix-map /a=/b -march generic64 -o a.o",
     "assembler - source /ws/- writes /ws/a.o stdin"},
    {"as -defsym a=1 a.s", "assembler a.s source /ws/a.s"},
    {"as --compress-debug-sections=zlib a.s", "assembler a.s source /ws/a.s opaque"},
    {"ld -z now -o p a.o b.o -lc", "link a.o source /ws/a.o writes /ws/p"},
    {"ld.lld a.o", "link a.o source /ws/a.o"},
    {"ld --version", "question --version"},
    {"ld --build-id=uuid a.o", "bypass unsupported_option"},
    {"ld.gold -build-id=uuid a.o", "bypass unsupported_option"},
    {"ld.lld -thinlto-cache-dir=cache a.o", "bypass unsupported_option"},
    {"ld.gold -plugin-opt=cache-dir=cache a.o", "bypass unsupported_option"},
    {"ld.lld --reproduce=r.tar a.o", "bypass unsupported_option"},
    {"ar rcs lib.a --stats.o", "archive lib.a updates /ws/lib.a"},
    {"ld -soname x.so -shared --version-script=x.map a.o", "link a.o source /ws/a.o"},
    {"ld --version-script x.map --print-map a.o", "link a.o source /ws/a.o"},
    {"ld --print-sysroot", "question --print-sysroot"},
    {"clang-tidy-19 a.cc -- -std=c++20", "check a.cc source /ws/a.cc"},
    {"clang-tidy -p build src/a.cc", "check src/a.cc source /ws/src/a.cc"},
    {"clang-tidy --fix a.cc", "bypass unsupported_option"},
    {"clang-tidy -fix-errors a.cc", "bypass unsupported_option"},
    {"clang-tidy --list-checks", "question --list-checks"},
    {"clang-tidy -help-hidden", "question -help-hidden"},
    {"clang-tidy -checks -*,misc-* a.cc", "check a.cc source /ws/a.cc"},
    {"ar rcsT lib.a a.o", "archive lib.a updates /ws/lib.a relates"},
    {"ld -v", "question -v"},
    {"ld -v a.o", "link a.o source /ws/a.o"},
    {"objcopy a.o", "object a.o updates /ws/a.o"},
    {"objcopy -j .text a.o b.o", "object a.o source /ws/a.o"},
    {"objcopy -p a.o", "bypass unsupported_option"},
    {"x86_64-linux-gnu-strip -g a b", "object a updates /ws/a updates /ws/b"},
    {"strip -o b a", "object a source /ws/a writes /ws/b"},
    {"nasm -f elf64 -I inc a.asm -o a.o", "assembler a.asm source /ws/a.asm writes /ws/a.o clock"},
    {"nasm -felf64 a.asm", "assembler a.asm source /ws/a.asm clock"},
    {"nasm -fwin64 a.asm", "assembler a.asm source /ws/a.asm"},
    {"nasm -f obj a.asm", "assembler a.asm source /ws/a.asm"},
    {"nasm -@ more a.asm", "assembler more source /ws/more"},
    {"nasm -v", "question -v clock"},
    {"yasm -f elf64 a.asm", "assembler a.asm source /ws/a.asm"},
    {"x86_64-w64-mingw32-windres -i a.rc -o a.o", "resource - source /ws/- writes /ws/a.o stdin"},
    {"flex -o a.c a.l", "lexer a.l source /ws/a.l writes /ws/a.c"},
    {"flex -oa.c", "lexer - source /ws/- writes /ws/a.c stdin"},
    {"bison -d -o a.c a.y", "parser a.y source /ws/a.y writes /ws/a.c"},
    {"bison --update a.y", "bypass unsupported_option"},
    {"protoc -I /p --cpp_out=out a.proto", "protobuf a.proto source /ws/a.proto relates"},
    {"protoc --version", "question --version relates"},
    {"moc -I/q a.h -o moc_a.cpp", "moc a.h source /ws/a.h writes /ws/moc_a.cpp relates"},
    {"uic a.ui -o ui_a.h", "uic a.ui source /ws/a.ui writes /ws/ui_a.h relates clock"},
    {"rcc --name a a.qrc", "rcc a.qrc source /ws/a.qrc relates clock"},
    {"glslangValidator -V a.vert -o a.spv", "shader a.vert source /ws/a.vert writes /ws/a.spv"},
    {"glslc -O a.vert", "shader a.vert source /ws/a.vert"},
    {"swig -python -module m a.i", "bindings a.i source /ws/a.i relates"},
    {"dtc -O dtb -o a.dtb a.dts", "devicetree a.dts source /ws/a.dts writes /ws/a.dtb"},
    {"capnp compile -oc++ a.capnp", "capnp compile source /ws/compile relates"},
    {"gperf -L C a.gperf", "hash a.gperf source /ws/a.gperf"},
    {"xxd -i a.bin", "dump a.bin source /ws/a.bin"},
    {"xxd -r a.txt a.bin", "bypass unsupported_option"},
};

TEST(Jobs, EveryCommandLine) {
  for (const Case& one : kCases)
    EXPECT_EQ(summary(classify(one.command)), one.expected) << one.command;
  EXPECT_EQ(summary(classify("clang-tidy a.cc", true)), "bypass interactive");
  EXPECT_EQ(summary(classify("ar rcs lib.a a.o", true)), "archive lib.a updates /ws/lib.a");
}

TEST(Jobs, EveryNameHasItsAdapter) {
  for (const char* name : {"ar", "llvm-ranlib", "aarch64-linux-gnu-as", "ld.gold", "clang-tidy-19",
                           "objcopy", "nasm", "x86_64-w64-mingw32-windres", "moc-qt5", "yacc"})
    EXPECT_EQ(find_adapter(name), &job_adapter()) << name;
  for (const char* name : {"gcc", "x86_64-linux-gnu-g++-12", "clang-19"})
    EXPECT_EQ(find_adapter(name), &cc_adapter()) << name;
  for (const char* name : {"tar", "gold2", "ld.so", "clang-format", "bas", "ar.sh"})
    EXPECT_EQ(find_adapter(name), nullptr) << name;
}

bool may_tell(const char* command, std::string_view text) {
  const Classified classified = classify(command);
  return std::get<Invocation>(classified).policy.timekeeper->may_tell(text);
}

TEST(Timekeepers, NasmOutputsTheTimeOnlyInMacros) {
  const char* nasm = "nasm -f elf64 a.asm";
  for (const char* text :
       {"db __DATE__", "db __?TIME?__", "%define x __UTC_DATE_NUM__\n", "dd __?POSIX_TIME?__",
        "%deftok x s", "db __DA %+ TE__", "%define t __?TI\ndb t%+ME?__", "db __%[x]DATE_NUM__"})
    EXPECT_TRUE(may_tell(nasm, text)) << text;
  for (const char* text : {"", "db 'date'", "TIMER: ret", "%define x a %+ b\n__SECT__", "__FILE__"})
    EXPECT_FALSE(may_tell(nasm, text)) << text;
}

TEST(Timekeepers, UicOfQt4OutputsTheTime) {
  EXPECT_TRUE(may_tell("uic a.ui", "** Created: Thu Jan 1 1970\n**      by: Qt User Interface"));
  EXPECT_FALSE(may_tell("uic a.ui", "** Created by: Qt User Interface Compiler version 5.15.8"));
}

}  // namespace
}  // namespace deja::tool
