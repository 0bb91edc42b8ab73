// SPDX-License-Identifier: Apache-2.0
// A directory of links to deja under the names of the compilers that PATH has. deja, called by such a name, runs
// the next program of that name in PATH.

#include <algorithm>
#include <set>

#include "base/path.h"
#include "os/file.h"
#include "setup/kinds.h"

namespace deja::setup {
namespace {

constexpr std::string_view kNames[] = {"cc",    "c++",     "gcc",      "g++",
                                       "clang", "clang++", "gfortran", "emcc"};

// "gcc", "gcc-12", "clang++-19"
bool is_compiler(std::string_view name) {
  const std::size_t digits = name.find_last_not_of("0123456789");
  if (digits != std::string_view::npos && digits + 1 < name.size() && name[digits] == '-')
    name = name.substr(0, digits);
  return std::ranges::find(kNames, name) != std::end(kNames);
}

std::set<std::string> compilers_in(std::string_view path, const std::string& without) {
  std::set<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string directory(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
    if (directory.empty() || tidy_path(directory) == without) continue;
    const auto files = os::list_directory(directory);
    if (!files) continue;
    for (const std::string& name : *files)
      if (is_compiler(name)) names.insert(name);
  }
  return names;
}

}  // namespace

std::string masquerade_directory(const Surroundings& surroundings) {
  return surroundings.data_home + "/deja/bin";
}

Result<Plan> plan_masquerade(const Surroundings& surroundings, bool remove) {
  if (surroundings.data_home.empty())
    return Error{Code::invalid, 0, "the directory for links is unknown: set XDG_DATA_HOME or HOME"};
  const std::string directory = masquerade_directory(surroundings);
  Plan plan;
  plan.state = directory + (remove ? ": no links to deja" : ": the links are there already");
  const auto there = os::list_directory(directory);
  std::set<std::string> links;
  for (const std::string& name : there ? *there : std::vector<std::string>()) {
    const auto target = TRY(os::read_symlink(join_path(directory, name)));
    if (target && base_name(*target) == "deja") links.insert(name);
  }
  if (remove) {
    for (const std::string& name : links)
      plan.steps.push_back(
          {.kind = Step::Kind::remove, .path = join_path(directory, name), .text = {}});
    return plan;
  }
  const auto names = compilers_in(surroundings.variable("PATH"), directory);
  if (names.empty())
    return Error{Code::invalid, 0, "PATH has no compiler: install one, or correct PATH"};
  for (const std::string& name : names) {
    if (links.contains(name)) continue;
    const std::string path = join_path(directory, name);
    if (TRY(os::stat_file(path, os::Links::keep))) {
      plan.notes.push_back(path + " exists and is not a link to deja: left as it is");
      continue;
    }
    plan.steps.push_back(
        {.kind = Step::Kind::link, .path = path, .text = surroundings.program_path});
  }
  plan.next.push_back("export PATH=\"" + directory + ":$PATH\"   # in your shell's start file");
  return plan;
}

}  // namespace deja::setup
