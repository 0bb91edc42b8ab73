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
  std::string out = invocation.language + " " + invocation.what;
  for (const std::string& path : invocation.updates) out += " updates " + path;
  if (!invocation.source.empty()) out += " source " + invocation.source;
  if (invocation.opaque_outputs) out += " opaque";
  if (invocation.reads_stdin) out += " stdin";
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
    {"ar --version", "bypass not_a_compile"},
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
    {"as a.s -o a.o", "assembler a.s source /ws/a.s"},
    {"as -o a.o --64 a.s b.s", "assembler a.s source /ws/a.s"},
    {"as -o a.o", "assembler - source /ws/- stdin"},
    {"as -o a.o -", "assembler - source /ws/- stdin"},
    {"as --debug-prefix-map /a=/b -march generic64 -o a.o", "assembler - source /ws/- stdin"},
    {"as -defsym a=1 a.s", "assembler a.s source /ws/a.s"},
    {"as --compress-debug-sections=zlib a.s", "assembler a.s source /ws/a.s opaque"},
    {"ld -z now -o p a.o b.o -lc", "link a.o source /ws/a.o"},
    {"ld.lld a.o", "link a.o source /ws/a.o"},
    {"ld --version", "bypass not_a_compile"},
    {"ld --build-id=uuid a.o", "bypass unsupported_option"},
    {"ld.gold -build-id=uuid a.o", "bypass unsupported_option"},
    {"ld.lld -thinlto-cache-dir=cache a.o", "bypass unsupported_option"},
    {"ld.gold -plugin-opt=cache-dir=cache a.o", "bypass unsupported_option"},
    {"ld.lld --reproduce=r.tar a.o", "bypass unsupported_option"},
    {"ar rcs lib.a --stats.o", "archive lib.a updates /ws/lib.a"},
    {"ld -soname x.so -shared --version-script=x.map a.o", "link a.o source /ws/a.o"},
    {"ld --version-script x.map --print-map a.o", "link a.o source /ws/a.o"},
    {"ld --print-sysroot", "bypass not_a_compile"},
    {"clang-tidy-19 a.cc -- -std=c++20", "check a.cc source /ws/a.cc"},
    {"clang-tidy -p build src/a.cc", "check src/a.cc source /ws/src/a.cc"},
    {"clang-tidy --fix a.cc", "bypass unsupported_option"},
    {"clang-tidy -fix-errors a.cc", "bypass unsupported_option"},
    {"clang-tidy --list-checks", "bypass not_a_compile"},
    {"clang-tidy -help-hidden", "bypass not_a_compile"},
    {"clang-tidy -checks -*,misc-* a.cc", "check a.cc source /ws/a.cc"},
};

TEST(Jobs, EveryCommandLine) {
  for (const Case& one : kCases)
    EXPECT_EQ(summary(classify(one.command)), one.expected) << one.command;
  EXPECT_EQ(summary(classify("clang-tidy a.cc", true)), "bypass interactive");
  EXPECT_EQ(summary(classify("ar rcs lib.a a.o", true)), "archive lib.a updates /ws/lib.a");
}

TEST(Jobs, EveryNameHasItsAdapter) {
  for (const char* name : {"ar", "llvm-ranlib", "aarch64-linux-gnu-as", "ld.gold", "clang-tidy-19"})
    EXPECT_EQ(find_adapter(name), &job_adapter()) << name;
  for (const char* name : {"gcc", "x86_64-linux-gnu-g++-12", "clang-19"})
    EXPECT_EQ(find_adapter(name), &cc_adapter()) << name;
  for (const char* name : {"tar", "gold2", "ld.so", "clang-format", "bas", "ar.sh"})
    EXPECT_EQ(find_adapter(name), nullptr) << name;
}

}  // namespace
}  // namespace deja::tool
