// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/test_compiler.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/path.h"
#include "os/file.h"

namespace deja::tool::cc {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

std::string text_of(const std::string& path) {
  const auto text = os::read_file(path);
  return text ? *text : std::string();
}

}  // namespace

TestDirectory::TestDirectory(std::string_view name) {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/deja-tool-XXXXXX";
  CHECK(mkdtemp(pattern.data()) != nullptr);
  root_ = pattern;
  path_ = root_ + "/" + std::string(name);  // name may have several components
  CHECK(os::make_directories(path_));
}

TestDirectory::~TestDirectory() { CHECK(os::remove_tree(root_)); }

void TestDirectory::write(std::string_view name, std::string_view text) const {
  const std::string path = join_path(path_, name);
  CHECK(os::make_directories(std::string(parent_path(path))));
  CHECK(os::write_file_atomic(path, text, 0644));
}

void TestDirectory::clear() const {
  CHECK(os::remove_tree(path_));
  CHECK(os::make_directories(path_));
}

std::string TestDirectory::read(std::string_view name) const {
  const auto text = os::read_file_if_exists(join_path(path_, name));
  return text && *text ? **text : "(none)";
}

std::vector<std::string> TestDirectory::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_))
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(path_).string());
  std::sort(names.begin(), names.end());
  return names;
}

CompilerRun TestDirectory::run(const std::vector<std::string>& argv,
                               const std::vector<std::string>& environment) const {
  const std::string streams = std::string(parent_path(path_)) + "/stream.";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, path_.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&actions, fd, (streams + std::to_string(fd)).c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<std::string> words = argv;
  std::vector<std::string> variables = environment;
  variables.push_back("PATH=/usr/bin:/bin");
  variables.push_back("TERM=xterm");
  pid_t pid = 0;
  CompilerRun result;
  const int error = posix_spawnp(&pid, argv[0].c_str(), &actions, nullptr, pointers(words).data(),
                                 pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return result;
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.standard_output = text_of(streams + "1");
  result.standard_error = text_of(streams + "2");
  return result;
}

std::vector<std::string> installed_compilers() {
  std::vector<std::string> found;
  for (const char* name : {"gcc-12", "clang-14", "clang-19"})
    if (access((std::string("/usr/bin/") + name).c_str(), X_OK) == 0) found.emplace_back(name);
  return found;
}

}  // namespace deja::tool::cc
