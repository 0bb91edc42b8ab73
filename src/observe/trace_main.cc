// SPDX-License-Identifier: Apache-2.0
// A development tool, not installed: runs a command under observation and prints its log.
//
// clang-format off
//   observe_trace [-q] [-s] [-f CLIENT] -- /command args…    -q: the summary only; -s: supervised, which
//                                                            needs a path; -f: see create_log()
// clang-format on
#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "observe/log_file.h"

namespace {

using deja::observe::Event;

void print(const Event& e) {
  std::printf("%d %s%s%s%s%s%s", e.pid, deja_op_name(e.op), e.path.empty() ? "" : " ",
              e.path.c_str(), e.text.empty() ? "" : " -> ", e.text.c_str(),
              e.has_identity ? " #" : "");
  if (e.error) std::printf(" (%s)", std::strerror(e.error));
  if (e.value) std::printf(" value=%llu", static_cast<unsigned long long>(e.value));
  if (e.flags & ~DEJA_FLAG_IDENTITY) std::printf(" flags=%x", e.flags & ~DEJA_FLAG_IDENTITY);
  std::printf("\n");
}

int run(const std::vector<std::string>& environment, char** argv) {
  std::vector<char*> envp;
  envp.reserve(environment.size() + 1);
  for (const std::string& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  envp.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = posix_spawnp(&pid, argv[0], nullptr, nullptr, argv, envp.data());
      error != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[0], std::strerror(error));
    return 127;
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The command line: the tool, or its supervision into a log.
std::vector<char*> command_of(char** tool, const deja::observe::LogFile* log) {
  std::vector<char*> out;
  if (log != nullptr)
    out = {const_cast<char*>(DEJA_SUPERVISOR), const_cast<char*>(log->path().c_str()), tool[0]};
  for (; *tool != nullptr; ++tool) out.push_back(*tool);
  out.push_back(nullptr);
  return out;
}

void print_all(const deja::observe::Log& log, bool quiet) {
  std::map<std::string, int> counts;
  for (const Event& e : log.events) {
    ++counts[deja_op_name(e.op)];
    if (!quiet) print(e);
  }
  std::printf("%zu records:", log.events.size());
  for (const auto& [name, count] : counts) std::printf(" %s %d", name.c_str(), count);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  bool quiet = false;
  bool supervised = false;
  std::string client;
  int at = 1;
  for (; at < argc && std::strcmp(argv[at], "--") != 0; ++at) {
    if (std::strcmp(argv[at], "-q") == 0) quiet = true;
    if (std::strcmp(argv[at], "-s") == 0) supervised = true;
    if (std::strcmp(argv[at], "-f") == 0 && at + 1 < argc) client = argv[++at];
  }
  if (at + 1 >= argc) return 2;
  auto log = deja::observe::LogFile::create(client);
  if (!log) return 1;
  std::vector<std::string> environment;
  for (char** e = environ; *e; ++e) environment.emplace_back(*e);
  if (!supervised) environment = log->observed(environment, DEJA_INTERPOSER);
  std::vector<char*> command = command_of(argv + at + 1, supervised ? &*log : nullptr);
  const int code = run(environment, command.data());
  const auto bytes = log->bytes();
  const auto read = log->read();
  if (!read || !bytes) return 1;
  print_all(*read, quiet);
  std::printf("exit %d, %zu bytes, gap: %s\n", code, bytes->size(),
              read->gap.empty() ? "none" : read->gap.c_str());
  return 0;
}
