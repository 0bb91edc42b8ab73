// SPDX-License-Identifier: Apache-2.0
// Runs a program in the scratch directory with a small fixed environment, under the interposer or the
// supervisor, and collects its output, exit code and log.
#include "observe/testing/fixture.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>

#include "os/file.h"

namespace deja::observe::testing {

std::vector<Event> ToolRun::all(deja_op op, const std::string& path) const {
  std::vector<Event> out;
  for (const Event& event : log.events)
    if (event.op == op && event.path == path) out.push_back(event);
  return out;
}

bool ToolRun::has(deja_op op, const std::string& path, int error) const {
  for (const Event& event : log.events)
    if (event.op == op && event.path == path && event.error == error) return true;
  return false;
}

std::string interposer() { return DEJA_INTERPOSER; }
std::string supervisor() { return DEJA_SUPERVISOR; }
std::string probe_program() { return DEJA_PROBE; }
std::string static_probe_program() { return DEJA_PROBE_STATIC; }

std::string find_tool(const std::string& name) {
  for (const char* directory : {"/usr/bin/", "/bin/", "/usr/local/bin/"})
    if (access((directory + name).c_str(), X_OK) == 0) return directory + name;
  return {};
}

void ObserveTest::write(const std::string& name, const std::string& text) const {
  ASSERT_TRUE(os::write_file_atomic(at(name), text, 0644));
}

std::string ObserveTest::read(const std::string& name) const {
  auto bytes = os::read_file(at(name));
  return bytes ? *bytes : "";
}

void ObserveTest::make_directory(const std::string& name) const {
  ASSERT_TRUE(os::make_directories(at(name)));
}

namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

int spawn_and_wait(const std::vector<std::string>& command,
                   const std::vector<std::string>& environment, const std::string& directory,
                   const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command[0].c_str(), &actions, nullptr,
                                pointers(command).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return 127;
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ToolRun ObserveTest::run(std::vector<std::string> command, const RunOptions& options) const {
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                          "HOME=" + directory_};
  environment.insert(environment.end(), options.environment.begin(), options.environment.end());
  auto log = LogFile::create(options.client, options.capacity);
  EXPECT_TRUE(log);
  ToolRun run;
  if (!log) return run;
  const auto observed = log->observed(environment, interposer());
  if (!options.before.empty()) {  // strace: only the program it starts is to be observed
    std::vector<std::string> whole = options.before;
    for (const std::string& entry : observed) whole.insert(whole.end(), {"-E", entry});
    whole.insert(whole.end(), command.begin(), command.end());
    command = std::move(whole);
  }
  if (options.supervised) {
    const std::string tool = command[0];
    command.insert(command.begin(), {supervisor(), log->path(), tool});
  }
  const bool direct = options.observed && options.before.empty() && !options.supervised;
  const std::string output = directory_ + ".out";
  run.exit_code = spawn_and_wait(command, direct ? observed : environment, directory_, output);
  if (auto text = os::read_file(output)) run.output = *text;
  unlink(output.c_str());
  auto events = log->read();
  EXPECT_TRUE(events);
  if (events) run.log = std::move(*events);
  return run;
}

ToolRun ObserveTest::probe(std::vector<std::string> arguments, const RunOptions& options) const {
  arguments.insert(arguments.begin(), probe_program());
  return run(std::move(arguments), options);
}

}  // namespace deja::observe::testing
