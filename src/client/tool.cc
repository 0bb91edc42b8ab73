#include "client/tool.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "client/engine.h"
#include "os/io.h"

namespace deja::client {
namespace {

// A script without "#!" runs under the shell, as execvp does it (POSIX, exec).
void exec_script(char* path, char** argv, int argc, char** environment) {
  const std::size_t bytes = (static_cast<std::size_t>(argc) + 3) * sizeof(char*);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  char** shell_argv = static_cast<char**>(memory);
  static char shell[] = "sh";
  shell_argv[0] = shell;
  shell_argv[1] = path;
  for (int i = 1; i <= argc; ++i) shell_argv[i + 1] = argv[i];
  ::execve("/bin/sh", shell_argv, environment);
}

}  // namespace

int become_cli(char** argv, char** environment) {
  static char path[os::kPlaceMax];
  if (libexec_path("deja-cli", path)) ::execve(path, argv, environment);
  constexpr std::string_view kWhy =
      "deja: cannot start deja-cli from ../libexec/deja; is the installation complete?\n";
  os::write_all(2, kWhy.data(), kWhy.size());
  return 1;
}

int become_tool(const Command& command, const Environment& env) {
  if (command.calling == wire::Calling::exec) return become_cli(command.argv - 1, env.raw);
  static char path[os::kPlaceMax];
  bool behind_front = false;
  if (os::find_tool(command.argv[0], env.path, command.cwd, command.front, path, sizeof(path),
                    &behind_front) < 0) {
    // It may be a mistyped subcommand.
    if (command.calling == wire::Calling::wrapper) return become_cli(command.argv - 1, env.raw);
    const std::string_view name = command.argv[0];
    os::write_all(2, "deja: ", 6);
    os::write_all(2, name.data(), name.size());
    constexpr std::string_view kRest = ": no such program\n";
    os::write_all(2, kRest.data(), kRest.size());
    return 127;
  }
  // Where its name leads to us, argv[0] would lead a tool that looks for its own files here, too.
  if (command.calling == wire::Calling::masquerade || behind_front) command.argv[0] = path;
  ::execve(path, command.argv, env.raw);
  if (errno == ENOEXEC) exec_script(path, command.argv, command.argc, env.raw);
  const int failed = errno;
  const std::string_view why = std::strerror(failed);
  os::write_all(2, "deja: ", 6);
  os::write_all(2, path, std::strlen(path));
  os::write_all(2, ": ", 2);
  os::write_all(2, why.data(), why.size());
  os::write_all(2, "\n", 1);
  return failed == ENOENT ? 127 : 126;
}

}  // namespace deja::client
