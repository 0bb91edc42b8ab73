// SPDX-License-Identifier: Apache-2.0
// Random projects, and random changes to them.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "diff/scene.h"

namespace deja::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine_);
  }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  template <typename T>
  const T& one_of(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// Another name of the root, by a symlink that the mutations make.
inline constexpr const char* kSecondName = "%W/via/%N";

// Everything is in the directory `root` of the workspace; the command works there or below.
struct Project {
  std::string root = "one";
  std::string compiler, source;
  Command command;
  bool is_about_names = false;  // its source does little but use its own name
  Argv added_by_deja;           // options that deja adds
};

// A file of the project.
inline std::string in(const Project& p, const std::string& name) { return p.root + "/" + name; }

// Writes a project and composes its command.
Project make_project(Scene& scene, Random& random);
// The same command for a copy of the project in another directory.
Command moved_to(const Project& project, const std::string& root, const Workspace& ws);
// The command that must leave the same without deja.
Command bare_of(const Project& project, const std::string& root, const Workspace& ws);

struct Mutation {
  const char* name;
  // False: it does not apply to this project.
  bool (*apply)(Scene& scene, Project& project, Random& random);
};
const std::vector<Mutation>& mutations();
// Those of variables that list directories, which the others include.
const std::vector<Mutation>& search_mutations();
void make_search_directories(Scene& scene, const std::string& root);
void set_search_variables(Project& project, Random& random);

}  // namespace deja::test
