// SPDX-License-Identifier: Apache-2.0
// For tests: runs an installed compiler in a directory of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::cc {

struct CompilerRun {
  int exit_code = -1;
  std::string standard_output, standard_error;
};

// A directory below the test's temporary directory; removed in the destructor.
class TestDirectory {
 public:
  explicit TestDirectory(std::string_view name);
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }
  void write(std::string_view name, std::string_view text) const;  // makes directories
  void clear() const;
  std::string read(std::string_view name) const;  // "(none)" when there is none
  std::vector<std::string> files() const;         // all, relative, sorted

  // argv[0] is searched on PATH. environment: NAME=value, added to PATH and TERM.
  CompilerRun run(const std::vector<std::string>& argv,
                  const std::vector<std::string>& environment = {}) const;

 private:
  std::string root_, path_;
};

// Those of gcc-12, clang-14 and clang-19 that are installed.
std::vector<std::string> installed_compilers();

}  // namespace deja::tool::cc
