// SPDX-License-Identifier: Apache-2.0
/* count FILE program arguments…: runs the program step by step (ptrace(2), PTRACE_SINGLESTEP) and writes to FILE
 * how many instructions and system calls its process has made. Processes that it starts are not counted. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char* what) {
  perror(what);
  exit(125);
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: count FILE program arguments...\n");
    return 125;
  }
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) fail("count: ptrace");
    execv(argv[2], argv + 2);
    fail(argv[2]);
  }
  long instructions = 0, calls = 0;
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) fail("count: no child");
  while (WIFSTOPPED(status)) {
    const int stopped_by = WSTOPSIG(status);
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0) fail("count: registers");
    const long text = ptrace(PTRACE_PEEKTEXT, child, registers.rip, NULL);
    calls += (text & 0xffff) == 0x050f; /* syscall */
#endif
    ++instructions;
    const long signal = stopped_by == SIGTRAP ? 0 : stopped_by;
    if (ptrace(PTRACE_SINGLESTEP, child, NULL, signal) != 0) fail("count: step");
    if (waitpid(child, &status, 0) != child) fail("count: wait");
  }
  FILE* out = fopen(argv[1], "w");
  if (out == NULL ||
      fprintf(out, "{\"instructions\": %ld, \"system calls\": %ld}\n", instructions, calls) < 0 ||
      fclose(out) != 0)
    fail(argv[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
