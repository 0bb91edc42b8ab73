// SPDX-License-Identifier: Apache-2.0
// `deja exec` of programs that make system calls by themselves, where the interposer cannot see them: the supervisor
// observes them.
#include "e2e/exec.h"

#if defined(__x86_64__)

namespace deja::test {
namespace {

// Prints the file "in" without libc. With INLINE the number of a call is a part of the code.
constexpr const char* kRawReader = R"C(
#include <fcntl.h>
#include <unistd.h>
#ifdef INLINE
static inline __attribute__((always_inline))
#else
__attribute__((noinline))
#endif
long call(long number, long a, long b, long c) {
  register long d __asm__("r10") = 0;
  __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(d) : "rcx", "r11", "memory");
  return number;
}
int copy_in(void) {
  char text[100];
  const long fd = call(257, AT_FDCWD, (long)"in", O_RDONLY);
  const long n = call(0, fd, (long)text, sizeof text);
  return n < 0 || write(1, text, (unsigned long)n) != n;
}
)C";

// The third of the notes, as in programs that gcc has linked for Go.
constexpr const char* kGoNote = R"C(
__asm__(".section .note.go.buildid,\"a\",@note\n"
        ".balign 4\n.long 4, 4, 4\n.ascii \"Go\\0\\0\"\n.ascii \"abcd\"\n.previous\n");
)C";

class RawCallsTest : public ExecTest {
 protected:
  void SetUp() override {
    ExecTest::SetUp();
    ws.write("raw.c", kRawReader);
    ws.write("main.c", "int copy_in(void);\nint main(void) { return copy_in(); }\n");
    ws.write("in", "one\n");
  }
  void build(const Argv& words) {
    Argv command = {"gcc", "-O2"};
    command.insert(command.end(), words.begin(), words.end());
    ASSERT_TRUE(ws.run(command).ok());
  }
  // The command has to be run this often before it is served.
  void expect_right_after(int runs, const Argv& command) {
    for (int i = 1; i <= runs; ++i) {
      EXPECT_EQ(ws.deja(command).out, "one\n");
      EXPECT_EQ(ws.last_event().not_stored, i < runs ? "program_not_observed" : "") << i;
    }
    EXPECT_EQ(ws.expect_hit(command).out, "one\n");
    ws.write("in", "two\n");
    EXPECT_EQ(ws.deja(command).out, "two\n");
  }
};

TEST_P(RawCallsTest, OfTheProgram) {
  build({"-DINLINE", "raw.c", "main.c", "-o", "tool"});
  expect_right_after(1, exec({}, {"./tool"}));
}

TEST_P(RawCallsTest, OfALibrary) {
  build({"-DINLINE", "-shared", "-fPIC", "raw.c", "-o", "libraw.so"});
  build({"main.c", "./libraw.so", "-o", "tool"});
  expect_right_after(2, sh({}, "./tool"));
}

TEST_P(RawCallsTest, OfAProgramInGo) {
  ws.write("note.c", kGoNote);
  build({"raw.c", "main.c", "note.c", "-o", "tool"});
  expect_right_after(2, sh({}, "./tool"));
}

EVERY_MODE(RawCallsTest);

}  // namespace
}  // namespace deja::test

#endif
