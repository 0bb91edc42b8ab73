// Random projects of one source, and random things that can happen to them.
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

// Everything lies in the directory `root` of the workspace; the command works in it or below.
struct Project {
  std::string root = "one";
  std::string compiler, source;
  Command command;
  bool is_about_names = false;  // it does little but ask for its own name
  Argv added_by_deja;           // what deja tells the tool of its own accord
};

// Writes a project and composes its command.
Project make_project(Scene& scene, Random& random);
// The same command for a copy of the project in another directory.
Command moved_to(const Project& project, const std::string& root, const Workspace& ws);
// What the bare tool is to be run with to leave the same.
Command bare_of(const Project& project, const std::string& root, const Workspace& ws);

struct Mutation {
  const char* name;
  // False: does not apply to this project.
  bool (*apply)(Scene& scene, Project& project, Random& random);
};
const std::vector<Mutation>& mutations();

}  // namespace deja::test
