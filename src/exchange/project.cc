// SPDX-License-Identifier: Apache-2.0
#include "exchange/project.h"

#include <algorithm>
#include <optional>

#include "base/path.h"
#include "os/file.h"

namespace deja::exchange {
namespace {

constexpr std::uint64_t kConfigMax = 1 << 20;

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string read_or_nothing(const std::string& path) {
  auto text = os::read_file_if_exists(path, kConfigMax);
  return text && *text ? **std::move(text) : std::string();
}

// The directory behind .git, which is a file "gitdir: <path>" in a worktree or submodule.
std::string git_directory(const std::string& checkout) {
  std::string git = join_path(checkout, ".git");
  const auto stat = os::stat_file(git);
  if (!stat || !*stat) return {};
  if ((*stat)->is_directory()) return git;
  const std::string text = read_or_nothing(git);
  constexpr std::string_view kLead = "gitdir:";
  if (!text.starts_with(kLead)) return {};
  return join_path(checkout, trim(std::string_view(text).substr(kLead.size())));
}

// In a worktree the configuration and the remotes' branches lie in the directory that all worktrees share.
std::string common_directory(const std::string& git) {
  const std::string text = read_or_nothing(join_path(git, "commondir"));
  return text.empty() ? git : join_path(git, trim(text));
}

// The value of `url` in the section [remote "origin"].
std::string origin_url(std::string_view config) {
  bool is_origin = false;
  while (!config.empty()) {
    const std::size_t end = std::min(config.find('\n'), config.size());
    const std::string_view line = trim(config.substr(0, end));
    config.remove_prefix(std::min(end + 1, config.size()));
    if (line.starts_with('[')) is_origin = line == "[remote \"origin\"]";
    const std::size_t equals = line.find('=');
    if (is_origin && equals != line.npos && trim(line.substr(0, equals)) == "url")
      return std::string(trim(line.substr(equals + 1)));
  }
  return {};
}

// "ref: refs/heads/main" -> "main", below `lead`.
std::string branch_of(const std::string& head, std::string_view lead) {
  const std::string start = "ref: " + std::string(lead);
  return head.starts_with(start) ? std::string(trim(std::string_view(head).substr(start.size())))
                                 : std::string();
}

}  // namespace

std::vector<std::string> Project::branches() const {
  std::vector<std::string> all;
  for (const std::string& b : {branch, default_branch, std::string()})
    if (std::find(all.begin(), all.end(), b) == all.end()) all.push_back(b);
  return all;
}

std::string project_name(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  if (scheme != url.npos) {
    if (url.starts_with("file:")) return {};
    url.remove_prefix(scheme + 3);
  } else if (url.find(':') == url.npos || url.find(':') > url.find('/')) {
    return {};  // a path
  }
  const std::size_t path = url.find('/');
  const std::size_t at = url.substr(0, path).rfind('@');
  if (at != url.npos) url.remove_prefix(at + 1);
  std::string name(url);
  // "host:path" of scp's form; "host:port/path" otherwise.
  const std::size_t colon = name.find(':');
  if (colon != name.npos && colon < name.find('/')) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string_view port = std::string_view(name).substr(colon + 1, end - colon - 1);
    const bool is_port = scheme != url.npos && port.find_first_not_of("0123456789") == port.npos;
    if (is_port) {
      name.erase(colon, end - colon);
    } else {
      name[colon] = '/';
    }
  }
  while (name.ends_with('/')) name.pop_back();
  if (name.ends_with(".git")) name.resize(name.size() - 4);
  std::string out;
  for (const char c : name)
    if (c != '/' || !out.ends_with('/')) out += c;
  return out.find('/') == out.npos ? std::string() : out;
}

Project find_project(std::string_view directory) {
  for (std::string at(directory); at.starts_with('/'); at = std::string(parent_path(at))) {
    const std::string git = git_directory(at);
    if (!git.empty()) {
      const std::string common = common_directory(git);
      Project project;
      project.name = project_name(origin_url(read_or_nothing(join_path(common, "config"))));
      project.branch = branch_of(read_or_nothing(join_path(git, "HEAD")), "refs/heads/");
      project.default_branch = branch_of(
          read_or_nothing(join_path(common, "refs/remotes/origin/HEAD")), "refs/remotes/origin/");
      return project;
    }
    if (at == "/") break;
  }
  return {};
}

}  // namespace deja::exchange
