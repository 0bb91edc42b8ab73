// SPDX-License-Identifier: Apache-2.0
// deja, the client: a small static program that sends a command to the engine and does what it
// answers. It is called in four ways:
//   deja gcc -c a.c          as a wrapper
//   gcc -c a.c               through a link with the tool's name
//   deja exec … -- tool …    for any tool, with options
//   deja --routed …          by the interposer of `deja run`, in place of a program
// It starts deja-cli for the other subcommands. It links libc statically and nothing else.
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "client/descriptors.h"
#include "client/environment.h"
#include "client/submit.h"
#include "client/tool.h"
#include "observe/preload/route_layout.h"
#include "os/call_chain.h"
#include "os/io.h"
#include "wire/subcommands.h"

namespace {

using namespace std::literals;

int fail(std::string_view message, int code) {
  deja::os::write_all(2, message.data(), message.size());
  return code;
}

std::string_view last_component(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Is it a command to run, rather than a question that deja-cli answers? Only the first word
// decides: later words may be values of options.
bool is_exec(int argc, char** argv) {
  if (argc < 3 || argv[1] != "exec"sv) return false;
  return argv[2] != "--help"sv && argv[2] != "-h"sv && argv[2] != "--batch"sv;
}

// "deja --routed /usr/bin/gcc gcc -c a.c"
bool is_routed(int argc, char** argv) {
  return argc > 3 && (argv[1] == DEJA_ROUTED_OPTION ""sv || argv[1] == DEJA_COMMAND_OPTION ""sv);
}

bool is_client_name(std::string_view name) { return last_component(name) == "deja"; }

// The path by which this program was executed leads to it, and costs a third of /proc/self/exe.
deja::os::ClientFile own_file() {
  struct stat self;
  const unsigned long path = ::getauxval(AT_EXECFN);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address, as the kernel gives it
  if ((path != 0 && ::stat(reinterpret_cast<const char*>(path), &self) == 0) ||
      ::stat("/proc/self/exe", &self) == 0)
    return {self.st_dev, self.st_ino};
  return {};
}

}  // namespace

int main(int argc, char** argv, char** environment) {
  if (argc < 1) return fail("deja: called without argv[0]\n"sv, 2);
  const deja::client::Environment env = deja::client::read_environment(environment);
  // Zeros from the start, so there is no flag that says whether it was made.
  static constinit deja::client::UserCommand command;
  command.argv = argv;
  command.argc = argc;
  if (!is_client_name(argv[0])) {
    command.calling = deja::wire::Calling::masquerade;
  } else if (is_routed(argc, argv)) {
    command.calling = deja::wire::Calling::routed;
    command.is_command = argv[1] == DEJA_COMMAND_OPTION ""sv;
    command.program = argv[2];
    command.argv += 3;
    command.argc -= 3;
  } else if (is_exec(argc, argv)) {
    command.calling = deja::wire::Calling::exec;
    ++command.argv;
    --command.argc;
  } else {
    if (argc == 1 || argv[1][0] == '-' || deja::wire::is_subcommand(argv[1]))
      return deja::client::become_cli(argv, env.raw);
    do {  // "deja deja gcc" means "deja gcc"
      ++command.argv;
      --command.argc;
    } while (command.argc > 1 && is_client_name(command.argv[0]));
  }
  command.client = own_file();
  if (::getcwd(command.cwd, sizeof(command.cwd)) == nullptr) command.cwd[0] = '\0';
  // Inside another deja's observation this one does nothing: the outer one observes the real tool.
  // A loop of clients that call each other ends here.
  const bool is_loop = deja::os::CallChain(env.calls).clients() >= deja::os::kCallsMax;
  if (env.disabled || env.observed || is_loop) return deja::client::become_tool(command, env);
  if (command.is_command && deja::client::has_other_descriptors(env))
    return deja::client::become_tool(command, env);
  return deja::client::submit(command, env);
}
