// SPDX-License-Identifier: Apache-2.0
// A list of directories is compared entry by entry, and hollow entries on either side are skipped.
// Tested by searches_test.cc and test/e2e/terminal_test.cc.
#include "evidence/searches.h"

#include <algorithm>

#include "action/trace.h"
#include "base/path.h"
#include "os/file.h"

namespace deja::evidence {

std::vector<std::string> search_candidates(std::string_view list, std::string_view name,
                                           std::string_view cwd) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t colon = list.find(':');
    out.push_back(join_path(join_path(cwd, list.substr(0, colon)), name));
    if (colon == std::string_view::npos) return out;
    list.remove_prefix(colon + 1);
  }
}

std::string search_value(std::string_view list, std::string_view name, std::string_view cwd,
                         const action::Roots& roots) {
  std::string out;
  for (const std::string& path : search_candidates(list, name, cwd)) {
    const auto there = os::stat_file(path);
    if (!there || !*there) continue;
    out.append(roots.tag(path)).push_back('\0');
    if (action::kind_letter((*there)->mode) == 'x') break;
  }
  return out;
}

namespace {

std::vector<std::string_view> split(std::optional<std::string_view> list, char separator) {
  std::vector<std::string_view> out;
  if (!list) return out;
  for (;;) {
    const std::size_t end = list->find(separator);
    out.push_back(list->substr(0, end));
    if (end == std::string_view::npos) return out;
    list->remove_prefix(end + 1);
  }
}

bool is_hollow(std::string_view variable, std::string_view directory) {
  // clang takes a path that is no directory for the beginning of a program's path: "dir/pre-" for
  // "dir/pre-as".
  if (variable == "COMPILER_PATH") return false;
  // The loader also splits at semicolons, and replaces "$LIB" and the like.
  if (!directory.starts_with('/') || directory.find_first_of(";$") != std::string_view::npos)
    return false;
  const std::string path(directory);
  return os::is_missing(path) && !os::leads_through_proc(path);
}

}  // namespace

std::string directories_value(std::string_view variable, std::optional<std::string_view> list,
                              const action::Roots& roots) {
  std::string out;
  for (const std::string_view directory : split(list, ':')) {
    out.push_back(is_hollow(variable, directory) ? '-' : 'd');
    out.append(roots.tag(directory)).push_back('\0');
  }
  return out;
}

bool directories_hold(std::string_view variable, std::string_view value,
                      std::optional<std::string_view> list, const action::Roots& roots) {
  std::vector<std::string_view> then = split(value, '\0');
  then.pop_back();  // the empty text after the last NUL
  const std::vector<std::string_view> now = split(list, ':');
  std::size_t n = 0;
  for (const std::string_view entry : then) {
    const auto is_entry = [&](std::string_view d) { return roots.tag(d) == entry.substr(1); };
    std::size_t next = n;
    while (next < now.size() && !is_entry(now[next]) && is_hollow(variable, now[next])) ++next;
    if (next < now.size() && is_entry(now[next])) {
      n = next + 1;
    } else if (!entry.starts_with('-')) {
      return false;
    }
  }
  while (n < now.size() && is_hollow(variable, now[n])) ++n;
  return n == now.size();
}

std::vector<std::string_view> directories_in(std::string_view value) {
  std::vector<std::string_view> out = split(value, '\0');
  out.pop_back();
  for (std::string_view& entry : out) entry.remove_prefix(std::min<std::size_t>(1, entry.size()));
  return out;
}

bool lists_hollow(std::string_view variable, std::optional<std::string_view> list) {
  const auto directories = split(list, ':');
  return std::any_of(directories.begin(), directories.end(),
                     [&](std::string_view directory) { return is_hollow(variable, directory); });
}

bool searches_alike_everywhere(std::string_view list) {
  const auto directories = split(list, ':');
  return std::none_of(directories.begin(), directories.end(), [](std::string_view directory) {
    return directory.starts_with('/') && os::leads_through_proc(std::string(directory));
  });
}

std::string search_subject(std::string_view variable, std::string_view name) {
  return std::string(variable).append("/").append(name);
}

SearchFor search_of(std::string_view subject) {
  const std::size_t slash = subject.find('/');
  if (slash == std::string_view::npos) return {subject, {}};
  return {subject.substr(0, slash), subject.substr(slash + 1)};
}

}  // namespace deja::evidence
