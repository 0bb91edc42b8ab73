// SPDX-License-Identifier: Apache-2.0
#include "action/roots.h"

#include <utility>

#include "base/path.h"

namespace deja::action {

const char* root_name(Root root) {
  switch (root) {
    case Root::cwd:
      return "cwd";
    case Root::workspace:
      return "workspace";
    case Root::checkout:
      return "checkout";
    case Root::logical_cwd:
      return "PWD";
    case Root::logical_workspace:
      return "workspace of PWD";
    case Root::objects:
      return "output's objects";
    case Root::target:
      return "target";
  }
  return "";
}

Roots::Roots(std::string cwd, std::string workspace) {
  set(Root::cwd, std::move(cwd));
  set(Root::workspace, std::move(workspace));
}

void Roots::set(Root root, std::string path) {
  if (path == "/") path.clear();
  paths_[static_cast<std::size_t>(root) - 1] = std::move(path);
}

void Roots::set(OutputName name, std::string path) { outputs_[index(name)] = std::move(path); }

std::string Roots::tag(std::string_view path) const {
  const Root* best = nullptr;
  for (const Root& root : kRoots) {
    const std::string& directory = this->path(root);
    if (directory.empty() || !is_within(path, directory)) continue;
    if (best == nullptr || directory.size() > this->path(*best).size()) best = &root;
  }
  if (best == nullptr) return std::string(path);
  std::string out(1, static_cast<char>(*best));
  out.append(path.substr(this->path(*best).size()));
  return out;
}

std::string Roots::tag_output(std::string_view path) const {
  for (const OutputName name : kOutputNames) {
    if (!this->path(name).empty() && tidy_path(path) == this->path(name))
      return std::string(1, static_cast<char>(name));
  }
  return tag(path);
}

std::string Roots::expand(std::string_view tagged) const {
  if (tagged.empty()) return {};
  for (const OutputName name : kOutputNames) {
    if (tagged[0] == static_cast<char>(name)) return path(name);
  }
  for (const Root root : kRoots) {
    if (tagged[0] != static_cast<char>(root)) continue;
    if (!has(root)) return {};
    return path(root) + std::string(tagged.substr(1));
  }
  return std::string(tagged);
}

std::string Roots::describe(std::string_view tagged) {
  if (tagged.empty()) return {};
  const std::string rest(tagged.substr(1));
  for (const Root root : kRoots) {
    if (tagged[0] == static_cast<char>(root))
      return "<" + std::string(root_name(root)) + ">" + rest;
  }
  if (tagged[0] == static_cast<char>(OutputName::output)) return "<output>" + rest;
  if (tagged[0] == static_cast<char>(OutputName::depfile)) return "<depfile>" + rest;
  return std::string(tagged);
}

}  // namespace deja::action
