// SPDX-License-Identifier: Apache-2.0
#include "client/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "client/calls.h"
#include "client/connect.h"
#include "observe/preload/loadable.h"
#include "observe/preload/route_layout.h"
#include "os/io.h"

namespace deja::client {
namespace {

// Starts the program with first, second, argv[1], … Returns when that is impossible.
void exec_with(const char* program, char* first, char* second, const UserCommand& command,
               char** environment) {
  const std::size_t bytes = (static_cast<std::size_t>(command.argc) + 3) * sizeof(char*);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  char** argv = static_cast<char**>(memory);
  argv[0] = first;
  argv[1] = second;
  for (int i = 1; i <= command.argc; ++i) argv[i + 1] = command.argv[i];
  ::execve(program, argv, environment);
}

// A script without "#!" runs under the shell, as execvp does it (POSIX, exec).
void exec_script(char* path, const UserCommand& command, char** environment) {
  static char shell[] = "sh";
  exec_with("/bin/sh", shell, path, command, environment);
}

// The fallback finds the tool by the user's word for it. It gets the record of this call always: where it calls
// deja again, that one must not call it again.
void exec_fallback(char* fallback, const UserCommand& command, const Environment& env) {
  static char calls[kCallsText];
  calls_for(env, command.client, fallback, command.argv, calls);
  char** const environment = calls[0] == '\0' ? nullptr : with_calls(env, calls);
  if (environment != nullptr) exec_with(fallback, fallback, command.argv[0], command, environment);
}

// The environment with which the program's own children are routed: the interposer after the user's own
// preloads, and the table. The same environment if the program cannot be given the interposer.
char** with_routing(const Environment& env, char** environment, const char* program) {
  static char preload[os::kPlaceMax];
  if (env.route.empty() || env.disabled || env.observed ||
      !libexec_path("libdeja-observe.so", preload) ||
      !deja_can_route(program, deja_fit_of(AT_FDCWD, program, preload)))
    return environment;
  std::size_t count = 0;
  while (environment[count] != nullptr) ++count;
  void* memory = ::mmap(nullptr, (count + 3) * sizeof(char*), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* own = make_entry("LD_PRELOAD=", env.preload, env.has_preload ? ":" : "", preload);
  char* table = make_entry(DEJA_ROUTE_VARIABLE "=", env.route, "", "");
  if (memory == MAP_FAILED || own == nullptr || table == nullptr) return environment;
  char** out = static_cast<char**>(memory);
  std::size_t n = 0;
  for (char** at = environment; *at != nullptr; ++at)
    out[n++] = std::string_view(*at).starts_with("LD_PRELOAD=") ? own : *at;
  if (!env.has_preload) out[n++] = own;
  out[n++] = table;
  return out;
}

int complain_of_start(std::string_view path, int failed) {
  const std::string_view why = std::strerror(failed);
  for (const std::string_view part : {std::string_view("deja: cannot start "), path,
                                      std::string_view(": "), why, std::string_view("\n")})
    os::write_all(2, part.data(), part.size());
  return failed == ENOENT ? 127 : 126;
}

// The interposer has found the program already. What a known tool starts is part of it (gcc's cc1, as, ld).
int become_program(const UserCommand& command, const Environment& env) {
  char** const environment =
      command.is_command ? with_routing(env, env.raw, command.program) : env.raw;
  ::execve(command.program, command.argv, environment);
  if (errno == E2BIG) ::execve(command.program, command.argv, env.raw);
  return complain_of_start(command.program, errno);
}

// Is the program part of the system, and so not a wrapper that the site has installed?
bool is_of_system(std::string_view path) {
  return (path.starts_with("/usr/") && !path.starts_with("/usr/local/")) ||
         path.starts_with("/bin/");
}

int complain_of_loop(std::string_view tool) {
  char self[os::kPlaceMax];
  const ssize_t n = ::readlink("/proc/self/exe", self, sizeof(self));
  const std::string_view own(self, n > 0 ? static_cast<std::size_t>(n) : 0);
  for (const std::string_view part :
       {std::string_view("deja: "), own, std::string_view(" and "), tool,
        std::string_view(" start each other in a loop: remove one of them from PATH\n")})
    os::write_all(2, part.data(), part.size());
  return 126;
}

}  // namespace

int become_cli(char** argv, char** environment) {
  static char path[os::kPlaceMax];
  if (libexec_path("deja-cli", path)) ::execve(path, argv, environment);
  constexpr std::string_view kWhy =
      "deja: cannot start deja-cli from ../libexec/deja; install deja again\n";
  os::write_all(2, kWhy.data(), kWhy.size());
  return 1;
}

int become_tool(const UserCommand& command, const Environment& env, char* fallback) {
  if (command.calling == wire::Calling::exec) return become_cli(command.argv - 1, env.raw);
  if (command.calling == wire::Calling::routed) return become_program(command, env);
  static char path[os::kPlaceMax];
  bool behind_client = false;
  const os::CallChain chain(env.calls);
  if (os::find_tool(command.argv[0], env.path, command.cwd, command.client, path, sizeof(path),
                    &behind_client, {&chain, hash_of_arguments(command.argv)}) < 0) {
    // It may be a mistyped subcommand.
    if (command.calling == wire::Calling::wrapper) return become_cli(command.argv - 1, env.raw);
    const std::string_view name = command.argv[0];
    os::write_all(2, "deja: ", 6);
    os::write_all(2, name.data(), name.size());
    constexpr std::string_view kRest = ": no such program\n";
    os::write_all(2, kRest.data(), kRest.size());
    return 127;
  }
  if (chain.clients() >= os::kCallsMax) return complain_of_loop(path);
  const bool leads_to_us = command.calling == wire::Calling::masquerade || behind_client;
  char** environment = env.raw;
  // Only a program that may call deja again needs the record; others may print their variables.
  const bool is_searched = std::strchr(command.argv[0], '/') == nullptr;
  if (leads_to_us || chain.clients() > 0 || (is_searched && !is_of_system(path))) {
    static char calls[kCallsText];
    calls_for(env, command.client, path, command.argv, calls);
    char** const told = calls[0] == '\0' ? nullptr : with_calls(env, calls);
    if (told != nullptr) environment = told;
  }
  // When the tool's name leads to this client, the tool would also look for its own files here.
  if (leads_to_us) command.argv[0] = path;
  if (fallback != nullptr) exec_fallback(fallback, command, env);
  ::execve(path, command.argv, with_routing(env, environment, path));
  if (errno == ENOEXEC) exec_script(path, command, environment);
  return complain_of_start(path, errno);
}

}  // namespace deja::client
